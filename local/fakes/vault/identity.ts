import { randomUUID } from 'node:crypto';
import type { Answered, Route, VaultCall } from './answers.ts';
import { done, isTrue, listOf, listed, mapOf, refuse, say, textOf } from './answers.ts';
import { timeOf } from './durations.ts';
import { mountPath } from './logins.ts';
import type { StoredAlias, StoredEntity, VaultState } from './state.ts';
import { rowOf } from './state.ts';

const shownAlias = (alias: StoredAlias, state: VaultState): object => {
  const mount = rowOf(state.mounts, alias.mount);
  return {
    canonical_id: alias.entity,
    creation_time: timeOf(alias.createdAt),
    custom_metadata: null,
    id: alias.id,
    last_update_time: timeOf(alias.createdAt),
    local: false,
    merged_from_canonical_ids: null,
    metadata: null,
    mount_accessor: mount?.accessor ?? '',
    mount_path: mount === undefined ? '' : `${mountPath(mount)}/`,
    mount_type: mount?.type ?? '',
    name: alias.name,
  };
};

const shown = (entity: StoredEntity, state: VaultState): Answered =>
  say({
    data: {
      aliases: Object.values(state.aliases).filter((alias) => alias.entity === entity.id).map((alias) => shownAlias(alias, state)),
      creation_time: timeOf(entity.createdAt),
      direct_group_ids: [],
      disabled: entity.disabled,
      group_ids: [],
      id: entity.id,
      inherited_group_ids: [],
      last_update_time: timeOf(entity.updatedAt),
      merged_entity_ids: null,
      metadata: entity.metadata,
      name: entity.name,
      namespace_id: entity.namespace === '' ? 'root' : (rowOf(state.namespaces, entity.namespace)?.id ?? ''),
      policies: entity.policies,
    },
  });

const here = (state: VaultState, namespace: string): StoredEntity[] => Object.values(state.entities).filter((entity) => entity.namespace === namespace);
const byId = (state: VaultState, { namespace, parts }: VaultCall): StoredEntity | undefined => here(state, namespace).find(({ id }) => id === parts[0]);
const byName = (state: VaultState, { namespace, parts }: VaultCall): StoredEntity | undefined => here(state, namespace).find(({ name }) => name === parts[0]);

const shownOr404 = (find: typeof byId): Route => (call) => {
  const entity = find(call.seen, call);
  return entity === undefined ? refuse(404) : shown(entity, call.seen);
};

const update = (entity: StoredEntity, { body, now }: VaultCall): Answered =>
  done({
    op: 'patch',
    table: 'entities',
    key: entity.id,
    fields: {
      ...(body.disabled === undefined ? {} : { disabled: isTrue(body.disabled) }),
      ...(body.policies === undefined ? {} : { policies: listOf(body.policies) }),
      ...(body.metadata === undefined ? {} : { metadata: mapOf(body.metadata) }),
      ...(textOf(body.name) === '' ? {} : { name: textOf(body.name) }),
      updatedAt: now,
    },
  });

const create = ({ body, namespace, control, now }: VaultCall, name: string): Answered => {
  const id = randomUUID();
  const home = namespace === '' ? 'root' : (rowOf(control.namespaces, namespace)?.id ?? '');
  const row: StoredEntity = { id, name: name || `entity_${id.slice(0, 8)}.${home}`, namespace, disabled: isTrue(body.disabled), policies: listOf(body.policies), metadata: mapOf(body.metadata), createdAt: now, updatedAt: now };
  return say({ data: { aliases: null, id, name: row.name } }, [{ op: 'put', table: 'entities', key: id, row }]);
};

export const readEntity = shownOr404(byId);
export const readEntityByName = shownOr404(byName);

/** Disabling is a field: every token of a disabled entity is denied at once, batch tokens too, until it is enabled again. */
export const updateEntity: Route = (call) => {
  const entity = byId(call.control, call);
  return entity === undefined ? refuse(400, 'entity not found from id') : update(entity, call);
};

export const updateEntityByName: Route = (call) => {
  const entity = byName(call.control, call);
  return entity === undefined ? create(call, call.parts[0] ?? '') : update(entity, call);
};

export const createEntity: Route = (call) => {
  const { body, control, namespace } = call;
  const named = here(control, namespace).find((one) => one.id === textOf(body.id) || one.name === textOf(body.name));
  if (named !== undefined) return update(named, call);
  return textOf(body.id) === '' ? create(call, textOf(body.name)) : refuse(400, 'entity not found from id');
};

const remove = (find: typeof byId): Route => (call) => {
  const entity = find(call.control, call);
  if (entity === undefined) return done();
  const aliases = Object.values(call.control.aliases).filter((alias) => alias.entity === entity.id);
  return done({ op: 'remove', table: 'entities', key: entity.id }, ...aliases.map(({ id }) => ({ op: 'remove' as const, table: 'aliases' as const, key: id })));
};
export const deleteEntity = remove(byId);
export const deleteEntityByName = remove(byName);

export const listEntities: Route = ({ seen, namespace }) => listed(here(seen, namespace).map(({ id }) => id));
export const listEntityNames: Route = ({ seen, namespace }) => listed(here(seen, namespace).map(({ name }) => name).sort());

const accessorOf = (state: VaultState, alias: StoredAlias): string => rowOf(state.mounts, alias.mount)?.accessor ?? '';

export const lookupEntity: Route = ({ body, seen, namespace }) => {
  const [id, name, aliasId, aliasName, accessor] = [body.id, body.name, body.alias_id, body.alias_name, body.alias_mount_accessor].map(textOf);
  if (!id && !name && !aliasId && !(aliasName && accessor)) return refuse(400, "query parameter not supplied; supply one of 'id', 'name', 'alias_id', or both 'alias_name' and 'alias_mount_accessor'");
  const alias = Object.values(seen.aliases).find((one) => (aliasId ? one.id === aliasId : one.name === aliasName && accessorOf(seen, one) === accessor));
  const entity = here(seen, namespace).find((one) => (id ? one.id === id : name ? one.name === name : one.id === alias?.entity));
  return entity === undefined ? done() : shown(entity, seen);
};

export const createAlias: Route = ({ body, control, now, namespace }) => {
  const [name, canonical, accessor] = [textOf(body.name), textOf(body.canonical_id) || textOf(body.entity_id), textOf(body.mount_accessor)];
  if (name === '') return refuse(400, "missing alias name");
  const mount = Object.values(control.mounts).find((one) => one.accessor === accessor && one.isAuth && one.namespace === namespace);
  if (mount === undefined) return refuse(400, `invalid mount accessor ${JSON.stringify(accessor)}`);
  if (rowOf(control.entities, canonical)?.namespace !== namespace) return refuse(400, `no entity with ID ${JSON.stringify(canonical)}`);
  const existing = Object.values(control.aliases).find((one) => one.name === name && one.mount === mount.key);
  const row: StoredAlias = { ...(existing ?? { id: randomUUID(), name, mount: mount.key, createdAt: now }), entity: canonical };
  return say({ data: { canonical_id: canonical, id: row.id } }, [{ op: 'put', table: 'aliases', key: row.id, row }]);
};

export const readAlias: Route = ({ seen, parts }) => {
  const alias = rowOf(seen.aliases, parts[0]);
  return alias === undefined ? refuse(404) : say({ data: shownAlias(alias, seen) });
};

export const deleteAlias: Route = ({ control, parts }) => {
  const alias = rowOf(control.aliases, parts[0]);
  return alias === undefined ? done() : done({ op: 'remove', table: 'aliases', key: alias.id });
};
