/** What stands around a job, as far as docs/leases.md asks it: who mints tokens at GitHub and at AWS, a container's credentials, and the front door that checks signatures. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { claimOf, signedWith, type SignedRequest } from '../../local/fakes/aws/sigv4.ts';
import type { Service } from '../../local/service.ts';

export interface Outside {
  url: string;
  /** What a runner shows to get a token. */
  requestToken: string;
  /** The repository and the run in the tokens that GitHub mints from now on. */
  repositoryId: string;
  runId: string;
  /** Requests that reached the API with a signature that holds: method and path. */
  signed: string[];
  close(): Promise<void>;
}

const role = { AccessKeyId: ['AS', 'IAEXAMPLEEXAMPLE00'].join(''), SecretAccessKey: ['made', 'up', 'for', 'one', 'test'].join('-'), Token: 'a/session+token=' };
const jobRole = 'arn:aws:iam::111122223333:role/nightly-reports';
const caller = 'arn:aws:sts::111122223333:assumed-role/nightly-reports/job-1';
const prefix = '/api';

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
};

/** Starts it on a port of its own. */
export const openOutside = async (service: Service): Promise<Outside> => {
  const outside: Outside = { url: '', requestToken: 'of-this-job-alone', repositoryId: '7301', runId: '9142330011', signed: [], close: async () => undefined };

  const tokenFor = (audience: string): Promise<string> | undefined =>
    service.providers.oidc?.token(
      { sub: 'repo:acme/shop:ref:refs/heads/main', aud: audience, ref: 'refs/heads/main', repository: 'acme/shop', repository_owner_id: '84', repository_id: outside.repositoryId, run_id: outside.runId, run_attempt: '1', check_run_id: '31415926' },
      { issuer: 'github', audience },
    );

  /** As API Gateway: a signature that holds lets a caller in under the role's name, and nothing else does. */
  const throughTheDoor = async (request: SignedRequest): Promise<{ status: number; body: unknown }> => {
    const claim = claimOf(request);
    const holds = claim !== undefined && claim !== 'incomplete' && claim.service === 'execute-api' && claim.sessionToken === role.Token && claim.accessKeyId === role.AccessKeyId && signedWith(role.SecretAccessKey, request, claim);
    if (!holds) return { status: 403, body: { message: 'Forbidden' } };
    const path = request.path.slice(prefix.length);
    outside.signed.push(`${request.method} ${path}`);
    const answer = await fetch(service.url + path, { method: request.method, body: new Uint8Array(request.raw), headers: { 'x-rescind-caller': caller } });
    return { status: answer.status, body: await answer.json() };
  };

  const answer = async (request: IncomingMessage): Promise<{ status: number; body: unknown }> => {
    const url = new URL(request.url ?? '/', 'http://outside');
    const raw = await bodyOf(request);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    if (url.pathname.startsWith(`${prefix}/`)) return throughTheDoor({ method: request.method ?? '', path: url.pathname, query: url.searchParams, headers, raw });
    switch (url.pathname) {
      case '/token':
        return headers.authorization === `bearer ${outside.requestToken}` ? { status: 200, body: { value: await tokenFor(url.searchParams.get('audience') ?? '') } } : { status: 401, body: {} };
      // what the AWS CLI prints
      case '/web-identity':
        return { status: 200, body: await service.providers.oidc?.token({ sub: jobRole, aud: url.searchParams.get('audience') }, { issuer: 'aws', audience: url.searchParams.get('audience') ?? '' }) };
      case '/credentials':
        return { status: 200, body: role };
      default:
        return { status: 404, body: {} };
    }
  };

  const server = createServer((request, response) => {
    answer(request).then(
      ({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body)),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  outside.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  outside.close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return outside;
};
