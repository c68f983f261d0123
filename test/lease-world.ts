import { createHmac } from 'node:crypto';
import type { Leases } from '../functions/core/configuration.ts';
import type { LeaseView } from '../functions/core/lease-view.ts';
import type { TokenOptions } from '../local/fakes/oidc.ts';
import type { World } from '../local/world/world.ts';
import { leaksIn } from './hygiene.ts';
import { openTown, type Town } from './town.ts';
import { account, worldOf, type Wanted } from './world-of.ts';

/** What a world with a vault holds: Rescind's own token, and tokens of runners with what they minted. */
export interface LeaseWanted extends Wanted {
  leases?: Partial<Leases>;
  /** Runners' tokens: `token/runner-1` with a child `token/runner-1-child`, and so on. */
  runners?: number;
}

export const repositoryId = '7001';
export const ownerId = '42';
export const projectId = '9001';
const wave = (n: number): string => `${n}`.padStart(2, '0');

/** The accessor of a runner's token; accessors are no secrets. */
export const accessorOf = (n: number, child = false): string => `runner${wave(n)}${child ? 'child' : ''}accessor0000000`.slice(0, 24);

export const brokerRole = `arn:aws:iam::${account}:role/broker`;

/** A small world with a vault, OIDC issuers and subjects that may lease their own tokens. */
export const leaseWorldOf = (wanted: LeaseWanted = {}): World => {
  const runners = wanted.runners ?? 3;
  const token = (prefix: string) => ({ kind: 'token' as const, prefix, length: 24 });
  const values = Object.fromEntries([
    ['vaultToken', token('s.')],
    ['githubActions', token('hook_')],
    ['gitlabJobs', { kind: 'webhook-secret' as const }],
    ...Array.from({ length: runners }, (_, n) => [[`runner${n + 1}`, token('s.')], [`child${n + 1}`, token('s.')]] as const).flat(),
  ]) as World['values'];
  const mine = { 'meta.repository_id': '{repository_id}' };
  const world = worldOf({
    ...wanted,
    values: { ...values, ...wanted.values },
    aws: {
      ...wanted.aws,
      secrets: [
        { name: 'rescind/vault', value: '${vaultToken}' },
        { name: 'rescind/github-actions', value: '${githubActions}' },
        { name: 'rescind/gitlab-jobs', value: '${gitlabJobs}' },
        ...(wanted.aws?.secrets ?? []),
      ],
    },
    configuration: {
      vault: { address: '${vault.url}', token: 'rescind/vault' },
      leases: {
        maximumMinutes: 60,
        audience: 'rescind',
        issuers: [
          { issuer: '${oidc.github.url}', platform: 'github-actions' },
          { issuer: '${oidc.gitlab.url}', platform: 'gitlab' },
          { issuer: '${oidc.spiffe.url}' },
        ],
        subjects: [
          { name: 'app', issuer: '${oidc.github.url}', claims: { repository_id: repositoryId, repository_owner_id: ownerId }, owner: 'orders', may: [{ connector: 'vault', id: 'token/*', where: mine }] },
          { name: 'pipelines', issuer: '${oidc.gitlab.url}', claims: { project_id: projectId, namespace_id: ownerId }, owner: 'orders', may: [{ connector: 'vault', id: 'token/*', where: { 'meta.repository_id': repositoryId } }] },
          { name: 'workload', issuer: '${oidc.spiffe.url}', claims: { sub: 'spiffe://small.example/worker' }, platforms: ['kubernetes'], owner: 'orders', may: [{ connector: 'vault', id: 'token/*', where: { 'meta.repository_id': repositoryId } }] },
          { name: 'broker', issuer: 'aws-iam', principal: brokerRole, platforms: ['aws-batch', 'aws-ecs', 'nightly'], owner: 'platform', may: [{ connector: 'vault', id: 'token/*', where: { 'meta.repository_id': repositoryId } }] },
        ],
        jobRoles: [],
        ...wanted.leases,
      },
      ...wanted.configuration,
    },
  });
  world.configuration.sources.push({ source: 'github-actions', secrets: ['rescind/github-actions'] }, { source: 'gitlab-jobs', secrets: ['rescind/gitlab-jobs'] });
  return {
    ...world,
    oidc: ['github', 'gitlab', 'spiffe'],
    vault: {
      tokens: [
        { id: 'rescind', value: '${vaultToken}', accessor: 'rescindaccessor000000000', policies: ['root'] },
        ...Array.from({ length: runners }, (_, n) => [
          { id: `runner-${n + 1}`, value: `\${runner${n + 1}}`, accessor: accessorOf(n + 1), policies: ['default'], orphan: true, meta: { repository_id: repositoryId }, displayName: 'runner' },
          { id: `child-${n + 1}`, value: `\${child${n + 1}}`, accessor: accessorOf(n + 1, true), policies: ['default'], parent: `runner-${n + 1}`, displayName: 'child' },
        ]).flat(),
        { id: 'stranger', value: '${stranger}', accessor: 'strangeraccessor00000000', policies: ['default'], orphan: true, meta: { repository_id: '666' } },
      ],
    },
  };
};

