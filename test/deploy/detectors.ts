import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from './checks.ts';
import { must } from './command.ts';
import type { Deployed } from './deployed.ts';
import { runStep, stepIn } from './documented.ts';
import { cache, fetchingEnvironment, plainEnvironment, type Places } from './places.ts';
import { trufflehogLine } from './senders.ts';
import { makeKeyId, type Uploader } from './world.ts';

export const GITLEAKS = 'github.com/zricethezav/gitleaks/v8@v8.30.1';

/** Go keeps what it fetches and builds in the cache of the repository, writable, so that it can be removed. */
const goEnvironment = (places: Places) => ({
  ...fetchingEnvironment(places),
  GOPATH: join(cache, 'go'),
  GOCACHE: join(cache, 'go-build'),
  GOBIN: '',
  GOFLAGS: `${process.env.GOFLAGS ?? ''} -modcacherw`.trim(),
});

/** Builds gitleaks from its source, as the documented step does. */
export const buildGitleaks = async (places: Places): Promise<void> => {
  expect(stepIn('gitleaks', 'Scan').includes(`go install ${GITLEAKS}\n`), `docs/detectors.md installs another gitleaks than ${GITLEAKS}`);
  await must('go', ['install', GITLEAKS], { env: goEnvironment(places), seconds: 400 });
};

/** What a GitHub runner sets, and where its files lie: values in clear, so apart from everything that is searched for them. */
const runner = (places: Places) => ({ RUNNER_TEMP: places.planted, GITHUB_RUN_ID: '4711', GITHUB_RUN_ATTEMPT: '1' });

/** A git repository in which two people committed keys, one of them long ago. */
export const plantRepository = async (places: Places, first: Uploader, second: Uploader): Promise<string> => {
  const repository = join(places.planted, 'shop');
  mkdirSync(join(repository, 'deploy'), { recursive: true });
  const identity = ['-c', 'user.name=Dana', '-c', 'user.email=dana@nimbus.example', '-c', 'commit.gpgsign=false', '-c', 'init.defaultBranch=main'];
  const git = (...args: string[]) => must('git', [...identity, ...args], { cwd: repository, env: plainEnvironment(places), seconds: 30 });
  const commit = async (file: string, text: string, message: string): Promise<void> => {
    writeFileSync(join(repository, file), text);
    await git('add', '--all');
    await git('commit', '--quiet', '--message', message);
  };
  await git('init', '--quiet');
  await commit('deploy/prod.env', `AWS_ACCESS_KEY_ID=${first.keyId}\nAWS_SECRET_ACCESS_KEY=${first.secret}\n`, 'settings of production');
  await commit('mailer.json', JSON.stringify({ accessKeyId: second.keyId, secretAccessKey: second.secret }, null, 2), 'the mailer');
  // taken out again, and still in the history
  await commit('deploy/prod.env', 'AWS_PROFILE=production\n', 'settings come from the profile');
  return repository;
};

/** Lets gitleaks scan that repository by the documented step; answers how many findings its report holds. */
export const scan = async (places: Places, repository: string): Promise<number> => {
  await runStep('gitleaks', 'Scan', { cwd: repository, env: { ...goEnvironment(places), ...runner(places) }, seconds: 400 });
  return (JSON.parse(readFileSync(join(places.planted, 'gitleaks.json'), 'utf8')) as unknown[]).length;
};

/** Where curl finds the address of the deployed API, and whom it trusts. */
const reaching = ({ apiUrl, certificate, places }: Deployed) => {
  const { host } = new URL(apiUrl);
  writeFileSync(join(places.home, '.curlrc'), `resolve = "${host}:127.0.0.1"\n`);
  return { RESCIND_URL: apiUrl, CURL_HOME: places.home, CURL_CA_BUNDLE: certificate.certificateFile };
};

const tell = (deployed: Deployed, detector: string, secret: string): Promise<string> =>
  runStep(detector, 'Tell Rescind', { env: { ...plainEnvironment(deployed.places), ...runner(deployed.places), ...reaching(deployed), RESCIND_SECRET: secret }, seconds: 60 });

/** Posts the report of `scan` by the documented step; answers what Rescind answered. */
export const postGitleaks = (deployed: Deployed): Promise<string> => tell(deployed, 'gitleaks', deployed.world.signing.gitleaks);

/** So many findings that the report, its values taken out, is still too large for a queue and takes the way over the bucket. */
const DECOYS = 800;

/** Posts a report in TruffleHog's form by the documented step, the real pair behind many ids of nobody's; answers what Rescind answered. */
export const postTrufflehog = (deployed: Deployed, { keyId, secret }: Uploader): Promise<string> => {
  const decoys = Array.from({ length: DECOYS }, (_, n) => trufflehogLine(makeKeyId(), undefined, n));
  writeFileSync(join(deployed.places.planted, 'trufflehog.ndjson'), [...decoys, trufflehogLine(keyId, secret, DECOYS)].map((line) => `${line}\n`).join(''));
  return tell(deployed, 'trufflehog', deployed.world.signing.trufflehog);
};

/** Asks the API as somebody with AWS credentials does, with curl's own signature; answers status and body. */
export const askSigned = async (deployed: Deployed, path: string, { accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string }): Promise<{ status: number; body: string }> => {
  const { RESCIND_URL, ...env } = reaching(deployed);
  const args = ['--silent', '--show-error', '--max-time', '30', '--aws-sigv4', 'aws:amz:us-east-1:execute-api', '--user', `${accessKeyId}:${secretAccessKey}`, '--write-out', '\n%{http_code}', `${RESCIND_URL}${path}`];
  const { stdout } = await must('curl', args, { env: { ...plainEnvironment(deployed.places), ...env }, seconds: 40 });
  const at = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) };
};
