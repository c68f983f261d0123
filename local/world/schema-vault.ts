import { z } from 'zod';
import { object } from '../../infra/configuration-object.ts';
import type { VaultWorld } from '../fakes/vault/index.ts';

const name = z.string().min(1, 'is empty; expected a name');
const seconds = z.number().min(0, 'is negative; expected seconds');
const count = z.int().min(0, 'is below 0; expected a whole number');
const texts = z.record(z.string(), z.string());
const capability = z.enum(['create', 'read', 'update', 'patch', 'delete', 'list', 'sudo', 'deny']);
const bareNamespace = z.string().regex(/^[\w-]+(\/[\w-]+)*\/?$/, 'is no namespace; expected a path such as team-a');

const token = object({
  id: name,
  value: name,
  accessor: z.string(),
  policies: z.array(name),
  parent: name.optional(),
  orphan: z.boolean().optional(),
  type: z.enum(['service', 'batch']).optional(),
  ttlSeconds: seconds.optional(),
  periodSeconds: seconds.optional(),
  meta: texts.optional(),
  displayName: name.optional(),
  entity: name.optional(),
  namespace: bareNamespace.optional(),
}).refine(({ type, accessor }) => (type === 'batch') === (accessor === ''), 'has an accessor too many or too few: a service token has one, a batch token has an empty text');

const role = object({ ttlSeconds: seconds.optional(), maxTtlSeconds: seconds.optional(), renewable: z.boolean().optional() });

const approle = object({
  role: name,
  roleId: name,
  mount: name.optional(),
  namespace: bareNamespace.optional(),
  policies: z.array(name).optional(),
  tokenTtlSeconds: seconds.optional(),
  tokenType: z.enum(['service', 'batch']).optional(),
  secretIdTtlSeconds: seconds.optional(),
  secretIds: z.array(object({ value: name, accessor: name, metadata: texts.optional(), ttlSeconds: seconds.optional(), uses: count.optional() })).optional(),
});

const entity = object({
  name,
  id: name.optional(),
  disabled: z.boolean().optional(),
  policies: z.array(name).optional(),
  metadata: texts.optional(),
  namespace: bareNamespace.optional(),
  aliases: z.array(object({ name, mount: name })).optional(),
});

/** The OpenBao or HashiCorp Vault server of a world. */
export const vaultWorldSchema: z.ZodType<VaultWorld> = object({
  tokens: z.array(token),
  policies: z.record(name, z.record(name, z.array(capability))).optional(),
  namespaces: z.array(bareNamespace).optional(),
  engines: z.array(object({ mount: name, namespace: bareNamespace.optional(), type: name.optional(), roles: z.record(name, role), revocation: z.enum(['works', 'fails']).optional() })).optional(),
  leases: z
    .array(object({ id: z.string().regex(/^[^/]+(\/[^/]+)+$/, 'is no lease id; expected <mount>/creds/<role>/<random>'), token: name.optional(), ttlSeconds: seconds.optional(), maxTtlSeconds: seconds.optional(), renewable: z.boolean().optional(), namespace: bareNamespace.optional() }))
    .optional(),
  approles: z.array(approle).optional(),
  entities: z.array(entity).optional(),
  users: z.array(object({ name, password: name, mount: name.optional(), namespace: bareNamespace.optional(), policies: z.array(name).optional(), tokenTtlSeconds: seconds.optional() })).optional(),
  sealed: z.boolean().optional(),
  isCommunity: z.boolean().optional(),
  unsealKey: name.optional(),
  revocation: object({ queueSeconds: seconds.optional(), retrySeconds: seconds.optional(), attempts: z.int().min(1, 'is below 1; expected a number of tries').optional() }).optional(),
});
