import * as approle from './approle.ts';
import type { Route, VaultCall } from './answers.ts';
import * as engines from './engines.ts';
import * as identity from './identity.ts';
import * as leases from './leases.ts';
import { userpassLogin } from './logins.ts';
import * as system from './system.ts';
import * as looks from './token-looks.ts';
import * as tokens from './tokens.ts';

/** What a path offers. */
export interface Path {
  pattern: RegExp;
  on: Partial<Record<VaultCall['operation'], Route>>;
  /** It asks for no token. */
  open?: true;
  /** Where it can tell: whether what it writes is there already. If not, it wants `create` and not `update`. */
  exists?: (call: VaultCall) => boolean;
}

const path = (pattern: string, on: Path['on'], more: Pick<Path, 'open' | 'exists'> = {}): Path => ({ pattern: new RegExp(`^${pattern}$`), on, ...more });
const NAME = '([^/]+)';

export const tokenPaths: Path[] = [
  path('create', { update: tokens.createToken }),
  path('create-orphan', { update: tokens.createToken }),
  path(`create/${NAME}`, { update: tokens.createAgainstRole }),
  path('lookup', { read: looks.lookup, update: looks.lookup }),
  path('lookup-self', { read: looks.lookupSelf, update: looks.lookupSelf }),
  path('lookup-accessor', { update: looks.lookupAccessor }),
  path('renew', { update: looks.renewToken }),
  path('renew-self', { update: looks.renewSelf }),
  path('renew-accessor', { update: looks.renewAccessor }),
  path('revoke', { update: looks.revokeToken }),
  path('revoke-self', { update: looks.revokeSelf }),
  path('revoke-accessor', { update: looks.revokeAccessor }),
  path('revoke-orphan', { update: looks.revokeOrphan }),
  path('accessors', { list: looks.listAccessors }),
];

export const systemPaths: Path[] = [
  path('health', { read: system.health }, { open: true }),
  path('seal-status', { read: system.readSealStatus }, { open: true }),
  path('unseal', { update: system.unseal }, { open: true }),
  path('seal', { update: system.seal }),
  path('leases', { read: leases.listIrrevocable }),
  path('leases/count', { read: leases.countLeases }),
  path('(?:leases/)?lookup', { update: leases.lookupLease, list: leases.listLeases }),
  path('leases/lookup/(.+)', { list: leases.listLeases }),
  path('(?:leases/)?renew', { update: leases.renewLease }),
  path('(?:leases/)?renew/(.+)', { update: leases.renewLease }),
  path('(?:leases/)?revoke', { update: leases.revokeLease }),
  path('(?:leases/)?revoke/(.+)', { update: leases.revokeLease }),
  path('(?:leases/)?revoke-prefix/(.+)', { update: leases.revokePrefix }),
  path('(?:leases/)?revoke-force/(.+)', { update: leases.revokeForce }),
  path('namespaces', { list: system.listNamespaces }),
  path('namespaces/(.+)', { read: system.readNamespace, update: system.createNamespace }),
  path('auth', { read: system.listAuths }),
  path('auth/(.+)', { update: system.enableAuth, delete: system.disableAuth }),
  path('mounts', { read: system.listEngines }),
  path('mounts/(.+)', { update: system.enableEngine, delete: system.disableEngine }),
  path('internal/ui/mounts/(.+)', { read: system.showMount }, { open: true }),
  path('capabilities-self', { update: system.capabilitiesSelf }),
];

export const identityPaths: Path[] = [
  path('entity', { update: identity.createEntity }),
  path('entity/id', { list: identity.listEntities }),
  path(`entity/id/${NAME}`, { read: identity.readEntity, update: identity.updateEntity, delete: identity.deleteEntity }),
  path('entity/name', { list: identity.listEntityNames }),
  path('entity/name/(.+)', { read: identity.readEntityByName, update: identity.updateEntityByName, delete: identity.deleteEntityByName }),
  path('lookup/entity', { update: identity.lookupEntity }),
  path('entity-alias', { update: identity.createAlias }),
  path(`entity-alias/id/${NAME}`, { read: identity.readAlias, delete: identity.deleteAlias }),
];

const approlePaths: Path[] = [
  path('login', { update: approle.approleLogin }, { open: true }),
  path('role', { list: approle.listRoles }),
  path(`role/${NAME}`, { read: approle.readRole, update: approle.writeRole, delete: approle.deleteRole }, { exists: approle.isRole }),
  path(`role/${NAME}/role-id`, { read: approle.readRoleId }),
  path(`role/${NAME}/secret-id`, { update: approle.createSecretId, list: approle.listSecretIds }),
  path(`role/${NAME}/secret-id/lookup`, { update: approle.lookupSecretId }),
  path(`role/${NAME}/secret-id/destroy`, { update: approle.destroySecretId, delete: approle.destroySecretId }),
  path(`role/${NAME}/secret-id-accessor/lookup`, { update: approle.lookupSecretIdAccessor }),
  path(`role/${NAME}/secret-id-accessor/destroy`, { update: approle.destroySecretIdAccessor, delete: approle.destroySecretIdAccessor }),
];

const enginePaths: Path[] = [
  path(`creds/${NAME}`, { read: engines.giveCredentials }),
  path('roles', { list: engines.listEngineRoles }),
  path(`roles/${NAME}`, { read: engines.readEngineRole }),
];

/** What a mount of that type offers under its path. */
export const pathsOfMount = (type: string, isAuth: boolean): Path[] =>
  !isAuth ? enginePaths : type === 'approle' ? approlePaths : type === 'userpass' ? [path(`login/${NAME}`, { update: userpassLogin }, { open: true })] : [];
