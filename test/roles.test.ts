import { beforeAll, describe, expect, it } from 'vitest';
import type { Called } from '../functions/aws/clients.ts';
import { tables } from '../functions/aws/tables.ts';
import { connectors } from '../functions/connectors/index.ts';
import type { Configuration } from '../functions/core/configuration.ts';
import { functionNames, grants, type FunctionName, type ResourceName } from '../infra/grants.ts';
import { HOLD_KEY } from '../infra/keys.ts';
import { connectorPermissions } from '../infra/permissions.ts';
import { vouchedFor } from '../infra/secrets.ts';
import { queueNames } from '../local/platform.ts';
import { playEveryCase } from './every-case.ts';

/** One call as IAM would judge it. */
interface Call {
  by: FunctionName;
  action: string;
  /** A name of `grants.ts`, `secret:<name>`, or `*` where only a connector knows what it is about. */
  on: ResourceName | `secret:${string}` | '*';
}

/** How IAM calls the services that the SDK has other names for; the rest it writes in lower case. */
const prefixes: Record<string, string> = { SFN: 'states', EventBridge: 'events' };

type Input = Record<string, unknown>;

const tableOf = ({ TableName, IndexName }: Input): ResourceName => `${TableName === tables.ledger.name ? 'ledger' : 'registry'}${IndexName === undefined ? '' : '-indexes'}`;

const keyOf = (operation: string, { KeyId }: Input): ResourceName => (operation === 'Decrypt' || KeyId === HOLD_KEY ? 'hold-key' : 'fingerprint-keys');

const secretOf = (id: string): Call['on'] => `secret:${/:secret:(.+)-[A-Za-z0-9]{6}$/.exec(id)?.[1] ?? id}`;

const resourcesOf = ({ service, operation }: Called, input: Input): Call['on'][] => {
  switch (service) {
    case 'DynamoDB':
      return operation.startsWith('Batch') ? Object.keys(input.RequestItems as object).map((TableName) => tableOf({ TableName })) : [tableOf(input)];
    case 'SQS':
      return [String(input.QueueUrl).endsWith(`/${queueNames.index}`) ? 'index-queue' : 'deliveries'];
    case 'SFN':
      return [input.executionArn === undefined ? 'playbooks' : 'executions'];
    case 'SecretsManager':
      return [input.SecretId === undefined ? 'anything' : secretOf(String(input.SecretId))];
    case 'KMS':
      return [keyOf(operation, input)];
    case 'S3':
      return ['bodies'];
    case 'SNS':
      return ['topic'];
    case 'EventBridge':
      return ['bus'];
    default:
      return ['*'];
  }
};

/** Whether what a function's own code is granted covers a call. */
const byPlatform = ({ by, action, on }: Call, { sources }: Configuration): boolean =>
  grants[by].some(({ actions, resources }) => {
    const isSigning = sources.some(({ secrets }) => secrets.some((name) => on === `secret:${name}`));
    const covers = (resource: ResourceName) => resource === on || (on.startsWith('secret:') && (resource === 'every-secret' || (resource === 'signing-secrets' && isSigning)));
    return actions.includes(action) && resources.some(covers);
  });

/** Whether what its connectors declare covers a call; of the secrets, only those that the configuration vouches for. */
const byConnector = ({ by, action, on }: Call, configuration: Configuration): boolean =>
  connectorPermissions(by, connectors).some(({ actions, role, verb }) => actions.includes(action) && (!on.startsWith('secret:') || vouchedFor(role, verb, configuration).some((name) => on === `secret:${name}`)));

const told = ({ by, action, on }: Call): string => `${by}: ${action} on ${on}`;
const notGranted = (calls: Iterable<Call>, configuration: Configuration): string[] => [...calls].filter((call) => !byPlatform(call, configuration) && !byConnector(call, configuration)).map(told);

