import { StateMachine } from 'aws-local-stepfunctions';
import type { Next, Step } from '../../functions/core/step.ts';

interface Definition {
  StartAt: string;
  States: Record<string, { Type: string; TimeoutSeconds?: number; Retry?: unknown[]; Resource?: string }>;
}

/** What one function answers, one after the other; the last answer stands. A thrown error is an answer too. */
export type Script = Record<string, (Next['next'] | Error | 'silence')[]>;

/** How an execution went: the states that it entered, where it ended, and what each function was told. */
export interface Run {
  ends: string;
  entered: string[];
  calls: { state: string; payload: Step & { error?: string } }[];
}

/** Two states may call one function, and then share its script. */
const functionOf = (state: string): string => (['Prove it dead', 'Look again'].includes(state) ? 'Probe' : state);

/** At which words of the ledger a state has work to do; the others work whenever they are entered. */
const turnsOf: Record<string, readonly Next['next'][]> = {
  Contain: ['contain'],
  Rotate: ['rotate', 'await'],
  Revoke: ['revoke'],
  Probe: ['probe'],
  'Prove it dead': ['probe'],
  'Look again': ['probe'],
};

/** With these words Record is not at its end either, and passes them on. */
const notYet: readonly Next['next'][] = ['plan', 'contain', 'rotate', 'revoke', 'probe', 'settle', 'await'];

const silence = () => new Promise<never>(() => undefined);

/** Runs a definition with scripted functions. Waiting for an answer that never comes takes a moment here, too short to be a valid timeout. */
export const runOf = async (synthesized: object, script: Script): Promise<Run> => {
  const definition = structuredClone(synthesized) as unknown as Definition;
  const handlers: Record<string, (input: unknown) => Promise<unknown>> = {};
  const calls: Run['calls'] = [];
  const scripted: Script = {};
  /** What comes next by the ledger. Whose turn it is not does nothing and answers that, as every function does. */
  let turn: Next['next'] = 'plan';
  for (const [name, state] of Object.entries(definition.States)) {
    if (state.Type !== 'Task') continue;
    const waits = state.Resource?.endsWith('.waitForTaskToken') ?? false;
    if (waits) state.TimeoutSeconds = 0.05;
    const answers = scripted[functionOf(name)] ??= [...(script[functionOf(name)] ?? ['record'])];
    handlers[name] = async (input) => {
      const { Payload } = input as { Payload: Step & Partial<Next> };
      calls.push({ state: name, payload: Payload });
      // the wait is over
      if (name === 'Probe' && turn === 'settle') turn = 'probe';
      const isItsTurn = name === 'Record' ? !notYet.includes(Payload.next ?? 'record') : (turnsOf[name]?.includes(turn) ?? true);
      const answer = !isItsTurn ? turn : answers.length > 1 ? answers.shift() : answers[0];
      if (typeof answer === 'string' && answer !== 'silence') turn = answer;
      if (answer instanceof Error) throw answer;
      if (answer === 'silence') return silence();
      const said = { case: Payload.case, attempt: Payload.attempt, next: answer, seconds: 7 };
      return waits ? {} : { Payload: said, StatusCode: 200 };
    };
  }
  const retries = Object.fromEntries(Object.keys(handlers).map((name) => [name, 0]));
  const execution = new StateMachine(definition as never, { validationOptions: { noValidate: true } }).run(
    { case: 'c-1', attempt: 2 },
    { overrides: { taskResourceLocalHandlers: handlers as never, waitTimeOverrides: { 'Let it settle': 0 }, retryIntervalOverrides: retries }, context: { Task: { Token: 'token-1' } } },
  );
  const ended = execution.result.then(() => undefined, (error: Error) => error);
  const entered: string[] = [];
  for await (const event of execution.eventLogs) if (event.type === 'StateEntered') entered.push(event.state.name);
  await ended;
  return { ends: entered.at(-1) ?? '', entered, calls };
};
