import type { LeaseView } from '../../functions/core/lease-view.ts';
import type { Conversation } from '../conversation.ts';
import { shown } from '../screen.ts';
import { isOver } from './answers.ts';

const firstMilliseconds = 300;
const mostMilliseconds = 2_000;

/**
 * Looks at a lease until nothing is left to do for it or the time is over, and tells on standard error what changes. Gives
 * the last look. A pending revocation is waited for as well: most are seen dead at the second look.
 */
export const waitForEnd = async <T extends { lease: LeaseView }>(asked: T, seconds: number, look: () => Promise<T>, { around, err }: Pick<Conversation, 'around' | 'err'>): Promise<T> => {
  const until = around.now() + seconds * 1000;
  let last = asked;
  let told = '';
  for (let pause = firstMilliseconds; !isOver(last.lease); pause = Math.min(mostMilliseconds, pause * 1.5)) {
    const left = until - around.now();
    if (left <= 0) break;
    await around.sleep(Math.min(pause, left), around.signal);
    last = await look();
    const { status, note } = last.lease;
    const news = `${shown(status)}${note ? `: ${shown(note)}` : ''}`;
    if (news !== told && !isOver(last.lease)) err.print(err.paint('faint', news));
    told = news;
  }
  return last;
};
