import { z } from 'zod';
import { object } from '../../infra/configuration-object.ts';
import { account, region } from '../roles.ts';
import type { World } from './world.ts';

const name = z.string().min(1, 'is empty; expected a name');
const time = z.iso.datetime({ offset: true, error: 'is no time; expected ISO 8601 such as 2024-01-31T12:00:00Z' });
const tags = z.record(z.string(), z.string());
const policies = z.record(name, z.looseObject({}));

/** A secret's value as text; where the file has an object it is what the secret holds as JSON. */
const value = z.union([z.string(), z.record(z.string(), z.unknown()).transform((fields) => JSON.stringify(fields))], 'is neither; expected a text, or an object that the secret holds as JSON');

const secret = object({
  name,
  value,
  description: z.string().optional(),
  tags: tags.optional(),
  kmsKeyId: name.optional(),
  rotation: object({ functionArn: z.string().regex(/:function:[^:]+$/, 'is no ARN of a function; expected arn:aws:lambda:...:function:NAME'), enabled: z.boolean().optional() }).optional(),
  owningService: name.optional(),
  type: name.optional(),
  unreadable: z.boolean().optional(),
  replicas: z.array(name).optional(),
  pending: object({ value: value.optional() }).optional(),
  createdDate: time.optional(),
});

const session = { accessKeyId: name, secretAccessKey: name, sessionToken: name, issuedAt: time, expiresAt: time.optional(), byKey: name.optional() };

const user = object({
  name,
  tags: tags.optional(),
  keys: z
    .array(object({ id: name, secret: name, status: z.enum(['Active', 'Inactive', 'Expired']), createDate: time.optional() }))
    .max(2, 'has more than two keys; IAM allows two')
    .optional(),
  inlinePolicies: policies.optional(),
  attachedPolicies: z.array(name).optional(),
  groups: z.array(name).optional(),
  serviceCredentials: z.array(object({ id: name, service: name, status: z.enum(['Active', 'Inactive']) })).optional(),
  sessions: z.array(object(session)).optional(),
  createDate: time.optional(),
});

const role = object({
  name,
  path: z.string().regex(/^\/([\x21-\x7e]+\/)?$/, 'is no path; expected one that begins and ends with a slash').optional(),
  tags: tags.optional(),
  createDate: time.optional(),
  maxSessionDuration: z.number().int().min(3_600).max(43_200).optional(),
  inlinePolicies: policies.optional(),
  attachedPolicies: z.array(name).optional(),
  sessions: z.array(object({ ...session, sessionName: name })).optional(),
});

const trailEvent = object({
  eventId: name.optional(),
  eventName: name,
  eventTime: time,
  username: name.optional(),
  accessKeyId: name.optional(),
  resources: z.array(object({ ResourceType: name, ResourceName: name })).optional(),
  cloudTrailEvent: z.record(z.string(), z.unknown()).optional(),
});

/** The AWS account of a world. One machine plays one account in one region. */
export const awsSchema: z.ZodType<World['aws']> = object({
  account: z.literal(account, `is another account; expected "${account}", the one that is played here`).default(account),
  region: z.literal(region, `is another region; expected "${region}", the one that is played here`).default(region),
  secrets: z.array(secret).default([]),
  users: z.array(user).default([]),
  roles: z.array(role).optional(),
  trail: z.array(trailEvent).optional(),
});
