import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fetchTrusting } from '../../functions/connectors/vault/trusting.ts';
import { installOpenBao } from './install.ts';

/** What the server answered: the status, and the body's fields where it had one. */
export interface Answer {
  status: number;
  data?: Record<string, unknown>;
  auth?: { client_token: string; accessor: string; entity_id: string } | null;
  lease_id?: string;
  errors?: string[];
}

export interface OpenBao {
  url: string;
  port: number;
  /** Everything is allowed to it. */
  root: string;
  /** A request with a token; the root's where none is given. */
  ask(method: string, path: string, body?: object, who?: { token?: string; namespace?: string }): Promise<Answer>;
  /** Types a command of `bao`, as its root, in a folder of its own; what it printed. Throws where it failed. */
  bao(args: readonly string[], input?: string): Promise<string>;
  /** It answers nothing any more, and keeps its connections; then it goes on. */
  freeze(): void;
  thaw(): void;
  /** It is gone, with everything that it held in memory. */
  kill(): Promise<void>;
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const readySeconds = 60;
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A request as `OpenBao` has it, to a server at that address. */
const askAt = (url: string, root: string, go = fetch): OpenBao['ask'] => async (method, path, body, { token = root, namespace } = {}) => {
  const answer = await go(`${url}/v1/${path}`, { method, headers: { 'x-vault-token': token, ...(namespace ? { 'x-vault-namespace': namespace } : {}) }, body: body && JSON.stringify(body) });
  const text = await answer.text();
  return { ...(text === '' ? {} : (JSON.parse(text) as object)), status: answer.status };
};

const typedAt = (url: string, root: string, home: string): OpenBao['bao'] => (args, input = '') =>
  new Promise((resolve, reject) => {
    const command = spawn(installOpenBao(), args, { cwd: home, env: { PATH: process.env.PATH, HOME: home, BAO_ADDR: url, BAO_TOKEN: root }, stdio: ['pipe', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    command.stdout.setEncoding('utf8').on('data', (text: string) => void (out += text));
    command.stderr.setEncoding('utf8').on('data', (text: string) => void (err += text));
    command.once('error', reject);
    command.once('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`bao ${args[0] ?? ''} ended with ${code}: ${err}`))));
    command.stdin.end(input);
  });

interface Process {
  child: ChildProcess;
  gone: Promise<void>;
  /** Resolves when the server is as it should be; rejects with what it printed where it ended before, or never is. */
  until(holds: () => Promise<boolean>): Promise<void>;
}

const begun = (args: readonly string[], home: string): Process => {
  const child = spawn(installOpenBao(), ['server', ...args], { env: { PATH: process.env.PATH, HOME: home }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => void (said = (said + text).slice(-20_000)));
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  void gone.then(() => running.delete(child));
  return {
    child, gone,
    until: async (holds) => {
      for (const end = Date.now() + readySeconds * 1000; !(await holds().catch(() => false)); await pause(50)) {
        if (child.exitCode !== null || Date.now() > end) throw new Error(`OpenBao did not come up:\n${said}`);
      }
    },
  };
};

const healthOf = async (url: string): Promise<{ initialized?: boolean; sealed?: boolean; standby?: boolean }> => (await (await fetch(`${url}/v1/sys/health?standbyok=true&sealedcode=200&uninitcode=200`)).json()) as object;

const controlsOf = ({ child, gone }: Process): Pick<OpenBao, 'freeze' | 'thaw' | 'kill'> => ({
  freeze: () => void child.kill('SIGSTOP'),
  thaw: () => void child.kill('SIGCONT'),
  kill: async () => {
    child.kill('SIGKILL');
    await gone;
  },
});

/** Starts one behind TLS, with a certificate of an authority of its own (PEM). */
export const startWithTls = async (): Promise<Omit<OpenBao, 'bao'> & { ca: string }> => {
  const port = await freePort();
  const home = mkdtempSync(join(tmpdir(), 'rescind-openbao-'));
  const root = `root-${port}`;
  const server = begun(['-dev', '-dev-no-store-token', '-dev-tls', `-dev-tls-cert-dir=${home}`, `-dev-root-token-id=${root}`, `-dev-listen-address=127.0.0.1:${port}`], home);
  void server.gone.then(() => rmSync(home, { recursive: true, force: true }));
  const url = `https://127.0.0.1:${port}`;
  let [ca, ask] = ['', undefined as OpenBao['ask'] | undefined];
  await server.until(async () => {
    ca = readFileSync(join(home, readdirSync(home).find((name) => name.endsWith('ca.pem')) ?? ''), 'utf8');
    ask = askAt(url, root, fetchTrusting(ca));
    return (await ask('GET', 'sys/mounts')).status === 200;
  });
  return { url, port, root, ca, ask: ask as unknown as OpenBao['ask'], ...controlsOf(server) };
};

/** Starts a real OpenBao on loopback, in development mode: unsealed, in memory, without TLS. On a port where one is given. */
export const startOpenBao = async (wanted?: number): Promise<OpenBao> => {
  const port = wanted ?? (await freePort());
  const home = mkdtempSync(join(tmpdir(), 'rescind-openbao-'));
  const root = `root-${port}`;
  const server = begun(['-dev', '-dev-no-store-token', `-dev-root-token-id=${root}`, `-dev-listen-address=127.0.0.1:${port}`], home);
  void server.gone.then(() => rmSync(home, { recursive: true, force: true }));
  const url = `http://127.0.0.1:${port}`;
  const ask = askAt(url, root);
  // it is up before its own mounts are
  await server.until(async () => (await healthOf(url)).sealed === false && (await ask('GET', 'sys/mounts')).status === 200);
  return { url, port, root, ask, bao: typedAt(url, root, home), ...controlsOf(server) };
};

/** Several servers that are one cluster, each on its own address; the first one was active when they came up. All of them are ended together. */
export const startCluster = async (size = 3): Promise<{ nodes: OpenBao[]; close(): Promise<void> }> => {
  const home = mkdtempSync(join(tmpdir(), 'rescind-openbao-'));
  const places = await Promise.all(Array.from({ length: size }, async (_, n) => ({ n, port: await freePort(), peerPort: await freePort() })));
  const urlOf = (port: number): string => `http://127.0.0.1:${port}`;
  const first = urlOf(places[0]?.port ?? 0);
  const servers = places.map(({ n, port, peerPort }) => {
    const data = join(home, `node-${n}`);
    mkdirSync(data);
    writeFileSync(`${data}.hcl`, [
      'disable_mlock = true', `api_addr = "${urlOf(port)}"`, `cluster_addr = "https://127.0.0.1:${peerPort}"`,
      `listener "tcp" {\n address = "127.0.0.1:${port}"\n cluster_address = "127.0.0.1:${peerPort}"\n tls_disable = true\n}`,
      `storage "raft" {\n path = "${data}"\n node_id = "node-${n}"\n}`,
    ].join('\n'));
    return begun([`-config=${data}.hcl`], home);
  });
  const put = async (port: number, path: string, body: object) => (await (await fetch(`${urlOf(port)}/v1/${path}`, { method: 'POST', body: JSON.stringify(body) })).json()) as { keys_base64?: string[]; root_token?: string };
  let [root, key] = ['', ''];
  for (const [n, { port }] of places.entries()) {
    const server = servers[n];
    await server?.until(async () => (await healthOf(urlOf(port))).sealed === true);
    if (n === 0) {
      const { keys_base64: keys = [], root_token: token = '' } = await put(port, 'sys/init', { secret_shares: 1, secret_threshold: 1 });
      [root, key] = [token, keys[0] ?? ''];
    } else await put(port, 'sys/storage/raft/join', { leader_api_addr: first });
    await server?.until(async () => (await healthOf(urlOf(port))).initialized === true);
    await put(port, 'sys/unseal', { key });
    await server?.until(async () => {
      const { sealed, standby } = await healthOf(urlOf(port));
      return sealed === false && standby === (n > 0) && (await askAt(urlOf(port), root)('GET', 'sys/mounts')).status === 200;
    });
  }
  const nodes = places.map(({ n, port }): OpenBao => ({ url: urlOf(port), port, root, ask: askAt(urlOf(port), root), bao: typedAt(urlOf(port), root, home), ...controlsOf(servers[n] as Process) }));
  return {
    nodes,
    close: async () => {
      await Promise.all(nodes.map(({ kill }) => kill()));
      rmSync(home, { recursive: true, force: true });
    },
  };
};
