import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import type { LeaseView } from '../../functions/core/lease-view.ts';
import { account } from '../world-of.ts';
import { inLeaseTown, quiet, type Play } from '../scenarios/lease-play.ts';

const arn = `arn:aws:iam::${account}:role/alone`;
const wanted = { runners: 1, aws: { roles: [{ name: 'alone', createDate: '2025-01-01T00:00:00Z' }] }, leases: { jobRoles: [{ platform: 'aws-batch', role: arn, owner: 'orders' }] } };
/** As it is deployed: what failed is hidden for a minute. */
const deployed = { speed: 10, retrySeconds: () => 60 };

const eventOf = (job: string, status: string, at: Date): object => ({
  version: '0', id: `${job}-${status}`, source: 'aws.batch', 'detail-type': 'Batch Job State Change', account, time: at.toISOString(), region: 'us-east-1', resources: [],
  detail: { jobId: job, status, jobDefinition: `arn:aws:batch:us-east-1:${account}:job-definition/export:3`, ...(status === 'RUNNING' ? { startedAt: at.getTime() } : { stoppedAt: at.getTime() }), container: { jobRoleArn: arn } },
});

const rolesOf = ({ town, clock }: Play) => ({
  tell: (job: string, status: string, at = clock.now()) => town.event(eventOf(job, status, at)),
  session: (name: string) => town.clientOf(STSClient).send(new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: name })),
  lives: (name: string) => town.isAlive(`aws-role-session:arn:aws:sts::${account}:assumed-role/alone/${name}`),
  endOf: async (job: string, ...statuses: string[]): Promise<LeaseView> => {
    const row = await town.until(async () => (await town.rows()).find((one) => JSON.stringify(one).includes(job)), `${job} is noted`);
    return town.becomes(row.id, ...statuses);
  },
});

/** One run that has the role, and is known to. */
const began = async (play: Play, job: string): Promise<void> => {
  const before = (await play.town.rows()).length;
  await rolesOf(play).tell(job, 'RUNNING');
  await play.town.until(async () => (await play.town.rows()).length > before, `${job} is noted`);
  await quiet(play.town);
};

describe('a run whose beginning is heard of late', () => {
  it.each(['throws', 'hangs'])('since its message %s once: the role is not cut while it runs', { timeout: 60_000 }, async (how) => {
    await inLeaseTown(wanted, async (play) => {
      const { town, clock, between } = play;
      const { tell, session, lives, endOf } = rolesOf(play);
      await began(play, 'j-1');
      clock.leap(600);
      let died = false;
      between.after('release DynamoDB Query', () => {
        died = true;
        // a process that dies says nothing: its message is seen again when it is not hidden any more
        return how === 'hangs' ? clock.sleep(120_000) : Promise.reject(Object.assign(new Error('the function died here'), { name: 'Died' }));
      });
      await tell('j-2', 'RUNNING');
      await session('two');
      await town.until(() => died, 'it fails once');
      await clock.sleep(5_000);
      await tell('j-1', 'SUCCEEDED');
      expect(await endOf('j-1', 'released', 'shared')).toMatchObject({ status: 'shared', with: [expect.stringContaining('j-2') as string] });
      expect(await lives('two')).toBe(true);
    }, deployed);
  });

  it('since the queue is behind: the end waited as long, and waits on for it', { timeout: 60_000 }, async () => {
    await inLeaseTown(wanted, async (play) => {
      const { town, clock } = play;
      const { tell, session, lives, endOf } = rolesOf(play);
      await began(play, 'j-1');
      clock.leap(600);
      await session('two');
      const [startOf2, endOf1] = [clock.now(), new Date(clock.now().getTime() + 5_000)];
      // both were told; the end is handled two minutes later, the beginning a minute after that
      clock.leap(125);
      await tell('j-1', 'SUCCEEDED', endOf1);
      await quiet(town);
      clock.leap(60);
      await quiet(town);
      await tell('j-2', 'RUNNING', startOf2);
      await quiet(town);
      clock.leap(120);
      expect((await endOf('j-1', 'released', 'shared')).status).toBe('shared');
      expect(await lives('two')).toBe(true);
    }, { ...deployed, speed: 50 });
  });
});

describe('a run that was alone with its role', () => {
  it('has its sessions denied within a minute of its end', { timeout: 60_000 }, async () => {
    await inLeaseTown(wanted, async (play) => {
      const { town, clock } = play;
      const { tell, session, lives } = rolesOf(play);
      await began(play, 'j-1');
      await session('one');
      clock.leap(60);
      const at = clock.now().getTime();
      await tell('j-1', 'SUCCEEDED');
      await town.until(async () => !(await lives('one')), 'its session is denied', 20);
      expect((clock.now().getTime() - at) / 1000).toBeLessThan(60);
    }, { speed: 10 });
  });
});
