import { CreateAccessKeyCommand, DeleteAccessKeyCommand, IAMClient } from '@aws-sdk/client-iam';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { clientsOf } from '../functions/aws/clients.ts';
import { dispatchOf } from '../functions/aws/composition-dispatch.ts';
import { indexOf } from '../functions/aws/composition-index.ts';
import { sweep } from '../functions/aws/sweep.ts';
import type { Line } from '../functions/core/case.ts';
import * as index from '../functions/index.ts';
import { credentialsOf, region } from '../local/roles.ts';
import type { ServiceOptions } from '../local/service.ts';
import { everyWorld, type KeyUser } from './every-world.ts';
import { gitleaksFinding, openTown, trufflehogFinding, type Delivery, type Town } from './town.ts';

/** As AWS makes ids; built here so that no file holds one. */
const keyIdOf = (rest: string): string => `AK${'IA'}${rest}`;

/** One AWS finding of TruffleHog: the key's id, and what stands beside it. */
const awsFinding = (id: string, secret: string): object => trufflehogFinding(id, { DetectorName: 'AWS', DetectorType: 2, RawV2: `${id}:${secret}` }, `${id}/${secret}.env`);

/** One finding of Gitleaks that has the value wherever a scanner may have put it. */
const chattyFinding = (value: string, more: object = {}): object => ({
  ...gitleaksFinding(value, `dump/${value}/backup-${encodeURIComponent(value)}.env`),
  Match: `TOKEN="${value}"`, Message: `add ${value} for ${Buffer.from(value).toString('base64')}`, Author: value, Email: `${value}@example.com`, Tags: [value], Link: `https://example.com/blob/${encodeURIComponent(value)}?token=${value}`, ...more,
});

/** Everything that was played, and values that are no secret of the world and must not be seen either. */
export interface Played {
  town: Town;
  marked: string[];
}

