import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientsOf, type ClientConfiguration, type ClientOf } from '../functions/aws/clients.ts';
import { leaseApiOf, releaseOf } from '../functions/aws/composition-leases.ts';
import { receiveOf, type Foundation } from '../functions/aws/composition.ts';
import { eachRecord } from '../functions/aws/lambda.ts';
import type { HttpAnswer, HttpRequest } from '../functions/aws/http.ts';
import type { Count, Log } from '../functions/aws/log.ts';
import { tables } from '../functions/aws/tables.ts';
import type { Configuration } from '../functions/core/configuration.ts';
import * as leases from '../functions/leases.ts';
import * as receive from '../functions/receive.ts';
import * as release from '../functions/release.ts';
import { clockOf } from '../local/clock.ts';
import { queueNames, timerGroup } from '../local/platform.ts';
import { account, credentialsOf, region, type FunctionName } from '../local/roles.ts';
import { answeringAtOnce, type Answers } from './at-once.ts';

/** Where the functions find the outside, and what they tell. */
export interface Outside {
  aws: string;
  /** Where the tables are; or what answers instead of them in this process, and after how many milliseconds. */
  tables: string | { answers: Answers; milliseconds: () => number };
  configuration: Configuration;
  log?: Log;
  count?: Count;
  /** Milliseconds by which their clock is ahead of the machine's. */
  ahead?: () => number;
}

/** The functions of a lease's life, composed as they are deployed, in this process. */
export interface LeaseFunctions {
  releaseDeps: ReturnType<typeof releaseOf>;
  /** One call of `release` with a batch of messages, as Lambda makes it. Throws where one of them failed. */
  release(bodies: readonly object[]): Promise<void>;
  leases(request: HttpRequest): Promise<HttpAnswer>;
  receive(request: HttpRequest): Promise<HttpAnswer>;
}

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const arnOf = (queue: string): string => `arn:aws:sqs:${region}:${account}:${queue}`;

/** The same answers, a while later. */
const answeringAfter = (milliseconds: () => number, answers: Answers): ReturnType<typeof answeringAtOnce> => {
  const atOnce = answeringAtOnce(answers);
  return {
    ...atOnce,
    handle: async (request) => {
      const answer = await atOnce.handle(request);
      if (milliseconds() > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds()));
      return answer;
    },
  };
};

/** Makes them. Each signs as its own role. */
export const leaseFunctions = ({ aws, tables: to, configuration, log = silent, count = () => undefined, ahead = () => 0 }: Outside): LeaseFunctions => {
  const clock = clockOf();
  const toTables = (typeof to === 'string' ? { endpoint: to } : { requestHandler: answeringAfter(to.milliseconds, to.answers) }) as ClientConfiguration;
  const queueUrl = (name: keyof typeof queueNames): string => `${aws}/${account}/${queueNames[name]}`;
  const environment: Foundation['environment'] = {
    REGISTRY_TABLE: tables.registry.name, LEDGER_TABLE: tables.ledger.name, LEASES_TABLE: tables.leases.name,
    DELIVERIES_QUEUE: queueUrl('deliveries'), INDEX_QUEUE: queueUrl('index'), ENDS_QUEUE: queueUrl('ends'),
    ENDS_QUEUE_ARN: arnOf(queueNames.ends), ENDS_DEAD_QUEUE_ARN: arnOf(`${queueNames.ends}-dead`), TIMERS_GROUP: timerGroup, TIMERS_ROLE: `arn:aws:iam::${account}:role/Rescind-timers`,
    BODIES_BUCKET: '', FINGERPRINT_KEYS: 'v1=alias/rescind-fingerprint-v1', HOLD_KEY: '', SECRET_LEAKED_PLAYBOOK: '', JOB_ENDED_PLAYBOOK: '', CASES_TOPIC: '', CONFIGURATION: '',
  };
  const foundation = (name: FunctionName): Foundation => {
    const base = { region, endpoint: aws, credentials: credentialsOf(name) } satisfies ClientConfiguration;
    const [others, tablesOnly] = [clientsOf(base), clientsOf({ ...base, ...toTables })];
    const clientOf: ClientOf = (make) => ((make as unknown) === DynamoDBClient ? tablesOnly(make) : others(make));
    return {
      environment, configuration, clientOf, log, count,
      clientsWith: (different) => clientsOf({ ...base, ...different }),
      ownRoles: ['Rescind-*'],
      fetch: (...parameters) => fetch(...parameters),
      local: true,
      now: () => new Date(clock.now().getTime() + ahead()),
      sleep: (milliseconds, signal) => clock.sleep(milliseconds, signal),
    };
  };
  const [releaseDeps, leaseDeps, receiveDeps] = [releaseOf(foundation('release')), leaseApiOf(foundation('leases')), receiveOf(foundation('receive'))];
  const never = new AbortController().signal;
  return {
    releaseDeps,
    release: async (bodies) => {
      const Records = bodies.map((body, n) => ({ messageId: String(n), receiptHandle: '', body: JSON.stringify(body), attributes: {} as never, messageAttributes: {}, md5OfBody: '', eventSource: 'aws:sqs', eventSourceARN: arnOf(queueNames.ends), awsRegion: region }));
      const failed: string[] = [];
      await eachRecord({ Records }, (body) => release.handle(body, releaseDeps, never), (_, error) => failed.push(error));
      if (failed.length > 0) throw new Error(`${failed.length} of ${bodies.length} ends failed: ${failed[0] ?? ''}`);
    },
    leases: (request) => leases.handle(request, leaseDeps, never),
    receive: (request) => receive.handle(request, receiveDeps, never),
  };
};
