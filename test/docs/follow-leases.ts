/**
 * Follows docs/leases.md: types its commands against the world that it names, runs the steps of its workflow and its entry
 * script as they stand there, and sees after each that what was lent is dead. Needs bash, curl and jq, as the page says.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPort } from '../../local/cli/options.ts';
import { clockOf } from '../../local/clock.ts';
import { startService, type Service } from '../../local/service.ts';
import { loadWorld } from '../../local/world/load.ts';
import { synthesizedPlaybooks } from '../../infra/playbooks/print.ts';
import { commandsOf, root, textOf } from './pages.ts';
import { openOutside, type Outside } from './lease-outside.ts';

const page = textOf('docs/leases.md');
const folder = mkdtempSync(join(tmpdir(), 'follow-leases-'));

const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(`docs/leases.md: ${what}`);
};

/** The text of the fenced block that is named after a file. */
const fileIn = (name: string): string => {
  const block = [...page.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm)].find(([, path]) => path === name);
  if (!block) throw new Error(`docs/leases.md holds no file ${name}`);
  return block[2] ?? '';
};

const bash = (script: string, environment: Record<string, string>): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], { cwd: folder, env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: folder, ...environment } });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => void (out += data.toString('utf8')));
    child.stderr.on('data', (data: Buffer) => void (err += data.toString('utf8')));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`docs/leases.md: this failed (${code}):\n${script}\n${out}\n${err}`))));
  });

const aliveIn = async ({ truth }: Service): Promise<string[]> => (await truth()).filter(({ id, alive }) => alive && id.startsWith('vault:')).map(({ id }) => id.slice('vault:token/'.length));

const becomesDead = async (service: Service, accessor: string): Promise<void> => {
  for (let tries = 0; tries < 100; tries += 1) {
    if (!(await aliveIn(service)).includes(accessor)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`docs/leases.md: the token of ${accessor} is alive`);
};

/** A fresh house for each part of the page. */
const inHouse = async (part: string, story: (service: Service, outside: Outside) => Promise<void>): Promise<void> => {
  console.log(`follow: docs/leases.md, ${part}`);
  const service = await startService({ world: loadWorld(join(root, 'docs/leases-world.json')), definitions: await synthesizedPlaybooks(), clock: clockOf() });
  const outside = await openOutside(service);
  try {
    await story(service, outside);
  } finally {
    await outside.close();
    await service.close();
  }
};

const sectionOf = (heading: string): string => page.split('\n## ').find((section) => section.startsWith(heading)) ?? '';

const tryIt = (): Promise<void> =>
  inHouse('Try it on your machine', async (service) => {
    const [start, ...commands] = commandsOf(sectionOf('Try it'));
    must(start === 'npm start -- --world docs/leases-world.json', 'its first command does not start its world');
    const answers: string[] = [];
    for (const command of commands) answers.push(await bash(command.replaceAll(`http://127.0.0.1:${defaultPort}`, service.url), {}));
    const [registered = '', , before = '', , , released = '', after = ''] = answers;
    must((JSON.parse(registered) as { status?: string }).status === 'active', `the lease is not active: ${registered}`);
    must((JSON.parse(released) as { leases: unknown[] }).leases.length === 1, `the lease is not released: ${released}`);
    const alive = (answer: string): string[] => (JSON.parse(answer) as { credentials: { id: string; alive: boolean }[] }).credentials.filter((one) => one.alive).map(({ id }) => id);
    for (const accessor of ['nightly-accessor', 'query-accessor']) {
      must(alive(before).includes(`vault:token/${accessor}`), `${accessor} was not alive while it was lent`);
      must(!alive(after).includes(`vault:token/${accessor}`), `${accessor} is alive after its run`);
    }
  });

/** The scripts of a workflow's steps, in their order: of those that have one. */
const stepsOf = (workflow: string): string[] =>
  [...workflow.matchAll(/^( +)run: (?:\|\n((?:\1 {2,}.*\n|\n)+)|(.+)\n)/gm)].map(([, indent = '', block, line]) => line ?? (block ?? '').replaceAll(new RegExp(`^${indent} {2}`, 'gm'), ''));

const workflow = (): Promise<void> =>
  inHouse('Wrap a GitHub Actions job', async (service, outside) => {
    const kept = join(folder, 'github-env');
    writeFileSync(kept, '');
    writeFileSync(join(folder, 'deploy.sh'), '#!/bin/sh\ntest -n "$VAULT_TOKEN"\n', { mode: 0o755 });
    const [borrow = '', deploy = '', giveBack = ''] = stepsOf(fileIn('.github/workflows/deploy.yml'));
    const environment = (): Record<string, string> => ({
      RESCIND: service.url, VAULT_ADDR: outside.url, GITHUB_ENV: kept, ACTIONS_ID_TOKEN_REQUEST_URL: `${outside.url}/token?api-version=2.0`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: outside.requestToken,
      ...Object.fromEntries(readFileSync(kept, 'utf8').split('\n').filter(Boolean).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])),
    });
    await bash(borrow, environment());
    must(/^l-[0-9a-f-]+$/.test(environment().LEASE ?? ''), 'the workflow keeps no lease');
    await bash(deploy, environment());
    must((await aliveIn(service)).includes('deploy-accessor'), "the workflow's token is dead while it works");
    await bash(giveBack, environment());
    await becomesDead(service, 'deploy-accessor');
  });

