import type { Acted, Child, Found, Probed } from '../../core/connector.ts';
import { hasReason, isEmptyList, objectOf, textsOf, VaultFailed } from './answer.ts';
import { deadIf, type Control } from './control.ts';
import { absent, alive, another, neverSeen, refusedBy, unknown, untold, type Kind, type Look, type NameOf } from './kind.ts';
import { behind, pathOf } from './names.ts';
import type { Visit } from './visit.ts';

type Name = NameOf<'secret-id'>;

const rolePath = ({ mount, role }: Name): string => `auth/${pathOf(mount)}/role/${pathOf(role)}`;

/** What the vault says of an accessor that it does not know: as an error of its own where it is to be destroyed. */
const noEntry = /failed to find accessor entry/;

const look = async (name: Name, visit: Visit): Promise<Look> => {
  const { accessor, namespace } = name;
  const answer = await visit.ask({ method: 'POST', path: `${rolePath(name)}/secret-id-accessor/lookup`, namespace, body: { secret_id_accessor: accessor } });
  if (answer.status === 200) return answer.data?.secret_id_accessor === accessor ? { told: 'there', data: answer.data } : another;
  if ((answer.status === 404 || answer.status === 500) && hasReason(answer, noEntry)) return { told: 'gone', note: `status ${answer.status}: the vault knows no secret-id with this accessor` };
  if (hasReason(answer, /^role ".*" does not exist/)) return { told: 'elsewhere', note: `status ${answer.status}: there is no such role` };
  return untold(answer);
};

const find = async (name: Name, visit: Visit): Promise<Found> => {
  const seen = await look(name, visit);
  if (seen.told !== 'there') return absent(seen);
  const attributes: Record<string, string> = { role: name.role };
  for (const [key, value] of Object.entries(objectOf(seen.data.metadata) ?? {})) if (typeof value === 'string') attributes[`metadata.${key}`] = value;
  return { exists: true, principal: name.role, attributes, note: `a secret-id of the role ${name.role} at auth/${name.mount}` };
};

/** Nobody lists them by it, and they do not hang on it. */
const tokensOf = (name: Name): Child => ({
  id: `vault-tokens:of ${behind(name)}`,
  accounted: false,
  how: 'tokens that were issued with it live until they expire or are leased themselves: the vault does not list them by it',
});

const revoke = async (name: Name, visit: Visit): Promise<Acted> => {
  const answer = await visit.ask({ method: 'POST', path: `${rolePath(name)}/secret-id-accessor/destroy`, namespace: name.namespace, body: { secret_id_accessor: name.accessor } });
  const children = [tokensOf(name)];
  if (answer.status === 204 || answer.status === 200) return { result: 'done', note: 'destroyed; tokens that were issued for it before live on and cannot be listed by it', children };
  if ((answer.status === 500 || answer.status === 404) && hasReason(answer, noEntry)) return { result: 'already', note: `status ${answer.status}: the vault knows no secret-id with this accessor`, children };
  return refusedBy(answer.status, visit, 'destroy secret-ids of this role');
};

/** The role's own list must be readable and not name the accessor; where it is too long or closed to us, the role itself must be there. */
const roleControl = async (name: Name, visit: Visit): Promise<Control> => {
  const { namespace, accessor } = name;
  const list = await visit.ask({ method: 'LIST', path: `${rolePath(name)}/secret-id`, namespace }).catch((error: unknown) => {
    visit.signal.throwIfAborted();
    if (error instanceof VaultFailed && error.status === 200) return undefined;
    throw error;
  });
  if (list && isEmptyList(list)) return { lives: 'its role is there and has no secret-id' };
  if (list?.status === 200 && Array.isArray(list.data?.keys)) {
    return textsOf(list.data.keys).includes(accessor) ? { fails: 'its role lists it' } : { lives: 'its role is there and lists others' };
  }
  const role = await visit.ask({ method: 'GET', path: rolePath(name), namespace });
  return role.status === 200 && role.data ? { lives: 'its role is there' } : { fails: `whether its role is there could not be seen (status ${role.status}): let our token list its secret-ids` };
};

const probe = async (name: Name, visit: Visit, wasSeen: boolean): Promise<Probed> => {
  const seen = await look(name, visit);
  if (seen.told === 'unknown' || seen.told === 'elsewhere') return unknown(seen.note);
  if (seen.told === 'there') return alive('status 200: the vault has the secret-id');
  return deadIf([await roleControl(name, visit)], seen.note, neverSeen(wasSeen));
};

/** Secret-ids of AppRole, by accessor. */
export const secretId: Kind<Name> = { find, revoke, probe };
