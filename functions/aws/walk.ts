import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mapLimit } from './limit.ts';
import { indexSecret, type IndexDeps, type Listed } from './index-secret.ts';

/** Where a walk stands. */
interface Walk {
  startedAt: string;
  /** The page to go on with; absent before the first. */
  token?: string;
  phase: 'secrets' | 'issuers' | 'done';
  seen: number;
  changed: number;
  /** Until when (ISO 8601) somebody is walking; after that the walk was dropped. */
  until?: string;
  finishedAt?: string;
}

const pageSize = 100;
const atOnce = 32;
const leaseMilliseconds = 90_000;

/** Walks all secrets and all issuers' lists, page by page. Stops before its time is up and sends itself a message to go on. */
export const walk = async (why: 'tick' | 'continue' | 'all', deps: IndexDeps, signal: AbortSignal): Promise<void> => {
  const { registry, now } = deps;
  const known = (await registry.walk()) as Walk | undefined;
  const busy = known?.until !== undefined && new Date(known.until) > now();
  if (busy && why === 'tick') return;
  let at: Walk = known && known.phase !== 'done' && why !== 'all' ? known : { startedAt: now().toISOString(), phase: 'secrets', seen: 0, changed: 0 };
  const save = async (next: Walk): Promise<void> => {
    at = { ...next, until: next.phase === 'done' ? undefined : new Date(now().getTime() + leaseMilliseconds).toISOString() };
    await registry.putWalk({ ...at });
  };
  while (at.phase === 'secrets' && !signal.aborted) await save(await secretsPage(at, deps, signal));
  if (at.phase === 'issuers' && !signal.aborted) await save(await issuersOf(at, deps, signal));
  if (at.phase !== 'done') {
    await registry.putWalk({ ...at, until: undefined });
    await deps.clientOf(SQSClient).send(new SendMessageCommand({ QueueUrl: deps.indexQueue, MessageBody: JSON.stringify({ kind: 'continue' }) }));
    return;
  }
  deps.count('IndexFinished');
  deps.log.info('index finished', { seen: at.seen, changed: at.changed, startedAt: at.startedAt });
};

const secretsPage = async (at: Walk, deps: IndexDeps, signal: AbortSignal): Promise<Walk> => {
  const page = await deps.clientOf(SecretsManagerClient).send(new ListSecretsCommand({ MaxResults: pageSize, NextToken: at.token }), { abortSignal: signal });
  const listed = (page.SecretList ?? []).flatMap(({ ARN, Name, SecretVersionsToStages }): Listed[] => (ARN ? [{ place: ARN, name: Name, versions: SecretVersionsToStages ?? {} }] : []));
  const changed = await mapLimit(listed, atOnce, (secret) => indexSecret(secret, deps, signal));
  return { ...at, token: page.NextToken, phase: page.NextToken ? 'secrets' : 'issuers', seen: at.seen + listed.length, changed: at.changed + changed.filter(Boolean).length };
};

const issuersOf = async (at: Walk, deps: IndexDeps, signal: AbortSignal): Promise<Walk> => {
  for (const issuer of deps.issuers.values()) {
    if (!issuer.list) continue;
    for await (const credential of issuer.list({ signal })) {
      if (!(await deps.registry.knows(credential.id, credential.principal))) await deps.registry.putCredential(credential);
    }
  }
  return { ...at, phase: 'done', finishedAt: deps.now().toISOString() };
};
