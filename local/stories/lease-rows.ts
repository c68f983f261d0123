import type { LeaseStatus } from '../../functions/core/lease.ts';
import { endingInWords, runInWords, type LeaseView } from '../../functions/core/lease-view.ts';
import type { World } from '../world/world.ts';
import { isOfLease, leasesMeant } from './judge-leases.ts';
import type { Truth } from './look.ts';
import { madeBy } from './made.ts';
import type { Sent } from './sent.ts';

/** One lease as the table shows it. */
export interface LeaseRow {
  lease: string;
  story?: string;
  credential: string;
  /** To which run it was lent. */
  run: string;
  /** Why it ended. */
  ended: string;
  status: LeaseStatus;
  /** How death was seen: the old value was refused, or the issuer's record says so. */
  basis?: 'value' | 'record';
  /** Seen dead. */
  green: boolean;
  how: string;
  /** From the end (by the platform's clock, where it told a time) until it was seen dead. */
  seconds?: number;
  /** What its credential had made, as far as its world tells, and whether that opens its door. */
  made: { id: string; alive: boolean }[];
}

const endedOf = ({ ending, status }: LeaseView): string => {
  if (ending) return endingInWords(ending);
  return status === 'refused' ? 'it was never lent' : 'it has not';
};

const howOf = ({ id, status, note, with: others = [], expiresAt, case: opened }: LeaseView): string => {
  switch (status) {
    case 'active':
      return `until ${expiresAt.slice(0, 19)}Z, and nothing has ended it yet`;
    case 'handed-on':
      return `the credential lives on with ${others.join(', ')}`;
    case 'shared':
      return [note, others.join(', ')].filter(Boolean).join(': ');
    case 'observed':
      return 'nothing was touched';
    case 'pending-revocation':
      return `${note ?? 'death was not seen yet'}${opened === undefined ? '' : `; it is a case by now (GET /cases?delivery=${id})`}`;
    case 'released':
    case 'refused':
      return note ?? '';
  }
};

const secondsOf = ({ ending, status, timeline }: LeaseView): number | undefined => {
  const dead = timeline.findLast(({ what }) => what === 'released')?.at;
  if (status !== 'released' || !ending || dead === undefined) return undefined;
  return Math.max(0, Math.round((new Date(dead).getTime() - new Date(ending.at).getTime()) / 100) / 10);
};

/** The table of leases: one row each, in the order of what the world expects, everything else after it. */
export const leaseRowsOf = (leases: readonly LeaseView[], world: Pick<World, 'expect' | 'vault'>, sent: readonly Sent[], truth: readonly Truth[]): LeaseRow[] => {
  const told = (world.expect ?? []).filter(isOfLease).flatMap((expected) => leasesMeant(expected, leases, sent).map((found) => [found, expected.story] as const));
  const others = leases.filter((found) => !told.some(([one]) => one.id === found.id)).map((found) => [found, undefined] as const);
  return [
    ...new Map(
      [...told, ...others].map(([found, story]) => [
        found.id,
        {
          lease: found.id,
          story,
          credential: found.credential,
          run: runInWords(found.run),
          ended: endedOf(found),
          status: found.status,
          basis: found.basis,
          green: found.status === 'released',
          how: howOf(found),
          seconds: secondsOf(found),
          made: madeBy(found.credential, world, truth).map(({ id, alive }) => ({ id, alive })),
        },
      ]),
    ).values(),
  ];
};
