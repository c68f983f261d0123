import { longestSessionSeconds } from './facts.ts';

/** Something that holds for sessions issued before a moment (whole seconds since 1970). */
export interface Until {
  id: string;
  before: number;
}

/** What our policy on one role says. Pure data: reading it and writing it again gives the same text. */
export interface Ended {
  /** All sessions issued before then, and the marks of the latest cases that wanted it. */
  all?: { before: number; marks: string[] };
  /** Single sessions, by `<role id>:<session name>`. */
  sessions: Until[];
  /** Marks of cases that ended a single session without naming a time. */
  marks: Until[];
}

/** One end. `mark` is set where the credential's name gives no time: by it a repeat knows itself. */
export interface Want {
  before: number;
  /** Absent: all sessions. */
  userId?: string;
  mark?: string;
}

/** Nothing ended. */
export const nothing: Ended = { sessions: [], marks: [] };

/** How many cases' marks the statement about all sessions keeps. */
const mostMarks = 4;

const later = (list: readonly Until[], { id, before }: Until): Until[] => {
  const known = list.find((one) => one.id === id);
  return [...list.filter((one) => one !== known), { id, before: Math.max(before, known?.before ?? 0) }];
};

/** The same with one end more. Never moves anything back. */
export const withEnd = (ended: Ended, { before, userId, mark }: Want): Ended => {
  if (userId !== undefined) {
    return { ...ended, sessions: later(ended.sessions, { id: userId, before }), marks: mark === undefined ? ended.marks : later(ended.marks, { id: mark, before }) };
  }
  const marks = ended.all?.marks ?? [];
  return { ...ended, all: { before: Math.max(before, ended.all?.before ?? 0), marks: mark === undefined ? marks : [mark, ...marks.filter((one) => one !== mark)].slice(0, mostMarks) } };
};

/** The same without that session's end. */
export const withoutSession = (ended: Ended, userId: string, mark: string | undefined): Ended => ({
  ...ended, sessions: ended.sessions.filter(({ id }) => id !== userId), marks: ended.marks.filter(({ id }) => id !== mark),
});

/** From which moment on a new session of that name would live; undefined where nothing is denied to it. */
export const deniedUntil = ({ all, sessions }: Ended, userId: string | undefined): number | undefined => {
  const own = sessions.find(({ id }) => id === userId)?.before;
  return all === undefined ? own : Math.max(all.before, own ?? 0);
};

/** Whether an end is in it already. */
export const says = (ended: Ended, { before, userId, mark }: Want): boolean => {
  const until = deniedUntil(ended, userId);
  return until !== undefined && until >= before && (mark === undefined || isMarked(ended, mark));
};

/** Whether the case of that mark has written there: what it wanted is then denied, since nothing moves back. */
export const isMarked = ({ all, marks }: Ended, mark: string): boolean => (all?.marks.includes(mark) ?? false) || marks.some(({ id }) => id === mark);

/** Without what is over: sessions that were issued so long ago have expired. What is said about all sessions stays. */
export const pruned = ({ all, sessions, marks }: Ended, now: number): Ended => {
  const isNeeded = ({ before }: Until) => before + longestSessionSeconds > now;
  return { all, sessions: sessions.filter(isNeeded), marks: marks.filter(isNeeded) };
};

/** Without single sessions that what is said about all sessions denies as well; their marks stand there then. */
export const uncovered = ({ all, sessions, marks }: Ended): Ended => {
  if (all === undefined) return { sessions, marks };
  const isOpen = ({ before }: Until) => before > all.before;
  const covered = marks.filter((mark) => !isOpen(mark)).map(({ id }) => id);
  return { all: { ...all, marks: [...new Set([...all.marks, ...covered])] }, sessions: sessions.filter(isOpen), marks: marks.filter(isOpen) };
};