/** What a lease request was answered. */
export interface LeaseAnswer {
  status: number;
  body: { id?: string; lease?: string; error?: string; status?: string; expiresAt?: string; run?: object };
}

/** A town with a vault, and jobs in it. */
export interface LeaseTown extends Town {
  /** A GitHub Actions token of a run; claims on top of the usual ones (undefined takes one out). */
  githubToken(run: number, claims?: Record<string, unknown>, options?: object): Promise<string>;
  gitlabToken(pipeline: number, claims?: Record<string, unknown>, options?: object): Promise<string>;
  /** A token with these claims and no others than every issuer's; none that was issued may be found anywhere at the end. */
  token(claims: Record<string, unknown>, options: TokenOptions & { issuer: string }): Promise<string>;
  /** `POST` with a token (or as an AWS principal). */
  lease(path: string, who: { token: string } | { principal: string }, body?: unknown): Promise<LeaseAnswer>;
  /** Registers a runner's token for a GitHub run. */
  register(n: number, run: number, more?: { minutes?: number; claims?: Record<string, unknown>; body?: object }): Promise<LeaseAnswer>;
  /** What GitHub posts, signed. */
  hook(event: string, body: object): Promise<{ status: number }>;
  /** GitHub says that a run ended. */
  runEnded(run: number, more?: { attempt?: number; at?: string; repository?: number }): Promise<{ status: number }>;
  jobEnded(run: number, job: number, more?: { attempt?: number }): Promise<{ status: number }>;
  pipelineEnded(pipeline: number, finishedAt?: string): Promise<{ status: number }>;
  event(event: object): Promise<{ status: number }>;
  look(id: string): Promise<LeaseView>;
  rows(query?: string): Promise<{ id: string; status: string; pendingSeconds?: number; credential: string }[]>;
  /** Waits until a lease has one of these statuses. */
  becomes(id: string, ...statuses: string[]): Promise<LeaseView>;
  /** Whether a credential opens its door at this moment, by the world's word. */
  isAlive(credential: string): Promise<boolean>;
  due(kind?: 'due' | 'day'): Promise<void>;
}

/** Starts a world of leases. */
export const openLeaseTown = async (world: World = leaseWorldOf(), options: Parameters<typeof openTown>[1] = {}): Promise<LeaseTown> => jobsOf(await openTown(world, options));

