import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ask } from './ask.ts';
import { daemon, must, type Daemon } from './command.ts';
import { cache, fetchingEnvironment, logFile, plainEnvironment, type Places } from './places.ts';
import type { Certificate } from './tls.ts';

export const MINISTACK = 'ministack==1.5.33';

/** Everything in it belongs to this account and Region, which the samples name. */
export const account = '444455556666';
export const region = 'us-east-1';
/** What MiniStack takes for the owner of the account: the account's number. Opens nothing anywhere else. */
export const owner = { accessKeyId: account, secretAccessKey: 'test' };

/** The file in this run's folder with every request to a service of MiniStack, KMS apart. */
export const REQUESTS = 'requests.log';

const venv = join(cache, 'ministack');
const python = join(venv, 'bin/python');

/** Makes the virtual environment, once for each pinned version. */
export const installMinistack = async (places: Places): Promise<void> => {
  const mark = join(venv, 'installed');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === MINISTACK) return;
  const options = { env: fetchingEnvironment(places), seconds: 180 };
  await must('python3', ['-m', 'venv', '--clear', venv], options);
  await must(python, ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', '--disable-pip-version-check', MINISTACK], options);
  writeFileSync(mark, MINISTACK);
};

/** A port of 127.0.0.1 that is free at this moment. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

export interface Ministack {
  url: string;
  port: number;
  /** Lets it end by itself, which writes its state into this run's folder. */
  stop(): Promise<void>;
}

export interface MinistackOptions {
  places: Places;
  certificate: Certificate;
  /** Variables that the functions inherit, such as the addresses of the fakes. */
  variables: Record<string, string>;
}

const isReady = async (url: string, certificate: Certificate): Promise<boolean> => {
  try {
    return (await ask(`${url}/_ministack/ready`, certificate)).status === 200;
  } catch {
    return false;
  }
};

/** Starts MiniStack on loopback with policies enforced, and waits until it answers. */
export const startMinistack = async ({ places, certificate, variables }: MinistackOptions): Promise<Ministack> => {
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const stateFolder = join(places.folder, 'state');
  mkdirSync(stateFolder);
  const process: Daemon = daemon(python, [join(import.meta.dirname, 'emulator.py')], logFile, {
    cwd: places.folder,
    env: {
      ...plainEnvironment(places),
      PYTHONDONTWRITEBYTECODE: '1',
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      // it would remove containers of a Docker that it finds
      DOCKER_HOST: `unix://${join(places.folder, 'no-docker')}`,
      // every function is held to its role's policies, of which some ask for an encrypted connection
      AUTH: 'true',
      USE_SSL: '1',
      MINISTACK_SSL_CERT: certificate.certificateFile,
      MINISTACK_SSL_KEY: certificate.keyFile,
      NODE_EXTRA_CA_CERTS: certificate.certificateFile,
      MINISTACK_ACCOUNT_ID: account,
      MINISTACK_REGION: region,
      PERSIST_STATE: '1',
      STATE_DIR: stateFolder,
      S3_PERSIST: '1',
      S3_DATA_DIR: join(stateFolder, 's3'),
      REQUESTS_FILE: join(places.folder, REQUESTS),
      ...variables,
    },
  });
  for (const until = Date.now() + 60_000; !(await isReady(url, certificate)); await pause(200)) {
    if (!process.running() || Date.now() > until) throw new Error(`MiniStack did not come up:\n${readFileSync(logFile, 'utf8').split('\n').slice(-30).join('\n')}`);
  }
  return { url, port, stop: () => process.end(30) };
};
