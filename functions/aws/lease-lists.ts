import type { LeaseStatus } from '../core/lease.ts';
import { leaseViewOf } from '../core/lease-view.ts';
import { awsIam } from '../core/configuration.ts';
import { refuse, sliceOf } from './api-request.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { placeOf } from './lease-index.ts';
import type { LeaseApiDeps } from './lease-routes.ts';
import type { LeaseHead } from './leases.ts';

const statuses: readonly LeaseStatus[] = ['active', 'pending-revocation', 'released', 'handed-on', 'shared', 'observed', 'refused'];

const whoLooks = ({ caller, address }: HttpRequest) => ({ issuer: awsIam, subject: caller ?? 'nobody', ...(address ? { address } : {}) });

/** A row of the list; a pending revocation with its age. */
const rowOf = ({ n: _, ...head }: LeaseHead, now: Date) => ({
  ...head,
  ...(head.status === 'pending-revocation' && head.pendingSince ? { pendingSeconds: Math.max(0, Math.round((now.getTime() - new Date(head.pendingSince).getTime()) / 1000)) } : {}),
});

/** `GET /leases`: a page, which may be short or empty and still have a cursor. Without one the list is at its end. */
export const listLeases = async (request: HttpRequest, { leases, now }: LeaseApiDeps): Promise<HttpAnswer> => {
  const { cursor, ...query } = request.query;
  const slice = sliceOf({ ...request, query });
  if ('refusal' in slice) return slice.refusal;
  const { status } = query;
  if (status && !statuses.includes(status as LeaseStatus)) return refuse(400, `status is one of ${statuses.join(', ')}`);
  if (cursor && placeOf(cursor) === undefined) return refuse(400, 'cursor is the one of the page before, as it was given');
  const page = await leases.list((status || undefined) as LeaseStatus | undefined, slice.limit, cursor || undefined);
  await leases.recordUse({ what: 'listed', by: whoLooks(request), ...(status ? { reason: status } : {}) });
  return { status: 200, body: { leases: page.items.map((head) => rowOf(head, now())), cursor: page.cursor } };
};

/** `GET /leases/{id}` */
export const showLease = async (request: HttpRequest, id: string, { leases, now }: LeaseApiDeps): Promise<HttpAnswer> => {
  const found = await leases.load(id);
  // what is no lease's id may be anything, a value included
  await leases.recordUse({ what: 'shown', by: whoLooks(request), lease: found?.id });
  return found ? { status: 200, body: leaseViewOf(found, now()) } : refuse(404, 'there is no such lease');
};
