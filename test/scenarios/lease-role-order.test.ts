import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, expect, it } from 'vitest';
import { account } from '../world-of.ts';
import { openPlay, quiet } from './lease-play.ts';

const arn = `arn:aws:iam::${account}:role/shared`;
let play: Awaited<ReturnType<typeof openPlay>>;
afterEach(() => play.end());

const open = async (): Promise<void> => {
  play = await openPlay({
    runners: 1, aws: { roles: [{ name: 'shared', createDate: '2025-01-01T00:00:00Z' }] },
    leases: { jobRoles: [{ platform: 'aws-batch', role: arn, owner: 'orders' }] },
  });
};
const batch = (job: string, status: string, at = play.clock.now()): Promise<{ status: number }> =>
  play.town.event({
    version: '0', id: `${job}-${status}`, source: 'aws.batch', 'detail-type': 'Batch Job State Change', account, time: at.toISOString(), region: 'us-east-1', resources: [],
    detail: { jobId: job, status, jobDefinition: `arn:aws:batch:us-east-1:${account}:job-definition/export:3`, ...(status === 'RUNNING' ? { startedAt: at.getTime() } : { stoppedAt: at.getTime() }), container: { jobRoleArn: arn } },
  });
const began = async (...jobs: string[]): Promise<void> => {
  for (const job of jobs) await batch(job, 'RUNNING');
  await play.town.until(async () => {
    const rows = JSON.stringify(await play.town.rows());
    return jobs.every((job) => rows.includes(job));
  }, 'their beginnings are noted');
  await quiet(play.town);
};
const session = async (name: string): Promise<void> => void (await play.town.clientOf(STSClient).send(new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: name })));
const lives = (name: string): Promise<boolean> => play.town.isAlive(`aws-role-session:arn:aws:sts::${account}:assumed-role/shared/${name}`);
/** The states of the runs, by their names, once all that is due has been done. */
const states = async (): Promise<Record<string, string>> => {
  await quiet(play.town);
  // an end that came late is looked at late: beginnings may be as late
  play.clock.leap(900);
  await quiet(play.town);
  const all = await play.town.rows();
  const leases = await Promise.all(all.map(({ id }) => play.town.look(id)));
  return Object.fromEntries(leases.map(({ run, status }) => [run.run, status]));
};

it('a run that left the role to another whose end was told late is cut with it: nobody has the role any more', { timeout: 60_000 }, async () => {
  await open();
  const { clock, town } = play;
  await began('j-1', 'j-2');
  clock.leap(60);
  const endOfSecond = clock.now();
  clock.leap(600);
  await session('one');
  clock.leap(60);
  await batch('j-1', 'SUCCEEDED');
  expect(await states()).toMatchObject({ 'j-1': 'shared', 'j-2': 'active' });
  expect(await lives('one')).toBe(true);
  await batch('j-2', 'SUCCEEDED', endOfSecond);
  await town.until(async () => (await states())['j-2'] === 'released', 'the late end is handled');
  expect(await lives('one')).toBe(false);
  const released = (await Promise.all((await town.rows()).map(({ id }) => town.look(id)))).find(({ run }) => run.run === 'j-2');
  expect(released?.ending?.cutAt).toBeDefined();
});

it('a run that began meanwhile and goes on is not cut by the late end', { timeout: 60_000 }, async () => {
  await open();
  const { clock } = play;
  await began('j-1', 'j-2');
  clock.leap(60);
  const endOfSecond = clock.now();
  clock.leap(60);
  await batch('j-1', 'SUCCEEDED');
  await states();
  await began('j-3');
  await session('three');
  clock.leap(60);
  await batch('j-2', 'SUCCEEDED', endOfSecond);
  expect(await states()).toMatchObject({ 'j-1': 'shared', 'j-2': 'shared', 'j-3': 'active' });
  expect(await lives('three')).toBe(true);
  await batch('j-3', 'SUCCEEDED');
  await play.town.until(async () => (await states())['j-3'] === 'released', 'the last one is cut');
  expect(await lives('three')).toBe(false);
});
