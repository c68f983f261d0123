/** So many characters of a value in a row are a leak. */
const LENGTH = 8;
/** As many characters are twice as many hex digits; fewer would be met by chance among hashes. */
const HEX_LENGTH = 2 * LENGTH;

/** By what values are recognised wherever they lie. */
export interface Marks {
  /** Eight characters each. */
  readonly plain: ReadonlySet<string>;
  /** Sixteen lower-case hex digits each. */
  readonly hex: ReadonlySet<string>;
}

const windows = (text: string, length = LENGTH): string[] => Array.from({ length: Math.max(0, text.length - length + 1) }, (_, at) => text.slice(at, at + length));

/** How a text may stand in base64, whatever stands before it: without the characters at either end that its neighbours decide. */
const base64Of = (text: string): string[] =>
  [0, 1, 2].map((before) => {
    const bits = [before * 8, (before + Buffer.byteLength(text)) * 8] as const;
    const whole = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]).toString('base64');
    return whole.slice(Math.ceil(bits[0] / 6), Math.floor(bits[1] / 6));
  });

const urlEncoded = (text: string): string[] => {
  const upper = encodeURIComponent(text);
  return [upper, upper.replace(/%../g, (code) => code.toLowerCase())];
};

/** Inside a JSON text a value's line ends and quotes stand escaped, and inside JSON within JSON once more. */
const escaped = (text: string): string[] => {
  const once = JSON.stringify(text).slice(1, -1);
  return once === text ? [] : [once, JSON.stringify(once).slice(1, -1)];
};

/** Everything by which a value would be recognised: any eight characters of it, plainly, in base64 (every alignment, the URL's kind as well), URL-encoded and in hex. */
export const marksOf = (values: readonly string[]): Marks => {
  const [plain, hex] = [new Set<string>(), new Set<string>()];
  for (const value of new Set(values)) {
    const encoded = base64Of(value);
    const spellings = [value, ...escaped(value), ...encoded, ...encoded.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')), ...urlEncoded(value)];
    for (const spelling of spellings) for (const window of windows(spelling)) plain.add(window);
    for (const window of windows(Buffer.from(value).toString('hex'), HEX_LENGTH)) hex.add(window);
  }
  return { plain, hex };
};

const firstIn = (text: string, marks: ReadonlySet<string>, length: number): number | undefined => {
  for (let at = 0; at + length <= text.length; at += 1) if (marks.has(text.slice(at, at + length))) return at;
  return undefined;
};

/** Where the first mark stands in a text; undefined where there is none. */
export const markIn = (text: string, { plain, hex }: Marks): number | undefined => {
  const at = firstIn(text, plain, LENGTH);
  if (at !== undefined) return at;
  for (const digits of text.matchAll(/[0-9a-fA-F]{16,}/g)) {
    const within = firstIn(digits[0].toLowerCase(), hex, HEX_LENGTH);
    if (within !== undefined) return digits.index + within;
  }
  return undefined;
};
