import { describe, expect, test } from 'vitest';
import { sources } from '../../../events/index.ts';
import type { WebhookSource } from '../../../events/trigger.ts';
import { defaultWorld } from '../../../local/cli/options.ts';
import { loadWorld } from '../../../local/world/load.ts';
import { runsOf } from '../../../local/stories/runs.ts';
import { sendingOf } from '../../../local/world/sender.ts';
import { signForSender } from '../../../local/world/sign.ts';
import { fill, makeUpAll } from '../../../local/world/values.ts';
import type { World, WorldReport } from '../../../local/world/world.ts';

const now = new Date('2026-03-02T08:30:00Z');
const file = loadWorld(defaultWorld);
const values = makeUpAll(file);
const urls = ['github.url', 'vendor.acmepay.url', 'aws.url', 'vault.url', 'oidc.gitlab.url'].map((name, n) => [name, `http://127.0.0.1:${n + 1}`]);
const world: World = fill({ ...file }, { ...values, ...Object.fromEntries(urls), now: '${now}' });

const sourceOf = (name: string): WebhookSource => sources.find((one): one is WebhookSource => one.transport === 'webhook' && one.name === name) as WebhookSource;
const secretsOf = (name: string): string[] => {
  const secret = world.configuration.sources.find(({ source }) => source === name)?.secrets[0];
  return [world.aws.secrets?.find((one) => one.name === secret)?.value ?? ''];
};
const webhooks = (world.reports ?? []).filter(({ source }) => source !== 'aws-events' && source !== 'leases');

test.each(webhooks.map((report) => [report.name, report] as const))('the report "%s" is believed and understood by its source', async (_, report) => {
  const { headers, body, path } = await sendingOf(world, report, now);
  const request = { method: 'POST', headers, query: {}, body: Buffer.from(body) };
  expect(path).toBe(`/triggers/${report.source}`);
  expect(sourceOf(report.source).authenticate(request, secretsOf(report.source), now)).toEqual({ ok: true });
  expect(sourceOf(report.source).parse(request).kind).toBe('triggers');
  const forged = { ...request, body: Buffer.from(`${body} `) };
  expect(sourceOf(report.source).authenticate(forged, secretsOf(report.source), now).ok).toBe(false);
});

test('sent again later, a report is the same message under a fresh time', async () => {
  const report = webhooks.find(({ source }) => source === 'trufflehog');
  const [first, second] = await Promise.all([now, new Date(now.getTime() + 60_000)].map((at) => sendingOf(world, report ?? webhooks[0]!, at)));
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  expect(second?.headers['webhook-timestamp']).not.toBe(first?.headers['webhook-timestamp']);
});

test('a person may have a body signed without seeing the secret, and only for a source that is connected', () => {
  const ask = (path: string, method = 'POST') => signForSender({ method, path, headers: {}, query: {}, body: Buffer.from('{}') }, world, now);
  const answer = ask('/world/sign/github-secret-scanning');
  expect(answer.status).toBe(200);
  expect(answer.body).toMatch(/^x-hub-signature-256: sha256=[0-9a-f]{64}$/m);
  for (const value of Object.values(values)) expect(String(answer.body)).not.toContain(value);
  expect(ask('/world/sign/gitlab').status).toBe(404);
  expect(ask('/world/sign/trufflehog', 'GET').status).toBe(405);
});

/** A world in which a source is connected with one secret. */
const connected = (source: string, secret: string): World => ({ ...world, configuration: { ...world.configuration, sources: [{ source, secrets: ['hook'] }] }, aws: { ...world.aws, secrets: [{ name: 'hook', value: secret }] } });
const [plain, signing] = [values.githubHook ?? '', values.gitlabHook ?? ''];

const ends: [source: string, secret: string, body: object, headers?: Record<string, string>][] = [
  ['github-actions', plain, { action: 'completed', workflow_job: { id: 3, run_id: 2, run_attempt: 1, status: 'completed', conclusion: 'success' }, repository: { id: 1 } }],
  ['github-actions', plain, { action: 'completed', workflow_run: { id: 2, run_attempt: 2, status: 'completed', conclusion: 'failure' }, repository: { id: 1 } }],
  ['gitlab-jobs', signing, { object_kind: 'build', build_id: 3, build_status: 'failed', pipeline_id: 2, project_id: 1 }],
  ['gitlab-jobs', plain, { object_kind: 'pipeline', object_attributes: { id: 2, status: 'success' }, project: { id: 1 } }],
  ['buildkite', plain, { event: 'build.finished', build: { id: 'b-1', state: 'passed' }, pipeline: { slug: 'shop' } }],
  ['tekton', plain, { specversion: '1.0', id: 'e-1', source: 'x', type: 'dev.tekton.event.taskrun.failed.v1', data: { taskRun: { metadata: { uid: 'u-1' } } } }],
  ['tekton', plain, [{ specversion: '1.0', id: 'e-1', source: 'x', type: 'dev.tekton.event.pipelinerun.successful.v1', data: { pipelineRun: { metadata: { uid: 'u-1' } } } }]],
  ['tekton', plain, { taskRun: { metadata: { uid: 'u-1' } } }, { 'ce-specversion': '1.0', 'ce-id': 'e-1', 'ce-source': 'x', 'ce-type': 'dev.tekton.event.taskrun.failed.v1' }],
  ['standard-webhooks', signing, { type: 'job.ended', timestamp: '2026-03-02T08:29:00Z', data: { platform: 'nightly', run: 'r-1' } }],
  ['openai', signing, { object: 'event', id: 'evt_1', type: 'response.completed', created_at: 1772440000, data: { id: 'resp_1' } }],
  ['cursor', plain, { event: 'statusChange', id: 'bc_1', status: 'FINISHED', timestamp: '2026-03-02T08:29:00Z' }],
  ['a2a', plain, { statusUpdate: { taskId: 't-1', status: { state: 'TASK_STATE_COMPLETED' } } }],
];

