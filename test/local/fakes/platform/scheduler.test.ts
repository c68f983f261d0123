import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateScheduleCommand, CreateScheduleGroupCommand, DeleteScheduleCommand, DeleteScheduleGroupCommand, GetScheduleCommand, ListScheduleGroupsCommand, ListSchedulesCommand, paginateListSchedules, SchedulerClient, UpdateScheduleCommand, type CreateScheduleCommandInput } from '@aws-sdk/client-scheduler';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { clockOf, type Clock } from '../../../../local/clock.ts';
import { createAws } from '../../../../local/fakes/aws/index.ts';
import { Behaviours, type Behaviour } from '../../../../local/fakes/behaviour.ts';
import { createScheduler, type SchedulerOptions } from '../../../../local/fakes/platform/scheduler.ts';
import { atTime } from '../../../../local/fakes/platform/scheduler-time.ts';
import { ACCOUNT, REGION, served } from './server.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const QUEUE = `arn:aws:sqs:${REGION}:${ACCOUNT}:leases`;
const DEAD = `arn:aws:sqs:${REGION}:${ACCOUNT}:leases-dead`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/timer`;

interface Setting extends Partial<SchedulerOptions> {
  rules?: Behaviour[];
}

const start = async ({ rules = [], ...given }: Setting = {}) => {
  const behaviours = new Behaviours(rules);
  const fired: { target: string; input: string; at: number }[] = [];
  const clock: Clock = given.clock ?? clockOf(60);
  const scheduler = createScheduler({
    clock,
    behaviours,
    account: ACCOUNT,
    region: REGION,
    groups: ['leases'],
    onFire: (target, input) => void fired.push({ target, input, at: clock.now().getTime() }),
    ...given,
  });
  const { close, config, url } = await served({ scheduler: scheduler.service }, behaviours, clock);
  ends.push(() => scheduler.close(), close);
  return { client: new SchedulerClient(config), config, url, scheduler, fired, clock, behaviours };
};

const expressionOf = (time: number): string => `at(${new Date(time).toISOString().slice(0, 19)})`;
const inSeconds = (clock: Clock, seconds: number): string => expressionOf(clock.now().getTime() + seconds * 1000);

const wanted = (ScheduleExpression: string, more: Partial<CreateScheduleCommandInput> = {}): CreateScheduleCommandInput => ({
  Name: 'lease-1',
  GroupName: 'leases',
  ScheduleExpression,
  FlexibleTimeWindow: { Mode: 'OFF' },
  ActionAfterCompletion: 'DELETE',
  Target: { Arn: QUEUE, RoleArn: ROLE, Input: '{"lease":"1"}' },
  ...more,
});
const create = (client: SchedulerClient, expression: string, more: Partial<CreateScheduleCommandInput> = {}) => client.send(new CreateScheduleCommand(wanted(expression, more)));
const farAway = 'at(2099-01-01T00:00:00)';

describe('firing', () => {
  test('a schedule fires once at its time, not before, with its input, and is deleted', async () => {
    const { client, fired, scheduler, clock } = await start();
    const time = Math.floor(clock.now().getTime() / 1000) * 1000 + 30_000;
    const { ScheduleArn } = await create(client, expressionOf(time));
    expect(ScheduleArn).toBe(`arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule/leases/lease-1`);
    expect(scheduler.schedules()).toEqual([{ name: 'lease-1', group: 'leases', at: new Date(time).toISOString(), input: '{"lease":"1"}' }]);
    await vi.waitFor(() => expect(scheduler.schedules()).toEqual([]), 5000);
    expect(fired).toMatchObject([{ target: QUEUE, input: '{"lease":"1"}' }]);
    expect(fired[0]?.at).toBeGreaterThanOrEqual(time);
    await expect(client.send(new GetScheduleCommand({ Name: 'lease-1', GroupName: 'leases' }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await clock.sleep(120_000);
    expect(fired).toHaveLength(1);
  });

  test('the earliest goes first, whatever the order in which they were made, and a past time at once', async () => {
    const { client, fired, clock } = await start();
    for (const [name, seconds] of [['late', 90], ['soon', 30], ['past', -3600]] as const)
      await create(client, inSeconds(clock, seconds), { Name: name, Target: { Arn: QUEUE, RoleArn: ROLE, Input: name } });
    await vi.waitFor(() => expect(fired).toHaveLength(3), 5000);
    expect(fired.map(({ input }) => input)).toEqual(['past', 'soon', 'late']);
  });

  test('one that stays after it ran is not fired again, and one that is disabled or deleted is not fired at all', async () => {
    const { client, fired, clock, scheduler } = await start();
    await create(client, inSeconds(clock, 20), { Name: 'stays', ActionAfterCompletion: 'NONE' });
    await create(client, inSeconds(clock, 20), { Name: 'disabled', State: 'DISABLED' });
    await create(client, inSeconds(clock, 40), { Name: 'deleted' });
    await client.send(new DeleteScheduleCommand({ Name: 'deleted', GroupName: 'leases' }));
    await clock.sleep(120_000);
    expect(fired).toHaveLength(1);
    expect(scheduler.schedules()).toEqual([]);
    const { Schedules } = await client.send(new ListSchedulesCommand({ GroupName: 'leases' }));
    expect(Schedules?.map(({ Name, State }) => [Name, State])).toEqual([['disabled', 'DISABLED'], ['stays', 'ENABLED']]);
  });

  test('an update moves the time', async () => {
    const { client, fired, clock, scheduler } = await start();
    await create(client, farAway);
    await client.send(new UpdateScheduleCommand({ ...wanted(inSeconds(clock, 5)), Target: { Arn: QUEUE, RoleArn: ROLE, Input: 'renewed' } }));
    await vi.waitFor(() => expect(fired).toMatchObject([{ input: 'renewed' }]), 5000);
    await vi.waitFor(() => expect(scheduler.schedules()).toEqual([]), 5000);
  });

  test('a failed attempt comes again, and after the last the dead-letter queue has the input', async () => {
    const seen: string[] = [];
    let failures = 2;
    const onFire = (target: string, input: string) => {
      seen.push(`${target.split(':').at(-1)} ${input}`);
      if (target === QUEUE && failures-- > 0) throw new Error('no such queue');
    };
    const { client, clock, scheduler } = await start({ onFire });
    const target = { Arn: QUEUE, RoleArn: ROLE, DeadLetterConfig: { Arn: DEAD } };
    await create(client, inSeconds(clock, 1), { Target: { ...target, Input: 'again <aws.scheduler.attempt-number>' } });
    await vi.waitFor(() => expect(scheduler.schedules()).toEqual([]), 5000);
    expect(seen).toEqual(['leases again 1', 'leases again 2', 'leases again 3']);
    failures = 9;
    await create(client, inSeconds(clock, 1), { Target: { ...target, Input: 'never', RetryPolicy: { MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 60 } } });
    await vi.waitFor(() => expect(scheduler.schedules()).toEqual([]), 5000);
    expect(seen.slice(3)).toEqual(['leases never', 'leases never', 'leases-dead never']);
  });

  test('a firing may be late, lost or doubled as the behaviours say', async () => {
    const invoke = { service: 'scheduler', operation: 'Invoke' };
    const { client, fired, clock, scheduler } = await start({ rules: [{ ...invoke, resource: 'late', effect: 'delay', seconds: 60 }, { ...invoke, resource: 'lost', effect: 'lie' }, { ...invoke, resource: 'doubled', effect: 'drop', times: 1 }] });
    const time = Math.floor(clock.now().getTime() / 1000) * 1000 + 2000;
    for (const Name of ['late', 'lost', 'doubled']) await create(client, expressionOf(time), { Name, Target: { Arn: QUEUE, RoleArn: ROLE, Input: Name } });
    await vi.waitFor(() => expect(scheduler.schedules()).toEqual([]), 5000);
    expect(fired.map(({ input }) => input)).toEqual(['doubled', 'doubled', 'late']);
    expect(fired[2]?.at).toBeGreaterThanOrEqual(time + 60_000);
  });
});

describe('what is refused', () => {
  test('a name that exists is a conflict, but the same call with the same token is answered as before', async () => {
    const { client, scheduler } = await start();
    const first = await create(client, farAway, { ClientToken: 'token-1' });
    expect((await create(client, farAway, { ClientToken: 'token-1' })).ScheduleArn).toBe(first.ScheduleArn);
    await expect(create(client, farAway, { ClientToken: 'token-2' })).rejects.toMatchObject({ name: 'ConflictException', $metadata: { httpStatusCode: 409 } });
    await expect(create(client, 'at(2098-01-01T00:00:00)', { ClientToken: 'token-1' })).rejects.toMatchObject({ name: 'ConflictException' });
    await create(client, farAway, { GroupName: undefined, ClientToken: 'token-1' });
    expect(scheduler.schedules().map(({ group }) => group).sort()).toEqual(['default', 'leases']);
  });

  const target = { Arn: QUEUE, RoleArn: ROLE };
  test.each<[string, Partial<CreateScheduleCommandInput>]>([
    ['a name with a slash', { Name: 'a/b' }],
    ['a name that is too long', { Name: 'x'.repeat(65) }],
    ['a day that is not in the calendar', { ScheduleExpression: 'at(2026-02-30T00:00:00)' }],
    ['a time with a zone in it', { ScheduleExpression: 'at(2099-01-01T00:00:00Z)' }],
    ['a recurring expression', { ScheduleExpression: 'rate(1 minute)' }],
    ['no expression', { ScheduleExpression: '' }],
    ['a zone that does not exist', { ScheduleExpressionTimezone: 'Mars/Olympus' }],
    ['no flexible time window', { FlexibleTimeWindow: undefined }],
    ['a window that is off and has minutes', { FlexibleTimeWindow: { Mode: 'OFF', MaximumWindowInMinutes: 5 } }],
    ['a queue that is named by its URL', { Target: { ...target, Arn: 'https://sqs/leases' } }],
    ['a role that is no role', { Target: { ...target, RoleArn: 'timer' } }],
    ['an empty input', { Target: { ...target, Input: '' } }],
    ['too many retries', { Target: { ...target, RetryPolicy: { MaximumRetryAttempts: 186 } } }],
    ['a dead-letter queue without an ARN', { Target: { ...target, DeadLetterConfig: { Arn: 'leases-dead' } } }],
    ['an unknown action after completion', { ActionAfterCompletion: 'FORGET' as 'DELETE' }],
    ['a client token with a space', { ClientToken: 'a b' }],
  ])('%s is refused, and nothing is kept', async (_, more) => {
    const { client, scheduler } = await start();
    await expect(create(client, farAway, more)).rejects.toMatchObject({ name: 'ValidationException', $metadata: { httpStatusCode: 400 } });
    expect(scheduler.schedules()).toEqual([]);
  });

  test('what does not exist is not found: a schedule, its group, a schedule of another group', async () => {
    const { client } = await start();
    const notFound = { name: 'ResourceNotFoundException', $metadata: { httpStatusCode: 404 } };
    await create(client, farAway);
    await expect(create(client, farAway, { GroupName: 'nowhere' })).rejects.toMatchObject(notFound);
    await expect(client.send(new GetScheduleCommand({ Name: 'lease-1' }))).rejects.toMatchObject(notFound);
    await expect(client.send(new DeleteScheduleCommand({ Name: 'lease-2', GroupName: 'leases' }))).rejects.toMatchObject(notFound);
    await expect(client.send(new UpdateScheduleCommand({ ...wanted(farAway), Name: 'lease-2' }))).rejects.toMatchObject(notFound);
    await expect(client.send(new ListSchedulesCommand({ GroupName: 'nowhere' }))).rejects.toMatchObject(notFound);
  });
});

describe('reading and groups', () => {
  test('a schedule is shown as it was made, with the defaults filled in', async () => {
    const { client } = await start();
    await create(client, farAway, { Target: { Arn: QUEUE, RoleArn: ROLE, Input: 'x', DeadLetterConfig: { Arn: DEAD } }, Description: 'a lease' });
    const got = await client.send(new GetScheduleCommand({ Name: 'lease-1', GroupName: 'leases' }));
    expect(got).toMatchObject({
      Name: 'lease-1', GroupName: 'leases', ScheduleExpression: farAway, ScheduleExpressionTimezone: 'UTC', State: 'ENABLED', ActionAfterCompletion: 'DELETE', Description: 'a lease',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: QUEUE, RoleArn: ROLE, Input: 'x', DeadLetterConfig: { Arn: DEAD }, RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 } },
    });
    expect(got.CreationDate).toBeInstanceOf(Date);
  });

  test('lists come in pages, by prefix and by state', async () => {
    const { client } = await start();
    for (let n = 0; n < 25; n += 1) await create(client, farAway, { Name: `lease-${String(n).padStart(2, '0')}`, State: n % 5 === 0 ? 'DISABLED' : 'ENABLED' });
    const names: string[] = [];
    let pages = 0;
    for await (const page of paginateListSchedules({ client, pageSize: 10 }, { GroupName: 'leases' })) {
      pages += 1;
      names.push(...(page.Schedules ?? []).map(({ Name }) => Name ?? ''));
    }
    expect([pages, new Set(names).size, names.length]).toEqual([3, 25, 25]);
    expect((await client.send(new ListSchedulesCommand({ NamePrefix: 'lease-1', State: 'DISABLED' }))).Schedules?.map(({ Name }) => Name)).toEqual(['lease-10', 'lease-15']);
    await expect(client.send(new ListSchedulesCommand({ NextToken: 'made-up' }))).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('a group is made, listed and deleted with its schedules', async () => {
    const { client, scheduler } = await start();
    await client.send(new CreateScheduleGroupCommand({ Name: 'more' }));
    await expect(client.send(new CreateScheduleGroupCommand({ Name: 'more' }))).rejects.toMatchObject({ name: 'ConflictException' });
    await create(client, farAway, { GroupName: 'more' });
    expect((await client.send(new ListScheduleGroupsCommand({}))).ScheduleGroups?.map(({ Name }) => Name)).toEqual(['default', 'leases', 'more']);
    await client.send(new DeleteScheduleGroupCommand({ Name: 'more' }));
    expect(scheduler.schedules()).toEqual([]);
    await expect(client.send(new DeleteScheduleGroupCommand({ Name: 'default' }))).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('after a restart', () => {
  test('schedules and groups are there again; one that came due meanwhile fires, and one that fired does not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'scheduler-'));
    ends.push(() => rmSync(folder, { recursive: true }));
    const before = await start({ folder });
    await before.client.send(new CreateScheduleGroupCommand({ Name: 'more' }));
    await create(before.client, inSeconds(before.clock, -5), { Name: 'fired' });
    await vi.waitFor(() => expect(before.scheduler.schedules()).toEqual([]), 5000);
    await create(before.client, farAway, { Name: 'later', GroupName: 'more' });
    await create(before.client, farAway, { Name: 'deleted' });
    await before.client.send(new DeleteScheduleCommand({ Name: 'deleted', GroupName: 'leases' }));
    const due = before.clock.now().getTime() + 60_000;
    await create(before.client, expressionOf(due), { Name: 'due' });
    before.scheduler.close();
    appendFileSync(join(folder, 'schedules.jsonl'), '{"op":"put","sched');
    const after = await start({ folder, clock: { ...clockOf(), now: () => new Date(due + 1000) } });
    await vi.waitFor(() => expect(after.fired).toHaveLength(1), 5000);
    await vi.waitFor(() => expect(after.scheduler.schedules().map(({ name, group }) => [name, group])).toEqual([['later', 'more']]), 5000);
    expect(before.fired).toHaveLength(1);
  });
});

describe('behaviours of its calls', () => {
  test('it throttles, refuses, lies and drops in its own protocol', async () => {
    const on = (resource: string, more: Partial<Behaviour>) => ({ service: 'scheduler', operation: 'CreateSchedule', resource, effect: 'lie', ...more }) as Behaviour;
    const { client, config, scheduler, clock } = await start({
      rules: [on('throttled', { effect: 'throttle', times: 1 }), on('refused', { effect: 'refuse', status: 402, code: 'ServiceQuotaExceededException' }), on('lied', {}), on('dropped', { effect: 'drop', times: 1 }), on('later', { effect: 'later', seconds: 20 })],
    });
    await expect(create(client, farAway, { Name: 'throttled' })).rejects.toMatchObject({ name: 'ThrottlingException' });
    await expect(create(client, farAway, { Name: 'refused' })).rejects.toMatchObject({ name: 'ServiceQuotaExceededException' });
    expect((await create(client, farAway, { Name: 'lied' })).ScheduleArn).toContain('/leases/lied');
    await create(client, farAway, { Name: 'later' });
    expect(scheduler.schedules()).toEqual([]);
    const patient = new SchedulerClient({ ...config, maxAttempts: 3 });
    await create(patient, farAway, { Name: 'dropped' });
    await clock.sleep(30_000);
    expect(scheduler.schedules().map(({ name }) => name).sort()).toEqual(['dropped', 'later']);
  });

  test('behind the door of all AWS fakes a signed call gets in and a wrongly signed one does not', async () => {
    const clock = clockOf();
    const scheduler = createScheduler({ clock, account: ACCOUNT, region: REGION, groups: [], onFire: () => undefined });
    const key = { accessKeyId: `ASIA${'LOCALRELEASE'.padEnd(16, 'X')}`, secretAccessKey: 'local-only'.padEnd(40, 'x') };
    const aws = await createAws({ world: { account: ACCOUNT, region: REGION, callers: [{ ...key, roleName: 'release', sessionName: 'release' }] }, behaviours: new Behaviours(), clock, extraServices: { scheduler: scheduler.service } });
    ends.push(() => aws.close(), () => scheduler.close());
    const client = (credentials: typeof key) => new SchedulerClient({ endpoint: aws.url, region: REGION, credentials, maxAttempts: 1 });
    await create(client(key), farAway, { Name: 'a.b_c-d', GroupName: undefined });
    expect(scheduler.schedules().map(({ name }) => name)).toEqual(['a.b_c-d']);
    await expect(create(client({ ...key, secretAccessKey: 'wrong' }), farAway)).rejects.toMatchObject({ name: 'InvalidSignatureException' });
  });
});

test.each([
  ['at(2026-07-01T12:00:00)', 'UTC', '2026-07-01T12:00:00.000Z'],
  ['at(2026-07-01T12:00:00)', 'Europe/Berlin', '2026-07-01T10:00:00.000Z'],
  ['at(2026-01-01T12:00:00)', 'Europe/Berlin', '2026-01-01T11:00:00.000Z'],
  ['at(2026-07-01T00:00:00)', 'America/New_York', '2026-07-01T04:00:00.000Z'],
  // the clocks skip it, and show it twice
  ['at(2026-03-29T02:30:00)', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
  ['at(2026-10-25T02:30:00)', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
])('%s in %s is %s', (expression, zone, expected) => {
  expect(new Date(atTime(expression, zone) ?? 0).toISOString()).toBe(expected);
});
