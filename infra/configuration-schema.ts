import { z } from 'zod';
import type { Configuration } from '../functions/core/configuration.ts';
import { leasesSchema, vaultSchema } from './configuration-leases.ts';
import { object } from './configuration-object.ts';

const name = z.string().trim().min(1, 'is empty; expected a name');
const seconds = z.number().min(0, 'is negative; expected seconds');
const count = z.int().min(1, 'is below 1; expected a whole number from 1');
const statuses = z.array(z.int().min(100, 'is no HTTP status; expected 100 to 599').max(599, 'is no HTTP status; expected 100 to 599')).min(1, 'is empty; expected at least one HTTP status');
const url = z.string().refine((text) => URL.canParse(text), 'is no URL; expected one such as https://api.example.com/me');
const time = z.iso.datetime({ offset: true, error: 'is no time; expected ISO 8601 such as 2030-01-31T12:00:00Z' });

const secret = object({
  secret: name,
  owner: name,
  probe: name.optional(),
  leaf: name.optional(),
  rotation: z.enum(['alternating-users', 'single-user']).optional(),
  approval: z.boolean().optional(),
});

const user = object({ user: name, owner: name, newKeyFirst: z.boolean().optional(), deleteProvenDead: z.boolean().optional(), approval: z.boolean().optional() });

const probe = object({
  name,
  request: object({ method: z.enum(['GET', 'POST', 'HEAD']), url, headers: z.record(name, z.string()).default({}), body: z.string().optional() }),
  alive: statuses,
  dead: statuses,
  control: object({ secret: name, leaf: name.optional() }).optional(),
  settleSeconds: object({ typical: seconds, max: seconds }),
  perHour: count,
  old: z.enum(['dies-at-once', 'dies-at-next-rotation', 'dies-after-grace', 'lives']).optional(),
});

const source = object({
  source: name,
  secrets: z.array(name).min(1, 'is empty; expected the name of the secret that signs').max(2, 'has more than two names; two are valid at once while one replaces the other'),
  api: object({ url, token: name }).optional(),
});

const limits = object({ perSource: count, perOwner: count, overall: count, reserve: z.int().min(0, 'is negative; expected a whole number') });

/** The shape of an installation's configuration; what may be left out gets its default. */
export const configurationSchema: z.ZodType<Configuration> = object({
  installation: name,
  mode: z.enum(['observe', 'enforce']).default('observe'),
  owners: z.array(object({ name, contact: name })).min(1, 'is empty; expected at least one owner'),
  secrets: z.array(secret).default([]),
  users: z.array(user).default([]),
  probes: z.array(probe).default([]),
  canaries: z.array(name).default([]),
  own: z.array(name).default([]),
  exemptions: z.array(object({ credential: name, until: time, reason: name })).default([]),
  sources: z.array(source).default([]),
  limits: limits.default({ perSource: 20, perOwner: 20, overall: 50, reserve: 10 }),
  leases: leasesSchema.optional(),
  vault: vaultSchema.optional(),
  fallbackOwner: name,
  taskHours: z.number().positive('is not above 0; expected hours').default(24),
});
