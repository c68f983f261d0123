import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Next } from '../../functions/core/step.ts';
import { playbookNames } from '../../infra/playbooks/index.ts';
import type { PlaybookName } from '../../infra/playbooks/index.ts';
import { synthesizedPlaybooks } from '../../infra/playbooks/print.ts';

interface State {
  Type: string;
  Next?: string;
  Default?: string;
  End?: boolean;
  Resource?: string;
  TimeoutSeconds?: number;
  OutputPath?: string;
  ResultPath?: string | null;
  SecondsPath?: string;
  Choices?: { Variable: string; StringEquals: string; Next: string }[];
  Retry?: { ErrorEquals: string[]; MaxAttempts: number; BackoffRate?: number; JitterStrategy?: string; MaxDelaySeconds?: number }[];
  Catch?: { ErrorEquals: string[]; Next: string; ResultPath?: string | null }[];
  Parameters?: { FunctionName?: string; Payload?: Record<string, string> };
}

interface Definition {
  StartAt: string;
  States: Record<string, State>;
  TimeoutSeconds: number;
}

const definitions = (await synthesizedPlaybooks()) as unknown as Record<PlaybookName, Definition>;
const next = ({ Next, Default, Choices, Catch }: State): string[] => [Next, Default, ...(Choices ?? []).map((choice) => choice.Next), ...(Catch ?? []).map((caught) => caught.Next)].filter((name) => name !== undefined);

/** The states that an on-call person reads. */
const statesOf: Record<PlaybookName, string[]> = {
  'secret-leaked': ['Ask a person', 'Await the rotation', 'Contain', 'Contained', 'Let it settle', 'Look again', 'Not contained', 'Note the failure', 'Plan', 'Probe', 'Prove it dead', 'Record', 'Recorded', 'Report', 'Revoke', 'Rotate', 'What next?'],
  'job-ended': ['Ask a person', 'Contain', 'Contained', 'Let it settle', 'Needs a rotation', 'Not contained', 'Note the failure', 'Plan', 'Probe', 'Record', 'Recorded', 'Report', 'Revoke', 'What next?'],
};

/** Every answer that a function may give to "What next?". */
const answers: Record<Next['next'], true> = { plan: true, ask: true, contain: true, rotate: true, await: true, revoke: true, probe: true, settle: true, record: true, contained: true, 'not-contained': true, recorded: true };

describe.each(playbookNames)('the playbook %s', (name) => {
  const definition = definitions[name];
  const { StartAt, States: states } = definition;
  const tasks = Object.entries(states).filter(([, { Type }]) => Type === 'Task');
  const reachable = (from: string, seen = new Set<string>()): Set<string> => {
    if (seen.has(from)) return seen;
    seen.add(from);
    for (const found of next(states[from] as State)) reachable(found, seen);
    return seen;
  };

  it('has the states that an on-call person reads', () => {
    expect(Object.keys(states).sort()).toEqual(statesOf[name].sort());
  });

  it('reaches every state from its start', () => {
    expect([...reachable(StartAt)].sort()).toEqual(Object.keys(states).sort());
  });

  it('ends every path in Succeed or Fail', () => {
    for (const [at, state] of Object.entries(states)) {
      if (['Succeed', 'Fail'].includes(state.Type)) continue;
      expect(state.End, at).toBeUndefined();
      expect(next(state).length, at).toBeGreaterThan(0);
      expect([...reachable(at)].some((found) => ['Succeed', 'Fail'].includes(states[found]?.Type ?? '')), at).toBe(true);
    }
  });

  it('gives every task a timeout, bounded retries that spread out, and a way on when all fail', () => {
    for (const [name, { TimeoutSeconds, Retry = [], Catch = [] }] of tasks) {
      expect(TimeoutSeconds, name).toBeGreaterThan(0);
      const all = Retry.find(({ ErrorEquals }) => ErrorEquals.includes('States.ALL'));
      expect(all, name).toMatchObject({ JitterStrategy: 'FULL', BackoffRate: 2, MaxDelaySeconds: 30 });
      expect(all?.MaxAttempts, name).toBeLessThanOrEqual(4);
      expect(Catch.at(-1)?.ErrorEquals, name).toEqual(['States.ALL']);
    }
  });

  it('knows no error names beyond States.ALL and States.Timeout', () => {
    const names = tasks.flatMap(([, { Retry = [], Catch = [] }]) => [...Retry, ...Catch].flatMap(({ ErrorEquals }) => ErrorEquals));
    expect([...new Set(names)].sort()).toEqual(['States.ALL', 'States.Timeout']);
  });

  it('does not wait again for somebody who did not answer in time', () => {
    for (const [name, { Resource, Retry = [] }] of tasks) {
      if (Resource?.endsWith('.waitForTaskToken')) expect(Retry[0], name).toMatchObject({ ErrorEquals: ['States.Timeout'], MaxAttempts: 0 });
    }
  });

  it('has an answer to What next? whatever a function says', () => {
    expect(states['What next?']?.Default).toBe('Record');
    expect(states['What next?']?.Choices?.find(({ StringEquals }) => StringEquals === 'not-contained')?.Next).toBe('Report');
    expect(states.Report?.Next).toBe('Not contained');
  });

  it('hands ids to the functions and nothing else', () => {
    for (const [name, { Parameters }] of tasks) {
      const { Payload } = Parameters ?? {};
      if (name === 'Record') continue;
      expect(Object.keys(Payload ?? {}).filter((key) => key !== 'token.$').sort(), name).toEqual(['attempt.$', 'case.$']);
    }
  });

  it('is plain JSONPath: paths and comparisons, no intrinsic function, no query language', () => {
    const text = JSON.stringify(definition);
    expect(text).not.toMatch(/QueryLanguage|States\.(?!ALL|Timeout)|\{%/);
  });

  it('comes from Record to a state that works or ends, whatever Record passes on, and never straight back', () => {
    for (const { StringEquals, Next: to } of states['What next?']?.Choices ?? []) if (StringEquals !== 'record') expect(to, StringEquals).not.toBe('Record');
    const known = (states['What next?']?.Choices ?? []).map(({ StringEquals }) => StringEquals);
    expect([...known, 'record'].sort()).toEqual(Object.keys(answers).sort());
  });
});

describe('the playbooks', () => {
  it('are printed as JSON within three seconds, without bundling', async () => {
    const started = performance.now();
    const { stdout } = await promisify(execFile)(process.execPath, ['infra/playbooks/print.ts']);
    expect(JSON.parse(stdout)).toEqual(definitions);
    expect(stdout).toContain('arn:aws:lambda:us-east-1:111122223333:function:contain');
    // generous: other tests run at the same time
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('rotate nothing where a run has ended: what was lent is taken back', () => {
    expect(JSON.stringify(definitions['job-ended'])).not.toContain(':function:rotate');
    expect(JSON.stringify(definitions['secret-leaked'])).toContain(':function:rotate');
  });
});
