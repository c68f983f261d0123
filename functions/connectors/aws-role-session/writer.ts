import { IAMClient } from '@aws-sdk/client-iam';
import { IssuerFailed } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { isCode, isRefusal, refusalOf } from '../provider-error.ts';
import type { Change, Wrote } from './change.ts';
import { nothing, pruned, withEnd, type Ended, type Want } from './ended.ts';
import { secondsOf } from './name.ts';
import { deletePolicy, policyOf, putPolicy, takenByOthers, type Policy, type Role } from './iam.ts';
import { isNothing, policyText } from './policy-text.ts';
import { patiently, type Pacing } from './patiently.ts';
import { foreign } from './standing.ts';
import { riding, untilAllLeave } from './shared-work.ts';

/** Makes changes of roles' policies: one write at a time and role in this process, whatever came meanwhile in the next. */
export type Writer = (role: Role, change: Change, context: Pacing) => Promise<Wrote>;

/** Ours take no more of a role's 10,240 characters than this: the rest is its owner's. */
export const ourShare = 6_000;
const wholeShare = 10_240;
const rounds = 3;
const looks = 4;
/** For how long an end of ours is taken as written, though a reader may not show it. */
const rememberedSeconds = 60;

interface Rider extends Pacing {
  change: Change;
  answer(wrote: Wrote): void;
  fail(error: unknown): void;
}

interface Queue {
  waiting: Rider[];
  isRunning: boolean;
  recent: { want: Want; at: number }[];
}

/** Makes the writer of one process. */
export const writerOf = (edges: Edges): Writer => {
  const queues = new Map<string, Queue>();
  let single: IAMClient | undefined;
  const clientOnce = (): IAMClient => (single ??= edges.clientsWith({ maxAttempts: 1 })(IAMClient));

  const run = async (role: Role, queue: Queue): Promise<void> => {
    while ((queue.waiting = queue.waiting.filter(({ signal }) => !signal.aborted)).length > 0) {
      const taken: Rider[] = [];
      const stop = untilAllLeave();
      const { now, sleep } = queue.waiting[0] as Rider;
      for (const { signal } of queue.waiting) stop.with(signal);
      const take = (): Rider[] => {
        const more = queue.waiting.splice(0).filter(({ signal }) => !signal.aborted);
        for (const { signal } of more) stop.with(signal);
        taken.push(...more);
        return more;
      };
      try {
        await flush({ edges, client: clientOnce(), role, queue }, take, { now, sleep, signal: stop.signal });
      } catch (error) {
        // those who left were told so already; who came since is served by the next turn
        if (!stop.signal.aborted) take();
        for (const rider of taken) rider.fail(error);
      }
    }
    queue.isRunning = false;
  };

  return (role, change, { now, sleep, signal }) => {
    const queue = queues.get(role.id) ?? { waiting: [], isRunning: false, recent: [] };
    queues.set(role.id, queue);
    const done = new Promise<Wrote>((answer, fail) => void queue.waiting.push({ change, now, sleep, signal, answer, fail }));
    if (!queue.isRunning) {
      queue.isRunning = true;
      void run(role, queue);
    }
    return riding(done, signal);
  };
};

/** Where is written, and through what: a client that tries once, since we wait by our own clock. */
interface Writing {
  edges: Edges;
  client: IAMClient;
  role: Role;
  queue: Queue;
}

/** Reads, merges, writes and reads again, until what was taken is there. Who comes before a write is in it. */
const flush = async (writing: Writing, take: () => Rider[], pacing: Pacing): Promise<void> => {
  const { edges, role } = writing;
  let open: Rider[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const before = await policyOf(edges, role.name, pacing.signal);
    open.push(...take());
    const { ended } = before;
    if (!ended) return refuseAll(open, foreign);
    const isMade = ({ change }: Rider) => change.isMade(ended);
    for (const rider of open.filter(isMade)) rider.answer({ wrote: round === 1 ? 'already' : 'written' });
    const base = remembered(writing.queue, ended, secondsOf(pacing.now()));
    open = allowed(open.filter((rider) => !isMade(rider)), base);
    if (open.length === 0) return;
    const written = await write(writing, base, open, pacing);
    if ('wrote' in written) return open.forEach(({ answer }) => answer(written));
    for (const rider of open.filter((one) => !written.riders.includes(one))) rider.answer({ wrote: 'refused', reason: written.full });
    open = written.riders;
    if (open.length === 0) return;
    const seen = await readBack(edges, role, before, open, pacing);
    const missing = seen === undefined ? [] : open.filter(({ change }) => !change.isMade(seen));
    for (const rider of open.filter((one) => !missing.includes(one))) rider.answer({ wrote: seen === undefined ? 'unseen' : 'written' });
    open = missing;
    if (open.length === 0) return;
  }
  const error = new IssuerFailed('somebody else writes the same policy again and again, and ours is not in it: ask again');
  for (const rider of open) rider.fail(error);
};

