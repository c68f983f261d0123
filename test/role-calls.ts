import type { Called } from '../functions/aws/clients.ts';
import { tables } from '../functions/aws/tables.ts';
import { connectors } from '../functions/connectors/index.ts';
import type { Configuration } from '../functions/core/configuration.ts';
import { matchesPattern } from '../functions/core/lease-rights.ts';
import { functionNames, grants, queueReading, type FunctionName, type ResourceName } from '../infra/grants.ts';
import { HOLD_KEY } from '../infra/keys.ts';
import { narrowed } from '../infra/opted-in.ts';
import { permissionsIn } from '../infra/permissions.ts';
import { queueNames } from '../local/platform.ts';

/** One call as IAM would judge it. */
export interface Call {
  by: FunctionName;
  action: string;
  /** A name of `grants.ts`, `secret:<name>`, or `*` where only a connector knows what it is about. */
  on: ResourceName | `secret:${string}` | '*';
}

/** How IAM calls the services that the SDK has other names for; the rest it writes in lower case. */
const prefixes: Record<string, string> = { SFN: 'states', EventBridge: 'events' };

type Input = Record<string, unknown>;

const tableOf = ({ TableName, IndexName }: Input): ResourceName => {
  const { name } = Object.values(tables).find((table) => table.name === TableName) ?? tables.registry;
  return `${name}${IndexName === undefined ? '' : '-indexes'}`;
};

const queueOf = ({ QueueUrl }: Input): ResourceName => ({ [queueNames.index]: 'index-queue', [queueNames.ends]: 'ends' } as const)[String(QueueUrl).split('/').at(-1) ?? ''] ?? 'deliveries';

/** Operations that IAM knows under the name of another. */
const renamed: Record<string, string> = { SendMessageBatch: 'SendMessage', ChangeMessageVisibilityBatch: 'ChangeMessageVisibility' };

const keyOf = (operation: string, { KeyId }: Input): ResourceName => (operation === 'Decrypt' || KeyId === HOLD_KEY ? 'hold-key' : 'fingerprint-keys');

const secretOf = (id: string): Call['on'] => `secret:${/:secret:(.+)-[A-Za-z0-9]{6}$/.exec(id)?.[1] ?? id}`;

const resourcesOf = ({ service, operation }: Called, input: Input): Call['on'][] => {
  switch (service) {
    case 'DynamoDB':
      return operation.startsWith('Batch') ? Object.keys(input.RequestItems as object).map((TableName) => tableOf({ TableName })) : [tableOf(input)];
    case 'SQS':
      return [queueOf(input)];
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
    case 'Scheduler':
      return ['timers'];
    default:
      return ['*'];
  }
};

/** Which queue a function reads (`infra/functions.ts`). */
const readBy: Partial<Record<FunctionName, ResourceName>> = { dispatch: 'deliveries', index: 'index-queue', release: 'ends' };

/** Whether what a function's own code is granted covers a call. */
const byPlatform = ({ by, action, on }: Call, { sources }: Configuration): boolean =>
  (queueReading.includes(action) && readBy[by] === on) ||
  grants[by].some(({ actions, resources }) => {
    const isSigning = sources.some(({ secrets }) => secrets.some((name) => on === `secret:${name}`));
    const covers = (resource: ResourceName) => resource === on || (on.startsWith('secret:') && (resource === 'every-secret' || (resource === 'signing-secrets' && isSigning)));
    return actions.includes(action) && resources.some(covers);
  });

/** Whether a call is about a secret of that name or ARN, in which `*` stands for any characters. */
const isSecretOf = (pattern: string, on: string): boolean => matchesPattern(/:secret:(.+)$/.exec(pattern)?.[1] ?? pattern, on.slice('secret:'.length));

/** Whether what its connectors declare covers a call; of the secrets, only those that the configuration vouches for. */
const byConnector = ({ by, action, on }: Call, configuration: Configuration): boolean =>
  permissionsIn(by, connectors, configuration).some((permission) => permission.actions.includes(action) && (!on.startsWith('secret:') || narrowed(permission, configuration).secrets.some((name) => isSecretOf(name, on))));

/** A call in words. */
export const told = ({ by, action, on }: Call): string => `${by}: ${action} on ${on}`;
/** The calls that no role allows. */
export const notGranted = (calls: Iterable<Call>, configuration: Configuration): string[] => [...calls].filter((call) => !byPlatform(call, configuration) && !byConnector(call, configuration)).map(told);

/** Writes down what each function calls. */
export interface CallRecord {
  onCall(by: FunctionName, called: Called, input: unknown): void;
  /** Each call once. */
  calls(): Call[];
}

/** Records the calls of our functions; those that a test makes in another name are its own. */
export const recordCalls = (): CallRecord => {
  const calls = new Map<string, Call>();
  return {
    onCall: (by, called, input) => {
      if (!functionNames.includes(by)) return;
      for (const on of resourcesOf(called, (input ?? {}) as Input)) {
        const call: Call = { by, action: `${prefixes[called.service] ?? called.service.toLowerCase()}:${renamed[called.operation] ?? called.operation}`, on };
        calls.set(told(call), call);
      }
    },
    calls: () => [...calls.values()],
  };
};
