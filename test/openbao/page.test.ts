import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Leases } from '../../functions/core/configuration.ts';
import { clockOf } from '../../local/clock.ts';
import { bash, configurationsIn, fileIn, textOf } from '../docs/pages.ts';
import { leaksIn } from '../hygiene.ts';
import { leaseWorldOf, openLeaseTown, ownerId, projectId, type LeaseTown } from '../lease-world.ts';
import { startBroker, type Broker } from './broker.ts';
import { furnish } from './house.ts';
import { installOpenBao } from './install.ts';
import { openOutside, type Outside } from './outside.ts';
import { startOpenBao, type OpenBao } from './server.ts';

/** What docs/leases.md tells a job, a vault and a configuration to do is done to the letter; addresses apart, which are nobody's here. */
const page = textOf('docs/leases.md');
const github = 'https://token.actions.githubusercontent.com';
const folder = mkdtempSync(join(tmpdir(), 'rescind-page-'));

let [bao, broker, town, outside] = [] as unknown as [OpenBao, Broker, LeaseTown, Outside];

/** What the page says of GitLab's jobs in its prose: how the vault maps their claims, and what is asked of a token. */
const ofGitlab = (): { role: Record<string, unknown>; where: Record<string, string> } => {
  const [, role = '', where = ''] = /your GitLab's address and `("user_claim": .*?})`, and `where` is `({.*?})`/.exec(page) ?? [];
  return { role: JSON.parse(`{${role}}`) as Record<string, unknown>, where: JSON.parse(where) as Record<string, string> };
};

/** The configuration of the page's first two recipes, with this machine's issuers. */
const leasesOfPage = (): Pick<Leases, 'issuers' | 'subjects'> => {
  const [ofGithub, ofBatch] = configurationsIn(page).map(({ leases }) => leases as Leases);
  const text = JSON.stringify({
    issuers: [...(ofGithub?.issuers ?? []), { issuer: '${oidc.gitlab.url}', platform: 'gitlab' }],
    subjects: [
      ...(ofGithub?.subjects ?? []),
      ...(ofBatch?.subjects ?? []),
      { name: 'pipelines', issuer: '${oidc.gitlab.url}', claims: { project_id: projectId, namespace_id: ownerId }, owner: 'platform', may: [{ connector: 'vault', id: 'token/*', where: ofGitlab().where }] },
    ],
  });
  return JSON.parse(text.replaceAll(github, '${oidc.github.url}')) as Pick<Leases, 'issuers' | 'subjects'>;
};

