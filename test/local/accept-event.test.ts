import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsSourceOf, sources } from '../../events/index.ts';
import { eventOf } from '../events/runs-of.ts';
import { sampleNames } from '../events/samples.ts';
import { leaksIn } from '../hygiene.ts';
import { accessorOf, brokerRole, openLeaseTown, type LeaseTown } from '../lease-world.ts';

/** Made up for each run, so that it can be found nowhere by accident. */
const secret = `pw-${randomBytes(18).toString('hex')}`;
const pair = { name: 'DB_PASSWORD', value: secret };

/** Where job platforms put what a job was started with, what it made and why it ended: in clear. */
const planted: Record<string, object> = {
  'aws-batch': { container: { jobRoleArn: 'arn:aws:iam::111122223333:role/export', environment: [pair], command: ['run', secret] }, parameters: { password: secret }, statusReason: secret, tags: { note: secret }, ecsProperties: { taskProperties: [{ containers: [{ environment: [pair] }] }] } },
  'aws-ecs': { overrides: { containerOverrides: [{ name: 'main', environment: [pair], command: [secret] }] }, containers: [{ name: 'main', reason: secret }], stoppedReason: secret, startedBy: secret, group: secret },
  'aws-codebuild': { 'additional-information': { environment: { 'environment-variables': [{ ...pair, type: 'PLAINTEXT' }] }, source: { buildspec: secret, location: `https://x:${secret}@git.example/r.git` }, phases: [{ 'phase-type': 'COMPLETED', 'start-time': 'Mar 2, 2026 1:14:26 PM', 'phase-context': [secret] }] } },
  'aws-states': { input: JSON.stringify({ password: secret }), output: JSON.stringify({ token: secret }), cause: secret, error: secret },
  'aws-glue': { message: secret },
  'aws-sagemaker': { Environment: { PASSWORD: secret }, HyperParameters: { password: secret }, AppSpecification: { ContainerArguments: [secret] }, FailureReason: secret, Tags: { note: secret } },
  'aws-emr': { message: secret, name: secret },
  'aws-emr-serverless': { jobRunName: secret, message: secret },
  'aws-codepipeline': { 'stop-execution-comments': secret, 'execution-trigger': { 'trigger-detail': secret }, 'execution-result': { 'external-execution-summary': secret } },
};

describe('events of job platforms', () => {
  let town: LeaseTown;
  beforeAll(async () => {
    town = await openLeaseTown();
  });
  afterAll(() => town.close());

  it('leave nothing of what a job was started with, what it made or why it ended, in any queue or anywhere else', async () => {
    const tellers = sources.filter((source) => source.transport === 'aws-event' && source.tells === 'run');
    expect(Object.keys(planted).sort()).toEqual(tellers.map(({ name }) => name).sort());
    let sent = 0;
    for (const source of tellers) for (const file of sampleNames(source.name)) {
      const event = eventOf(source, file, planted[source.name]);
      expect(JSON.stringify(event)).toContain(secret);
      expect(await town.event(event)).toEqual({ status: 202 });
      sent += 1;
    }
    const queued = town.said.filter(([place]) => place === 'queue rescind-ends' || place === 'queue rescind-deliveries');
    expect(queued.length).toBeGreaterThanOrEqual(sent);
    expect(leaksIn(await town.texts(), [secret])).toEqual([]);
  });

  it('that no source takes are recorded without what they say', async () => {
    const event = { source: 'aws.codebuild', 'detail-type': 'CodeBuild Build Phase Change', time: '2026-03-02T08:15:00Z', detail: { 'additional-information': planted['aws-codebuild'] } };
    expect(awsSourceOf(event)).toBeUndefined();
    const answers = await Promise.all([event, { ...event, detail: { other: secret } }].map(async (body) => (await fetch(`${town.url}/aws-events`, { method: 'POST', body: JSON.stringify(body) })).json() as Promise<{ delivery: string }>));
    expect(new Set(answers.map(({ delivery }) => delivery)).size).toBe(2);
    for (const { delivery } of answers) await town.until(async () => (await town.kept()).some((kept) => kept.startsWith('table ledger') && kept.includes(delivery)) || undefined, 'the event is recorded under the id that was answered');
    expect(leaksIn(await town.texts(), [secret])).toEqual([]);
  });

  it('end what was lent to their run all the same', async () => {
    const lent = await town.lease('/iam/leases', { principal: brokerRole }, { run: { platform: 'aws-batch', run: 'job-1' }, credential: { connector: 'vault', id: `token/${accessorOf(1)}` }, reason: 'the nightly job', minutes: 30 });
    expect(lent.status).toBe(201);
    await town.event({ ...eventOf(sources.find(({ name }) => name === 'aws-batch')!, 'failed.json', { ...planted['aws-batch'], jobId: 'job-1', startedAt: town.clock.now().getTime(), stoppedAt: town.clock.now().getTime() }), time: town.clock.now().toISOString() });
    expect((await town.becomes(lent.body.id ?? '', 'released')).status).toBe('released');
    expect(leaksIn(await town.texts(), [secret])).toEqual([]);
    expect(town.platform.deadLetters()).toEqual([]);
  });
});
