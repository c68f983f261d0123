import { uncovered, type Ended, type Until } from './ended.ts';

/** A moment as policies write it: whole seconds, UTC. */
export const momentOf = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');

interface Statement {
  Sid: string;
  Effect: 'Deny';
  Action: '*';
  Resource: '*';
  Condition: { StringEquals?: { 'aws:userid': string[] }; DateLessThan: { 'aws:TokenIssueTime': string } };
}

const allSid = 'RescindAllSessions';
const sessionsSid = 'RescindSessions';
const marked = (marks: readonly string[]): string => marks.map((mark) => `x${mark}`).join('');

const statement = (Sid: string, before: number, userIds?: string[]): Statement => ({
  Sid, Effect: 'Deny', Action: '*', Resource: '*',
  Condition: { ...(userIds ? { StringEquals: { 'aws:userid': userIds } } : {}), DateLessThan: { 'aws:TokenIssueTime': momentOf(before) } },
});

/** `20260131120509` of a moment: its first digits name a bucket. */
const stampOf = (seconds: number): string => momentOf(seconds).replace(/\D/g, '');

const bucketsOf = (list: readonly Until[], digits: number): Map<string, Until[]> => {
  const buckets = new Map<string, Until[]>();
  for (const one of list) {
    const stamp = stampOf(one.before).slice(0, digits);
    buckets.set(stamp, [...(buckets.get(stamp) ?? []), one]);
  }
  return buckets;
};

/** The marks of each bucket. One whose bucket is gone (its session was moved on since) goes to the last: only that it is there counts. */
const marksIn = (buckets: readonly string[], marks: readonly Until[], digits: number): Map<string, string[]> => {
  const signed = new Map<string, string[]>();
  for (const { id, before } of marks) {
    const own = stampOf(before).slice(0, digits);
    const stamp = buckets.includes(own) ? own : (buckets.at(-1) ?? '');
    signed.set(stamp, [...(signed.get(stamp) ?? []), id].sort());
  }
  return signed;
};

const textWith = ({ all, sessions, marks }: Ended, digits: number): string => {
  const buckets = [...bucketsOf(sessions, digits)].sort(([a], [b]) => (a < b ? -1 : 1));
  const signed = marksIn(buckets.map(([stamp]) => stamp), marks, digits);
  // the latest moment of its bucket decides: nothing is let in that any of them denies
  const single = buckets.map(([stamp, list]) =>
    statement(`${sessionsSid}${stamp}${marked(signed.get(stamp) ?? [])}`, Math.max(...list.map(({ before }) => before)), list.map(({ id }) => id).sort()));
  return JSON.stringify({ Version: '2012-10-17', Statement: [...(all ? [statement(`${allSid}${marked(all.marks)}`, all.before)] : []), ...single] });
};

/** Buckets of a second and of a minute: coarser ones would deny later sessions of the same name long beyond their own time. */
const grains = [14, 12];

/** Whether nothing is ended, so that no policy is needed. */
export const isNothing = ({ all, sessions }: Ended): boolean => all === undefined && sessions.length === 0;

/**
 * The policy's text in at most that many characters: each single session in the finest bucket that fits, and what is denied twice only
 * once where nothing else fits. Undefined where it does not fit: nothing that is needed is ever left out.
 */
export const policyText = (ended: Ended, most: number): string | undefined => {
  for (const kept of [ended, uncovered(ended)]) {
    for (const digits of grains) {
      const text = textWith(kept, digits);
      if (text.length <= most) return text;
    }
  }
  return undefined;
};

// what an earlier version wrote for an hour or a day is read as well
const sidShape = /^(RescindAllSessions|RescindSessions\d{8,14})((?:x[0-9a-f]{8})*)$/;
const keysOf = (of: object): string => Object.keys(of).sort().join();

const readStatement = (given: Statement): Ended | undefined => {
  const [, kind, tail = ''] = sidShape.exec(given.Sid) ?? [];
  const marks = tail.split('x').filter((mark) => mark !== '');
  const moment = given.Condition.DateLessThan['aws:TokenIssueTime'];
  const before = Date.parse(moment) / 1000;
  const userIds = given.Condition.StringEquals?.['aws:userid'];
  // whatever else stands there would be lost when we write it again
  const expected = JSON.stringify(statement(given.Sid, before, userIds));
  if (kind === undefined || !Number.isInteger(before) || expected !== JSON.stringify(given)) return undefined;
  if (kind === allSid) return userIds ? undefined : { all: { before, marks }, sessions: [], marks: [] };
  if (!Array.isArray(userIds) || !userIds.every((id) => typeof id === 'string')) return undefined;
  return { sessions: userIds.map((id) => ({ id, before })), marks: marks.map((id) => ({ id, before })) };
};

/** What a text of ours says; undefined where it is not one of ours, to the letter. */
export const endedIn = (text: string): Ended | undefined => {
  try {
    const parsed = JSON.parse(text) as { Version: string; Statement: Statement[] };
    if (keysOf(parsed) !== 'Statement,Version' || parsed.Version !== '2012-10-17' || parsed.Statement.length === 0) return undefined;
    const read = parsed.Statement.map(readStatement);
    if (read.some((one) => one === undefined) || read.filter((one) => one?.all).length > 1) return undefined;
    const known = read as Ended[];
    return { all: known.find(({ all }) => all)?.all, sessions: known.flatMap(({ sessions }) => sessions), marks: known.flatMap(({ marks }) => marks) };
  } catch {
    return undefined;
  }
};
