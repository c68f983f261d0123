import type { Acted, Child, Found, Probed } from '../../core/connector.ts';
import { hasReason, isEmptyList, objectOf, textOf, textsOf, VaultFailed } from './answer.ts';
import { deadIf, ownTokenControl, type Control } from './control.ts';
import { absent, alive, another, neverSeen, nothing, refusedBy, unknown, untold, type Kind, type Look, type NameOf } from './kind.ts';
import { behind, pathOf } from './names.ts';
import type { Visit } from './visit.ts';

type Name = NameOf<'secret-id'>;

const rolePath = ({ mount, role }: Name): string => `auth/${pathOf(mount)}/role/${pathOf(role)}`;

/** What the vault says of an accessor that it does not know: as an error of its own where it is to be destroyed. */
const noEntry = /failed to find accessor entry/;
const noRole = /^role ".*" does not exist/;

const look = async (name: Name, visit: Visit): Promise<Look> => {
  const { accessor, namespace } = name;
  const answer = await visit.ask({ method: 'POST', path: `${rolePath(name)}/secret-id-accessor/lookup`, namespace, body: { secret_id_accessor: accessor } });
  if (answer.status === 200) return answer.data?.secret_id_accessor === accessor ? { told: 'there', data: answer.data } : another;
  if ((answer.status === 404 || answer.status === 500) && hasReason(answer, noEntry)) return { told: 'gone', note: `status ${answer.status}: the vault knows no secret-id with this accessor` };
  if (hasReason(answer, noRole)) {
    const note = `status ${answer.status}: there is no such role`;
    // with a role go its secret-ids; one that was mistyped never had any
    return visit.bound.place === undefined ? { told: 'elsewhere', note } : { told: 'gone', note: `${note} any more, and with a role go its secret-ids` };
  }
  if (answer.status === 204) return { told: 'elsewhere', note: 'status 204: the accessor is none of this role' };
  return untold(answer);
};

/** The id of the mount, which it keeps where it is moved; undefined where it is not there. */
const mountOf = async ({ mount, namespace }: Name, visit: Visit): Promise<{ status: number; id?: string }> => {
  const { status, data } = await visit.shared({ method: 'GET', path: 'sys/auth', namespace });
  return { status, id: status === 200 ? textOf(objectOf(data?.[`${mount}/`])?.accessor) : undefined };
};

/** Why it is not the mount that it was lent from: one that was moved takes its secret-ids along, and they open their door there. */
const mountDoubt = async (name: Name, visit: Visit): Promise<string | undefined> => {
  const { place: mount } = visit.bound;
  if (mount === undefined) return undefined;
  const { status, id } = await mountOf(name, visit);
  if (id === mount) return undefined;
  if (status !== 200) return `whether auth/${name.mount}/ is the mount that it was lent from could not be seen (status ${status}): let our token read sys/auth`;
  return `auth/${name.mount}/ is not the mount that it was lent from (${mount}): that one was disabled, or moved with its secret-ids (bao auth list -format=json)`;
};

const find = async (name: Name, visit: Visit): Promise<Found> => {
  const seen = await look(name, visit);
  if (seen.told !== 'there') return absent(seen);
  const attributes: Record<string, string> = { role: name.role };
  for (const [key, value] of Object.entries(objectOf(seen.data.metadata) ?? {})) if (typeof value === 'string') attributes[`metadata.${key}`] = value;
  return { exists: true, principal: name.role, account: (await mountOf(name, visit)).id, attributes, note: `a secret-id of the role ${name.role} at auth/${name.mount}` };
};

/** Nobody lists them by it, and they do not hang on it. */
const tokensOf = (name: Name): Child => ({
  id: `vault-tokens:of ${behind(name)}`,
  accounted: false,
  how: 'tokens that were issued with it live until they expire or are leased themselves: the vault does not list them by it',
});

const revoke = async (name: Name, visit: Visit): Promise<Acted> => {
  const doubt = await mountDoubt(name, visit);
  if (doubt !== undefined) return { result: 'refused', reason: doubt, meanwhile: nothing };
  const answer = await visit.ask({ method: 'POST', path: `${rolePath(name)}/secret-id-accessor/destroy`, namespace: name.namespace, body: { secret_id_accessor: name.accessor } });
  const children = [tokensOf(name)];
  if (answer.status === 204 || answer.status === 200) return { result: 'done', note: 'destroyed; tokens that were issued for it before live on and cannot be listed by it', children };
  if ((answer.status === 500 || answer.status === 404) && hasReason(answer, noEntry)) return { result: 'already', note: `status ${answer.status}: the vault knows no secret-id with this accessor`, children };
  // a vault refuses what is of another role as it refuses us, and says nothing where it is looked up
  const seen = await look(name, visit);
  if (seen.told === 'gone') return { result: 'already', note: seen.note, children };
  if (seen.told === 'elsewhere') return { result: 'refused', reason: seen.note, meanwhile: nothing };
  return refusedBy(answer.status, visit, 'destroy secret-ids of this role');
};

/** The role's own list must be readable and not name the accessor; where it is too long or closed to us, the role itself must be there. */
const roleControl = async (name: Name, visit: Visit): Promise<Control> => {
  const { namespace, accessor } = name;
  const list = await visit.ask({ method: 'LIST', path: `${rolePath(name)}/secret-id`, namespace }).catch((error: unknown) => {
    if (error instanceof VaultFailed && error.isTooLong) return undefined;
    throw error;
  });
  // one that it was lent of and that is gone: our own token tells that the vault knows anything
  if (list && hasReason(list, noRole) && visit.bound.place !== undefined) return ownTokenControl(visit, namespace);
  if (list && isEmptyList(list)) return { lives: 'its role is there and has no secret-id' };
  if (list?.status === 200 && Array.isArray(list.data?.keys)) {
    return textsOf(list.data.keys).includes(accessor) ? { fails: 'its role lists it' } : { lives: 'its role is there and lists others' };
  }
  const role = await visit.ask({ method: 'GET', path: rolePath(name), namespace });
  return role.status === 200 && role.data ? { lives: 'its role is there' } : { fails: `whether its role is there could not be seen (status ${role.status}): let our token ${list ? 'list its secret-ids' : 'read the role, whose list of secret-ids is too long'}` };
};

const probe = async (name: Name, visit: Visit, wasSeen: boolean): Promise<Probed> => {
  const seen = await look(name, visit);
  if (seen.told === 'unknown' || seen.told === 'elsewhere') return unknown(seen.note);
  if (seen.told === 'there') return alive('status 200: the vault has the secret-id');
  const [doubt, control] = await Promise.all([mountDoubt(name, visit), roleControl(name, visit)]);
  return deadIf([...(doubt === undefined ? [] : [{ fails: doubt }]), control], seen.note, neverSeen(wasSeen));
};

/** Secret-ids of AppRole, by accessor. */
export const secretId: Kind<Name> = { find, revoke, probe };
