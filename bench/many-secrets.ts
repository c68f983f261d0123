import { createHash, createHmac, randomBytes } from 'node:crypto';
import { clientsOf, type ClientConfiguration } from '../functions/aws/clients.ts';
import { indexOf } from '../functions/aws/composition-index.ts';
import { tables } from '../functions/aws/tables.ts';
import * as index from '../functions/index.ts';
import { settings } from '../infra/function-settings.ts';
import { account, credentialsOf, region } from '../local/roles.ts';
import { makeUp } from '../local/world/values.ts';
import { answeringAtOnce, type Answers } from './at-once.ts';
import { plainTable } from './plain-table.ts';
import { record } from './recorder.ts';

/** How often the index called each API in one walk, in how many turns of the function, and how long it took here. */
export interface Walk {
  calls: Record<string, number>;
  turns: number;
  seconds: number;
}

/** A house with many secrets, each with one secret-like leaf, and the index function as it is deployed, over providers and a table that answer at once. */
export interface ManySecrets {
  /** Walks everything, in turns as long as the deployed function has: what it sends itself to go on is handed to it again. */
  walk(): Promise<Walk>;
  /** Puts a new value into one of them. */
  change(n: number): void;
}

const pageSize = 100;

interface Secret {
  ARN: string;
  Name: string;
  text: string;
  version: string;
}

const textAt = (n: number): string => JSON.stringify({ host: 'db.example.com', user: `app_${n}`, password: makeUp({ kind: 'password' }) });
const newVersion = (): string => randomBytes(16).toString('hex');

const secretsOf = (count: number): Secret[] =>
  Array.from({ length: count }, (_, n) => {
    const Name = `prod/team-${n % 97}/secret-${n}`;
    return { ARN: `arn:aws:secretsmanager:${region}:${account}:secret:${Name}-AbCdEf`, Name, text: textAt(n), version: newVersion() };
  });

/** As much of Secrets Manager, KMS and IAM as the index asks for. */
const providersOf = (secrets: readonly Secret[]): Answers => {
  const byArn = new Map(secrets.map((secret) => [secret.ARN, secret]));
  return {
    ListSecrets: ({ NextToken }) => {
      const start = Number(NextToken ?? 0);
      const page = secrets.slice(start, start + pageSize);
      return { SecretList: page.map(({ ARN, Name, version }) => ({ ARN, Name, SecretVersionsToStages: { [version]: ['AWSCURRENT'] } })), NextToken: start + pageSize < secrets.length ? String(start + pageSize) : undefined };
    },
    GetSecretValue: ({ SecretId, VersionId }) => ({ ARN: SecretId, VersionId, SecretString: byArn.get(String(SecretId))?.text }),
    GenerateMac: ({ Message }) => ({ Mac: createHmac('sha256', 'a key of this bench').update(Buffer.from(String(Message), 'base64')).digest('base64') }),
    ListUsers: () => '<ListUsersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListUsersResult><Users/><IsTruncated>false</IsTruncated></ListUsersResult></ListUsersResponse>',
  };
};

/** What the index cannot be called without and never looks at here. */
const environment = { REGISTRY_TABLE: tables.registry.name, LEDGER_TABLE: tables.ledger.name, DELIVERIES_QUEUE: 'https://sqs.example/deliveries', INDEX_QUEUE: 'https://sqs.example/index', BODIES_BUCKET: '', FINGERPRINT_KEYS: 'v1=alias/rescind-fingerprint-v1', HOLD_KEY: '', SECRET_LEAKED_PLAYBOOK: '', JOB_ENDED_PLAYBOOK: '', LEASES_TABLE: '', ENDS_QUEUE: '', ENDS_QUEUE_ARN: '', ENDS_DEAD_QUEUE_ARN: '', TIMERS_GROUP: '', TIMERS_ROLE: '', CASES_TOPIC: '', CONFIGURATION: '' };

export const manySecrets = (count: number): ManySecrets => {
  const secrets = secretsOf(count);
  const sent: unknown[] = [];
  const answers: Answers = {
    ...providersOf(secrets),
    ...plainTable(),
    SendMessage: ({ MessageBody }) => {
      sent.push(JSON.parse(String(MessageBody)));
      return { MessageId: 'm-1', MD5OfMessageBody: createHash('md5').update(String(MessageBody)).digest('hex') };
    },
  };
  const base: ClientConfiguration = { region, endpoint: 'https://aws.example', credentials: credentialsOf('index'), requestHandler: answeringAtOnce(answers) as object };
  const deps = indexOf({
    environment,
    configuration: { installation: 'bench', mode: 'enforce', owners: [], secrets: [], users: [], probes: [], canaries: [], own: [], exemptions: [], sources: [], limits: { perSource: 1, perOwner: 1, overall: 1, reserve: 0 }, fallbackOwner: 'nobody', taskHours: 24 },
    clientOf: clientsOf(base),
    clientsWith: (different) => clientsOf({ ...base, ...different }),
    ownRoles: ['Rescind-*'],
    fetch,
    local: true,
    now: () => new Date(),
    sleep: () => Promise.resolve(),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    count: () => undefined,
  });
  return {
    walk: async () => {
      const calls: Record<string, number> = {};
      const stop = record(({ service, operation }) => {
        const name = `${service} ${operation}`;
        calls[name] = (calls[name] ?? 0) + 1;
      });
      const start = performance.now();
      let turns = 0;
      try {
        for (let message: unknown = { kind: 'all' }; message !== undefined; message = sent.shift()) {
          turns += 1;
          const end = performance.now() + settings.index.timeoutSeconds * 1000;
          await index.handle(message, deps, new AbortController().signal, () => end - performance.now());
        }
        await new Promise((resolve) => setImmediate(resolve));
      } finally {
        stop();
      }
      return { calls, turns, seconds: (performance.now() - start) / 1000 };
    },
    change: (n) => void Object.assign(secrets[n] as Secret, { text: textAt(n), version: newVersion() }),
  };
};
