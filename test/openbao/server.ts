import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
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

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const readySeconds = 30;
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Starts a real OpenBao on loopback, in development mode: unsealed, in memory, without TLS. On a port where one is given. */
export const startOpenBao = async (wanted?: number): Promise<OpenBao> => {
  const binary = installOpenBao();
  const port = wanted ?? (await freePort());
  const home = mkdtempSync(join(tmpdir(), 'rescind-openbao-'));
  const root = `root-${port}`;
  const environment = { PATH: process.env.PATH, HOME: home };
  const child = spawn(binary, ['server', '-dev', '-dev-no-store-token', `-dev-root-token-id=${root}`, `-dev-listen-address=127.0.0.1:${port}`], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => void (said = (said + text).slice(-20_000)));
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  void gone.then(() => {
    running.delete(child);
    rmSync(home, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;

  const ask: OpenBao['ask'] = async (method, path, body, { token = root, namespace } = {}) => {
    const answer = await fetch(`${url}/v1/${path}`, { method, headers: { 'x-vault-token': token, ...(namespace ? { 'x-vault-namespace': namespace } : {}) }, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { ...(text === '' ? {} : (JSON.parse(text) as object)), status: answer.status };
  };

  const bao: OpenBao['bao'] = (args, input = '') =>
    new Promise((resolve, reject) => {
      const command = spawn(binary, args, { cwd: home, env: { ...environment, BAO_ADDR: url, BAO_TOKEN: root }, stdio: ['pipe', 'pipe', 'pipe'] });
      let [out, err] = ['', ''];
      command.stdout.setEncoding('utf8').on('data', (text: string) => void (out += text));
      command.stderr.setEncoding('utf8').on('data', (text: string) => void (err += text));
      command.once('error', reject);
      command.once('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`bao ${args[0] ?? ''} ended with ${code}: ${err}`))));
      command.stdin.end(input);
    });

  for (const end = Date.now() + readySeconds * 1000; ; await pause(50)) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`OpenBao did not come up:\n${said}`);
    const isUp = await fetch(`${url}/v1/sys/health`).then(({ status }) => status === 200, () => false);
    // it is up before its own mounts are
    if (isUp && (await ask('GET', 'sys/mounts')).status === 200) break;
  }
  return {
    url, port, root, ask, bao,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
};
