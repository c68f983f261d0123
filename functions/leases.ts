import { leaseApiDeps } from './aws/composition-leases.ts';
import { listLeases, showLease } from './aws/lease-lists.ts';
import { byIam, byOperator, byToken, endOwnLease, postLease, renewLease, revokeLease, type Known, type LeaseApiDeps } from './aws/lease-routes.ts';
import { asProven } from './aws/lease-uses.ts';
import type { HttpAnswer, HttpRequest } from './aws/http.ts';
import { httpLambda } from './aws/lambda.ts';
import { Refused, runKeyOfLease } from './core/lease-terms.ts';

type Act = (request: HttpRequest, id: string, deps: LeaseApiDeps, signal: AbortSignal) => Promise<HttpAnswer>;

const held =
  <Who extends Pick<Known, 'by'>>(who: (request: HttpRequest, deps: LeaseApiDeps) => Promise<Who>, act: (request: HttpRequest, id: string, known: Who, deps: LeaseApiDeps, signal: AbortSignal) => Promise<HttpAnswer>): Act =>
  async (request, id, deps, signal) => {
    const known = await who(request, deps);
    // what is no lease's id may be anything, a value included
    return asProven(known.by, deps, () => act(request, id, known, deps, signal), runKeyOfLease(id) === undefined ? undefined : id);
  };

const post = (request: HttpRequest, _id: string, known: Known, deps: LeaseApiDeps, signal: AbortSignal): Promise<HttpAnswer> => postLease(request, known, deps, signal);

/** Every path of the lease API with what it does; the OpenAPI file is held against this list. Deployed, all but the OIDC paths are behind AWS IAM. */
export const leaseRoutes: readonly { path: string[]; methods: Record<string, Act> }[] = [
  { path: ['leases'], methods: { GET: (request, _id, deps) => listLeases(request, deps), POST: held(byToken, post) } },
  { path: ['leases', '{id}'], methods: { GET: showLease } },
  { path: ['leases', '{id}', 'renew'], methods: { POST: held(byToken, renewLease) } },
  { path: ['leases', '{id}', 'end'], methods: { POST: held(byToken, endOwnLease) } },
  { path: ['leases', '{id}', 'revoke'], methods: { POST: held(byOperator, revokeLease) } },
  { path: ['iam', 'leases'], methods: { POST: held(byIam, post) } },
  { path: ['iam', 'leases', '{id}', 'renew'], methods: { POST: held(byIam, renewLease) } },
  { path: ['iam', 'leases', '{id}', 'end'], methods: { POST: held(byIam, endOwnLease) } },
];

const mostBytes = 64 * 1024;

/** Answers the lease API: jobs register, renew and end what they were lent; operators look and revoke. */
export const handle = async (request: HttpRequest, deps: LeaseApiDeps, signal: AbortSignal): Promise<HttpAnswer> => {
  const segments = request.path.split('/').filter((segment) => segment !== '');
  const route = leaseRoutes.find(({ path }) => path.length === segments.length && path.every((part, i) => part.startsWith('{') || part === segments[i]));
  if (!route) return { status: 404, body: { error: 'there is nothing at this path' } };
  const act = route.methods[request.method];
  if (!act) return { status: 405, headers: { allow: Object.keys(route.methods).join(', ') }, body: { error: `this path knows ${Object.keys(route.methods).join(' and ')}` } };
  if (request.body.byteLength > mostBytes) return { status: 413, body: { error: 'the body is larger than 64 KiB' } };
  const id = segments[route.path.indexOf('{id}')] ?? '';
  try {
    return await act(request, id, deps, signal);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    deps.log.warn('lease request refused', { status: error.status, error: error.message });
    return { status: error.status, ...(error.status === 503 ? { headers: { 'retry-after': '5' } } : error.status === 401 ? { headers: { 'www-authenticate': 'Bearer' } } : {}), body: { error: error.message, lease: error.lease } };
  }
};

export const handler = httpLambda(handle, leaseApiDeps);
