import { z } from 'zod';
import { object } from '../../infra/configuration-object.ts';
import { awsSchema } from './schema-aws.ts';
import { vaultWorldSchema } from './schema-vault.ts';
import type { Expectation, World } from './world.ts';

const name = z.string().min(1, 'is empty; expected a name');
const seconds = z.number().min(0, 'is negative; expected seconds');
const count = z.int().min(1, 'is below 1; expected a whole number from 1');

const madeUp = object({
  kind: z.enum(['aws-key-id', 'aws-secret', 'token', 'password', 'webhook-secret', 'hex']),
  prefix: z.string().optional(),
  length: z.int().min(16, 'is below 16; expected characters, enough not to be guessed').max(512, 'is above 512; expected characters').optional(),
}).refine(({ kind, length = 0 }) => kind !== 'hex' || length % 2 === 0, 'has an odd length; expected an even one for hex');

const github = object({
  tokens: z.array(object({ id: name.optional(), value: name, login: name, scopes: z.array(name), repositories: z.array(name).optional(), dead: z.boolean().optional() })),
  alerts: z.array(
    object({
      repository: z.string().regex(/^[^/]+\/[^/]+$/, 'is not owner/name'),
      number: count,
      secret_type: name,
      secret: name,
      secret_type_display_name: name.optional(),
      state: z.enum(['open', 'resolved']).optional(),
      resolution: z.string().nullable().optional(),
      validity: z.enum(['active', 'inactive', 'unknown']).optional(),
      publicly_leaked: z.boolean().optional(),
      created_at: name.optional(),
      locations: z.array(object({ type: name, details: z.looseObject({}) })).optional(),
    }),
  ),
  revokeSeconds: seconds.optional(),
  limits: object({ authenticated: count.optional(), anonymous: count.optional() }).optional(),
});

const vendor = object({
  adminKey: name,
  maxKeys: count.optional(),
  users: z.array(object({ name, keys: z.array(object({ id: name.optional(), value: name, dead: z.boolean().optional() })) })),
  ban: object({ wrongKeys: count, seconds }).optional(),
  perSecond: count.optional(),
  probe: name.optional(),
});

const behaviour = object({
  service: name.optional(),
  operation: name.optional(),
  resource: name.optional(),
  effect: z.enum(['delay', 'lag', 'stale', 'later', 'throttle', 'lie', 'refuse', 'drop', 'down']),
  seconds: seconds.optional(),
  times: count.optional(),
  status: z.int().min(400, 'is below 400; expected the status of an error').max(599, 'is no HTTP status; expected 400 to 599').optional(),
  code: name.optional(),
  message: name.optional(),
});

const report = object({
  after: seconds.default(0),
  when: name.optional(),
  name,
  source: name,
  body: z.unknown().optional(),
  lines: z.array(z.unknown()).min(1, 'is empty; expected one JSON value per line').optional(),
  headers: z.record(name, z.string()).optional(),
  as: z.union([object({ issuer: name, claims: z.record(name, z.unknown()) }), object({ principal: name })], 'is neither; expected {"issuer", "claims"} for an OIDC token, or {"principal"} for a caller who signs with AWS credentials').optional(),
}).refine(({ body, lines }) => (body === undefined) !== (lines === undefined), 'needs what is sent: expected either "body" or "lines"');

const leaseStatuses = ['active', 'pending-revocation', 'released', 'handed-on', 'shared', 'observed', 'refused'] as const;

const expectation = object({
  report: name,
  credential: name.optional(),
  status: z.enum(['open', 'waiting', 'contained', 'not-contained', 'unmatched', 'observed', 'closed']).optional(),
  outcome: z.enum(['confirmed', 'attested', 'unconfirmed', 'irrevocable']).optional(),
  lease: z.enum(leaseStatuses).optional(),
  story: name.optional(),
})
  .refine(({ status, lease }) => (status === undefined) !== (lease === undefined), 'needs an ending: expected either "status", of a case, or "lease", the status of a lease')
  .refine(({ lease, credential, outcome }) => lease === undefined || (credential === undefined && outcome === undefined), 'is about a lease, which has neither "credential" nor "outcome"; expected "report", "lease" and, for a person, "story"')
  .transform((expected) => expected as Expectation);

/** The shape of a world's file; its configuration is checked apart, once placeholders are out of the way. */
export const worldSchema: z.ZodType<Omit<World, 'configuration'> & { configuration: Record<string, unknown> }> = object({
  $schema: z.string().optional(),
  name,
  about: z.string().optional(),
  values: z.record(z.string().regex(/^[A-Za-z0-9_-]+$/, 'is no name of a value: expected letters, digits, _ and -'), madeUp).default({}),
  configuration: z.record(z.string(), z.unknown()),
  aws: awsSchema,
  github: github.optional(),
  vendors: z.record(z.string().regex(/^[A-Za-z0-9_-]+$/, 'is no name of a vendor: expected letters, digits, _ and -'), vendor).optional(),
  vault: vaultWorldSchema.optional(),
  oidc: z.array(z.string().regex(/^[a-z0-9-]{1,40}$/, 'is no name of an issuer: expected small letters, digits and hyphens')).optional(),
  rotations: z.record(name, object({ strategy: z.enum(['alternating-users', 'single-user', 'generated']), vendor: name.optional() })).optional(),
  behaviours: z.array(behaviour).default([]),
  reports: z.array(report).default([]),
  samples: z.array(object({ source: name, file: name, about: name })).optional(),
  expect: z.array(expectation).optional(),
});
