import type { Acted, Context, Found, Probed } from '../../core/connector.ts';
import { isEmptyList, meaningOf, objectOf, textOf, textsOf, type Answer } from './answer.ts';
import { deadIf, ownTokenControl, type Control } from './control.ts';
import { absent, alive, neverSeen, nothing, refusedBy, unknown, untold, type Kind, type NameOf } from './kind.ts';
import { namespaceName } from './names.ts';
import type { Visit } from './visit.ts';

type Name = NameOf<'entity'>;

const asked = ({ entity, namespace }: Name) => ({ path: `identity/entity/id/${encodeURIComponent(entity)}`, namespace });

const look = async (name: Name, visit: Visit): Promise<{ answer: Answer; told: 'enabled' | 'disabled' | 'gone' | 'unknown' }> => {
  const answer = await visit.ask({ method: 'GET', ...asked(name) });
  if (isEmptyList(answer)) return { answer, told: 'gone' };
  const { status, data } = answer;
  if (status !== 200 || data?.id !== name.entity || typeof data.disabled !== 'boolean') return { answer, told: 'unknown' };
  return { answer, told: data.disabled ? 'disabled' : 'enabled' };
};

const find = async (name: Name, visit: Visit): Promise<Found> => {
  const { told, answer } = await look(name, visit);
  if (told === 'gone') return { exists: false, note: `${namespaceName(name.namespace)} has no such entity` };
  if (told === 'unknown') return absent(untold(answer));
  const attributes: Record<string, string> = { disabled: String(told === 'disabled') };
  const principal = textOf(answer.data?.name);
  if (principal !== undefined) attributes.name = principal;
  for (const [key, value] of Object.entries(objectOf(answer.data?.metadata) ?? {})) if (typeof value === 'string') attributes[`metadata.${key}`] = value;
  return { exists: true, principal, attributes, note: told };
};

const setDisabled = (name: Name, disabled: boolean, visit: Visit): Promise<Answer> => visit.ask({ method: 'POST', ...asked(name), body: { disabled } });

const isTaken = ({ status }: Answer): boolean => status === 204 || status === 200;

/** Disables the entity: every request with a token of it is denied at once, batch tokens included. */
export const containEntity = async (name: Name, visit: Visit, { intent }: Context): Promise<Acted> => {
  if ((await visit.own())?.entity === name.entity) return { result: 'refused', reason: "it is the entity of Rescind's own token: without it nothing could be taken back", meanwhile: nothing };
  const { told, answer } = await look(name, visit);
  if (told === 'gone') return { result: 'already', note: 'there is no such entity any more' };
  if (told === 'unknown') return refusedBy(answer.status, visit, 'read this entity');
  const known = intent.noted.find(({ disabled }) => typeof disabled === 'boolean');
  const evidence = known ?? { entity: name.entity, disabled: told === 'disabled' };
  if (told === 'disabled') return { result: 'already', note: 'it is disabled', evidence };
  if (!known) await intent.note(evidence);
  const changed = await setDisabled(name, true, visit);
  if (!isTaken(changed)) return refusedBy(changed.status, visit, 'disable this entity');
  return { result: 'done', note: 'disabled: every token of it is denied, batch tokens too', evidence };
};

/** Enables the entity again, if it was enabled before. */
export const restoreEntity = async (name: Name, evidence: Record<string, unknown>, visit: Visit): Promise<Acted> => {
  if (typeof evidence.disabled !== 'boolean' || evidence.entity !== name.entity) return { result: 'refused', reason: 'the evidence does not say what was there before', meanwhile: 'nothing of ours' };
  const { told, answer } = await look(name, visit);
  if (told === 'gone') return { result: 'refused', reason: 'the entity was deleted: no one can bring it back', meanwhile: 'nothing of ours' };
  if (told === 'unknown') return refusedBy(answer.status, visit, 'read this entity');
  if (evidence.disabled || told === 'enabled') return { result: 'already', note: 'as it was before' };
  const changed = await setDisabled(name, false, visit);
  return isTaken(changed) ? { result: 'done', note: 'enabled again' } : refusedBy(changed.status, visit, 'enable this entity');
};

/** Other entities must be known where this one is not: a namespace without any may be the wrong one. */
const othersControl = async (name: Name, visit: Visit): Promise<Control> => {
  const list = await visit.ask({ method: 'LIST', path: 'identity/entity/id', namespace: name.namespace });
  const keys = list.status === 200 ? textsOf(list.data?.keys) : [];
  if (keys.includes(name.entity)) return { fails: 'the list of entities names it' };
  if (keys.length > 0) return { lives: 'other entities are there' };
  return { fails: isEmptyList(list) ? `${namespaceName(name.namespace)} has no entity at all, so it may be the wrong one` : `other entities could not be listed (status ${list.status})` };
};

const probe = async (name: Name, visit: Visit, wasSeen: boolean): Promise<Probed> => {
  const { told, answer } = await look(name, visit);
  switch (told) {
    case 'unknown':
      return unknown(meaningOf(answer));
    case 'enabled':
      return alive('status 200: the entity is there and enabled');
    case 'disabled':
      return deadIf([await ownTokenControl(visit, name.namespace)], 'status 200: the entity is disabled, so its tokens are denied', '');
    case 'gone':
      return deadIf(await Promise.all([ownTokenControl(visit, name.namespace), othersControl(name, visit)]), 'status 404: there is no such entity', neverSeen(wasSeen));
  }
};

/** Entities: whoever logs in. To revoke one is to disable it. */
export const entity: Kind<Name> = { find, revoke: containEntity, probe };
