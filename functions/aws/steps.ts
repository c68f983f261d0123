import type { ActVerb, Case, Line } from '../core/case.ts';
import type { Configuration } from '../core/configuration.ts';
import type { Acted, Binding, Context, Credential, Intent, Issuer, Store } from '../core/connector.ts';
import { moveOf, nextOf, roundOf } from '../core/run.ts';
import type { Next, Step } from '../core/step.ts';
import type { ClientOf } from './clients.ts';
import { isConditionFailed, type Ledger } from './ledger.ts';
import { errorSays, type Count, type Log } from './log.ts';
import { noticing } from './notices.ts';
import type { Registry } from './registry.ts';

/** What the functions of a playbook work with. */
export interface StepDeps {
  configuration: Configuration;
  ledger: Ledger;
  registry: Registry;
  clientOf: ClientOf;
  issuers: ReadonlyMap<string, Issuer>;
  store: Store;
  now: () => Date;
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  log: Log;
  count: Count;
}

/** What `record` and `report` work with: they touch no provider. */
export interface RecordDeps {
  configuration: Configuration;
  ledger: Ledger;
  clientOf: ClientOf;
  topic: string;
  now: () => Date;
  log: Log;
  count: Count;
}

/** A case with what acting on it needs. */
export interface Work {
  /** As it stood when we last read it or wrote to it. */
  found: Case;
  credential: Credential;
  binding: Binding;
  issuer: Issuer | undefined;
}

/** The credential of a case as the registry knows it now, with its copies. */
export const credentialOfCase = async (found: Case, { registry, configuration }: Pick<StepDeps, 'registry' | 'configuration'>): Promise<Credential> => {
  const id = found.credential;
  if (!id) throw new Error(`case ${found.id} names no credential`);
  const colon = id.indexOf(':');
  const bare: Credential = { id, issuer: id.slice(0, colon), name: id.slice(colon + 1), account: found.reports[0]?.account, copies: [] };
  const matches = found.fingerprint ? await registry.match([found.fingerprint], configuration) : [];
  return matches.find(({ credential }) => credential.id === id)?.credential ?? (await registry.credential(id, configuration, bare)) ?? bare;
};

/** A planned case with what acting on it needs; undefined where a newer attempt has taken over or nothing is planned. */
export const workOf = async (step: Step, { ledger, issuers }: Pick<StepDeps, 'ledger' | 'issuers'>): Promise<Work | undefined> => {
  const found = await ledger.load(step.case);
  if (!found) throw new Error(`there is no case ${step.case}`);
  if (found.attempt !== step.attempt || !found.plan) return undefined;
  const { credential, binding } = found.plan;
  return { found, credential, binding, issuer: issuers.get(credential.issuer) };
};

/** Thrown where a newer attempt has taken over while this one was at work. */
class Superseded extends Error {
  constructor() {
    super('a newer attempt has taken over');
    this.name = 'Superseded';
  }
}

/** What a step of an attempt says that is no longer the case's: it ends its playbook and touches nothing. */
export const superseded = (step: Step): Next => ({ case: step.case, attempt: step.attempt, next: 'record', seconds: 0 });

/** Wraps a step: what throttled is told, what threw is told and thrown again for the playbook to retry. */
export const stepping = async (name: string, step: Step, deps: Pick<StepDeps, 'ledger' | 'log' | 'count'>, work: () => Promise<Next>): Promise<Next> => {
  try {
    return await noticing(work, async (noticed) => {
      for (const { service, operation, error } of noticed) {
        deps.count('ProviderThrottled');
        await deps.ledger.tell(step.case, () => ({ kind: 'throttled', service, operation, error }));
      }
    });
  } catch (error) {
    if (error instanceof Superseded) return superseded(step);
    deps.count('StepFailed');
    deps.log.error('step failed', { case: step.case, attempt: step.attempt, step: name, error: errorSays(error) });
    if (!isConditionFailed(error)) await deps.ledger.tell(step.case, () => ({ kind: 'failed', attempt: step.attempt, step: name, error: errorSays(error) }));
    throw error;
  }
};

/** The context of one verb: its notes are lines of the ledger, so they survive us. */
export const contextOf = (work: Work, verb: ActVerb | 'probe' | 'find', step: Step, deps: StepDeps, signal: AbortSignal): Context => {
  const round = verb === 'contain' || verb === 'rotate' || verb === 'revoke' ? roundOf(work.found, verb) : 0;
  const noted = work.found.lines.flatMap((line) => (line.kind === 'noted' && (verb === 'probe' || (line.verb === verb && line.round === round)) ? [line.fact] : []));
  const intent: Intent = {
    noted,
    note: async (fact) => {
      if (verb === 'probe' || verb === 'find') return;
      // what is known is enough: if anybody wrote meanwhile, the line is refused and the case read again
      work.found = await deps.ledger.tell(step.case, (current) => {
        // a function that outlived its playbook must not act beside the next attempt
        if (current.attempt !== step.attempt || current.closed) throw new Superseded();
        return { kind: 'noted', attempt: step.attempt, verb, round, fact };
      }, work.found);
    },
  };
  return { case: work.found.id, round, now: deps.now, sleep: deps.sleep, signal, binding: work.binding, intent };
};

/**
 * Does one act the same way for every verb: is it ours to do now; write the intent; act; write what came of it;
 * say what comes next. A step that was recorded is not done again.
 */
export const perform = (verb: ActVerb, step: Step, deps: StepDeps, signal: AbortSignal, act: (work: Work, context: Context) => Promise<Acted>): Promise<Next> =>
  stepping(verb, step, deps, async () => {
    const work = await workOf(step, deps);
    if (!work) return superseded(step);
    if (!isDue(work.found, verb, deps.now())) return nextOf(work.found, step.attempt, deps.now());
    const round = roundOf(work.found, verb);
    const isIntent = (line: Line): boolean => line.kind === 'intent' && line.verb === verb && line.round === round && line.attempt === step.attempt;
    work.found = await deps.ledger.tell(
      step.case,
      (current) => {
        if (current.attempt !== step.attempt) throw new Superseded();
        return current.lines.some(isIntent) || !isDue(current, verb, deps.now()) || roundOf(current, verb) !== round ? undefined : { kind: 'intent', attempt: step.attempt, verb, round };
      },
      work.found,
    );
    // what was written meanwhile may ask for something else first
    if (!isDue(work.found, verb, deps.now()) || roundOf(work.found, verb) !== round) return nextOf(work.found, step.attempt, deps.now());
    const acted = await act(work, contextOf(work, verb, step, deps, signal));
    const told = await deps.ledger.tell(
      step.case,
      (current) => {
        // what an attempt did that was overtaken is true all the same; what it could not do is no business of the next one
        const counts = current.attempt === step.attempt || acted.result === 'done' || acted.result === 'already';
        return roundOf(current, verb) > round || !counts ? undefined : { kind: 'acted', attempt: step.attempt, verb, round, acted };
      },
      work.found,
    );
    if (told.attempt !== step.attempt) return superseded(step);
    deps.log.info('acted', { case: step.case, verb, round, result: acted.result });
    return nextOf(told, step.attempt, deps.now());
  });

/** Whether a verb's turn has come. A rotation that is under way is looked at again by the same verb. */
const isDue = (found: Case, verb: ActVerb, now: Date): boolean => {
  const { next } = moveOf(found, now);
  return next === verb || (verb === 'rotate' && next === 'await');
};
