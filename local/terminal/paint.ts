import { styleText } from 'node:util';

/** What a piece of text means; each has one look. */
export type Tone = 'good' | 'bad' | 'doubt' | 'act' | 'news' | 'faint' | 'strong' | 'plain';

/** Gives a text its look, or leaves it as it is. */
export type Paint = (tone: Tone, text: string) => string;

const looks = { good: 'green', bad: 'red', doubt: 'magenta', act: 'yellow', news: 'cyan', faint: 'dim', strong: 'bold' } as const;

export const unpainted: Paint = (_, text) => text;

export const painted: Paint = (tone, text) => (tone === 'plain' || text === '' ? text : styleText(looks[tone], text, { validateStream: false }));

/** Colours only where a person looks: not in pipes, not under NO_COLOR, not on a dumb terminal; FORCE_COLOR turns them on. */
export const paintFor = (stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): Paint => {
  if (environment.NO_COLOR) return unpainted;
  if (environment.FORCE_COLOR && environment.FORCE_COLOR !== '0') return painted;
  return stream.isTTY && environment.TERM !== 'dumb' ? painted : unpainted;
};

const narrowest = 80;
const widest = 120;

/** How many columns to write in: the terminal's, within reason; in a pipe a width that fits most screens. */
export const widthFor = ({ columns }: { columns?: number }): number => Math.min(widest, Math.max(narrowest, columns ?? 110));