const refuseAll = (riders: readonly Rider[], reason: string): void => riders.forEach(({ answer }) => answer({ wrote: 'refused', reason }));

/** What was read, with the ends that we wrote a moment ago, and without what is over. */
const remembered = (queue: Queue, read: Ended, now: number): Ended => {
  queue.recent = queue.recent.filter(({ at }) => at + rememberedSeconds > now);
  return pruned(queue.recent.reduce((ended, { want }) => withEnd(ended, want), read), now);
};

/** Those who may still be made of what is there, one after the other; the others are told why not. */
const allowed = (riders: readonly Rider[], base: Ended): Rider[] => {
  let ended = base;
  return riders.filter(({ change, answer }) => {
    const reason = change.refusal?.(ended);
    if (reason === undefined) ended = change.make(ended);
    else answer({ wrote: 'refused', reason });
    return reason === undefined;
  });
};

/** Who is in the text, as far as it has room, in the order in which they came. */
const fitted = (base: Ended, riders: readonly Rider[], most: number): { text: string; ended: Ended; riders: Rider[] } | undefined => {
  const merged = riders.reduce((ended, { change }) => change.make(ended), base);
  const whole = isNothing(merged) ? '' : policyText(merged, most);
  if (whole !== undefined) return { text: whole, ended: merged, riders: [...riders] };
  let [ended, text] = [base, isNothing(base) ? '' : policyText(base, most)];
  const inside: Rider[] = [];
  for (const rider of riders) {
    const next = rider.change.make(ended);
    const fits = policyText(next, most);
    if (fits === undefined) continue;
    [ended, text] = [next, fits];
    inside.push(rider);
  }
  return text === undefined ? undefined : { text, ended, riders: inside };
};

/** Writes what fits. Answers those who are in it and why the others are not, or how it ended for all of them. */
const write = async ({ edges, client, role, queue }: Writing, base: Ended, riders: readonly Rider[], pacing: Pacing): Promise<{ riders: Rider[]; full: string } | Wrote> => {
  const now = secondsOf(pacing.now());
  // what is taken back must not come again from what we remember; everything else must
  for (const { undoes } of riders.map(({ change }) => change)) if (undoes) queue.recent = queue.recent.filter(({ want }) => want.userId !== undoes.userId || want.before !== undoes.before);
  const full = (most: number) => `LimitExceeded: single sessions of this role ended within the last 13 hours fill the ${most} characters that are left for them: end all its sessions instead (name the role), or let them expire`;
  const attempt = async (most: number): Promise<{ riders: Rider[]; full: string }> => {
    const fit = fitted(base, riders, most);
    if (!fit || fit.riders.length === 0) return { riders: [], full: full(most) };
    await patiently(() => (fit.text === '' ? deletePolicy(client, role.name, pacing.signal) : putPolicy(client, role.name, fit.text, pacing.signal)), pacing);
    queue.recent.push(...fit.riders.flatMap(({ change: { want } }) => (want ? [{ want, at: now }] : [])));
    return { riders: fit.riders, full: full(most) };
  };
  try {
    try {
      return await attempt(ourShare);
    } catch (error) {
      if (!isCode(error, 'LimitExceeded')) throw error;
      return await attempt(wholeShare - (await takenByOthers(edges, role.name, pacing.signal)));
    }
  } catch (error) {
    pacing.signal.throwIfAborted();
    if (isCode(error, 'NoSuchEntity')) return { wrote: 'gone' };
    if (isCode(error, 'LimitExceeded')) return { wrote: 'refused', reason: 'LimitExceeded: the inline policies of this role are full: move some of them to managed policies' };
    if (isRefusal(error)) return { wrote: 'refused', reason: refusalOf(error, 'write an inline policy of this role') };
    throw error;
  }
};

/** What is there after a write: undefined where IAM goes on showing what was there before. */
const readBack = async (edges: Edges, role: Role, before: Policy, riders: readonly Rider[], { sleep, signal }: Pacing): Promise<Ended | undefined> => {
  for (let look = 1; ; look += 1) {
    const { text, ended } = await policyOf(edges, role.name, signal);
    if (ended && riders.every(({ change }) => change.isMade(ended))) return ended;
    // it is another text, and ours is not in it: somebody wrote over it
    if (text !== before.text) return ended ?? nothing;
    if (look === looks) return undefined;
    await sleep(100 * 2 ** look, signal);
  }
};