/** Plays every kind of case, faults of providers included, and uses the whole API. Resolves when nothing runs any more. */
export const playEveryCase = async ({ hooks, onLine, ...options }: Partial<ServiceOptions> & { speed?: number } = {}): Promise<Played> => {
  const { world, connection } = everyWorld();
  let meanwhile: (() => Promise<void>) | undefined;
  const after: NonNullable<ServiceOptions['hooks']>['after'] = async (name, called) => {
    await hooks?.after?.(name, called);
    // between what a plan has written and what it answers
    if (name !== 'plan' || called.operation !== 'PutItem' || !meanwhile) return;
    const act = meanwhile;
    meanwhile = undefined;
    await act();
  };
  // asking the API again and again would cost more than everything that is played
  const told = new Map<string, Line[]>();
  const listen: ServiceOptions['onLine'] = (of, line) => {
    told.set(of, [...(told.get(of) ?? []), line]);
    onLine?.(of, line);
  };
  const town = await openTown(world, { ...options, hooks: { ...hooks, after }, onLine: listen });
  const marked = [connection.password, ...connection.parts];
  const asWorld = clientsOf({ region, endpoint: town.providers.aws.url, credentials: credentialsOf('world') });
  const id = (user: KeyUser): string => town.value(`${user}Id`);
  const secret = (user: KeyUser): string => town.value(`${user}Secret`);
  const invented = town.value('invented');

  town.behaviours.set([
    { service: 'github', resource: 'alerts/42', effect: 'down', status: 503, times: 3 },
    { service: 'github', resource: 'alerts/46', effect: 'refuse', status: 403, message: `no access to ${town.value('unreachable')}` },
    { service: 'secretsmanager', operation: 'RotateSecret', effect: 'throttle', times: 2 },
    { service: 'iam', operation: 'GetUserPolicy', effect: 'throttle', times: 2 },
    { service: 'iam', operation: 'UpdateAccessKey', resource: 'refusing', effect: 'refuse', status: 403, code: 'AccessDenied', message: `not you, with ${secret('refusing')}` },
    // not one of the errors that are expected: the step fails and is done again
    { service: 'iam', operation: 'PutUserPolicy', resource: 'faltering', effect: 'refuse', status: 400, code: 'MalformedInput', message: `cannot read ${secret('faltering')}`, times: 2 },
    { service: 'iam', operation: 'CreateAccessKey', resource: 'mover', effect: 'drop', times: 1 },
    // what has happened is told late, so that nobody knows at first who made a key
    { service: 'cloudtrail', operation: 'LookupEvents', effect: 'lag', seconds: 6 },
    { service: 'vendor:acmepay', operation: 'GET /v1/whoami', effect: 'refuse', status: 500, message: `what is ${town.value('vendorA')}?`, times: 1 },
  ]);

  const casesOf = ({ body }: Delivery): [id: string, lines: Line[]][] => [...told].filter(([, lines]) => lines.some((line) => (line.kind === 'opened' || line.kind === 'joined') && line.report.delivery === body.delivery));
  const isOver = (lines: readonly Line[]): boolean => lines.some(({ kind }) => kind === 'concluded' || kind === 'unmatched' || kind === 'closed');
  const ended = (delivery: Delivery) =>
    town.until(() => {
      const cases = casesOf(delivery);
      return cases.length > 0 && cases.every(([, lines]) => isOver(lines));
    }, `the cases of ${JSON.stringify(delivery)} end`);
  const asked = (delivery: Delivery) =>
    town.until(() => {
      const [first] = casesOf(delivery);
      const task = first?.[1].find((line) => line.kind === 'asked' && line.task.kind === 'approve');
      return first && task?.kind === 'asked' && { case: first[0], task: task.task.id };
    }, 'a person is asked');
  const answer = (task: string, word: string) => town.ask('POST', `/tasks/${task}`, { answer: word, reason: 'looked at it' });
  const runningOf = (caseId: string) => town.platform.states.executions().find(({ name, status }) => name.startsWith(caseId) && status === 'RUNNING');

  const stories: (() => Promise<unknown>)[] = [
    // the value is fetched; GitHub is down at first
    async () => ended(await town.github(42)),
    // no one ever gives the value: the dead-letter queue
    async () => {
      await town.github(46);
      await town.until(() => town.platform.deadLetters().length > 0, 'a message is given up');
    },
    async () => ended(await town.trufflehog([trufflehogFinding(town.value('vendorA'), { Redacted: town.value('vendorA').slice(0, 12) })])),
    async () => ended(await town.trufflehog([trufflehogFinding(town.value('stuck'), {}, 'stuck.env')])),
    async () => ended(await town.gitleaks([chattyFinding(town.value('ftp'))])),
    async () => ended(await town.gitleaks([chattyFinding(connection.text, { RuleID: 'database-url' })])),
    // made a key whose answer was lost
    async () => ended(await town.gitleaks([chattyFinding(secret('mover'))])),
    async () => ended(await town.gitleaks([chattyFinding(secret('refusing'))])),
    async () => ended(await town.gitleaks([chattyFinding(secret('faltering'))])),
    // the issuer itself names keys: one of ours, one that is gone, one that is nobody's
    async () => {
      const { AccessKey } = await asWorld(IAMClient).send(new CreateAccessKeyCommand({ UserName: 'namesake' }));
      marked.push(AccessKey?.SecretAccessKey ?? '');
      await asWorld(IAMClient).send(new DeleteAccessKeyCommand({ UserName: 'namesake', AccessKeyId: AccessKey?.AccessKeyId ?? '' }));
      await ended(await town.health([id('exposed'), AccessKey?.AccessKeyId ?? '', keyIdOf('Q7RX2NUNHE5SBG4T')]));
    },
    // a name beside invented characters; while it waits the sweep looks at it; the answer is no
    async () => {
      const { task } = await asked(await town.trufflehog([awsFinding(id('namesake'), invented)]));
      await sweep(dispatchOf(town.foundation('dispatch')), 0);
      await answer(task, 'reject');
    },
    // the same, until somebody reports the value itself
    async () => {
      const delivery = await town.trufflehog([awsFinding(id('twice'), invented)]);
      await asked(delivery);
      await ended(await town.gitleaks([chattyFinding(secret('twice'))]));
    },
    // the same, and its playbook is stopped by hand while it waits; the answer is yes
    async () => {
      const waiting = await asked(await town.trufflehog([awsFinding(id('stopped'), invented)]));
      const { arn = '' } = runningOf(waiting.case) ?? {};
      await asWorld(SFNClient).send(new StopExecutionCommand({ executionArn: arn, cause: 'by hand' }));
      await town.until(() => runningOf(waiting.case), 'the next attempt begins');
      await answer(waiting.task, 'approve');
    },
    async () => {
      const delivery = await town.gitleaks([chattyFinding(secret('careful'))]);
      await answer((await asked(delivery)).task, 'approve');
      await ended(delivery);
    },
    // nothing holds it when it is reported; later somebody stores it
    async () => {
      const value = town.value('stranger');
      const unmatched = await town.gitleaks([chattyFinding(value)]);
      await ended(unmatched);
      await asWorld(SecretsManagerClient).send(new PutSecretValueCommand({ SecretId: 'orders/late', SecretString: value }));
      await town.until(() => casesOf(unmatched).length > 1, 'the index meets what was on watch');
    },
    // over 200 KB when its values are out
    async () => {
      const strangers = Array.from({ length: 5 }, (_, n) => `zz_${Buffer.from(`${n} ${invented.slice(2)}`).toString('base64url').slice(0, 40)}`);
      marked.push(...strangers);
      // each of these takes three bytes where it is kept
      const long = '\u6f22'.repeat(450);
      const redacted = Array.from({ length: 65 }, (_, n) => gitleaksFinding('REDACTED', `${long}/${n}`, long));
      await ended(await town.gitleaks([...strangers.map((value) => chattyFinding(value, { RuleID: `rule ${value}`, File: `${long}/${value}` })), ...redacted]));
    },
    async () => town.gitleaks([]),
  ];
  await Promise.all(stories.map((story) => story()));

  // the stronger report comes after the plan to ask and before anybody is asked
  meanwhile = async () => {
    const stronger = await town.gitleaks([chattyFinding(secret('moot'))]);
    await town.until(() => casesOf(stronger).length > 0, 'the stronger report joins');
  };
  await ended(await town.trufflehog([awsFinding(id('moot'), invented)]));
  await town.until(() => town.platform.states.executions().every(({ status }) => status !== 'RUNNING'), 'no playbook runs', 20);

  // a walk whose time is up sends itself on
  await index.handle({ kind: 'all' }, indexOf(town.foundation('index')), AbortSignal.abort(new Error('the time is up')));
  await town.until(() => (town.counted.get('IndexFinished') ?? 0) > 1, 'the walk is finished');
  await readEverything(town);
  return { town, marked };
};

/** Asks the API everything, answers what is left to do and closes what is red. */
const readEverything = async (town: Town): Promise<void> => {
  for (const path of ['/health', '/cases', '/cases?status=not-contained', '/tasks', '/tasks?status=open', '/tasks?status=answered', '/credentials', '/world/credentials']) await town.ask('GET', path);
  const { tasks } = await town.get<{ tasks: { id: string; kind: string }[] }>('/tasks?status=open');
  for (const { id, kind } of tasks.slice(0, 3)) await town.ask('POST', `/tasks/${id}`, { answer: kind === 'act' ? 'done' : 'reject', reason: 'seen to' });
  for (const view of await town.views()) {
    await town.ask('GET', `/credentials?id=${encodeURIComponent(view.credential ?? 'none')}`);
    if (view.status === 'not-contained') await town.ask('POST', `/cases/${view.id}/close`, { reason: 'seen to' });
  }
};
