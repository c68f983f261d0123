import type { Acted, Found, Probed } from '../../core/connector.ts';
import { hasReason, isReason, objectOf, textOf, textsOf } from './answer.ts';
import { deadIf, ownTokenControl } from './control.ts';
import { absent, alive, another, neverSeen, nothing, refusedBy, unknown, untold, type Kind, type Look, type NameOf } from './kind.ts';
import { namespaceDoubt, namespaceName } from './names.ts';
import type { Visit } from './visit.ts';

type Name = NameOf<'token'>;

const look = async ({ accessor, namespace }: Name, visit: Visit): Promise<Look> => {
  const answer = await visit.ask({ method: 'POST', path: 'auth/token/lookup-accessor', namespace, body: { accessor } });
  if (answer.status === 200) return answer.data?.accessor === accessor ? { told: 'there', data: answer.data } : another;
  if ((answer.status === 400 || answer.status === 404) && isReason(answer, 'invalid accessor')) {
    const doubt = namespaceDoubt(accessor, namespace);
    return doubt === undefined ? { told: 'gone', note: `status ${answer.status}: the vault knows no token with this accessor` } : { told: 'elsewhere', note: doubt };
  }
  if (answer.status === 403 && isReason(answer, 'bad token') && 'lives' in (await ownTokenControl(visit, namespace))) {
    return { told: 'unknown', status: 403, note: 'status 403: the vault has an entry for this accessor and no token behind it that it can read (bad token), while our own token was found: look it up there' };
  }
  return untold(answer);
};

const ours = "Rescind's own token: without it nothing could be taken back";

/** Attributes of a record: texts under their names, a map under `<name>.<key>`. */
const attributesOf = (data: Record<string, unknown>): Record<string, string> => {
  const attributes: Record<string, string> = {};
  for (const field of ['path', 'display_name', 'entity_id', 'type']) {
    const text = textOf(data[field]);
    if (text !== undefined) attributes[field] = text;
  }
  if (typeof data.orphan === 'boolean') attributes.orphan = String(data.orphan);
  attributes.policies = textsOf(data.policies).join(',');
  for (const [key, value] of Object.entries(objectOf(data.meta) ?? {})) if (typeof value === 'string') attributes[`meta.${key}`] = value;
  return attributes;
};

const find = async (name: Name, visit: Visit): Promise<Found> => {
  const seen = await look(name, visit);
  if (seen.told !== 'there') return absent(seen);
  // a vault may find a token by its accessor in whatever namespace it is asked
  const doubt = namespaceDoubt(name.accessor, name.namespace);
  if (doubt !== undefined) return { exists: false, note: doubt };
  const { data } = seen;
  const isOurs = (await visit.own())?.accessor === name.accessor;
  const until = textOf(data.expire_time);
  return {
    exists: true,
    ...(isOurs ? { protectedBy: ours } : {}),
    principal: textOf(data.entity_id) ?? textOf(data.display_name),
    attributes: attributesOf(data),
    note: `${data.orphan === true ? 'an orphan' : 'a token that dies with its maker'}, ${until ? `until ${until}` : 'without an end'}`,
  };
};

const revoke = async ({ accessor, namespace }: Name, visit: Visit): Promise<Acted> => {
  const doubt = namespaceDoubt(accessor, namespace);
  if (doubt !== undefined) return { result: 'refused', reason: doubt, meanwhile: nothing };
  if ((await visit.own())?.accessor === accessor) return { result: 'refused', reason: `it is ${ours}`, meanwhile: nothing };
  const answer = await visit.ask({ method: 'POST', path: 'auth/token/revoke-accessor', namespace, body: { accessor } });
  const note = 'revoked, with the tokens that it made; leases that they held are queued for revocation by the vault, and their end is not seen here; orphans that it may have made cannot be listed and live on';
  if (answer.status === 204) return { result: 'done', note };
  const isUnknown = (answer.status === 200 && answer.warnings.length > 0) || isReason(answer, 'invalid accessor') || isReason(answer, 'token not found');
  if (isUnknown) return { result: 'already', note: `${namespaceName(namespace)} knows no token with this accessor: it was gone before we came` };
  if (answer.status === 200) return { result: 'done', note };
  if (hasReason(answer, /batch tokens cannot be revoked/)) {
    return { result: 'refused', reason: 'batch tokens cannot be revoked', meanwhile: 'revoke the token that made it, or disable its entity (vault:entity/...): both are obeyed at once' };
  }
  return refusedBy(answer.status, visit, 'revoke tokens by accessor');
};

/** A disabled entity's tokens are denied until it is enabled again, and their look-ups find them all the same. */
const isDenied = async (entity: string, namespace: string, visit: Visit): Promise<boolean> => {
  const { status, data } = await visit.ask({ method: 'GET', path: `identity/entity/id/${encodeURIComponent(entity)}`, namespace });
  return status === 200 && data?.id === entity && data.disabled === true;
};

const probe = async (name: Name, visit: Visit, wasSeen: boolean): Promise<Probed> => {
  // asked side by side: what is looked up here has mostly been revoked, and its death then needs the control
  const asked = ownTokenControl(visit, name.namespace);
  const [seen, control] = await Promise.all([look(name, visit), asked.catch((error: unknown) => ({ thrown: error }))]);
  if (seen.told === 'unknown' || seen.told === 'elsewhere') return unknown(seen.note);
  if (seen.told === 'gone') {
    if ('thrown' in control) throw control.thrown;
    return deadIf([control], seen.note, neverSeen(wasSeen));
  }
  const entity = textOf(seen.data.entity_id);
  if (entity !== undefined && (await isDenied(entity, name.namespace, visit))) return unknown(`status 200: the vault has the token, which is denied while its entity is disabled (${entity}): revoke it, or it lives again with the entity`);
  return alive('status 200: the vault has the token');
};

/** Service tokens, by accessor. */
export const token: Kind<Name> = { find, revoke, probe };
