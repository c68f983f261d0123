import type { PlainAnswer, PlainRequest } from '../platform/plain-http.ts';
import { jsonObject } from '../platform/plain-http.ts';
import { alertUpdate, paged, shownAlert } from './alerts.ts';
import type { GithubChange, GithubState, StoredAlert, StoredToken } from './state.ts';

/** What a request is decided upon: GitHub's own records, and what its doors and readers see. */
export interface GithubView {
  control: GithubState;
  seen: GithubState;
  now: Date;
}

export interface GithubDecision {
  answer: PlainAnswer;
  changes: GithubChange[];
  /** Whose token opened the door, where one did. */
  login?: string;
}

const VERSIONS = ['2022-11-28', '2026-03-10'];
const REVOCABLE = /^(ghp_|github_pat_|gho_|ghu_|ghr_)/;
const MAX_REVOKED = 1000;

/** An error answer in GitHub's form. */
export const documented = (status: number, message: string): PlainAnswer => ({ status, body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) } });

const say = (answer: PlainAnswer, changes: GithubChange[] = []): GithubDecision => ({ answer, changes });
const refuse = (status: number, message: string): GithubDecision => say(documented(status, message));

const tokenOf = (request: PlainRequest): string | undefined => {
  const header = request.headers.authorization;
  if (header === undefined || header === '') return undefined;
  const plain = /^(?:Bearer|token) +(\S+)$/i.exec(header)?.[1];
  const basic = /^Basic +(\S+)$/i.exec(header)?.[1];
  if (basic === undefined) return plain ?? '';
  return Buffer.from(basic, 'base64').toString().split(':')[1] ?? '';
};

const revoke = (request: PlainRequest, { control }: GithubView): GithubDecision => {
  const credentials = jsonObject(request.body)?.credentials;
  if (!Array.isArray(credentials)) return refuse(422, 'Invalid request. "credentials" must be an array.');
  if (credentials.length === 0 || credentials.length > MAX_REVOKED || credentials.some((one) => typeof one !== 'string')) return refuse(422, `Invalid request. "credentials" takes 1 to ${MAX_REVOKED} strings.`);
  const doomed = control.tokens.filter(({ value, alive }) => alive && REVOCABLE.test(value) && credentials.includes(value));
  // The same answer whether or not any of them exists: GitHub tells nobody.
  return say({ status: 202 }, doomed.map(({ id }) => ({ op: 'kill-token', id })));
};

const mayRead = (token: StoredToken): boolean => token.scopes.some((scope) => ['repo', 'security_events', 'secret_scanning_alerts:read', 'secret_scanning_alerts:write'].includes(scope));
const mayWrite = (token: StoredToken): boolean => token.scopes.some((scope) => ['repo', 'security_events', 'secret_scanning_alerts:write'].includes(scope));

const alerts = (request: PlainRequest, token: StoredToken, [owner = '', name = '', number, sub]: string[], view: GithubView): GithubDecision => {
  const repository = `${owner}/${name}`.toLowerCase();
  const known = [...view.seen.alerts.map((alert) => alert.repository), ...(token.repositories ?? [])].some((one) => one.toLowerCase() === repository);
  const reaches = token.repositories === undefined || token.repositories.some((one) => one.toLowerCase() === repository);
  if (!known || !reaches) return refuse(404, 'Not Found');
  const isWrite = request.method === 'PATCH';
  if (!(isWrite ? mayWrite(token) : mayRead(token))) return refuse(403, 'Resource not accessible by personal access token');
  const here = view.seen.alerts.filter((alert) => alert.repository.toLowerCase() === repository);
  const address = `${request.origin}${request.path}`;
  if (number === undefined) {
    if (request.method !== 'GET') return refuse(404, 'Not Found');
    const { query } = request;
    const wanted = (alert: StoredAlert) =>
      (query.get('state') === null || alert.state === query.get('state')) && (query.get('secret_type') === null || (query.get('secret_type') ?? '').split(',').includes(alert.secret_type));
    const order = query.get('direction') === 'asc' ? 1 : -1;
    const { items, headers } = paged(here.filter(wanted).sort((a, b) => order * (a.number - b.number)), query, address);
    return say({ status: 200, headers, body: items.map((alert) => shownAlert(alert, request.origin)) });
  }
  const alert = here.find((one) => String(one.number) === number);
  if (alert === undefined) return refuse(404, 'Not Found');
  if (request.method === 'GET' && sub === 'locations') {
    const { items, headers } = paged(alert.locations ?? [], request.query, address);
    return say({ status: 200, headers, body: items });
  }
  if (sub !== undefined) return refuse(404, 'Not Found');
  if (request.method === 'GET') return say({ status: 200, body: shownAlert(alert, request.origin) });
  if (!isWrite) return refuse(404, 'Not Found');
  const update = alertUpdate(jsonObject(request.body), token.login, view.now);
  if ('invalid' in update) return refuse(422, update.invalid);
  const { fields } = update;
  return say({ status: 200, body: shownAlert({ ...alert, ...fields }, request.origin) }, [{ op: 'update-alert', repository: alert.repository, number: alert.number, fields }]);
};

const routed = (request: PlainRequest, token: StoredToken, view: GithubView): GithubDecision => {
  const { method, path } = request;
  if (method === 'GET' && path === '/user') {
    const id = 1000 + view.seen.tokens.findIndex(({ login }) => login === token.login);
    return say({ status: 200, headers: { 'x-oauth-scopes': token.scopes.join(', ') }, body: { login: token.login, id, type: 'User', site_admin: false } });
  }
  if (method === 'GET' && path === '/rate_limit') return say({ status: 200, body: { resources: {} } });
  const match = /^\/repos\/([^/]+)\/([^/]+)\/secret-scanning\/alerts(?:\/([^/]+)(?:\/([^/]+))?)?$/.exec(path);
  return match === null ? refuse(404, 'Not Found') : alerts(request, token, match.slice(1), view);
};

/** What GitHub answers to a request and what changes by it. An unknown or dead token opens nothing, not even what is open to all. */
export const decideGithub = (request: PlainRequest, view: GithubView): GithubDecision => {
  if ((request.headers['user-agent'] ?? '') === '') return refuse(403, 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.');
  const version = request.headers['x-github-api-version'];
  if (version !== undefined && !VERSIONS.includes(version)) return refuse(400, `"${version.slice(0, 20)}" is not a supported version of the API`);
  const given = tokenOf(request);
  const token = given === undefined ? undefined : view.seen.tokens.find(({ value, alive }) => alive && value === given);
  if (given !== undefined && token === undefined) return refuse(401, 'Bad credentials');
  const isOpen = request.method === 'GET' && (request.path === '/meta' || request.path === '/');
  const isRevoke = request.method === 'POST' && request.path === '/credentials/revoke';
  const decide = (): GithubDecision => {
    if (isOpen) return say({ status: 200, body: { verifiable_password_authentication: false, hooks: ['192.30.252.0/22'], api: ['192.30.252.0/22'] } });
    if (isRevoke) return token === undefined ? revoke(request, view) : refuse(403, 'This endpoint must be called without authentication.');
    if (token === undefined) return refuse(request.path === '/user' ? 401 : 404, request.path === '/user' ? 'Requires authentication' : 'Not Found');
    return routed(request, token, view);
  };
  return { ...decide(), login: token?.login };
};
