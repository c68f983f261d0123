import { setTimeout as pause } from 'node:timers/promises';
import type { Lookup } from '../../../events/trigger.ts';
import { IssuerFailed } from '../../core/connector.ts';
import type { ApiToken } from '../api-token.ts';
import type { Edges } from '../edges.ts';

type Fetched = { value: string } | { gone: string };

const sourceName = 'github-secret-scanning';
const tries = 3;
const timeoutMilliseconds = 5_000;
const longestPauseMilliseconds = 5_000;
const mostHops = 2;

/** GitHub could not be asked. */
export class GitHubFailed extends IssuerFailed {
  readonly status: number | undefined;
  constructor(message: string, status?: number) {
    super(message);
    this.name = 'GitHubFailed';
    this.status = status;
  }
}

const addressOf = (base: string, { repository, alert }: Lookup): URL => {
  const [owner = '', repo = '', ...rest] = repository.split('/');
  const isName = (part: string) => /^[\w.-]+$/.test(part) && !/^\.+$/.test(part);
  if (rest.length > 0 || !isName(owner) || !isName(repo) || !Number.isSafeInteger(alert) || alert < 1) throw new GitHubFailed('the report names no repository and alert as GitHub writes them');
  return new URL(`${base.replace(/\/+$/, '')}/repos/${owner}/${repo}/secret-scanning/alerts/${alert}`);
};

/** GitHub says in two ways how long to wait: seconds, or the moment when the hour's limit is refilled. */
const pauseOf = (response: Response | undefined, tried: number): number => {
  const after = Number(response?.headers.get('retry-after') ?? NaN);
  const reset = Number(response?.headers.get('x-ratelimit-remaining') === '0' ? response.headers.get('x-ratelimit-reset') : NaN);
  const asked = Number.isFinite(after) ? after * 1000 : Number.isFinite(reset) ? reset * 1000 - Date.now() : undefined;
  return Math.max(asked ?? 0, 250 * 2 ** tried * (0.5 + Math.random()));
};

const isLimited = (response: Response): boolean =>
  response.status === 429 || (response.status === 403 && (response.headers.has('retry-after') || response.headers.get('x-ratelimit-remaining') === '0'));

/** One request. A moved repository is followed on the same host only, so that the token goes nowhere else. */
const send = async (edges: Edges, url: URL, token: string, signal: AbortSignal): Promise<Response> => {
  let at = url;
  for (let hops = 0; ; hops += 1) {
    const response = await edges.fetch(at, {
      headers: { accept: 'application/vnd.github+json', authorization: `Bearer ${token}`, 'x-github-api-version': '2022-11-28', 'user-agent': 'rescind' },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]),
    });
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) return response;
    await response.body?.cancel();
    const next = new URL(location, at);
    if (next.origin !== url.origin || hops === mostHops) throw new GitHubFailed('GitHub redirects to another host: see that its address is right in the configuration', response.status);
    at = next;
  }
};

const secretOf = async (response: Response): Promise<Fetched> => {
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    throw new GitHubFailed('GitHub answered with something that is not JSON', response.status);
  }
  const secret = typeof body === 'object' && body !== null ? (body as { secret?: unknown }).secret : undefined;
  return typeof secret === 'string' && secret !== '' ? { value: secret } : { gone: 'GitHub shows the alert without its value' };
};

/** Fetches the value of one alert. `gone` where GitHub has it no more; throws where asking again may help. */
export const fetchAlert = async (edges: Edges, tokens: ApiToken, lookup: Lookup, signal: AbortSignal): Promise<Fetched> => {
  signal.throwIfAborted();
  const api = edges.configuration.sources.find(({ source }) => source === sourceName)?.api;
  if (!api) throw new GitHubFailed(`the configuration gives the source ${sourceName} no api: add its url and the secret of its token`);
  const url = addressOf(api.url, lookup);
  let isTokenFresh = false;
  for (let tried = 1; ; tried += 1) {
    let response: Response | undefined;
    let failure = 'no answer';
    const token = await tokens.read(api.token, signal);
    try {
      response = await send(edges, url, token, signal);
      if (response.ok) return await secretOf(response);
      await response.body?.cancel();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof GitHubFailed) throw error;
      failure = error instanceof Error && error.name === 'TimeoutError' ? 'no answer within 5 seconds' : 'no answer';
    }
    if (response?.status === 404 || response?.status === 410) return { gone: `GitHub does not show the alert (${response.status}): it was deleted, or the token may not read it` };
    if (response?.status === 401) {
      tokens.forget(api.token);
      if (isTokenFresh) throw new GitHubFailed(`GitHub refuses the token (401): put a valid one into the secret ${api.token}`, 401);
      // it may have been rotated since it was read
      isTokenFresh = true;
      continue;
    }
    if (response && response.status < 500 && !isLimited(response)) {
      throw new GitHubFailed(response.status === 403 ? `GitHub refuses the token's permission (403): let the token in the secret ${api.token} read secret scanning alerts` : `GitHub answered ${response.status}`, response.status);
    }
    if (response) failure = isLimited(response) ? `too many requests (${response.status})` : `status ${response.status}`;
    const wait = pauseOf(response, tried);
    if (tried >= tries || wait > longestPauseMilliseconds) {
      throw new GitHubFailed(`GitHub did not give the value: ${failure}; ask again${wait > longestPauseMilliseconds ? ` in ${Math.ceil(wait / 1000)} seconds` : ' later'}`, response?.status);
    }
    await pause(wait, undefined, { signal });
  }
};
