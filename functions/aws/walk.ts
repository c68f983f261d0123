import { randomUUID } from 'node:crypto';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mapLimit } from './limit.ts';
import { indexSecret, type IndexDeps, type Listed } from './index-secret.ts';
import { errorName } from './log.ts';
import { takeTurn, type Turn, type Walk } from './walk-turn.ts';

const pageSize = 100;
const atOnce = 32;

/** How long before its function's end a turn begins nothing more: the slowest batch, then saving and sending, fit into it. */
export const reserveMilliseconds = 30_000;

/**
 * Walks all secrets and all issuers' lists, page by page, from where the walk before came to. `hasTime` is asked before each
 * page and each secret; when it says no, or the signal is aborted, progress is saved and a message is sent to go on. Where somebody
 * else is walking, a `tick` and a `continue` are done, and `all` takes over and begins again.
 */
export const walk = async (why: 'tick' | 'continue' | 'all', deps: IndexDeps, signal: AbortSignal, hasTime: () => boolean = () => true): Promise<void> => {
  const turn = await takeTurn(why, deps.registry, deps.now, randomUUID());
  if (!turn) return;
  const goesOn = (): boolean => hasTime() && !signal.aborted;
  try {
    await walkSecrets(turn, deps, signal, goesOn);
    await walkIssuers(turn, deps, signal, goesOn);
  } catch (error) {
    // what was cut off in the middle is done again, what was saved is not
    if (!signal.aborted && !turn.isLost()) {
      // whoever comes next need not wait until this turn would have ended
      await turn.end().catch(() => undefined);
      throw error;
    }
  }
  if (await turn.end()) await told(turn.at(), deps);
};

/** Says that the walk came to its end, or tells ourselves to go on. */
const told = async ({ phase, seen, changed, startedAt }: Walk, { clientOf, indexQueue, count, log }: IndexDeps): Promise<void> => {
  if (phase !== 'done') {
    await clientOf(SQSClient).send(new SendMessageCommand({ QueueUrl: indexQueue, MessageBody: JSON.stringify({ kind: 'continue' }) }));
    return;
  }
  count('IndexFinished');
  log.info('index finished', { seen, changed, startedAt });
};

const walkSecrets = async (turn: Turn, deps: IndexDeps, signal: AbortSignal, goesOn: () => boolean): Promise<void> => {
  // a saved token may have grown too old; one of this very turn has not
  let token = turn.at().token;
  while (turn.at().phase === 'secrets' && goesOn()) {
    try {
      await turn.save(await secretsPage(turn.at(), deps, signal, goesOn));
      token = undefined;
    } catch (error) {
      if (token === undefined || errorName(error) !== 'InvalidNextTokenException') throw error;
      token = undefined;
      await turn.save({ token: undefined, seen: 0 });
    }
  }
};

/** One page. Where time runs out in its middle it is listed again, and what was read of it is known by then. */
const secretsPage = async (at: Walk, deps: IndexDeps, signal: AbortSignal, goesOn: () => boolean): Promise<Partial<Walk>> => {
  const page = await deps.clientOf(SecretsManagerClient).send(new ListSecretsCommand({ MaxResults: pageSize, NextToken: at.token }), { abortSignal: signal });
  const listed = (page.SecretList ?? []).flatMap(({ ARN, Name, SecretVersionsToStages }): Listed[] => (ARN ? [{ place: ARN, name: Name, versions: SecretVersionsToStages ?? {} }] : []));
  const done = await mapLimit(listed, atOnce, async (secret) => (goesOn() ? indexSecret(secret, deps, signal) : undefined));
  const changed = at.changed + done.filter(Boolean).length;
  if (done.includes(undefined)) return { changed };
  return { changed, seen: at.seen + listed.length, token: page.NextToken, phase: page.NextToken ? 'secrets' : 'issuers' };
};

const walkIssuers = async (turn: Turn, deps: IndexDeps, signal: AbortSignal, goesOn: () => boolean): Promise<void> => {
  if (turn.at().phase !== 'issuers') return;
  const issuers = [...deps.issuers.values()].filter(({ list }) => list);
  const first = issuers.findIndex(({ name }) => name === turn.at().issuer);
  for (const { name, list } of issuers.slice(Math.max(0, first))) {
    const from = name === turn.at().issuer ? turn.at().marker : undefined;
    await turn.save({ issuer: name, marker: from });
    for await (const credential of list?.({ signal, from, passed: (marker) => turn.save({ marker }) }) ?? []) {
      if (!goesOn()) return;
      if (!(await deps.registry.knows(credential.id, credential.principal))) await deps.registry.putCredential(credential);
    }
    if (!goesOn()) return;
  }
  await turn.save({ phase: 'done', issuer: undefined, marker: undefined, finishedAt: deps.now().toISOString() });
};
