import { sources } from '../events/index.ts';
import type { Trigger, WebhookSource } from '../events/trigger.ts';
import type { Configuration } from './core/configuration.ts';
import { deliveryIdOf } from './core/ids.ts';
import type { ClientOf } from './aws/clients.ts';
import { receiveDeps } from './aws/composition.ts';
import { keyedDigest } from './aws/digest.ts';
import type { HttpAnswer, HttpRequest } from './aws/http.ts';
import { httpLambda } from './aws/lambda.ts';
import { errorName, type Count, type Log } from './aws/log.ts';
import { sendEnds, type EndMessage } from './aws/ends.ts';
import { enqueue } from './aws/queue.ts';
import { sealFindings, type Sealing } from './aws/seal.ts';

export interface ReceiveDeps extends Sealing {
  configuration: Configuration;
  clientOf: ClientOf;
  secrets: (names: readonly string[]) => Promise<string[]>;
  queueUrl: string;
  /** URL of the queue that feeds release: ended runs go there. */
  endsQueue: string;
  bucket: string;
  now: () => Date;
  log: Log;
  count: Count;
}

const mebibyte = 1024 * 1024;

/** A message that tells no time of its own may have overtaken others by so much: it is dated so long before it came. */
const overtakenMilliseconds = 10_000;

/** Checks a webhook over its raw bytes, takes the values out, stores what is left and answers; nothing else. */
export const handle = async (request: HttpRequest, deps: ReceiveDeps, _signal: AbortSignal): Promise<HttpAnswer> => {
  // a source's name needs no escapes, so none are read
  const name = /^\/triggers\/([^/]+)\/?$/.exec(request.path)?.[1] ?? '';
  const source = sources.find((candidate): candidate is WebhookSource => candidate.transport === 'webhook' && candidate.name === name);
  const settings = deps.configuration.sources.find((candidate) => candidate.source === name);
  const refuse = (status: number, error: string): HttpAnswer => {
    deps.log.warn('delivery refused', { source: source?.name, status, error });
    deps.count('DeliveryRejected');
    return { status, body: { error } };
  };
  if (!source || !settings) return refuse(404, 'no such source is connected here');
  if (request.method !== 'POST') {
    const welcome = source.welcome?.(request);
    return welcome ? { ...welcome, body: undefined } : { ...refuse(405, 'this source is posted to'), headers: { allow: 'POST' } };
  }
  const mostBytes = source.mostBytes ?? mebibyte;
  if (request.body.byteLength > mostBytes) return refuse(413, `the body is larger than ${mostBytes / mebibyte} MiB: send it in parts`);
  let secrets: string[];
  try {
    secrets = await deps.secrets(settings.secrets);
  } catch (error) {
    deps.log.error('signing secrets could not be read', { source: source.name, error: errorName(error) });
    return { ...refuse(503, 'its signature cannot be checked at this moment: send it again'), headers: { 'retry-after': '5' } };
  }
  const authenticity = source.authenticate(request, secrets, deps.now());
  if (!authenticity.ok) return refuse(401, authenticity.reason);
  const parsed = source.parse(request);
  if (parsed.kind === 'malformed') return refuse(400, parsed.reason);
  // the id is shown and kept, and the body holds values: without the key nobody can try guesses against it
  const delivery = deliveryIdOf(keyedDigest(secrets[0] ?? ''), source.name, Buffer.from(request.body).toString('latin1'));
  try {
    if (parsed.kind === 'ignored') {
      await deps.ledger.recordIgnored(delivery, source.name, parsed.reason);
      deps.log.info('delivery recorded', { source: source.name, delivery, reason: parsed.reason });
      return { status: 202, body: { delivery } };
    }
    const runs = parsed.triggers.flatMap((trigger) => messageOf(trigger, delivery, deps.now()) ?? []);
    await sendEnds(deps.clientOf, deps.endsQueue, runs);
    const leaks = parsed.triggers.filter((trigger) => trigger.trigger === 'SecretLeaked');
    const findings = await sealFindings(leaks, deps);
    if (leaks.length > 0) await enqueue(deps.clientOf, deps.queueUrl, { kind: 'delivery', delivery, source: source.name, receivedAt: deps.now().toISOString(), findings }, deps.bucket);
    deps.log.info('delivery accepted', { source: source.name, delivery, findings: findings.length, runs: runs.length });
  } catch (error) {
    deps.log.error('delivery could not be stored', { source: source.name, delivery, error: errorName(error) });
    deps.count('DeliveryRejected');
    return { status: 503, headers: { 'retry-after': '5' }, body: { error: 'it could not be stored: send it again' } };
  }
  deps.count('DeliveryAccepted');
  return { status: 202, body: { delivery } };
};

/** What release is told of a run. */
const messageOf = (trigger: Trigger, delivery: string, now: Date): EndMessage | undefined => {
  if (trigger.trigger === 'JobEnded') return { kind: 'ended', delivery, ended: trigger };
  if (trigger.trigger !== 'JobStarted') return undefined;
  return { kind: 'started', delivery, started: { ...trigger, at: trigger.at || new Date(now.getTime() - overtakenMilliseconds).toISOString() } };
};

export const handler = httpLambda(handle, receiveDeps);
