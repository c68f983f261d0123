import type { Acted, Context, Found, Probed } from '../../core/connector.ts';
import { isReason, textOf } from './answer.ts';
import { deadIf, mountControl, ownTokenControl } from './control.ts';
import { absent, alive, another, neverSeen, nothing, refusedBy, unknown, untold, type Kind, type Look, type NameOf } from './kind.ts';
import { namespaceDoubt } from './names.ts';
import { order, stillThere, type Order } from './take-back.ts';
import type { Own, Visit } from './visit.ts';

type Name = NameOf<'lease'>;

/** Whether everything under that path may be what keeps our own token alive. */
export const isOverOurs = (path: string, namespace: string, own: Own | undefined): boolean =>
  own !== undefined && own.path !== '' && own.namespace === namespace && (`${own.path}/`.startsWith(`${path}/`) || path.startsWith(`${own.path}/`));

const ours = "the lease of Rescind's own token, which was issued at the same path: revoke a token by its accessor";

const look = async ({ lease, namespace }: Name, visit: Visit): Promise<Look> => {
  const answer = await visit.ask({ method: 'POST', path: 'sys/leases/lookup', namespace, body: { lease_id: lease } });
  const { status } = answer;
  if (status === 200) return answer.data?.id === lease ? { told: 'there', data: answer.data } : another;
  if (status === 400 && isReason(answer, 'invalid lease')) {
    const doubt = namespaceDoubt(lease, namespace);
    return doubt === undefined ? { told: 'gone', note: 'status 400: the vault knows no such lease' } : { told: 'elsewhere', note: doubt };
  }
  return untold(answer);
};

const find = async (name: Name, visit: Visit): Promise<Found> => {
  const seen = await look(name, visit);
  if (seen.told !== 'there') return absent(seen);
  // a vault may find a lease by its id in whatever namespace it is asked
  const doubt = namespaceDoubt(name.lease, name.namespace);
  if (doubt !== undefined) return { exists: false, note: doubt };
  const path = textOf(seen.data.path) ?? name.lease.slice(0, name.lease.lastIndexOf('/'));
  const until = textOf(seen.data.expire_time);
  const isOurs = isOverOurs(name.lease, name.namespace, await visit.own());
  return { exists: true, ...(isOurs ? { protectedBy: ours } : {}), attributes: { path }, note: `leased at ${path}, ${until ? `until ${until}` : 'without an end'}` };
};

const revoke = async (name: Name, visit: Visit, context: Context): Promise<Acted> => {
  const { lease, namespace } = name;
  if (isOverOurs(lease, namespace, await visit.own())) {
    return { result: 'refused', reason: `it may be ${ours}`, meanwhile: nothing };
  }
  const seen = await look(name, visit);
  if (seen.told === 'gone') return { result: 'already', note: 'the vault knows no such lease: it was gone before we came' };
  if (seen.told === 'elsewhere') return { result: 'refused', reason: seen.note, meanwhile: nothing };
  if (seen.told === 'unknown') return refusedBy(seen.status, visit, 'look up this lease');
  const given: Order = { path: 'sys/leases/revoke', body: { lease_id: lease }, namespace, under: lease };
  const answer = await order(given, visit);
  if (!answer) return stillThere(given, 'the order to take the lease back was not answered in time', visit, context);
  if (answer.status === 204 || answer.status === 200) return { result: 'done', note: 'revoked, and what it leased was taken back behind it' };
  // queued in spite of our wish to wait for it, or not given in
  if (answer.status !== 400 && answer.status !== 202) return refusedBy(answer.status, visit, 'revoke leases');
  return stillThere(given, 'the lease is still there', visit, context);
};

const probe = async (name: Name, visit: Visit, wasSeen: boolean): Promise<Probed> => {
  const seen = await look(name, visit);
  if (seen.told === 'unknown' || seen.told === 'elsewhere') return unknown(seen.note);
  // one that has expired or was given up is in the record because what it leased may work
  if (seen.told === 'there') return alive('status 200: the vault has the lease');
  const controls = await Promise.all([ownTokenControl(visit, name.namespace), mountControl(visit, name.namespace, name.lease)]);
  return deadIf(controls, seen.note, neverSeen(wasSeen));
};

/** Leases, by id: what an engine gave out. */
export const lease: Kind<Name> = { find, revoke, probe };