/** A town with a vault, as its jobs see it. */
export const jobsOf = (town: Town): LeaseTown => {
  const { oidc } = town.providers;
  if (!oidc) throw new Error('the world has no OIDC issuer');
  const presented: string[] = [];
  const issue: LeaseTown['token'] = async (claims, more) => {
    const token = await oidc.token(claims, more);
    presented.push(token);
    return token;
  };
  const githubToken: LeaseTown['githubToken'] = (run, claims = {}, more = {}) =>
    issue(
      { sub: 'repo:acme/app:ref:refs/heads/main', repository: 'acme/app', repository_id: repositoryId, repository_owner: 'acme', repository_owner_id: ownerId, run_id: String(run), run_attempt: '1', workflow: 'build', job_workflow_ref: 'acme/app/.github/workflows/build.yml@refs/heads/main', actor: 'ada', ...claims },
      { issuer: 'github', ...more },
    );
  const lease: LeaseTown['lease'] = async (path, who, body) => {
    const headers: Record<string, string> = 'token' in who ? { authorization: `Bearer ${who.token}` } : { 'x-rescind-caller': who.principal };
    const response = await fetch(`${town.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body) });
    const text = await response.text();
    town.said.push([`answer to POST ${path}`, text]);
    return { status: response.status, body: JSON.parse(text) as LeaseAnswer['body'] };
  };
  const hook = async (event: string, body: object) => {
    const text = JSON.stringify(body);
    return town.post('github-actions', text, { 'content-type': 'application/json', 'x-github-event': event, 'x-github-delivery': `g-${Math.random()}`, 'x-hub-signature-256': `sha256=${createHmac('sha256', town.value('githubActions')).update(text).digest('hex')}` });
  };
  const repositoryOf = (id: number) => ({ id, full_name: 'acme/app', name: 'app', owner: { login: 'acme', id: Number(ownerId) } });
  const look = (id: string): Promise<LeaseView> => town.get(`/leases/${id}`);
  const queues = town.platform.sqs.queues;
  return {
    ...town,
    wrongs: async () => [...(await town.wrongs()), ...leaksIn(await town.texts(), presented)],
    token: issue,
    githubToken,
    gitlabToken: (pipeline, claims = {}, more = {}) =>
      issue({ sub: 'project_path:acme/app:ref_type:branch:ref:main', project_id: projectId, namespace_id: ownerId, project_path: 'acme/app', pipeline_id: String(pipeline), ...claims }, { issuer: 'gitlab', ...more }),
    lease,
    hook,
    register: async (n, run, { minutes = 30, claims = {}, body = {} } = {}) =>
      lease('/leases', { token: await githubToken(run, claims) }, { credential: { connector: 'vault', id: `token/${accessorOf(n)}` }, reason: 'builds the app', minutes, ...body }),
    runEnded: (run, { attempt = 1, at = town.clock.now().toISOString(), repository = Number(repositoryId) } = {}) =>
      hook('workflow_run', { action: 'completed', workflow_run: { id: run, run_attempt: attempt, name: 'build', status: 'completed', conclusion: 'success', updated_at: at, run_started_at: at }, workflow: { name: 'build' }, repository: repositoryOf(repository) }),
    jobEnded: (run, job, { attempt = 1 } = {}) =>
      hook('workflow_job', { action: 'completed', workflow_job: { id: job, run_id: run, run_attempt: attempt, name: 'test', workflow_name: 'build', status: 'completed', conclusion: 'success', completed_at: town.clock.now().toISOString(), runner_id: 5 }, repository: repositoryOf(Number(repositoryId)) }),
    pipelineEnded: async (pipeline, finishedAt = town.clock.now().toISOString()) => {
      const body = JSON.stringify({ object_kind: 'pipeline', object_attributes: { id: pipeline, status: 'success', finished_at: finishedAt }, project: { id: Number(projectId), path_with_namespace: 'acme/app' } });
      const { headers } = await signedBy(town, 'gitlab-jobs', body);
      return town.post('gitlab-jobs', body, { ...headers, 'x-gitlab-event': 'Pipeline Hook' });
    },
    event: async (event) => {
      const response = await fetch(`${town.url}/aws-events`, { method: 'POST', body: JSON.stringify(event) });
      return { status: response.status };
    },
    look,
    rows: async (query = '') => (await town.get<{ leases: never[] }>(`/leases?limit=200${query}`)).leases,
    becomes: (id, ...statuses) => town.until(async () => {
      const found = await look(id);
      return statuses.includes(found.status) ? found : undefined;
    }, `the lease ${id} becomes ${statuses.join(' or ')}`, 20),
    isAlive: async (credential) => (await town.truth()).find(({ id }) => id === credential)?.alive ?? false,
    due: async (kind = 'due') => void queues.send('rescind-ends', { body: JSON.stringify({ kind }) }),
  };
};

const signedBy = async (town: Town, source: string, body: string): Promise<{ headers: Record<string, string> }> => {
  const response = await fetch(`${town.url}/world/sign/${source}`, { method: 'POST', body });
  const text = await response.text();
  return { headers: Object.fromEntries(text.trim().split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()])) };
};

