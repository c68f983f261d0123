import { RotateSecretCommand, SecretsManagerClient, type RotationRulesType } from '@aws-sdk/client-secrets-manager';
import type { Context, Copy, Probed } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { isCode, isRefusal, refusalOf } from '../provider-error.ts';
import { tokenOf } from '../token.ts';
import { describe, versionWith, wasCurrent, type Described } from './secret.ts';
import { freeStuck } from './stuck.ts';

/** Where the rotation of one secret stands. */
export type Standing =
  | { standing: 'done'; note: string }
  /** It cannot be rotated by us. */
  | { standing: 'left'; reason: string }
  | { standing: 'refused'; reason: string }
  | { standing: 'ask'; question: string }
  | { standing: 'running'; token: string; since: Date };

/** One secret with the copies that are kept in it. */
export interface Place {
  place: string;
  name: string;
  copies: Copy[];
}

const left = (reason: string): Standing => ({ standing: 'left', reason });

/** What earlier tries of this act noted about one secret. */
interface Noted {
  at?: Date;
  promoted?: string;
  lambda?: string;
  rules?: RotationRulesType;
  gaveUp: boolean;
  done: boolean;
}

const notedOf = (noted: readonly Record<string, unknown>[], place: string): Noted => {
  const facts = noted.filter((fact) => fact.place === place);
  const at = facts.find((fact) => typeof fact.at === 'string')?.at;
  // the first one saw the settings before we touched them
  const gaveUp = facts.find((fact) => fact.gaveUp !== undefined);
  return {
    at: typeof at === 'string' ? new Date(at) : undefined,
    promoted: facts.findLast((fact) => typeof fact.promoted === 'string')?.promoted as string | undefined,
    lambda: gaveUp?.lambda as string | undefined,
    rules: gaveUp?.rules as RotationRulesType | undefined,
    gaveUp: gaveUp !== undefined,
    done: facts.some((fact) => fact.done === true),
  };
};

const whyNot = (described: Described, noted: Noted): string | undefined => {
  if (described.DeletedDate) return 'it is being deleted';
  if (described.OwningService) return `${described.OwningService} manages it: only that service rotates it`;
  if (described.Type) return `it is a managed external secret (${described.Type}): its partner rotates it`;
  if (noted.gaveUp) return undefined;
  if (!described.RotationLambdaARN) return 'no rotation is configured for it';
  return described.RotationEnabled === true ? undefined : 'its rotation is switched off';
};

/** AWS takes a schedule in one of two forms, and tells both. */
const rulesToSet = (rules: RotationRulesType | undefined): RotationRulesType | undefined => {
  if (!rules) return undefined;
  const { AutomaticallyAfterDays, Duration, ScheduleExpression } = rules;
  return ScheduleExpression ? { ScheduleExpression, Duration } : { AutomaticallyAfterDays, Duration };
};

/** Our own token: repeated calls of one act are one rotation, the next round is another. */
export const rotationToken = ({ case: of, round }: Context, place: string): string => tokenOf(of, place, round, 'rotate');

/** Begins the rotation of one secret, or sees how far an earlier try has come. */
export const begin = async (edges: Edges, place: Place, opens: (value: string) => Promise<Probed>, context: Context): Promise<Standing> => {
  const { signal, intent } = context;
  const noted = notedOf(intent.noted, place.place);
  const token = rotationToken(context, place.place);
  const described = await describe(edges, place.place, signal);
  if (!described) return left('the secret is gone');
  if (noted.done || wasCurrent(described, token)) return { standing: 'done', note: 'rotated' };
  if (noted.promoted && wasCurrent(described, noted.promoted)) return { standing: 'done', note: 'its stuck pending value was promoted' };
  const reason = whyNot(described, noted);
  if (reason) return left(reason);
  const pending = versionWith(described, 'AWSPENDING');
  if (pending === token) return { standing: 'running', token, since: noted.at ?? context.now() };
  const isStuck = pending !== undefined && pending !== versionWith(described, 'AWSCURRENT');
  let again: Pick<Noted, 'lambda' | 'rules'> | undefined = noted.gaveUp ? noted : undefined;
  if (isStuck) {
    const { freed, ...more } = await freeStuck(edges, described, pending, place, opens, context);
    if ('question' in more) return { standing: 'ask', question: more.question };
    if (freed === 'promoted') {
      // an earlier try that found it dead has cancelled the schedule
      if (noted.gaveUp) await schedule(edges, place.place, noted, signal);
      return { standing: 'done', note: 'its stuck pending value opens the door and was promoted' };
    }
    again ??= { lambda: described.RotationLambdaARN, rules: described.RotationRules };
  }
  const since = noted.at ?? context.now();
  if (!noted.at) await intent.note({ place: place.place, token, at: since.toISOString() });
  const settings = again && { RotationLambdaARN: again.lambda, RotationRules: rulesToSet(again.rules) };
  return start(edges, place.place, token, settings, since, signal);
};

const schedule = async (edges: Edges, place: string, { lambda, rules }: Pick<Noted, 'lambda' | 'rules'>, signal: AbortSignal): Promise<void> => {
  const command = new RotateSecretCommand({ SecretId: place, RotationLambdaARN: lambda, RotationRules: rulesToSet(rules), RotateImmediately: false });
  await edges.clientOf(SecretsManagerClient).send(command, { abortSignal: signal });
};

const start = async (edges: Edges, place: string, token: string, settings: { RotationLambdaARN?: string; RotationRules?: RotationRulesType } | undefined, since: Date, signal: AbortSignal): Promise<Standing> => {
  try {
    await edges.clientOf(SecretsManagerClient).send(new RotateSecretCommand({ SecretId: place, ClientRequestToken: token, ...settings }), { abortSignal: signal });
    return { standing: 'running', token, since };
  } catch (error) {
    signal.throwIfAborted();
    const off = settings ? '; its automatic rotation was cancelled to free it, and is off now' : '';
    if (isRefusal(error)) return { standing: 'refused', reason: `${refusalOf(error, 'rotate this secret')}${off}` };
    if (isCode(error, 'ResourceNotFound')) return left('the secret was deleted meanwhile');
    if (!isCode(error, 'InvalidRequest')) throw error;
    const message = error instanceof Error ? error.message : '';
    if (/deletion/i.test(message)) return left('it is being deleted');
    // another rotation began in the same moment: it is looked at when we are asked again
    if (/isn't complete|in progress/i.test(message)) return { standing: 'running', token, since };
    return left(`InvalidRequest: Secrets Manager will not rotate it${off}`);
  }
};
