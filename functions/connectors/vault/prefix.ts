import type { Acted, Context, Found, Probed } from '../../core/connector.ts';
import { VaultFailed } from './answer.ts';
import { deadIf, mountControl, ownTokenControl } from './control.ts';
import { alive, neverSeen, nothing, refusedBy, unknown, type Kind, type NameOf } from './kind.ts';
import { isOfLogin, isOverOurs, ofLogins } from './lease.ts';
import { countOf, isNone, leasesUnder } from './left.ts';
import { namespaceName, pathOf } from './names.ts';
import { namespaceIdOf } from './namespace.ts';
import { isTaken, order, stillThere, type Order } from './take-back.ts';
import type { Visit } from './visit.ts';

type Name = NameOf<'prefix'>;

const looksOfProbe = 5;
const notListed = (status: number): string => `status ${status}: the vault does not let us list leases (sys/leases/lookup/* with list and sudo)`;

const ours = "Rescind's own token was issued under this prefix and would die with the rest";

/** Why it is not the namespace that it was lent from; undefined where it is, or where nothing was lent. */
const movedDoubt = async (namespace: string, visit: Visit): Promise<string | undefined> => {
  const { place } = visit.bound;
  return place === undefined || (await namespaceIdOf(namespace, visit)) === place ? undefined : `${namespaceName(namespace)} is another one than it was lent from: that one was deleted, and its engines may not have taken back what they leased`;
};

/** Said of what was written as a prefix and is a lease, under which there is nothing while it lives. */
const isLease = 'it is a lease and no prefix: write lease/<lease id>';

const livesAsLease = async (prefix: string, namespace: string, visit: Visit): Promise<boolean> =>
  prefix.includes('/') && (await visit.ask({ method: 'POST', path: 'sys/leases/lookup', namespace, body: { lease_id: prefix } })).status === 200;

const find = async ({ prefix, namespace }: Name, visit: Visit): Promise<Found> => {
  const under = await leasesUnder(prefix, namespace, visit);
  if ('refused' in under) throw new VaultFailed(notListed(under.refused), under.refused);
  if (isNone(under) && (await livesAsLease(prefix, namespace, visit))) return { exists: false, note: isLease };
  const isOurs = isOverOurs(prefix, namespace, await visit.own());
  return { exists: !isNone(under), ...(isOurs ? { protectedBy: ours } : {}), ...(namespace === '' ? {} : { account: await namespaceIdOf(namespace, visit) }), attributes: { prefix }, note: `${countOf(under)} under it` };
};

const revoke = async ({ prefix, namespace }: Name, visit: Visit, context: Context): Promise<Acted> => {
  if (isOverOurs(prefix, namespace, await visit.own())) return { result: 'refused', reason: ours, meanwhile: nothing };
  const doubt = await movedDoubt(namespace, visit);
  if (doubt !== undefined) return { result: 'refused', reason: doubt, meanwhile: nothing };
  const before = await leasesUnder(prefix, namespace, visit);
  if ('refused' in before) return refusedBy(before.refused, visit, 'list leases');
  if (isNone(before) && (await livesAsLease(prefix, namespace, visit))) return { result: 'refused', reason: isLease, meanwhile: nothing };
  if (isNone(before)) return { result: 'already', note: 'there is no lease under it' };
  const given: Order = { path: `sys/leases/revoke-prefix/${pathOf(prefix)}`, body: {}, namespace, under: prefix };
  const answer = await order(given, visit);
  if (!answer) return stillThere(given, `the order to take back ${countOf(before)} under it was not answered in time`, visit, context);
  if (!isTaken(answer) && answer.status !== 400) return refusedBy(answer.status, visit, 'revoke leases by their prefix');
  const after = await leasesUnder(prefix, namespace, visit);
  if ('refused' in after) return refusedBy(after.refused, visit, 'list leases');
  if (isNone(after)) return { result: 'done', note: `revoked ${countOf(before)}, ${isOfLogin(prefix) ? ofLogins : 'and what they leased was taken back behind them'}` };
  return stillThere(given, `${countOf(after)} of ${countOf(before)} under it ${after.leases === 1 && after.isAll ? 'is' : 'are'} still there`, visit, context);
};

const probe = async ({ prefix, namespace }: Name, visit: Visit, wasSeen: boolean): Promise<Probed> => {
  const doubt = await movedDoubt(namespace, visit);
  if (doubt !== undefined) return unknown(doubt);
  const under = await leasesUnder(prefix, namespace, visit, looksOfProbe);
  if ('refused' in under) return unknown(notListed(under.refused));
  if (!isNone(under)) return alive(`the vault has ${countOf(under)} under it`);
  if (await livesAsLease(prefix, namespace, visit)) return alive(`status 200: ${isLease}`);
  const controls = await Promise.all([ownTokenControl(visit, namespace), mountControl(visit, namespace, prefix)]);
  return deadIf(controls, 'status 404: the vault has no lease under it', neverSeen(wasSeen));
};

/** All leases under a prefix. */
export const prefix: Kind<Name> = { find, revoke, probe };
