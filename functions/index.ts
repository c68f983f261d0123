import { indexDeps } from './aws/composition-index.ts';
import { indexSecret, type IndexDeps } from './aws/index-secret.ts';
import { queueLambda, type Remaining } from './aws/lambda.ts';
import { lookAgain } from './aws/late-look.ts';
import { reserveMilliseconds, walk } from './aws/walk.ts';

/** Keeps the registry true: one secret whose label moved, or a walk over everything that may take several turns. And looks again at what ended green. */
export const handle = async (body: unknown, deps: IndexDeps, signal: AbortSignal, remaining: Remaining = () => Infinity): Promise<void> => {
  const message = (typeof body === 'object' && body !== null ? body : {}) as { kind?: unknown; case?: unknown; due?: unknown; 'detail-type'?: unknown; resources?: unknown };
  if (message['detail-type'] === 'Secret Label Updated' && Array.isArray(message.resources)) {
    for (const place of message.resources) if (typeof place === 'string') await indexSecret({ place }, deps, signal);
    return;
  }
  if (message.kind === 'tick' || message.kind === 'continue' || message.kind === 'all') return walk(message.kind, deps, signal, () => remaining() > reserveMilliseconds);
  if (message.kind === 'look' && typeof message.case === 'string' && typeof message.due === 'string') return lookAgain({ case: message.case, due: message.due }, deps, signal);
  throw new Error('a message in the index queue is neither ours nor an event: see the dead-letter queue');
};

export const handler = queueLambda(handle, indexDeps);
