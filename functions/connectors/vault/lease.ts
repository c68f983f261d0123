import type { Acted, Context, Found, Probed } from '../../core/connector.ts';
import { isReason, textOf } from './answer.ts';
import { deadIf, mountControl, ownTokenControl } from './control.ts';
import { absent, alive, another, neverSeen, nothing, refusedBy, unknown, untold, type Kind, type Look, type NameOf } from './kind.ts';
import { namespaceDoubt } from './names.ts';
import { isOfNamespace } from './namespace.ts';
import { order, stillThere, type Order } from './take-back.ts';
import type { Own, Visit } from './visit.ts';

type Name = NameOf<'lease'>;

/** Whether everything under that path may be what keeps our own token alive. */
export const isOverOurs = (path: string, namespace: string, own: Own | undefined): boolean =>
  own !== undefined && own.path !== '' && own.namespace === namespace && (`${own.path}/`.startsWith(`${path}/`) || path.startsWith(`${own.path}/`));

/** Whether a path is one of tokens: what they leased themselves is another matter. */
export const isOfLogin = (path: string): boolean => path.startsWith('auth/');

/** What becomes of what such tokens leased. */
export const ofLogins = 'with the tokens that it stands for and what they made; leases that those held are queued for revocation by the vault, and their end is not seen here';

const ours = "the lease of Rescind's own token, which was issued at the same path: revoke a token by its accessor";

const look = async (name: Name, visit: Visit): Promise<Look> => {
  const { lease, namespace } = name;
  const doubt = namespaceDoubt(lease, namespace);
  if (doubt !== undefined) return { told: 'elsewhere', note: doubt };
  // a vault finds a lease by its id in whichever namespace it is asked, and takes it back there
  if (!(await isOfNamespace(lease, namespace, visit))) return { told: 'elsewhere', note: `the lease is of another namespace than ${namespace}, or of one that was deleted and made again under that name` };
  const answer = await visit.ask({ method: 'POST', path: 'sys/leases/lookup', namespace, body: { lease_id: lease } });
  const { status } = answer;
  if (status === 400 && isReason(answer, 'invalid lease')) return { told: 'gone', note: 'status 400: the vault knows no such lease' };
  if (status !== 200) return untold(answer);
  if (answer.data?.id !== lease) return another;
  return { told: 'there', data: answer.data };
};

const find = async (name: Name, visit: Visit): Promise<Found> => {
  const seen = await look(name, visit);
  if (seen.told !== 'there') return absent(seen);
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
  if (answer.status === 204 || answer.status === 200) return { result: 'done', note: `revoked, ${isOfLogin(lease) ? ofLogins : 'and what it leased was taken back behind it'}` };
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
