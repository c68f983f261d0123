import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { issuersOf } from '../connectors/index.ts';
import { deployed, edgesOf, type Foundation } from './composition.ts';
import type { LeaseDeps, ReleaseDeps } from './lease-deps.ts';
import type { LeaseApiDeps } from './lease-routes.ts';
import { Leases } from './leases.ts';
import { rulesOf } from './lease-deps.ts';
import { tokenChecker } from './oidc.ts';

const leasesOf = (f: Foundation): Leases =>
  new Leases(DynamoDBDocumentClient.from(f.clientOf(DynamoDBClient), { marshallOptions: { removeUndefinedValues: true } }), f.environment.LEASES_TABLE, f.now, f.onLease);

const sharedOf = (f: Foundation): LeaseDeps => ({
  configuration: f.configuration,
  clientOf: f.clientOf,
  leases: leasesOf(f),
  issuers: issuersOf(edgesOf(f)),
  timers: { group: f.environment.TIMERS_GROUP, role: f.environment.TIMERS_ROLE, queue: f.environment.ENDS_QUEUE_ARN, dead: f.environment.ENDS_DEAD_QUEUE_ARN },
  endsQueue: f.environment.ENDS_QUEUE,
  now: f.now,
  sleep: f.sleep,
  log: f.log,
  count: f.count,
});

export const releaseOf = (f: Foundation): ReleaseDeps => ({ ...sharedOf(f), deliveriesQueue: f.environment.DELIVERIES_QUEUE });

export const leaseApiOf = (f: Foundation): LeaseApiDeps => ({
  ...sharedOf(f),
  check: tokenChecker(rulesOf(f.configuration), { fetch: f.fetch, now: f.now, local: f.local }),
});

const names = ['LEASES_TABLE', 'ENDS_QUEUE', 'ENDS_QUEUE_ARN', 'ENDS_DEAD_QUEUE_ARN', 'TIMERS_GROUP', 'TIMERS_ROLE'] as const;

/** What `release` gets when it is deployed. */
export const releaseDeps = (): ReleaseDeps => releaseOf(deployed([...names, 'DELIVERIES_QUEUE']));

/** What `leases` gets when it is deployed. */
export const leaseApiDeps = (): LeaseApiDeps => leaseApiOf(deployed(names));
