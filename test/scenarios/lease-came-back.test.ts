import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessorOf, brokerRole, projectId, repositoryId, type LeaseAnswer } from '../lease-world.ts';
import { openPlay, quiet } from './lease-play.ts';

const token = (n: number): string => `vault:token/${accessorOf(n)}`;
const platforms = ['buildkite', 'cursor', 'gitlab', 'aws-codepipeline', 'aws-sagemaker'];

/** How a platform says that a run is over, and that it is at work. */
interface Platform {
  name: string;
  run(n: number): { platform: string; run: string };
  ended(n: number, at: Date): Promise<{ status: number }>;
  runs(n: number, at: Date): Promise<{ status: number }>;
}

describe('a run that comes back under its id', () => {
  let play: Awaited<ReturnType<typeof openPlay>>;
  beforeAll(async () => {
    play = await openPlay({
      runners: 45,
      values: { buildkite: { kind: 'token', prefix: 'bk', length: 24 }, cursor: { kind: 'token', prefix: 'cu', length: 40 } },
      aws: { secrets: [{ name: 'rescind/buildkite', value: '${buildkite}' }, { name: 'rescind/cursor', value: '${cursor}' }] },
      configuration: { sources: [{ source: 'buildkite', secrets: ['rescind/buildkite'] }, { source: 'cursor', secrets: ['rescind/cursor'] }] },
      leases: { issuers: [{ issuer: '${oidc.github.url}', platform: 'github-actions' }], subjects: [
        { name: 'broker', issuer: 'aws-iam', principal: brokerRole, platforms, owner: 'platform', may: [{ connector: 'vault', id: 'token/*', where: { 'meta.repository_id': repositoryId } }] },
        { name: 'app', issuer: '${oidc.github.url}', claims: { repository_id: repositoryId, repository_owner_id: '42' }, owner: 'orders', may: [{ connector: 'vault', id: 'token/*', where: { 'meta.repository_id': repositoryId } }] },
      ] },
    }, { speed: 2 });
  });
  afterAll(() => play.end());

  const json = { 'content-type': 'application/json' };
  const buildkite = (body: object, signed = false) => {
    const text = JSON.stringify(body);
    const time = String(Math.floor(play.town.clock.now().getTime() / 1000));
    const secret = play.town.value('buildkite');
    const proof: Record<string, string> = signed ? { 'x-buildkite-signature': `timestamp=${time},signature=${createHmac('sha256', secret).update(`${time}.${text}`).digest('hex')}` } : { 'x-buildkite-token': secret };
    return play.town.post('buildkite', text, { ...json, ...proof });
  };
  const cursor = (body: object) => {
    const text = JSON.stringify(body);
    return play.town.post('cursor', text, { ...json, 'x-webhook-signature': `sha256=${createHmac('sha256', play.town.value('cursor')).update(text).digest('hex')}` });
  };
  const gitlab = (body: object) => {
    const text = JSON.stringify({ ...body, project: { id: Number(projectId) } });
    const now = play.town.clock.now();
    return play.town.post('gitlab-jobs', text, { ...json, 'webhook-id': 'msg_1', 'webhook-timestamp': String(Math.floor(now.getTime() / 1000)), 'webhook-signature': new Webhook(play.town.value('gitlabJobs')).sign('msg_1', now, text) });
  };
  const codepipeline = (n: number, at: Date, state: string) =>
    play.town.event({ source: 'aws.codepipeline', 'detail-type': 'CodePipeline Pipeline Execution State Change', time: at.toISOString(), detail: { pipeline: 'shop', 'execution-id': `e-${n}`, state, 'start-time': '2026-03-02T10:00:00.801Z' } });
  const build = (n: number, event: string, state: string, at: Date | null) => ({ event, build: { id: `build-${n}`, state, started_at: '2026-03-02T08:04:58.000Z', finished_at: at }, pipeline: { slug: 'shop' } });

  const ways: Platform[] = [
    { name: 'Buildkite, with its token', run: (n) => ({ platform: 'buildkite', run: `build-${n}` }), ended: (n, at) => buildkite(build(n, 'build.finished', 'failed', at)), runs: (n) => buildkite(build(n, 'build.running', 'running', null)) },
    { name: 'Buildkite, signed', run: (n) => ({ platform: 'buildkite', run: `build-${n}` }), ended: (n, at) => buildkite(build(n, 'build.finished', 'failed', at), true), runs: (n) => buildkite(build(n, 'build.running', 'running', null), true) },
    { name: 'Cursor', run: (n) => ({ platform: 'cursor', run: `bc_${n}` }), ended: (n, timestamp) => cursor({ event: 'statusChange', timestamp, id: `bc_${n}`, status: 'FINISHED' }), runs: (n, timestamp) => cursor({ event: 'statusChange', timestamp, id: `bc_${n}`, status: 'RUNNING' }) },
    { name: 'CodePipeline', run: (n) => ({ platform: 'aws-codepipeline', run: `shop/e-${n}` }), ended: (n, at) => codepipeline(n, at, 'FAILED'), runs: (n, at) => codepipeline(n, at, 'RESUMED') },
  ];
  const [, , agents] = ways as [Platform, Platform, Platform];

  const now = (): Date => play.town.clock.now();
  const ask = (n: number, run: object): Promise<LeaseAnswer> =>
    play.town.lease('/iam/leases', { principal: brokerRole }, { credential: { connector: 'vault', id: `token/${accessorOf(n)}` }, reason: 'builds the shop', minutes: 30, run });
  const handled = async (told: Promise<{ status: number }>): Promise<void> => {
    expect((await told).status).toBe(202);
    await quiet(play.town);
  };
  const lent = async (n: number, run: object): Promise<string> => {
    const { status, body } = await ask(n, run);
    expect(status, JSON.stringify(body)).toBe(201);
    return body.id ?? '';
  };
  const stands = async (id: string, n: number) => [(await play.town.look(id)).status, await play.town.isAlive(token(n))];
  const refused = async (n: number, run: object): Promise<void> => {
    expect((await ask(n, run)).status).toBe(409);
    await play.town.until(async () => !(await play.town.isAlive(token(n))), 'what came too late is taken back');
  };

  it.each(ways.map((way, i) => [way.name, 2 * i + 1, way] as const))('is lent to as soon as %s says so, whatever is told once more of its end, and until its next one', async (_, n, way) => {
    const first = now();
    await handled(way.ended(n, first));
    await refused(n, way.run(n));
    play.clock.leap(20);
    await handled(way.runs(n, now()));
    await handled(way.runs(n, now()));
    const id = await lent(n + 1, way.run(n));
    await handled(way.ended(n, first));
    expect(await stands(id, n + 1)).toEqual(['active', true]);
    expect((await play.town.lease(`/iam/leases/${id}/renew`, { principal: brokerRole }, { minutes: 50 })).status).toBe(200);
    play.clock.leap(2);
    await handled(way.ended(n, now()));
    await play.town.becomes(id, 'released');
    // what it came back from was another end
    await refused(n + 20, way.run(n));
  });

  it('is known at GitLab by the end that it has behind it, for callers without a token of its own', async () => {
    const at = new Date(Math.floor(now().getTime() / 1000) * 1000);
    const pipeline = (status: string) => gitlab({ object_kind: 'pipeline', object_attributes: { id: 609, status, finished_at: at } });
    await handled(pipeline('failed'));
    await refused(9, { platform: 'gitlab', run: `${projectId}/609` });
    await handled(pipeline('running'));
    const id = await lent(10, { platform: 'gitlab', run: `${projectId}/609` });
    await handled(pipeline('failed'));
    expect(await stands(id, 10)).toEqual(['active', true]);
  });

  it('has not come back by a message from before its end, come late, nor by one that is not about it', async () => {
    const before = now();
    play.clock.leap(2);
    await handled(agents.ended(11, now()));
    await handled(agents.runs(11, before));
    play.clock.leap(2);
    await handled(agents.runs(12, now()));
    await refused(11, agents.run(11));
    // nor does a beginning that was heard keep an end from being one
    await handled(agents.ended(12, now()));
    await refused(12, agents.run(12));
  });

  it('has come back although that is told before the end that it follows, the first one or a later one', async () => {
    for (const n of [42, 44]) {
      const end = now();
      play.clock.leap(5);
      await handled(agents.runs(15, now()));
      play.clock.leap(5);
      await handled(agents.ended(15, end));
      const id = await lent(n, agents.run(15));
      await handled(agents.ended(15, end));
      expect(await stands(id, n)).toEqual(['active', true]);
      play.clock.leap(5);
      // the next end takes it back, and is the one that the next turn comes back from
      await handled(agents.ended(15, now()));
      await play.town.becomes(id, 'released');
      play.clock.leap(5);
    }
  });

  it('has not come back by a message without a time that its end has just overtaken', async () => {
    const [builds] = ways as [Platform];
    await handled(builds.ended(13, now()));
    await handled(builds.runs(13, now()));
    await refused(13, builds.run(13));
  });

  const sagemaker = (word: string, kind: string, arn: string, at: Date) =>
    play.town.event({ source: 'aws.sagemaker', 'detail-type': `SageMaker ${kind} Job State Change`, time: at.toISOString(), detail: { [`${word}JobArn`]: arn, [`${word}JobStatus`]: 'Failed', [`${word}EndTime`]: at.getTime() } });
  const arnOf = (kind: string, n: number): string => `arn:aws:sagemaker:us-east-1:111122223333:${kind}/j-${n}`;

  it.each([
    [14, 'Training', 'Training', 'training-job'],
    [16, 'Processing', 'Processing', 'processing-job'],
    [18, 'Transform', 'Transform', 'transform-job'],
    [28, 'HyperParameterTuning', 'HyperParameter Tuning', 'hyper-parameter-tuning-job'],
  ])('is none of SageMaker\'s jobs: what %i registers after the end of %s is taken back, however long ago that was', async (n, word, kind, segment) => {
    const long = new Date(now().getTime() - 3_600_000);
    const run = { platform: 'aws-sagemaker', run: arnOf(segment, n) };
    const id = await lent(n, run);
    await handled(sagemaker(word, kind, run.run, long));
    await play.town.becomes(id, 'released');
    await refused(n + 1, run);
  });

  it('is no job of a build: what is registered after its end is taken back, however long ago that was', async () => {
    const long = new Date(now().getTime() - 3_600_000);
    const run = { platform: 'buildkite', run: 'build-30', job: 'job-1' };
    const ended = () => buildkite({ event: 'job.finished', job: { id: 'job-1', state: 'failed', started_at: long, finished_at: long }, build: { id: 'build-30', state: 'running' }, pipeline: { slug: 'shop' } });
    const [id, other] = [await lent(30, run), await lent(31, { ...run, job: 'job-2' })];
    await handled(ended());
    await play.town.becomes(id, 'released');
    await refused(32, run);
    expect(await stands(other, 31)).toEqual(['active', true]);
  });

  it('is taken for one where nobody says so from a minute after its end', async () => {
    const execution = `${arnOf('pipeline', 33)}/execution/abc123`;
    const ended = (at: Date) => play.town.event({ source: 'aws.sagemaker', 'detail-type': 'SageMaker Model Building Pipeline Execution Status Change', time: at.toISOString(), detail: { pipelineExecutionArn: execution, currentPipelineExecutionStatus: 'Failed', executionEndTime: at.toISOString() } });
    await handled(ended(new Date(now().getTime() - 30_000)));
    await refused(33, { platform: 'aws-sagemaker', run: execution });
    play.clock.leap(40);
    const id = await lent(34, { platform: 'aws-sagemaker', run: execution });
    await handled(ended(now()));
    await play.town.becomes(id, 'released');
  });

  it('is another attempt at GitHub, and the one before is over though its end was told with the new one', async () => {
    const { town } = play;
    const [first, second] = [(await town.register(35, 700)).body.id ?? '', (await town.register(36, 700, { claims: { run_attempt: '2' } })).body.id ?? ''];
    const run = { id: 700, run_attempt: 2, name: 'build', status: 'queued', conclusion: null, run_started_at: now(), updated_at: now() };
    await handled(town.hook('workflow_run', { action: 'completed', workflow_run: run, repository: { id: Number(repositoryId) } }));
    expect((await town.becomes(first, 'released')).ending).toMatchObject({ kind: 'run-ended', state: 'superseded' });
    expect(await stands(second, 36)).toEqual(['active', true]);
  });

  it('and has more jobs than fit into 1 MiB ends all the same; a body over 4 MiB is refused', async () => {
    const jobs = Array.from({ length: 2_000 }, (_, id) => ({ id, stage: 'test', name: `job ${id}`, status: 'success', runner: { description: 'x'.repeat(700) } }));
    const pipeline = { object_kind: 'pipeline', object_attributes: { id: 637, status: 'success', finished_at: now() }, builds: jobs };
    expect(JSON.stringify(pipeline).length).toBeGreaterThan(1024 * 1024);
    const id = await lent(37, { platform: 'gitlab', run: `${projectId}/637` });
    await handled(gitlab(pipeline));
    await play.town.becomes(id, 'released');
    expect(await gitlab({ ...pipeline, more: 'x'.repeat(4 * 1024 * 1024) })).toMatchObject({ status: 413, body: { error: 'the body is larger than 4 MiB: send it in parts' } });
  });
});
