import { CreateAccessKeyCommand, DeleteAccessKeyCommand, IAMClient } from '@aws-sdk/client-iam';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { answerTask } from '../functions/aws/claims.ts';
import { clientsOf } from '../functions/aws/clients.ts';
import { ledgerOf } from '../functions/aws/composition.ts';
import { dispatchOf } from '../functions/aws/composition-dispatch.ts';
import { indexOf } from '../functions/aws/composition-index.ts';
import { recordOf } from '../functions/aws/composition-record.ts';
import { stepsOf } from '../functions/aws/composition-steps.ts';
import { sweep } from '../functions/aws/sweep.ts';
import type { Line } from '../functions/core/case.ts';
import * as index from '../functions/index.ts';
import * as report from '../functions/report.ts';
import * as rotate from '../functions/rotate.ts';
import { credentialsOf, region } from '../local/roles.ts';
import type { ServiceOptions } from '../local/service.ts';
import { everyWorld, type KeyUser } from './every-world.ts';
import { gitleaksFinding, openTown, trufflehogFinding, type Delivery, type Town } from './town.ts';

/** Seconds of the wall, on a machine that has much else to do. */
const patience = 45;

/** As AWS makes ids; built here so that no file holds one. */
const keyIdOf = (rest: string): string => `AK${'IA'}${rest}`;

/** One AWS finding of TruffleHog: the key's id, and what stands beside it. */
const awsFinding = (user: KeyUser, id: string, secret: string): object => trufflehogFinding(id, { DetectorName: 'AWS', DetectorType: 2, RawV2: `${id}:${secret}` }, `${user}/${id}/${secret}.env`);

/** One finding of Gitleaks that has the value wherever a scanner may have put it. */
const chattyFinding = (value: string, more: object = {}): object => ({
  ...gitleaksFinding(value, `dump/${value}/backup-${encodeURIComponent(value)}.env`),
  Match: `TOKEN="${value}"`, Message: `add ${value} for ${Buffer.from(value).toString('base64')}`, Author: value, Email: `${value}@example.com`, Tags: [value], Link: `https://example.com/blob/${encodeURIComponent(value)}?token=${value}`, ...more,
});

/** The key of that user which the world did not begin with. */
const orphanOf = (town: Town, user: KeyUser): string => Object.entries(town.providers.aws.state().keys).find(([id, { userName }]) => userName === user && id !== town.value(`${user}Id`))?.[0] ?? 'none';

/** Everything that was played, and values that are no secret of the world and must not be seen either. */
export interface Played {
  town: Town;
  marked: string[];
}

