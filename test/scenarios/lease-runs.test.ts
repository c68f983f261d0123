import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessorOf, brokerRole, projectId, repositoryId, type LeaseAnswer } from '../lease-world.ts';
import { openPlay, quiet } from './lease-play.ts';

const token = (n: number): string => `vault:token/${accessorOf(n)}`;

describe('the run that a lease is for', () => {
  let play: Awaited<ReturnType<typeof openPlay>>;
  beforeAll(async () => {
    play = await openPlay({ runners: 10 });
  });
  afterAll(() => play.end());

  const wish = (n: number, more: object) => ({ credential: { connector: 'vault', id: `token/${accessorOf(n)}` }, reason: 'reads the figures', minutes: 30, ...more });
  const broker = (n: number, run: object): Promise<LeaseAnswer> => play.town.lease('/iam/leases', { principal: brokerRole }, wish(n, { run }));
  const batchEnded = (job: string, attempts: number): Promise<{ status: number }> =>
    play.town.event({ source: 'aws.batch', 'detail-type': 'Batch Job State Change', time: play.town.clock.now().toISOString(), detail: { jobId: job, jobDefinition: 'nightly', status: 'SUCCEEDED', attempts: Array.from({ length: attempts }, () => ({})) } });
  const idOf = ({ status, body }: LeaseAnswer): string => {
    expect(status, JSON.stringify(body)).toBe(201);
    return body.id ?? '';
  };

  it('is over with its end whichever attempt of it a lease names, where the platform counts none', async () => {
    const { town } = play;
    const run = { platform: 'aws-batch', run: 'bj-1' };
    const answers = [await broker(1, { ...run, attempt: 2 }), await broker(2, run)];
    expect(answers.map(({ body }) => body.run)).toEqual([{ ...run, attempt: '1' }, { ...run, attempt: '1' }]);
    const ids = answers.map(idOf);
    expect(await broker(1, { ...run, attempt: 3 })).toMatchObject({ status: 200, body: { id: ids[0] } });
    expect((await batchEnded('bj-1', 2)).status).toBe(202);
    for (const id of ids) await town.becomes(id, 'released');
    expect([await town.isAlive(token(1)), await town.isAlive(token(2))]).toEqual([false, false]);
    // and what is asked for after it is taken back, as of whichever attempt
    expect((await broker(3, { ...run, attempt: 2 })).status).toBe(409);
    await town.until(async () => !(await town.isAlive(token(3))), 'what came too late is taken back');
  });

  it('is the token\'s pipeline, of which there are no attempts, and for others the attempt that they name', async () => {
    const { town } = play;
    const gitlab = await town.lease('/leases', { token: await town.gitlabToken(604) }, wish(4, { run: { platform: 'gitlab', run: `${projectId}/604`, attempt: 2 } }));
    await town.pipelineEnded(604);
    expect(await town.becomes(idOf(gitlab), 'released')).toMatchObject({ run: { attempt: '1' } });
    expect((await broker(5, { platform: 'nightly', run: 'r', attempt: 2 })).body.run).toEqual({ platform: 'nightly', run: 'r', attempt: '2' });
  });

  it('is this job of it, although the request names the run, unless the whole run is asked for', async () => {
    const { town } = play;
    const run = { platform: 'github-actions', run: `${repositoryId}/506`, attempt: 1 };
    const ofJob = idOf(await town.register(6, 506, { claims: { check_run_id: '71' }, body: { run } }));
    const ofRun = idOf(await town.register(7, 506, { claims: { check_run_id: '71' }, body: { run, until: 'run' } }));
    expect([(await town.look(ofJob)).run.job, (await town.look(ofRun)).run.job]).toEqual(['71', undefined]);
    await town.jobEnded(506, 71);
    await town.becomes(ofJob, 'released');
    await quiet(town);
    expect([(await town.look(ofRun)).status, await town.isAlive(token(6)), await town.isAlive(token(7))]).toEqual(['active', false, true]);
    await town.runEnded(506);
    await town.becomes(ofRun, 'released');
  });

  it('is this attempt of it, although the request names none', async () => {
    const { town } = play;
    const run = { platform: 'github-actions', run: '508' };
    const id = idOf(await town.register(8, 508, { claims: { run_attempt: '3' }, body: { run } }));
    expect((await town.look(id)).run).toEqual({ platform: 'github-actions', run: `${repositoryId}/508`, attempt: '3' });
    expect((await town.register(9, 508, { claims: { run_attempt: '3' }, body: { run: { ...run, attempt: 1 } } })).status).toBe(403);
    await town.runEnded(508, { attempt: 3 });
    await town.becomes(id, 'released');
  });
});
