import type { LeaseLine } from '../../functions/core/lease.ts';
import { runInWords, sentenceOf } from '../../functions/core/lease-view.ts';
import type { Paint } from './paint.ts';
import { timelineRow, type Shown } from './timeline.ts';

type Registered = Extract<LeaseLine, { kind: 'registered' }>;

/** The year 9999 stands for no time at all: a role is not lent by us. */
const untilText = (time: string): string => (time.startsWith('9999') ? '' : `, until ${time.slice(0, 19)}Z`);

const lentText = ({ terms, by }: Registered): string => `${terms.credential} to ${runInWords(terms.run)}${untilText(terms.expiresAt)}: ${terms.reason} (asked by ${by.subject})`;

/** What the screen shows of a line of a lease; undefined for what only a machine needs. */
export const shownOfLease = (line: LeaseLine): Shown | undefined => {
  const text = sentenceOf(line);
  switch (line.kind) {
    case 'noted':
      return undefined;
    case 'registered':
      return { what: 'lent', text: lentText(line), tone: 'news' };
    case 'renewed':
      return { what: 'renewed', text, tone: 'plain' };
    case 'tried':
      return { what: 'pending', text, tone: 'doubt' };
    case 'released':
      return { what: 'released', text, tone: 'good' };
    case 'handed-on':
      return { what: 'handed on', text, tone: 'plain' };
    case 'shared':
      return { what: 'shared', text, tone: 'doubt' };
    case 'observed':
      return { what: 'observed', text, tone: 'faint' };
    case 'refused':
      return { what: 'refused', text, tone: 'bad' };
    case 'case':
      return { what: 'case', text: `it becomes a case: ${line.reason}`, tone: 'doubt' };
  }
};

const shown = 6;

/** A lease's id as the screen shows it: its end, since all leases of one run begin alike. */
export const shortLease = (lease: string): string => `l…${lease.slice(-shown)}`;

/** Tells a line of a lease as it comes, as the lines of cases are told. A line that shows nothing gives no rows. */
export const leaseTimelineRows = (lease: string, line: LeaseLine, seconds: number, paint: Paint, width: number): string[] => {
  const told = shownOfLease(line);
  return told ? timelineRow(seconds, shortLease(lease), told, paint, width) : [];
};