beforeAll(async () => {
  [bao, broker] = await Promise.all([startOpenBao(), startBroker()]);
  const own = await furnish(bao, broker);
  const world = leaseWorldOf({ runners: 1, leases: leasesOfPage(), aws: { secrets: [{ name: 'rescind/openbao', value: own.value }] } });
  world.configuration.vault = { address: bao.url, token: 'rescind/openbao' };
  world.oidc?.push('aws');
  // the vault looks at the time in tokens as well: everybody's clock is the real one
  town = await openLeaseTown(world, { clock: clockOf() });
  outside = await openOutside(town);
  for (const name of ['reports', 'deploy']) await bao.ask('PUT', `sys/policies/acl/${name}`, { policy: 'path "auth/token/create" { capabilities = ["update"] }' });
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'deploy.sh'), '#!/bin/sh\ntest -n "$VAULT_TOKEN"\n', { mode: 0o755 });
  // the commands of the page, where somebody has typed them: `bao` is the real one
  command('bao', `exec ${installOpenBao()} "$@"`);
});
afterAll(async () => {
  expect(await town.wrongs()).toEqual([]);
  expect(leaksIn(await town.texts(), given.map(({ token }) => token))).toEqual([]);
  await outside.close();
  await town.close();
  await Promise.all([bao.kill(), broker.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const command = (name: string, script: string): void => {
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'bin', name), 0o755);
};

/** Tokens that the vault gave out here. */
const given: { token: string; accessor: string }[] = [];
const opens = async (token: string): Promise<boolean> => {
  const { status, data } = await bao.ask('GET', 'auth/token/lookup-self', undefined, { token });
  if (!given.some((one) => one.token === token)) given.push({ token, accessor: String(data?.accessor) });
  return status === 200;
};
const dies = (token: string): Promise<unknown> => town.until(async () => !(await opens(token)), 'the token is dead', 20);
const atVault = (name: string, from: string, to: string): Promise<string> => {
  const script = fileIn(page, name);
  expect(script).toContain(from);
  return bash(script.replaceAll(from, to), folder, { BAO_ADDR: bao.url, BAO_TOKEN: bao.root, AWS_REGION: 'eu-west-1' });
};
const issuerOf = (name: string): string => town.providers.oidc?.issuer(name) ?? '';

/** The scripts of a workflow's steps, in their order: of those that have one. */
const stepsOf = (workflow: string): string[] =>
  [...workflow.matchAll(/^( +)run: (?:\|\n((?:\1 {2,}.*\n|\n)+)|(.+)\n)/gm)].map(([, indent = '', block, line]) => line ?? (block ?? '').replaceAll(new RegExp(`^${indent} {2}`, 'gm'), ''));

describe('a GitHub Actions job, as the page wraps it', () => {
  const [borrow = '', deploy = '', giveBack = ''] = stepsOf(fileIn(page, '.github/workflows/deploy.yml'));
  const kept = join(folder, 'github-env');
  const environment = (): Record<string, string> => ({
    RESCIND: town.url, VAULT_ADDR: bao.url, GITHUB_ENV: kept, ACTIONS_ID_TOKEN_REQUEST_URL: `${outside.url}/token?api-version=2.0`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: outside.requestToken,
    ...Object.fromEntries(readFileSync(kept, 'utf8').split('\n').filter(Boolean).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])),
  });
  const borrowed = async (run: string): Promise<{ token: string; lease: string }> => {
    outside.runId = run;
    writeFileSync(kept, '');
    await bash(borrow, folder, environment());
    const { VAULT_TOKEN: token = '', LEASE: lease = '' } = environment();
    expect([await opens(token), (await town.look(lease)).status]).toEqual([true, 'active']);
    return { token, lease };
  };

  beforeAll(async () => {
    await atVault('vault-for-github', github, issuerOf('github'));
  });

  it('has a token of a real vault, works with it, and gives it back', async () => {
    const { token, lease } = await borrowed('9142330011');
    await bash(deploy, folder, environment());
    expect(await opens(token)).toBe(true);
    await bash(giveBack, folder, environment());
    await dies(token);
    expect(await town.becomes(lease, 'released')).toMatchObject({ ending: { kind: 'by-holder' }, run: { platform: 'github-actions', run: '7301/9142330011', job: '31415926' } });
  });

  it('that never gives it back loses it when GitHub says that the run is over, and what it made besides', async () => {
    const { token, lease } = await borrowed('9142330012');
    const { auth } = await bao.ask('POST', 'auth/token/create', { policies: ['default'] }, { token });
    expect(await opens(auth?.client_token ?? '')).toBe(true);
    await town.runEnded(9_142_330_012, { repository: 7301 });
    await dies(token);
    expect([await opens(auth?.client_token ?? ''), (await town.becomes(lease, 'released')).ending?.kind]).toEqual([false, 'run-ended']);
  });

  it('cannot lend what was given to another run, and another repository cannot even log in', async () => {
    const { token } = await borrowed('9142330013');
    const accessor = given.find((one) => one.token === token)?.accessor;
    const other = await town.token({ sub: 'repo:acme/shop:ref:refs/heads/main', repository_owner_id: '84', repository_id: '7301', run_id: '9142330014', run_attempt: '1' }, { issuer: 'github', audience: 'rescind' });
    expect((await town.lease('/leases', { token: other }, { credential: { connector: 'vault', id: `token/${accessor}` }, reason: 'x', minutes: 5 })).status).toBe(403);
    outside.repositoryId = '666';
    writeFileSync(kept, '');
    await expect(bash(borrow, folder, environment())).rejects.toThrow();
    expect([readFileSync(kept, 'utf8'), await opens(token)]).toEqual(['', true]);
    outside.repositoryId = '7301';
  });

  it('gives its token back at once where it could not be lent', async () => {
    const before = await accessors();
    outside.runId = '9142330015';
    writeFileSync(kept, '');
    await expect(bash(borrow, folder, { ...environment(), RESCIND: `${town.url}/nowhere` })).rejects.toThrow(/error: 404/);
    expect(await accessors()).toEqual(before);
  });
});

const accessors = async (): Promise<string[]> => ((await bao.ask('LIST', 'auth/token/accessors')).data?.keys as string[]).sort();

