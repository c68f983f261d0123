import { routes, type ApiDeps } from './aws/api-routes.ts';
import { apiDeps } from './aws/composition-api.ts';
import type { HttpAnswer, HttpRequest } from './aws/http.ts';
import { httpLambda } from './aws/lambda.ts';

/** Answers the API: cases, tasks, credentials, health. Who may call is decided at the front door. */
export const handle = async (request: HttpRequest, deps: ApiDeps, _signal: AbortSignal): Promise<HttpAnswer> => {
  const segments = request.path.split('/').filter((segment) => segment !== '');
  const route = routes.find(({ path }) => path.length === segments.length && path.every((part, i) => part.startsWith('{') || part === segments[i]));
  if (!route) return { status: 404, body: { error: 'there is nothing at this path' } };
  const act = route.methods[request.method];
  if (!act) return { status: 405, headers: { allow: Object.keys(route.methods).join(', ') }, body: { error: `this path knows ${Object.keys(route.methods).join(' and ')}` } };
  const id = segments[route.path.findIndex((part) => part.startsWith('{'))];
  return act({ ...request, id: id === undefined ? '' : decoded(id) }, deps);
};

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

export const handler = httpLambda(handle, apiDeps);
