import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../infra/playbooks/print.ts', import.meta.url));
const mostBytes = 16 * 1024 * 1024;
const patienceMilliseconds = 60_000;

/**
 * The playbooks as the CDK synthesizes them, by name. The CDK is large and needed only for this moment, so a process of
 * its own does it. Rejects with the error of that process, or with the signal's reason.
 */
export const playbooks = (signal: AbortSignal, path: string = script): Promise<Record<string, object>> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [path], { maxBuffer: mostBytes, timeout: patienceMilliseconds, signal }, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const said = /^\w*Error\b.*$/m.exec(stderr)?.[0] ?? stderr.trim().split('\n').at(-1);
      if (error) return reject(new Error(`the playbooks could not be synthesized (infra/playbooks/print.ts): ${said || error.message}`));
      try {
        resolve(JSON.parse(stdout) as Record<string, object>);
      } catch {
        reject(new Error('the playbooks could not be synthesized: infra/playbooks/print.ts printed something that is not JSON'));
      }
    });
  });