const workflowThatMayNot = (): Promise<void> =>
  inHouse('Wrap a GitHub Actions job, in a repository that is not trusted', async (service, outside) => {
    outside.repositoryId = '666';
    const [borrow = ''] = stepsOf(fileIn('.github/workflows/deploy.yml'));
    const failed = await bash(borrow, { RESCIND: service.url, VAULT_ADDR: outside.url, GITHUB_ENV: '/dev/null', ACTIONS_ID_TOKEN_REQUEST_URL: `${outside.url}/token?api-version=2.0`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: outside.requestToken }).then(() => false, () => true);
    must(failed, 'the workflow goes on without a lease');
    must(outside.givenBack.length === 1, 'a token that could not be lent is not given back');
  });

const batch = (): Promise<void> =>
  inHouse('Wrap an AWS Batch job', async (service, outside) => {
    mkdirSync(join(folder, 'bin'), { recursive: true });
    const { value = '', accessor = '' } = service.world.vault?.tokens.find(({ id }) => id === 'nightly') ?? {};
    writeFileSync(join(folder, 'bin/bao'), `#!/bin/sh\necho '${JSON.stringify({ auth: { client_token: value, accessor } })}'\n`, { mode: 0o755 });
    // the address of the credentials is the same on every machine of AWS, and nobody's here
    const script = fileIn('entry.sh').replaceAll('http://169.254.170.2', outside.url);
    must(script !== fileIn('entry.sh'), 'the entry script asks nobody for credentials');
    writeFileSync(join(folder, 'entry.sh'), script);
    chmodSync(join(folder, 'entry.sh'), 0o755);
    const environment = { RESCIND: `${outside.url}/api`, AWS_REGION: 'eu-west-1', VAULT_ADDR: outside.url, AWS_BATCH_JOB_ID: 'job-1:7', AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/credentials' };
    const status = await bash('./entry.sh sh -c \'test -n "$VAULT_TOKEN" || exit 4; exit 3\' || echo "$?"', environment);
    must(status.trim() === '3', `the entry script does not end as its job did: ${status}`);
    must(outside.signed.join(' ').startsWith('POST /iam/leases POST /iam/leases/l-'), `what it signed: ${outside.signed.join(' ')}`);
    await becomesDead(service, 'nightly-accessor');
  });

try {
  await tryIt();
  await workflow();
  await workflowThatMayNot();
  await batch();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
