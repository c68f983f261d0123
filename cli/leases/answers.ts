import type { LeaseHead } from '../../functions/aws/leases.ts';
import type { Lease, LeaseStatus } from '../../functions/core/lease.ts';
import type { LeaseView } from '../../functions/core/lease-view.ts';
import type { Tone } from '../../local/terminal/paint.ts';
import { wrongUsage } from '../failure.ts';
import { strangeAnswer } from '../refusal.ts';
import { shown } from '../screen.ts';

/** A row of `GET /leases`. */
export type LeaseRow = Omit<LeaseHead, 'n'> & { pendingSeconds?: number };

/** One page of `GET /leases`. */
export interface LeasePage {
  leases: LeaseRow[];
  cursor?: string;
}

const tones: Record<LeaseStatus, Tone> = { active: 'strong', 'pending-revocation': 'bad', released: 'good', 'handed-on': 'news', shared: 'doubt', observed: 'faint', refused: 'faint' };

/** Every status that a lease may have. */
export const statuses = Object.keys(tones) as LeaseStatus[];

/** How a status looks. */
export const toneOf = (status: LeaseStatus): Tone => tones[status] ?? 'plain';

/** Whether nothing is left to do for it. */
export const isOver = ({ status }: Pick<Lease, 'status'>): boolean => status !== 'active' && status !== 'pending-revocation';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const isRow = (value: unknown): value is LeaseRow =>
  isObject(value) && ['id', 'status', 'credential', 'registeredAt', 'expiresAt'].every((name) => typeof value[name] === 'string') && isObject(value.run);

/** The answer as a page. Throws a `Failure` where it is none. */
export const pageIn = (answer: Record<string, unknown>, base: string): LeasePage => {
  const { leases, cursor } = answer;
  if (!Array.isArray(leases) || !leases.every(isRow) || !(cursor == null || typeof cursor === 'string')) throw strangeAnswer({ base });
  return { leases, ...(cursor == null ? {} : { cursor }) };
};

/** The answer as one lease. Throws a `Failure` where it is none. */
export const viewIn = (answer: Record<string, unknown>, base: string): LeaseView => {
  if (!isRow(answer)) throw strangeAnswer({ base });
  return answer as unknown as LeaseView;
};

/** A lease's id as it was typed. Throws a `Failure` where it can be none. */
export const leaseId = (text: string): string => {
  if (!/^[A-Za-z0-9][\w.:-]{0,99}$/.test(text)) throw wrongUsage('that is no id of a lease: "rescind leases" shows them, they look like l-0123456789abcdef0123-0123456789abcdef');
  return text;
};

/** A run in words. */
export const runText = ({ run }: Pick<LeaseRow, 'run'>): string =>
  [shown(run.platform), shown(run.run), run.attempt === undefined || run.attempt === '1' ? '' : `attempt ${shown(run.attempt)}`, run.job === undefined ? '' : `job ${shown(run.job)}`].filter(Boolean).join(' ');
