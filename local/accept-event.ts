import { cutEvent, envelope } from '../events/cut.ts';
import { awsSourceOf } from '../events/index.ts';
import { deliveryOfEvent } from '../functions/aws/aws-events.ts';
import { digest } from '../functions/aws/digest.ts';
import type { HttpAnswer, HttpRequest } from '../functions/aws/http.ts';
import { queuesFor, type Outside } from './outside.ts';

type Queue = Parameters<Outside['enqueue']>[0];

/** As the rule of that queue hands it on: of a run only what its source reads, since the rest holds what the job was started with. */
const handedTo = (queue: Queue, event: object): object => {
  const reads = queue === 'ends' ? awsSourceOf(event)?.reads : undefined;
  return reads ? cutEvent(event, reads) : event;
};

/** What no rule takes, by its envelope and the digest of what it says, which nobody reads. */
const unheard = (event: object): object => ({ ...cutEvent(event, envelope), detail: { digest: digest(JSON.stringify(event)) } });

/** `POST /aws-events`: takes what EventBridge would deliver, as the rules of the stack would hand it on. 202 with the id of the delivery, 400 where it is no event. */
export const acceptEvent = async (request: HttpRequest, enqueue: Outside['enqueue']): Promise<HttpAnswer> => {
  if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' }, body: { error: 'events are posted' } };
  let event: unknown;
  try {
    event = JSON.parse(Buffer.from(request.body).toString('utf8'));
  } catch {
    return { status: 400, body: { error: 'the body is not JSON' } };
  }
  if (typeof event !== 'object' || event === null || !('detail-type' in event) || !('source' in event)) return { status: 400, body: { error: 'this is not an event in EventBridge\'s envelope: it needs source, detail-type and detail' } };
  const queues = queuesFor(event);
  for (const queue of queues) await enqueue(queue, handedTo(queue, event));
  if (queues.length > 0) return { status: 202, body: { delivery: deliveryOfEvent(event) } };
  // recorded all the same: somebody posted it here to see what becomes of it
  const recorded = unheard(event);
  await enqueue('deliveries', recorded);
  return { status: 202, body: { delivery: deliveryOfEvent(recorded) } };
};