/** What is granted and called by no code of ours, or only where something went wrong that no world shows. */
const exceptions: Record<string, string> = {
  'report: kms:Decrypt on topic-key': 'SNS uses the key of the topic in the name of whoever publishes',
  'report: kms:GenerateDataKey on topic-key': 'SNS uses the key of the topic in the name of whoever publishes',
  'revoke: iam:GetAccessKeyLastUsed': 'a plan that deletes has named the user before; the connector asks where nobody has, as its own tests show',
};

/** Secrets Manager uses the key of a secret in the name of whoever reads or writes it. */
const isThroughService = (conditions: object | undefined): boolean => JSON.stringify(conditions ?? {}).includes('kms:ViaService');

const grantedTo = (by: FunctionName): { words: string; isUsed: (call: Call) => boolean }[] => [
  ...grants[by]
    .filter(({ conditions }) => !isThroughService(conditions))
    .flatMap(({ actions, resources }) =>
      actions.flatMap((action) =>
        resources.map((on) => ({ words: told({ by, action, on }), isUsed: (call: Call) => call.action === action && (call.on === on || (on.endsWith('-secrets') || on === 'every-secret' ? call.on.startsWith('secret:') : false)) })),
      ),
    ),
  ...connectorPermissions(by, connectors)
    .filter(({ conditions }) => !isThroughService(conditions))
    .flatMap(({ actions }) => actions.map((action) => ({ words: `${by}: ${action}`, isUsed: (call: Call) => call.action === action }))),
];

describe('what the functions call, played over every kind of case', () => {
  const calls = new Map<string, Call>();
  const contexts: unknown[] = [];
  const events: unknown[] = [];
  let configuration: Configuration;

  beforeAll(async () => {
    const onCall = (by: FunctionName, called: Called, input: unknown): void => {
      const { service, operation } = called;
      for (const on of resourcesOf(called, (input ?? {}) as Input)) {
        const call: Call = { by, action: `${prefixes[service] ?? service.toLowerCase()}:${operation}`, on };
        calls.set(told(call), call);
      }
      if (service === 'KMS' && operation !== 'GenerateMac') contexts.push((input as { EncryptionContext?: unknown }).EncryptionContext);
      if (service === 'EventBridge') events.push(...((input as { Entries?: { Source?: string }[] }).Entries ?? []).map(({ Source }) => Source));
    };
    const { town } = await playEveryCase({ hooks: { onCall } });
    configuration = town.world.configuration;
    await town.close();
  }, 90_000);

  it('is granted to each of them, on the very resource', () => {
    expect([...new Set([...calls.values()].map(({ by }) => by))].sort()).toEqual([...functionNames].sort());
    expect(notGranted(calls.values(), configuration)).toEqual([]);
  });

  it('is all that is granted, but for a few things with a reason each', () => {
    const unused = functionNames.flatMap((by) => grantedTo(by).filter(({ isUsed }) => ![...calls.values()].some((call) => call.by === by && isUsed(call))).map(({ words }) => words));
    expect([...new Set(unused)].sort()).toEqual(Object.keys(exceptions).sort());
  });

  it('keeps to the conditions of its grants', () => {
    expect(contexts.length).toBeGreaterThan(0);
    for (const context of contexts) expect(context).toEqual({ case: expect.stringMatching(/^c-/) });
    expect([...new Set(events)]).toEqual(['rescind']);
  });

  it('would be found out where a role does not allow it', () => {
    const forbidden: Call[] = [
      { by: 'record', action: 'dynamodb:DeleteItem', on: 'registry' },
      { by: 'receive', action: 'secretsmanager:GetSecretValue', on: 'secret:orders/s3-1' },
      { by: 'rotate', action: 'secretsmanager:PutSecretValue', on: 'secret:orders/s3-4' },
      { by: 'contain', action: 'kms:Decrypt', on: 'hold-key' },
      { by: 'probe', action: 'iam:DeleteAccessKey', on: '*' },
    ];
    expect(notGranted(forbidden, configuration)).toEqual(forbidden.map(told));
  });
});
