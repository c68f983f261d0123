import { GetRolePolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LeaseView } from '../../functions/core/lease-view.ts';
import { account } from '../world-of.ts';
import { openPlay, quiet } from './lease-play.ts';

const roles = ['alone', 'pair', 'unseen', 'early', 'named', 'nobody', 'crashed', 'freed', 'queued'] as const;
type Role = (typeof roles)[number];
const arnOf = (role: Role): string => `arn:aws:iam::${account}:role/${role}`;

describe('a role that a job ran with', () => {
  let play: Awaited<ReturnType<typeof openPlay>>;
  beforeAll(async () => {
    const ruled = roles.filter((role) => role !== 'nobody');
    play = await openPlay({
      runners: 1,
      aws: { roles: roles.map((name) => ({ name, createDate: '2025-01-01T00:00:00Z' })) },
      leases: { jobRoles: ruled.map((role) => ({ platform: 'aws-batch', role: arnOf(role), owner: 'orders', ...(role === 'named' ? { name: 'nightly' } : {}) })) },
    });
  });
  afterAll(() => play.end());

  const session = async (role: Role, name: string): Promise<void> => {
    const { Credentials } = await play.town.clientOf(STSClient).send(new AssumeRoleCommand({ RoleArn: arnOf(role), RoleSessionName: name }));
    expect(Credentials).toBeDefined();
  };
  const lives = (role: Role, name: string): Promise<boolean> => play.town.isAlive(`aws-role-session:arn:aws:sts::${account}:assumed-role/${role}/${name}`);
  const policyOf = (role: Role): Promise<string | undefined> =>
    play.town.clientOf(IAMClient).send(new GetRolePolicyCommand({ RoleName: role, PolicyName: 'RescindEndedSessions' })).then(({ PolicyDocument }) => PolicyDocument, () => undefined);
  /** Every run has an id of its own. */
  const jobIdOf = (role: Role | undefined, job: string): string => `${role ?? 'named'}-${job}`;
  const batch = (role: Role | undefined, job: string, status: string, definition = 'export', more: object = {}): Promise<{ status: number }> => {
    const now = play.town.clock.now();
    return play.town.event({
      version: '0', id: `${job}-${status}`, source: 'aws.batch', 'detail-type': 'Batch Job State Change', account, time: now.toISOString(), region: 'us-east-1', resources: [],
      detail: { jobId: jobIdOf(role, job), status, jobDefinition: `arn:aws:batch:us-east-1:${account}:job-definition/${definition}:3`, ...(status === 'RUNNING' ? { startedAt: now.getTime() } : { stoppedAt: now.getTime() }), container: { ...(role ? { jobRoleArn: arnOf(role) } : {}) }, ...more },
    });
  };
  const rowOf = async (role: Role, job: string) => (await play.town.rows()).find((row) => row.credential === `aws-role-session:${arnOf(role)}` && JSON.stringify(row).includes(jobIdOf(role, job)));
  const began = async (role: Role, job: string): Promise<void> => {
    await batch(role, job, 'RUNNING');
    await play.town.until(async () => (await rowOf(role, job)) !== undefined, 'its beginning is noted');
    await quiet(play.town);
  };
  const leaseOf = async (role: Role, job: string, ...statuses: string[]): Promise<LeaseView> => {
    const row = await play.town.until(() => rowOf(role, job), 'the run is noted');
    return play.town.becomes(row.id, ...statuses);
  };

  /** What follows the end of a run is due by then. */
  const afterGrace = async (): Promise<void> => {
    await quiet(play.town);
    play.clock.leap(50);
  };

  it('alone: its sessions from before the end are denied, later ones live', async () => {
    const { town, clock } = play;
    await began('alone', 'j-1');
    await session('alone', 'before');
    clock.leap(60);
    await batch('alone', 'j-1', 'SUCCEEDED');
    clock.leap(3);
    await session('alone', 'after');
    const lease = await leaseOf('alone', 'j-1', 'released');
    expect(lease).toMatchObject({ jobRole: true, basis: 'record', owner: 'orders', by: { issuer: 'aws-events', subject: 'aws-batch' }, ending: { state: 'SUCCEEDED' } });
    expect([await lives('alone', 'before'), await lives('alone', 'after')]).toEqual([false, true]);
    // told again, it is the same end
    const policy = await policyOf('alone');
    await batch('alone', 'j-1', 'SUCCEEDED');
    await afterGrace();
    await quiet(play.town);
    expect([await policyOf('alone'), await lives('alone', 'after'), await town.views()]).toEqual([policy, true, []]);
  });

  it('shared: it is never cut while another run has it, which is listed, and is when the last one ends alone', async () => {
    const { town, clock } = play;
    await began('pair', 'j-1');
    await session('pair', 'first');
    await began('pair', 'j-2');
    await session('pair', 'second');
    clock.leap(60);
    await batch('pair', 'j-1', 'FAILED');
    await afterGrace();
    const finding = await leaseOf('pair', 'j-1', 'shared');
    expect(finding).toMatchObject({ with: [expect.stringContaining('aws-batch pair-j-2') as string], note: expect.stringContaining('not cut') as string });
    expect([await policyOf('pair'), await lives('pair', 'first'), await lives('pair', 'second')]).toEqual([undefined, true, true]);
    expect((await town.rows('&status=shared')).map(({ id }) => id)).toContain(finding.id);
    expect(town.counted.get('LeaseShared')).toBe(1);
    clock.leap(60);
    await batch('pair', 'j-2', 'SUCCEEDED');
    await afterGrace();
    await leaseOf('pair', 'j-2', 'released');
    expect([await lives('pair', 'first'), await lives('pair', 'second')]).toEqual([false, false]);
  });

  it('of a run whose start was not heard of: it is a finding and not cut, however often it is told', async () => {
    const { town } = play;
    await session('unseen', 'one');
    for (let k = 0; k < 2; k += 1) {
      await batch('unseen', 'j-1', 'SUCCEEDED');
      await afterGrace();
      await quiet(play.town);
    }
    expect(await leaseOf('unseen', 'j-1', 'shared')).toMatchObject({ with: [], note: expect.stringContaining('start was not heard of') as string });
    expect([await policyOf('unseen'), await lives('unseen', 'one'), town.counted.get('LeaseShared')]).toEqual([undefined, true, 2]);
  });

  it('of a run that never worked is no finding: it had no sessions, and its beginning cannot have been missed', async () => {
    const { town } = play;
    const before = town.counted.get('LeaseShared');
    const made = { createdAt: town.clock.now().getTime() - 60_000 };
    await began('queued', 'array');
    await session('queued', 'child');
    await batch('queued', 'array', 'SUCCEEDED', 'export', { ...made, startedAt: made.createdAt + 1 });
    await batch('queued', 'parent', 'SUCCEEDED', 'export', made);
    await batch('queued', 'cancelled', 'FAILED', 'export', made);
    // one whose first attempt began, or a part of a job, may have had them
    await batch('queued', 'retried', 'FAILED', 'export', { ...made, attempts: [{ startedAt: made.createdAt + 1, stoppedAt: made.createdAt + 2 }, {}] });
    await batch('queued', 'parts:3', 'FAILED', 'export', made);
    await afterGrace();
    await quiet(town);
    await leaseOf('queued', 'array', 'released');
    for (const job of ['retried', 'parts:3']) await leaseOf('queued', job, 'shared');
    expect([await rowOf('queued', 'parent'), await rowOf('queued', 'cancelled'), await lives('queued', 'child'), town.counted.get('LeaseShared')]).toEqual([undefined, undefined, false, (before ?? 0) + 2]);
  });

  it('nor cut where the service dies between noting that and saying so', async () => {
    const { between } = play;
    await session('crashed', 'one');
    // the line that notes it is written, its head and what follows are not
    between.after('release DynamoDB PutItem', () => Promise.reject(new Error('the function was lost')), 2);
    await batch('crashed', 'j-1', 'SUCCEEDED');
    await afterGrace();
    await leaseOf('crashed', 'j-1', 'shared');
    await quiet(play.town);
    expect([await policyOf('crashed'), await lives('crashed', 'one')]).toEqual([undefined, true]);
  });

  it('whose start is told after its end: it is a finding and not cut', async () => {
    const { clock } = play;
    await session('early', 'one');
    await batch('early', 'j-1', 'SUCCEEDED');
    await quiet(play.town);
    clock.leap(25);
    await batch('early', 'j-1', 'RUNNING');
    await afterGrace();
    await leaseOf('early', 'j-1', 'shared');
    expect([await policyOf('early'), await lives('early', 'one')]).toEqual([undefined, true]);
  });

  it('that was ended is free for the next run, although the service died right after it', async () => {
    const { town, clock } = play;
    await began('freed', 'j-1');
    town.behaviours.add({ service: 'dynamodb', operation: 'DeleteItem', resource: 'leases', effect: 'refuse', code: 'AccessDeniedException', times: 1 });
    clock.leap(60);
    await batch('freed', 'j-1', 'SUCCEEDED');
    await afterGrace();
    await leaseOf('freed', 'j-1', 'released');
    await began('freed', 'j-2');
    expect([(await leaseOf('freed', 'j-2', 'active')).status, town.platform.deadLetters()]).toEqual(['active', []]);
  });

  it('is touched by a rule for its role and name, and by nothing else', async () => {
    const { town, clock } = play;
    await session('nobody', 'one');
    await session('named', 'one');
    for (const [role, definition] of [['nobody', 'export'], ['named', 'other']] as const) {
      await batch(role, 'j-9', 'RUNNING', definition);
      await batch(role, 'j-9', 'SUCCEEDED', definition);
    }
    await afterGrace();
    await quiet(town);
    expect((await town.rows()).filter(({ credential }) => credential.endsWith(':role/nobody'))).toEqual([]);
    // another job with the role is one that shares it, until its end
    expect((await town.rows()).filter(({ credential, status }) => credential.endsWith(':role/named') && status !== 'handed-on')).toEqual([]);
    expect([await lives('nobody', 'one'), await lives('named', 'one'), await policyOf('named')]).toEqual([true, true, undefined]);
    // where the event names no role, the rule's name decides
    await batch(undefined, 'j-10', 'RUNNING', 'nightly');
    await town.until(async () => (await rowOf('named', 'j-10')) !== undefined, 'its beginning is noted');
    clock.leap(60);
    await batch(undefined, 'j-10', 'SUCCEEDED', 'nightly');
    await afterGrace();
    await leaseOf('named', 'j-10', 'released');
    expect(await lives('named', 'one')).toBe(false);
  });
});
