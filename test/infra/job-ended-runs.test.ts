import { StateMachine } from 'aws-local-stepfunctions';
import { describe, expect, it } from 'vitest';
import { synthesizedPlaybooks } from '../../infra/playbooks/print.ts';
import { runOf } from './playbook-run.ts';
import type { Run, Script } from './playbook-run.ts';

const { 'job-ended': synthesized } = await synthesizedPlaybooks();
const run = (script: Script): Promise<Run> => runOf(synthesized, script);

describe('a run of job-ended', () => {
  it('is of a definition that the interpreter finds valid', () => {
    expect(() => new StateMachine(structuredClone(synthesized) as never)).not.toThrow();
  });

  it('revokes, probes, records and ends contained, with a question before it acts and one at its end', async () => {
    const { ends, entered } = await run({ Plan: ['revoke'], Revoke: ['probe'], Probe: ['record'], Record: ['contained'] });
    expect(entered).toEqual(['Plan', 'What next?', 'Revoke', 'Probe', 'Record', 'What next?', 'Contained']);
    expect(ends).toBe('Contained');
  });

  it('waits and probes again where death takes its time', async () => {
    const { entered } = await run({ Plan: ['revoke'], Revoke: ['probe'], Probe: ['settle', 'record'], Record: ['contained'] });
    expect(entered).toEqual(['Plan', 'What next?', 'Revoke', 'Probe', 'Record', 'What next?', 'Let it settle', 'Probe', 'Record', 'What next?', 'Contained']);
  });

  it('waits and revokes again where the issuer is still at it', async () => {
    const { entered, ends } = await run({ Plan: ['revoke'], Revoke: ['revoke', 'probe'], Probe: ['record'], Record: ['contained'] });
    expect(entered.filter((state) => state === 'Revoke')).toHaveLength(2);
    expect(ends).toBe('Contained');
  });

  it('contains what its issuer can only suspend', async () => {
    const { entered } = await run({ Plan: ['contain'], Contain: ['probe'], Probe: ['record'], Record: ['contained'] });
    expect(entered).toEqual(['Plan', 'What next?', 'Contain', 'Probe', 'Record', 'What next?', 'Contained']);
  });

  it('ends red where the case is not contained, and tells it', async () => {
    const { ends, calls } = await run({ Plan: ['revoke'], Revoke: ['record'], Probe: ['record'], Record: ['not-contained'] });
    expect(ends).toBe('Not contained');
    expect(calls.at(-1)?.state).toBe('Report');
  });

  it('ends well where there was only something to record', async () => {
    expect((await run({ Plan: ['record'], Record: ['recorded'] })).entered).toEqual(['Plan', 'What next?', 'Record', 'What next?', 'Recorded']);
  });

  it('asks a person before anything is touched, and plans again with the answer', async () => {
    const { entered, calls } = await run({ Plan: ['ask', 'revoke'], 'Ask a person': ['plan'], Revoke: ['probe'], Probe: ['record'], Record: ['contained'] });
    expect(entered.slice(0, 6)).toEqual(['Plan', 'What next?', 'Ask a person', 'Plan', 'What next?', 'Revoke']);
    expect(calls.filter(({ payload }) => payload.token === 'token-1').map(({ state }) => state)).toEqual(['Ask a person']);
    for (const { payload } of calls) expect(payload).toMatchObject({ case: 'c-1', attempt: 2 });
  });

  it('records what nobody answered in time, without asking again', async () => {
    const { ends, calls } = await run({ Plan: ['ask'], 'Ask a person': ['silence'], Record: ['not-contained'] });
    expect(calls.filter(({ state }) => state === 'Ask a person')).toHaveLength(1);
    expect(calls.find(({ state }) => state === 'Record')?.payload).not.toHaveProperty('error');
    expect(ends).toBe('Not contained');
  });

  it.each(['rotate', 'await'] as const)('goes round in no circle where a plan wants to %s, which is not for this playbook: it records that', async (word) => {
    const { ends, calls, entered } = await run({ Plan: [word], Record: ['not-contained'] });
    expect(entered).toEqual(['Plan', 'What next?', 'Needs a rotation', 'Record', 'What next?', 'Report', 'Not contained']);
    expect(calls.find(({ state }) => state === 'Record')?.payload).toEqual({ case: 'c-1', attempt: 2, error: 'NeedsRotation' });
    expect(ends).toBe('Not contained');
  });

  it('tries a step that fails once more, and goes on', async () => {
    const { ends, calls } = await run({ Plan: ['revoke'], Revoke: [new Error('throttled'), 'probe'], Probe: ['record'], Record: ['contained'] });
    expect(calls.filter(({ state }) => state === 'Revoke')).toHaveLength(2);
    expect(ends).toBe('Contained');
  });

  it.each(['Plan', 'Contain', 'Revoke', 'Probe', 'Ask a person'])('records the failure where %s always throws, by its name alone', async (state) => {
    const to = { Plan: 'record', Contain: 'contain', Revoke: 'revoke', Probe: 'probe', 'Ask a person': 'ask' } as const;
    const thrown = Object.assign(new Error('a message that nobody should store'), { name: 'AccessDenied' });
    const { ends, calls } = await run({ Plan: [to[state as keyof typeof to]], Record: ['not-contained'], [state]: [thrown] });
    expect(calls.filter((call) => call.state === state)).toHaveLength(5);
    expect(calls.find((call) => call.state === 'Record')?.payload).toEqual({ case: 'c-1', attempt: 2, error: 'AccessDenied' });
    expect(ends).toBe('Not contained');
  });

  it.each(['Record', 'Report'])('ends red where %s always throws', async (state) => {
    expect((await run({ Plan: ['record'], Record: ['not-contained'], [state]: [new Error('no')] })).ends).toBe('Not contained');
  });
});
