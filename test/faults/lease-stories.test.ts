import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultWorld } from '../../local/cli/options.ts';
import { loadWorld } from '../../local/world/load.ts';
import type { World } from '../../local/world/world.ts';
import { end, only, patience, prepare, tell } from '../local/stories/tell.ts';

const [pipeline, over, nightly] = ['pipeline takes a Vault token', 'pipeline is over, says GitLab', 'nightly job takes a Vault token'];
const acme = (): World => loadWorld(defaultWorld);

beforeAll(prepare, patience);
afterAll(end, patience);

test("a pipeline's token dies with the pipeline, with what it made, and another pipeline's lives on", async () => {
  const told = await tell(only(acme(), pipeline, over));
  expect(told.mismatches).toEqual([]);
  const lease = told.leaseOf(pipeline);
  expect(lease).toMatchObject({ status: 'released', basis: 'record', run: { platform: 'gitlab', run: '380/2366', attempt: '1' }, ending: { kind: 'run-ended', state: 'success', source: 'gitlab-jobs' }, by: { as: 'pipelines of acme/shop', repository: 'acme/shop' } });
  const { tokens = [], leases = [] } = told.service.world.vault ?? {};
  const truth = Object.fromEntries(tokens.map(({ id, accessor }) => [id, told.isAlive(`vault:token/${accessor}`)]));
  expect(truth).toEqual({ rescind: true, runner: false, migration: false, 'runner of another pipeline': true, nightly: true });
  expect(told.isAlive(`vault:lease/${leases[0]?.id}`)).toBe(false);
}, patience);

test('a job whose end never comes loses its token by the timer of its lease', async () => {
  const told = await tell(only(acme(), nightly));
  expect(told.mismatches).toEqual([]);
  const lease = told.leaseOf(nightly);
  expect(lease).toMatchObject({ status: 'released', ending: { kind: 'expired' }, by: { issuer: 'aws-iam', as: 'nightly reports' } });
  const seconds = (Date.parse(lease.ending?.at ?? '') - Date.parse(lease.registeredAt)) / 1000;
  expect(seconds).toBeGreaterThan(8);
  expect(told.isAlive(lease.credential)).toBe(false);
}, patience);

test('a lease that outlasts its world is seen: it is not as was expected', async () => {
  const world = only(acme(), nightly);
  const told = await tell({ ...world, reports: world.reports?.map((report) => ({ ...report, body: { ...(report.body as object), minutes: 30 } })) });
  const { id, credential } = told.leaseOf(nightly);
  expect(told.mismatches).toEqual([`lease ${id} (${credential}) of the report "${nightly}" should be released, and is active`]);
}, patience);

test('a vault that lies about a revocation is seen through: the lease is not released, and its case is shown', async () => {
  const world = only(acme(), pipeline, over);
  const told = await tell({ ...world, behaviours: [{ service: 'vault', operation: 'POST /v1/auth/token/revoke-accessor', effect: 'lie' }] });
  const lease = told.leaseOf(pipeline);
  expect(lease.status).toBe('pending-revocation');
  expect(told.isAlive(lease.credential)).toBe(true);
  expect(told.cases.map(({ trigger }) => [trigger.kind, trigger.reports[0]?.delivery])).toEqual([['JobEnded', lease.id]]);
  expect(told.mismatches.join('\n')).toContain('should be released, and is pending-revocation');
}, patience);

test("a stranger's token of the same issuer registers nothing, and a world may expect that", async () => {
  const world = only(acme(), pipeline);
  const stranger = world.reports?.map((report) => ({ ...report, as: { issuer: 'gitlab', claims: { sub: 'project_path:evil/shop', namespace_id: '666', project_id: '667', pipeline_id: '2366' } } }));
  const told = await tell({ ...world, reports: stranger, expect: [{ report: pipeline, lease: 'refused' }] });
  expect(told.sent[0]).toMatchObject({ status: 403, lease: undefined });
  expect(told.leases).toEqual([]);
  expect(told.mismatches).toEqual([]);
  expect((await tell({ ...world, reports: stranger })).mismatches.join('\n')).toContain(`the report "${pipeline}" was not accepted: 403`);
}, patience);

test('what is lent to a run that is over is taken back at once, and is the lease of that report all the same', async () => {
  const world = only(acme(), nightly);
  const failed = { source: 'aws.batch', 'detail-type': 'Batch Job State Change', time: '${now}', detail: { jobId: '5f1c2a90-e7b8-4d3f-9a61-0c7d2e8b4f15', status: 'FAILED', jobDefinition: 'nightly-reports' } };
  const reports = [{ name: 'job fails', after: 0, source: 'aws-events', body: failed }, ...(world.reports ?? []).map((report) => ({ ...report, when: 'job fails', after: 1 }))];
  const told = await tell({ ...world, reports });
  expect(told.sent.find(({ name }) => name === nightly)).toMatchObject({ status: 409, lease: told.leaseOf(nightly).id });
  expect(told.leaseOf(nightly)).toMatchObject({ status: 'released', ending: { kind: 'run-was-over' } });
  expect(told.mismatches).toEqual([]);
}, patience);

test('a role that ends with its run is expected by the event that tells of the run', async () => {
  const world = acme();
  const role = 'arn:aws:iam::111122223333:role/nightly-reports';
  const event = (status: string) => ({ source: 'aws.batch', 'detail-type': 'Batch Job State Change', time: '${now}', detail: { jobId: 'job-1', status, jobDefinition: 'nightly-reports', container: { jobRoleArn: role } } });
  const told = await tell({
    ...world,
    configuration: { ...world.configuration, leases: { ...(world.configuration.leases ?? { maximumMinutes: 60, audience: '', issuers: [], subjects: [] }), jobRoles: [{ platform: 'aws-batch', role, owner: 'payments' }] } },
    aws: { ...world.aws, roles: [{ name: 'nightly-reports' }] },
    reports: [{ name: 'job runs', after: 0, source: 'aws-events', body: event('RUNNING') }, { name: 'job ends', after: 2, source: 'aws-events', body: event('SUCCEEDED') }],
    expect: [{ report: 'job runs', lease: 'released' }],
  });
  expect(told.leases).toMatchObject([{ jobRole: true, status: 'released', credential: `aws-role-session:${role}` }]);
  expect(told.mismatches).toEqual([]);
}, patience);
