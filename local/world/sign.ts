import type { HttpAnswer, HttpRequest } from '../../functions/aws/http.ts';
import { signedHeaders } from './sender.ts';
import type { World } from './world.ts';

/**
 * `POST /world/sign/{source}`: the headers, one a line, under which that source would send this very body now (for
 * `curl -H @-`). Stands in for the sender, so that a person can send a report without ever seeing a signing secret.
 */
export const signForSender = (request: HttpRequest, world: World, now: Date): HttpAnswer => {
  const source = decodeURIComponent(request.path.slice('/world/sign/'.length));
  if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' }, body: { error: 'post the body that is to be signed' } };
  if (!world.configuration.sources.some((settings) => settings.source === source)) return { status: 404, body: { error: 'no such source is connected here' } };
  const headers = signedHeaders(world, source, Buffer.from(request.body).toString('utf8'), now);
  return { status: 200, body: Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`).join('') };
};