describe('an AWS Batch job, as the page wraps it', () => {
  const environment = (job: string): Record<string, string> => ({ RESCIND: `${outside.url}/api`, AWS_REGION: 'eu-west-1', VAULT_ADDR: bao.url, AWS_BATCH_JOB_ID: job, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/credentials' });
  const shown = join(folder, 'shown');
  const entry = (work: string, job: string): Promise<string> => bash(`./entry.sh sh -c '${work.replaceAll('SHOWN', shown)}' || echo "$?"`, folder, environment(job));

  beforeAll(async () => {
    command('aws', `case "$1 $2" in
"iam enable-outbound-web-identity-federation") echo "${issuerOf('aws')}";;
"sts get-web-identity-token") test "$3 $4 $5 $6 $7 $8 $9" = "--audience vault --signing-algorithm RS256 --query WebIdentityToken --output" && curl -fsS "${outside.url}/web-identity?audience=$4";;
*) exit 2;; esac`);
    await atVault('vault-for-aws', 'bao auth enable', 'bao auth enable');
    // the address of the credentials is the same on every machine of AWS, and nobody's here
    const script = fileIn(page, 'entry.sh');
    expect(script).toContain('http://169.254.170.2');
    writeFileSync(join(folder, 'entry.sh'), script.replaceAll('http://169.254.170.2', outside.url), { mode: 0o755 });
  });

  it('has a token of a real vault while it works, ends as its command does, and the token is dead', async () => {
    outside.signed.length = 0;
    const status = await entry('printf %s "$VAULT_TOKEN" >SHOWN; curl -fsS -H "X-Vault-Token: $VAULT_TOKEN" "$VAULT_ADDR/v1/auth/token/lookup-self" >SHOWN.own || exit 4; exit 3', 'job-1:7');
    expect([status.trim(), outside.signed.length, outside.signed.join(' ')]).toEqual(['3', 2, expect.stringMatching(/^POST \/iam\/leases POST \/iam\/leases\/l-[0-9a-f-]+\/end$/)]);
    expect(JSON.parse(readFileSync(`${shown}.own`, 'utf8'))).toMatchObject({ data: { path: 'auth/jwt-aws/login', meta: { role: 'nightly-reports' } } });
    await dies(readFileSync(shown, 'utf8'));
  });

  it('that is killed loses it when EventBridge says that the job failed', async () => {
    await entry('printf %s "$VAULT_TOKEN" >SHOWN; kill -9 $PPID', 'job-2');
    const token = readFileSync(shown, 'utf8');
    expect(await opens(token)).toBe(true);
    await town.event({ source: 'aws.batch', 'detail-type': 'Batch Job State Change', time: town.clock.now().toISOString(), detail: { jobId: 'job-2', jobDefinition: 'nightly-reports', status: 'FAILED' } });
    await dies(token);
  });

  it('does not begin where its token could not be lent, and the token is given back', async () => {
    const before = await accessors();
    rmSync(shown, { force: true });
    await expect(bash(`./entry.sh touch ${shown}`, folder, { ...environment('job-3'), RESCIND: `${outside.url}/api/nowhere` })).rejects.toThrow(/error: 404/);
    expect(existsSync(shown)).toBe(false);
    expect(await accessors()).toEqual(before);
  });
});

describe('a GitLab job, as the page wraps it', () => {
  const linesOf = (key: string): string[] => (new RegExp(`^  ${key}:\\n((?:    .*\\n)+)`, 'm').exec(fileIn(page, '.gitlab-ci.yml'))?.[1] ?? '').split('\n').map((line) => line.replace(/^ +- /, '')).filter(Boolean);
  const environment = async (pipeline: number): Promise<Record<string, string>> => {
    const claims = { job_id: String(pipeline + 1), ref: 'main' };
    return { VAULT_ADDR: bao.url, RESCIND: town.url, VAULT_JWT: await town.gitlabToken(pipeline, claims, { audience: 'vault' }), RESCIND_JWT: await town.gitlabToken(pipeline, claims) };
  };

  beforeAll(async () => {
    const [, role = '{}'] = /<<'ROLE'\n([\s\S]*?)ROLE/.exec(fileIn(page, 'vault-for-github')) ?? [];
    const issuer = issuerOf('gitlab');
    await bao.bao(['write', 'auth/jwt/config', `oidc_discovery_url=${issuer}`, `bound_issuer=${issuer}`]);
    await bao.bao(['write', 'auth/jwt/role/deploy', '-'], JSON.stringify({ ...(JSON.parse(role) as object), ...ofGitlab().role, bound_claims: { project_id: projectId, ref: 'main' } }));
    writeFileSync(join(folder, 'deploy.sh'), `#!/bin/sh\nprintf %s "$VAULT_TOKEN" >${join(folder, 'gitlab-token')}\n`, { mode: 0o755 });
  });

  it('has a token of a real vault while it works and gives it back, or loses it with its pipeline', async () => {
    const [work, afterwards] = [linesOf('script').join('\n'), linesOf('after_script').join('\n')];
    const own = await environment(4001);
    await bash(work, folder, own);
    const first = readFileSync(join(folder, 'gitlab-token'), 'utf8');
    expect(await opens(first)).toBe(true);
    await bash(afterwards, folder, own);
    await dies(first);
    await bash(work, folder, await environment(4002));
    const second = readFileSync(join(folder, 'gitlab-token'), 'utf8');
    expect([second === first, await opens(second)]).toEqual([false, true]);
    await town.pipelineEnded(4002);
    await dies(second);
  });
});
