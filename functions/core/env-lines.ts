/** `KEY=value` lines as in dotenv files and in the AWS credentials file, with positions. */

/** One assignment. */
export interface EnvLine {
  /** The key; with `[1]` and so on where it occurs again, and with its section in front where there is one. */
  path: string;
  key: string;
  /** Unquoted. */
  value: string;
  /** Position of the value with its quotes, the end exclusive. */
  start: number;
  end: number;
  /** The same number for the lines of one section. */
  section: number;
  /** How another value must be written at this position. */
  encode: (value: string) => string;
}

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t' };
const NAMES: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const unquoted = (raw: string): string => {
  if (raw.length >= 2 && raw.startsWith("'") && raw.endsWith("'")) return raw.slice(1, -1);
  if (raw.length >= 2 && raw.startsWith('"') && raw.endsWith('"')) return raw.slice(1, -1).replace(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character);
  return raw;
};

const encode = (value: string): string => {
  if (/^(?!=)[^\s'"#\\$`]*$/.test(value)) return value;
  // Shells and dotenv libraries expand nothing inside single quotes.
  if (!/['\r\n]/.test(value)) return `'${value}'`;
  return `"${value.replace(/["\\$`]/g, '\\$&').replace(/[\n\r\t]/g, (character) => NAMES[character] ?? '')}"`;
};

/** Longer lines are no assignments; a bound keeps the pattern's cost low. */
const MAX_LINE_CHARS = 8_192;

const ASSIGNMENT = /^(\s*(?:export\s+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*)('[^']*'|"(?:[^"\\]|\\.)*"|.*?)(?:\s+#.*)?\s*$/;

/** The assignments of a text that consists of nothing else (and comments and sections), or undefined for any other text. */
export const envLines = (text: string): EnvLine[] | undefined => {
  const found: EnvLine[] = [];
  const seen = new Map<string, number>();
  let [section, name, position] = [0, '', 0];
  for (const line of text.split('\n')) {
    if (line.length > MAX_LINE_CHARS) return undefined;
    const start = position;
    position += line.length + 1;
    if (/^\s*(?:[#;].*)?$/.test(line)) continue;
    const heading = /^\s*\[([^\]]+)\]\s*$/.exec(line);
    if (heading !== null) {
      [section, name] = [section + 1, `[${JSON.stringify(heading[1])}]`];
      continue;
    }
    const [, head = '', key = '', raw = ''] = ASSIGNMENT.exec(line) ?? [];
    if (key === '') return undefined;
    const path = name === '' ? key : `${name}.${key}`;
    const count = seen.get(path) ?? 0;
    seen.set(path, count + 1);
    found.push({ path: count === 0 ? path : `${path}[${count}]`, key, value: unquoted(raw), start: start + head.length, end: start + head.length + raw.length, section, encode });
  }
  // One line alone may be a secret that holds an equals sign (base32 ends in several): only a name in capitals and one sign say otherwise.
  const certain = found.length > 1 || section > 0 || (/^[A-Z][A-Z0-9_]*$/.test(found[0]?.key ?? '') && text[found[0]?.start ?? 0] !== '=');
  return certain && found.some(({ value }) => value !== '') ? found : undefined;
};