test.each(ends.map((end, n) => [`${end[0]} (${n + 1})`, ...end] as const))('an end of %s is believed and understood', async (_, source, secret, body, headers) => {
  const sending = await sendingOf(connected(source, secret), { name: 'end', after: 0, source, body, headers }, now);
  const request = { method: 'POST', headers: sending.headers, query: {}, body: Buffer.from(sending.body) };
  expect(sourceOf(source).authenticate(request, [secret], now)).toEqual({ ok: true });
  expect(sourceOf(source).authenticate(request, [`${secret.slice(0, -4)}AAA=`], now).ok).toBe(false);
  expect(sourceOf(source).parse(request)).toMatchObject({ kind: 'triggers', triggers: [{ trigger: 'JobEnded' }] });
  expect(runsOf(source, sending).ended).toHaveLength(1);
});

test('every webhook source is one that a world can have a sender of', () => {
  const told = new Set([...ends.map(([source]) => source), ...webhooks.map(({ source }) => source)]);
  expect(sources.filter(({ transport, name }) => transport === 'webhook' && !told.has(name)).map(({ name }) => name)).toEqual([]);
});

test('runs are read from events as well: those that began and those that ended', () => {
  const sending = (status: string) => ({ path: '/aws-events', headers: {}, body: JSON.stringify({ source: 'aws.batch', 'detail-type': 'Batch Job State Change', time: '2026-03-02T08:29:00Z', detail: { jobId: 'j-1', status, jobDefinition: 'nightly' } }) });
  expect(runsOf('aws-events', sending('RUNNING'))).toMatchObject({ began: [{ platform: 'aws-batch', run: 'j-1' }], ended: [] });
  expect(runsOf('aws-events', sending('FAILED'))).toMatchObject({ began: [], ended: [{ platform: 'aws-batch', run: 'j-1' }] });
  expect(runsOf('aws-events', { path: '/aws-events', headers: {}, body: 'no JSON' })).toEqual({ began: [], ended: [] });
});

describe('a report that registers a lease', () => {
  const report = (name: string): WorldReport => (world.reports ?? []).find((one) => one.name === name) as WorldReport;
  const issued: { claims: Record<string, unknown>; options: object }[] = [];
  const issue = async (claims: Record<string, unknown>, options: object): Promise<string> => `t${issued.push({ claims, options })}`;

  test('shows a token of its issuer, for the audience of the installation, a new one each time', async () => {
    const [first, second] = [await sendingOf(world, report('pipeline takes a Vault token'), now, issue), await sendingOf(world, report('pipeline takes a Vault token'), now, issue)];
    expect([first.path, first.headers.authorization, second.headers.authorization]).toEqual(['/leases', 'Bearer t1', 'Bearer t2']);
    expect(issued[0]).toMatchObject({ claims: { project_id: '380', pipeline_id: '2366' }, options: { issuer: 'gitlab', audience: 'https://rescind.acme.example' } });
    expect(JSON.parse(first.body)).toMatchObject({ credential: { connector: 'vault', id: `token/${values.runnerAccessor}` } });
  });

  test('comes as an AWS principal on the path that is for those', async () => {
    const { path, headers } = await sendingOf(world, report('nightly job takes a Vault token'), now, issue);
    expect([path, headers['x-rescind-caller'], headers.authorization]).toEqual(['/iam/leases', expect.stringContaining('assumed-role/nightly-reports/') as string, undefined]);
  });

  test('is refused without anybody who could make its token', async () => {
    await expect(sendingOf(world, report('pipeline takes a Vault token'), now)).rejects.toThrow('no OIDC issuer');
  });
});

test('the time at which a report is sent stands where its body asks for it', async () => {
  const over = (world.reports ?? []).find(({ name }) => name === 'pipeline is over, says GitLab') as WorldReport;
  const { body, headers } = await sendingOf(world, over, now);
  expect((JSON.parse(body) as { object_attributes: { finished_at: string } }).object_attributes.finished_at).toBe('2026-03-02T08:30:00.000Z');
  expect((await sendingOf(world, over, new Date(now.getTime() + 1000))).headers['webhook-id'], 'it is the same message').toBe(headers['webhook-id']);
});
