import type { Acted, Child, Context, Found, Probed } from '../../core/connector.ts';
import { isEmptyList, meaningOf, objectOf, textOf, type Answer } from './answer.ts';
import { deadIf, ownTokenControl } from './control.ts';
import { absent, alive, nothing, refusedBy, unknown, untold, type Kind, type NameOf } from './kind.ts';
import { behind, namespaceDoubt, namespaceName } from './names.ts';
import type { Visit } from './visit.ts';

type Name = NameOf<'entity'>;

const asked = ({ entity, namespace }: Name) => ({ path: `identity/entity/id/${encodeURIComponent(entity)}`, namespace });

const look = async (name: Name, visit: Visit): Promise<{ answer: Answer; told: 'enabled' | 'disabled' | 'missing' | 'unknown' }> => {
  const answer = await visit.ask({ method: 'GET', ...asked(name) });
  if (isEmptyList(answer)) return { answer, told: 'missing' };
  const { status, data } = answer;
  if (status !== 200 || data?.id !== name.entity || typeof data.disabled !== 'boolean') return { answer, told: 'unknown' };
  return { answer, told: data.disabled ? 'disabled' : 'enabled' };
};

/** What its absence may mean. Only some vaults end an entity's id in its namespace's: one that does not tells nothing. */
const missing = ({ entity, namespace }: Name): string => {
  const doubt = entity.includes('.') ? namespaceDoubt(entity, namespace) : undefined;
  return `${namespaceName(namespace)} has no such entity: ${doubt ?? 'it may have been deleted, merged into another one, whose tokens live on (see merged_entity_ids), or be one of another namespace or vault'}`;
};

const find = async (name: Name, visit: Visit): Promise<Found> => {
  const { told, answer } = await look(name, visit);
  if (told === 'missing') return { exists: false, note: missing(name) };
  if (told === 'unknown') return absent(untold(answer));
  const attributes: Record<string, string> = { disabled: String(told === 'disabled') };
  const principal = textOf(answer.data?.name);
  if (principal !== undefined) attributes.name = principal;
  for (const [key, value] of Object.entries(objectOf(answer.data?.metadata) ?? {})) if (typeof value === 'string') attributes[`metadata.${key}`] = value;
  const isOurs = (await visit.own())?.entity === name.entity;
  return { exists: true, ...(isOurs ? { protectedBy: ours } : {}), principal, attributes, note: told };
};

const setDisabled = (name: Name, disabled: boolean, visit: Visit): Promise<Answer> => visit.ask({ method: 'POST', ...asked(name), body: { disabled } });

const isTaken = ({ status }: Answer): boolean => status === 204 || status === 200;

/** What a disabled entity does not reach: its tokens are denied, not revoked. */
const childrenOf = (name: Name): Child[] => [
  { id: `vault-leases:of ${behind(name)}`, accounted: false, how: 'what its tokens had leased from engines lives until it expires or is leased itself: they are denied, not revoked' },
  { id: `vault-tokens:of ${behind(name)}`, accounted: false, how: 'orphans that its tokens made belong to no entity and live until they expire or are leased themselves' },
];

const ours = "the entity of Rescind's own token: without it nothing could be taken back";

/** Disables the entity: every request with a token of it is denied at once, batch tokens included. */
export const containEntity = async (name: Name, visit: Visit, { intent }: Context): Promise<Acted> => {
  if ((await visit.own())?.entity === name.entity) return { result: 'refused', reason: `it is ${ours}`, meanwhile: nothing };
  const { told, answer } = await look(name, visit);
  if (told === 'missing') return { result: 'refused', reason: `${missing(name)}: disable the one that its tokens belong to now, or revoke them by their accessors`, meanwhile: nothing };
  if (told === 'unknown') return refusedBy(answer.status, visit, 'read this entity');
  const known = intent.noted.find(({ disabled }) => typeof disabled === 'boolean');
  const evidence = known ?? { entity: name.entity, disabled: told === 'disabled' };
  const children = childrenOf(name);
  if (told === 'disabled') return { result: 'already', note: 'it is disabled', children, evidence };
  if (!known) await intent.note(evidence);
  const changed = await setDisabled(name, true, visit);
  if (!isTaken(changed)) return refusedBy(changed.status, visit, 'disable this entity');
  return { result: 'done', note: 'disabled: every token of it is denied, batch tokens too', children, evidence };
};

/** Enables the entity again, if it was enabled before. */
export const restoreEntity = async (name: Name, evidence: Record<string, unknown>, visit: Visit): Promise<Acted> => {
  if (typeof evidence.disabled !== 'boolean' || evidence.entity !== name.entity) return { result: 'refused', reason: 'the evidence does not say what was there before', meanwhile: 'nothing of ours' };
  const { told, answer } = await look(name, visit);
  if (told === 'missing') return { result: 'refused', reason: missing(name), meanwhile: 'nothing of ours' };
  if (told === 'unknown') return refusedBy(answer.status, visit, 'read this entity');
  if (evidence.disabled || told === 'enabled') return { result: 'already', note: 'as it was before' };
  const changed = await setDisabled(name, false, visit);
  return isTaken(changed) ? { result: 'done', note: 'enabled again' } : refusedBy(changed.status, visit, 'enable this entity');
};

const probe = async (name: Name, visit: Visit): Promise<Probed> => {
  const { told, answer } = await look(name, visit);
  switch (told) {
    case 'unknown':
      return unknown(meaningOf(answer));
    case 'missing':
      return unknown(`status 404: ${missing(name)}`);
    case 'enabled':
      return alive('status 200: the entity is there and enabled');
    case 'disabled':
      return deadIf([await ownTokenControl(visit, name.namespace)], 'status 200: the entity is disabled, so its tokens are denied', '');
  }
};

/** Entities: whoever logs in. To revoke one is to disable it. */
export const entity: Kind<Name> = { find, revoke: containEntity, probe };
