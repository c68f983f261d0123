const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

// XML 1.0 cannot carry these characters at all, escaped or not.
const escaped = (text: string) => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '').replace(/[&<>"']/g, (c) => ESCAPES[c] ?? c);

const content = (value: unknown): string => {
  if (value instanceof Date) return value.toISOString().replace(/\.\d+Z$/, 'Z');
  if (Array.isArray(value)) return value.map((item) => `<member>${content(item)}</member>`).join('');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([name, inner]) => `<${name}>${content(inner)}</${name}>`)
      .join('');
  return escaped(String(value));
};

/** One element with everything in it: objects become children, arrays `<member>`s, dates ISO 8601; text is escaped and `undefined` left out. */
export const xml = (name: string, value: unknown, namespace?: string): string =>
  `<${name}${namespace === undefined ? '' : ` xmlns="${escaped(namespace)}"`}>${content(value)}</${name}>`;
