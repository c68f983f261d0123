/** The strings of a JSON text with their positions, so that one can be replaced and everything else stays as it was written. */

/** One string value (never a key) of a JSON text. */
export interface JsonString {
  /** `a.b[0]`; keys that are no plain words stand as `["the key"]`. */
  path: string;
  /** The innermost key above it; '' for elements of arrays at the root. */
  key: string;
  value: string;
  /** Position of the literal with its quotes, the end exclusive. */
  start: number;
  end: number;
  /** The same number for the strings of one object or array. */
  container: number;
}

/** The deepest nesting that is looked into. */
export const MAX_DEPTH = 10;

interface Level {
  container: number;
  path: string;
  key: string;
  /** Position in an array, -1 in an object. */
  index: number;
}

const childPath = (path: string, key: string): string => {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
};

/** The strings of a JSON object or array in the order of the text, or undefined where the text is neither. */
export const jsonStrings = (text: string): JsonString[] | undefined => {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const found: JsonString[] = [];
  const levels: Level[] = [];
  let containers = 0;
  let pendingKey: string | undefined;
  // The text is valid, so its tokens can be told apart without a grammar.
  for (const token of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]|:/gs)) {
    const level = levels.at(-1);
    const [lexeme] = token;
    const here = level === undefined ? '' : level.index >= 0 ? `${level.path}[${level.index}]` : childPath(level.path, pendingKey ?? '');
    const key = level === undefined ? '' : level.index >= 0 ? level.key : (pendingKey ?? '');
    if (lexeme === '{' || lexeme === '[') {
      levels.push({ container: (containers += 1), path: here, key, index: lexeme === '[' ? 0 : -1 });
      pendingKey = undefined;
    } else if (lexeme === '}' || lexeme === ']') {
      levels.pop();
      pendingKey = undefined;
    } else if (lexeme === ',') {
      if (level !== undefined && level.index >= 0) level.index += 1;
      pendingKey = undefined;
    } else if (lexeme !== ':' && level !== undefined) {
      const value = JSON.parse(lexeme) as string;
      if (level.index < 0 && pendingKey === undefined) pendingKey = value;
      else if (levels.length <= MAX_DEPTH) found.push({ path: here, key, value, start: token.index, end: token.index + lexeme.length, container: level.container });
    }
  }
  return found;
};
