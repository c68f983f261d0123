/** A text from outside without anything that moves a cursor or hides what follows. */
export const plainText = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');

/** Where a word that is too long may be broken: behind these, so that paths and ids stay readable. */
const softBreak = /[/:#@?&=_,.-]/;

const pieces = (word: string, width: number): string[] => {
  const cut: string[] = [];
  let rest = word;
  while (rest.length > width) {
    let end = width;
    for (let at = width; at > width / 2; at -= 1) {
      if (softBreak.test(rest[at - 1] ?? '')) {
        end = at;
        break;
      }
    }
    cut.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...cut, rest];
};

/** A text in lines of at most `width` characters, broken between words, and within one only where it is too long. Loses nothing. */
export const wrap = (text: string, width: number): string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of plainText(text).split(/\s+/).filter(Boolean)) {
    if (line !== '' && line.length + 1 + word.length <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    const cut = pieces(word, width);
    lines.push(...cut.slice(0, -1));
    line = cut.at(-1) ?? '';
  }
  if (line !== '') lines.push(line);
  return lines.length > 0 ? lines : [''];
};

/** A text behind a prefix, its further lines under its first. */
export const hang = (prefix: string, prefixWidth: number, text: string, width: number): string[] =>
  wrap(text, Math.max(20, width - prefixWidth)).map((line, n) => (n === 0 ? prefix : ' '.repeat(prefixWidth)) + line);