/** Plays every kind of case, faults of providers included, and uses the whole API. Resolves when nothing runs any more. */
export const playEveryCase = async ({ onLine, ...options }: Partial<ServiceOptions> & { speed?: number } = {}): Promise<Played> => {
  const { world, connection } = everyWorld();
  // asking the API again and again would cost more than everything that is played
  const told = new Map<string, Line[]>();
  const listen: ServiceOptions['onLine'] = (of, line) => {
    told.set(of, [...(told.get(of) ?? []), line]);
    if (line.kind === 'failed' && line.step === 'rotate') nobodyKnowsYet(orphanOf(town, 'mover'));
    onLine?.(of, line);
  };
  const town = await openTown(world, { speed: 20, ...options, onLine: listen });
  // CloudTrail tells late: at the first look nobody knows who made the key
  const nobodyKnowsYet = (key: string): void => town.behaviours.add({ service: 'cloudtrail', operation: 'LookupEvents', resource: key, effect: 'lag', seconds: 3600, times: 1 });
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
  ]);

  const casesOf = ({ body }: Delivery): [id: string, lines: Line[]][] => [...told].filter(([, lines]) => lines.some((line) => (line.kind === 'opened' || line.kind === 'joined') && line.report.delivery === body.delivery));
  const isOver = (lines: readonly Line[]): boolean => lines.some(({ kind }) => kind === 'concluded' || kind === 'unmatched' || kind === 'closed');
  const ended = (delivery: Delivery) =>
    town.until(() => {
      const cases = casesOf(delivery);
      return cases.length > 0 && cases.every(([, lines]) => isOver(lines));
    }, `the cases of ${JSON.stringify(delivery)} end`, patience);
  const asked = (delivery: Delivery, before?: string) =>
    town.until(() => {
      const [first] = casesOf(delivery);
      const task = first?.[1].find((line) => line.kind === 'asked' && line.task.kind === 'approve' && line.task.id !== before);
      return first && task?.kind === 'asked' && { case: first[0], task: task.task.id };
    }, 'a person is asked', patience);
  const answer = (task: string, word: string) => town.ask('POST', `/tasks/${task}`, { answer: word, reason: 'looked at it' });
  // whoever answered died before it was written into the case
  const answerUnwritten = (task: string) => answerTask(ledgerOf(town.foundation('api')), task, 'approve', 'tester', 'looked at it');
  const runningOf = (caseId: string) => town.platform.states.executions().find(({ name, status }) => name.startsWith(caseId) && status === 'RUNNING');

  const stories: (() => Promise<unknown>)[] = [
    // the value is fetched; GitHub is down at first
    async () => ended(await town.github(42)),
    // no one ever gives the value: the dead-letter queue
    async () => {
      await town.github(46);
      await town.until(() => town.platform.deadLetters().length > 0, 'a message is given up', patience);
    },
    // a rotation of long ago got stuck; then, elsewhere, the vendor has a bad moment
    async () => {
      await ended(await town.trufflehog([trufflehogFinding(town.value('stuck'), {}, 'stuck.env')]));
      town.behaviours.add({ service: 'vendor:acmepay', operation: 'GET /v1/whoami', effect: 'refuse', status: 500, message: `what is ${town.value('vendorA')}?`, times: 1 });
      await ended(await town.trufflehog([trufflehogFinding(town.value('vendorA'), { Redacted: town.value('vendorA').slice(0, 12) })]));
    },
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
      const delivery = await town.trufflehog([awsFinding('namesake', id('namesake'), invented)]);
      const { task } = await asked(delivery);
      await sweep(dispatchOf(town.foundation('dispatch')), 0);
      await answer(task, 'reject');
      await ended(delivery);
      // Step Functions calls a function again whose answer it never got: by now there is nothing to ask and nothing to wait for
      const step = { case: casesOf(delivery)[0]?.[0] ?? '', attempt: 1, token: 'nobody waits with this one' };
      await report.handle(step, recordOf(town.foundation('report')), AbortSignal.timeout(10_000));
      await rotate.handle(step, stepsOf(town.foundation('rotate')), AbortSignal.timeout(10_000));
    },
    // the same, until somebody reports the value itself, and an answer was given that makes no difference any more
    async () => {
      const delivery = await town.trufflehog([awsFinding('twice', id('twice'), invented)]);
      await answerUnwritten((await asked(delivery)).task);
      await ended(await town.gitleaks([chattyFinding(secret('twice'))]));
    },
    // the same, and its playbook is stopped by hand while it waits; the answer is yes
    async () => {
      const waiting = await asked(await town.trufflehog([awsFinding('stopped', id('stopped'), invented)]));
      const { arn = '' } = runningOf(waiting.case) ?? {};
      await asWorld(SFNClient).send(new StopExecutionCommand({ executionArn: arn, cause: 'by hand' }));
      await town.until(() => runningOf(waiting.case), 'the next attempt begins', patience);
      await answer(waiting.task, 'approve');
    },
    // somebody has a session by now, which is denied with the key and looked at again later
    async () => {
      const { Credentials } = await clientsOf({ region, endpoint: town.providers.aws.url, credentials: { accessKeyId: id('careful'), secretAccessKey: secret('careful') } })(STSClient).send(new GetSessionTokenCommand({}));
      marked.push(Credentials?.SecretAccessKey ?? '', Credentials?.SessionToken ?? '');
      // the value changes the plan, and another question takes the place of the first
      const first = await asked(await town.trufflehog([awsFinding('careful', id('careful'), invented)]));
      await answerUnwritten(first.task);
      const delivery = await town.gitleaks([chattyFinding(secret('careful'))]);
      await answer((await asked(delivery, first.task)).task, 'approve');
      await ended(delivery);
    },
    // nothing holds it when it is reported; later somebody stores it
    async () => {
      const value = town.value('stranger');
      const unmatched = await town.gitleaks([chattyFinding(value)]);
      await ended(unmatched);
      await asWorld(SecretsManagerClient).send(new PutSecretValueCommand({ SecretId: 'orders/late', SecretString: value }));
      await town.until(() => casesOf(unmatched).length > 1, 'the index meets what was on watch', patience);
    },
    // over 200 KB when its values are out
    async () => {
      const strangers = Array.from({ length: 5 }, (_, n) => `zz_${Buffer.from(`${n} ${invented.slice(2)}`).toString('base64url').slice(0, 40)}`);
      marked.push(...strangers);
      // each of these takes three bytes where it is kept
      const long = '\u6f22'.repeat(450);
      const redacted = Array.from({ length: 80 }, (_, n) => gitleaksFinding('REDACTED', `${long}/${n}`, long));
      await ended(await town.gitleaks([...strangers.map((value) => chattyFinding(value, { RuleID: `rule ${value}`, File: `${long}/${value}` })), ...redacted]));
    },
    async () => town.gitleaks([]),
  ];
  await Promise.all(stories.map((story) => story()));

  await town.until(() => town.platform.states.executions().every(({ status }) => status !== 'RUNNING'), 'no playbook runs', patience);

  // the sweep of half an hour later: what ended green is looked at again
  await sweep({ ...dispatchOf(town.foundation('dispatch')), now: () => new Date(town.clock.now().getTime() + 1_800_000) }, 0);
  await town.until(async () => !(await town.kept()).some((text) => text.includes('"look":{"M"')), 'the late looks are done', patience);

  // a walk whose time is up sends itself on
  await index.handle({ kind: 'all' }, indexOf(town.foundation('index')), AbortSignal.abort(new Error('the time is up')));
  await town.until(() => (town.counted.get('IndexFinished') ?? 0) > 1, 'the walk is finished', patience);
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
