import { createHash } from 'node:crypto';
import type { Configuration } from '../functions/core/configuration.ts';
import type { VaultWorld } from '../local/fakes/vault/index.ts';
import { account, region } from '../local/roles.ts';
import { makeUp } from '../local/world/values.ts';
import type { World } from '../local/world/world.ts';

const repository = { id: '7001', owner: '42' };

/** Names of the secrets in which the house keeps its token for the vault and what GitHub signs with. */
const own = { vault: 'rescind/vault', github: 'rescind/github-actions' } as const;

/** The role that registers leases for jobs on AWS, and how a session of it is called. */
export const broker = { role: `arn:aws:iam::${account}:role/broker`, session: `arn:aws:sts::${account}:assumed-role/broker/nightly` };

/** Accessor of the token that the vault issued to the job of that number, the same in every process. */
export const accessorAt = (n: number): string => createHash('sha256').update(`token ${n}`).digest('base64url').replaceAll(/[-_]/g, 'x').slice(0, 24);

/** The id of that token as a lease names it. */
export const tokenAt = (n: number): string => `vault:token/${accessorAt(n)}`;

/** A made-up house whose jobs are lent tokens of a vault. */
export interface LeaseHouse {
  /** Everything but the vault, which is a process of its own. */
  world: World;
  vault: VaultWorld;
  /** What Rescind is configured with once it is known where the vault and GitHub's issuer are. */
  configurationAt(vaultUrl: string, issuerUrl: string): Configuration;
  /** Rescind's own token for the vault. */
  vaultToken: string;
  /** What GitHub signs its webhooks with. */
  signing: string;
}

/** The claims of a GitHub token of that run. */
export const claimsOfRun = (run: number): Record<string, unknown> => ({
  sub: 'repo:acme/app:ref:refs/heads/main', repository: 'acme/app', repository_id: repository.id, repository_owner: 'acme', repository_owner_id: repository.owner, run_id: String(run), run_attempt: '1', workflow: 'build', job_workflow_ref: 'acme/app/.github/workflows/build.yml@refs/heads/main', actor: 'ada',
});

/** What GitHub says when that run has ended. */
export const runEnded = (run: number, at: Date): object => ({
  action: 'completed',
  workflow_run: { id: run, run_attempt: 1, name: 'build', status: 'completed', conclusion: 'success', updated_at: at.toISOString(), run_started_at: at.toISOString() },
  workflow: { name: 'build' },
  repository: { id: Number(repository.id), full_name: 'acme/app', name: 'app', owner: { login: 'acme', id: Number(repository.owner) } },
});

/** The id of a Batch job. */
export const batchJob = (n: number): string => `7f3b1c90-5d2e-4a61-9f10-${n.toString(16).padStart(12, '0')}`;

/** What EventBridge says when that Batch job has ended, with as much of the job as Batch tells. */
export const batchEnded = (n: number, at: Date): object => {
  const [id, time] = [batchJob(n), at.getTime()];
  return {
    version: '0', id: `6d1f0a52-0000-4000-8000-${n.toString(16).padStart(12, '0')}`, 'detail-type': 'Batch Job State Change', source: 'aws.batch', account, time: at.toISOString(), region, resources: [`arn:aws:batch:${region}:${account}:job/${id}`],
    detail: {
      jobArn: `arn:aws:batch:${region}:${account}:job/${id}`, jobName: 'ledger-export', jobId: id, jobQueue: `arn:aws:batch:${region}:${account}:job-queue/nightly`, status: 'SUCCEEDED',
      attempts: [{ container: { taskArn: `arn:aws:ecs:${region}:${account}:task/nightly/0c7d`, exitCode: 0, networkInterfaces: [] }, startedAt: time - 60_000, stoppedAt: time, statusReason: 'Essential container in task exited' }],
      createdAt: time - 90_000, startedAt: time - 60_000, stoppedAt: time, retryStrategy: { attempts: 1, evaluateOnExit: [] }, dependsOn: [], jobDefinition: `arn:aws:batch:${region}:${account}:job-definition/ledger-export:14`, parameters: {}, platformCapabilities: ['FARGATE'],
      container: { image: `${account}.dkr.ecr.${region}.amazonaws.com/ledger-export:14`, command: ['export'], volumes: [], mountPoints: [], environment: [], resourceRequirements: [{ type: 'VCPU', value: '1' }, { type: 'MEMORY', value: '2048' }], exitCode: 0, jobRoleArn: `arn:aws:iam::${account}:role/ledger-export` },
    },
  };
};

/** Builds it, with a living token for each of these numbers. */
export const leaseHouseOf = (tokens: readonly number[]): LeaseHouse => {
  const [vaultToken, signing] = [makeUp({ kind: 'token', prefix: 's.', length: 24 }), makeUp({ kind: 'hex' })];
  const configurationAt = (vaultUrl: string, issuerUrl: string): Configuration => ({
    installation: 'bench', mode: 'enforce', owners: [{ name: 'orders', contact: 'orders@example.com' }], secrets: [], users: [], probes: [], canaries: [], own: [], exemptions: [],
    sources: [{ source: 'github-actions', secrets: [own.github] }],
    limits: { perSource: 100, perOwner: 100, overall: 100, reserve: 20 },
    fallbackOwner: 'orders',
    taskHours: 24,
    vault: { address: vaultUrl, token: own.vault },
    leases: {
      maximumMinutes: 60,
      audience: 'rescind',
      issuers: [{ issuer: issuerUrl, platform: 'github-actions' }],
      subjects: [
        { name: 'app', issuer: issuerUrl, claims: { repository_id: repository.id, repository_owner_id: repository.owner }, owner: 'orders', may: [{ connector: 'vault', id: 'token/*', where: { 'meta.repository_id': '{repository_id}' } }] },
        { name: 'broker', issuer: 'aws-iam', principal: broker.role, platforms: ['aws-batch'], owner: 'orders', may: [{ connector: 'vault', id: 'token/*', where: { 'meta.repository_id': repository.id } }] },
      ],
      jobRoles: [],
    },
  });
  return {
    configurationAt,
    vaultToken,
    signing,
    world: {
      name: 'bench',
      configuration: configurationAt('', ''),
      aws: { account, region, secrets: [{ name: own.vault, value: vaultToken }, { name: own.github, value: signing }], users: [] },
      oidc: ['github'],
    },
    vault: {
      tokens: [
        { id: 'rescind', value: vaultToken, accessor: 'rescindaccessor000000000', policies: ['root'] },
        ...tokens.map((n) => ({ id: `job-${n}`, value: makeUp({ kind: 'token', prefix: 's.', length: 24 }), accessor: accessorAt(n), policies: ['default'], orphan: true, meta: { repository_id: repository.id }, displayName: 'job' })),
      ],
    },
  };
};
