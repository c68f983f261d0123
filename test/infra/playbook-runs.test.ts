import { StateMachine } from 'aws-local-stepfunctions';
import { describe, expect, it } from 'vitest';
import { synthesizedPlaybooks } from '../../infra/playbooks/print.ts';
import { runOf } from './playbook-run.ts';
import type { Run, Script } from './playbook-run.ts';

const { 'secret-leaked': synthesized } = await synthesizedPlaybooks();
const run = (script: Script): Promise<Run> => runOf(synthesized, script);

describe('a run of secret-leaked', () => {
  it('is of a definition that the interpreter finds valid', () => {
    expect(() => new StateMachine(structuredClone(synthesized) as never)).not.toThrow();
  });

  it('contains, probes, settles, probes again and ends contained', async () => {
    const { ends, entered } = await run({ Plan: ['contain'], Contain: ['probe'], Probe: ['settle', 'record'], Record: ['contained'] });
    expect(entered).toEqual(['Plan', 'Probe', 'What next?', 'Contain', 'Prove it dead', 'Rotate', 'Look again', 'Record', 'What next?', 'Let it settle', 'Probe', 'What next?', 'Record', 'What next?', 'Contained']);
    expect(ends).toBe('Contained');
  });

  it('asks nothing between a contained key, its proof, its successor and the last look', async () => {
    const { entered } = await run({ Plan: ['probe'], Probe: ['contain', 'rotate', 'record'], Contain: ['probe'], Rotate: ['probe'], Record: ['contained'] });
    expect(entered).toEqual(['Plan', 'Probe', 'What next?', 'Contain', 'Prove it dead', 'Rotate', 'Look again', 'Record', 'What next?', 'Contained']);
  });

  it('ends red where the case is not contained', async () => {
    expect((await run({ Plan: ['contain'], Probe: ['record'], Record: ['not-contained'] })).ends).toBe('Not contained');
  });

  it('ends well where there was only something to record', async () => {
    expect((await run({ Plan: ['record'], Record: ['recorded'] })).entered).toEqual(['Plan', 'Probe', 'What next?', 'Record', 'What next?', 'Recorded']);
  });

  it('tells case and attempt to every function, and a token where it waits', async () => {
    const { calls } = await run({ Plan: ['ask', 'rotate'], 'Ask a person': ['plan'], Rotate: ['await', 'revoke'], 'Await the rotation': ['rotate'], Revoke: ['record'], Record: ['not-contained'] });
    expect(calls.map(({ state }) => state)).toEqual(['Plan', 'Probe', 'Ask a person', 'Plan', 'Probe', 'Rotate', 'Look again', 'Record', 'Await the rotation', 'Rotate', 'Look again', 'Record', 'Revoke', 'Rotate', 'Look again', 'Record', 'Report']);
    for (const { payload } of calls) expect(payload).toMatchObject({ case: 'c-1', attempt: 2 });
    expect(calls.filter(({ payload }) => payload.token === 'token-1').map(({ state }) => state)).toEqual(['Ask a person', 'Await the rotation']);
  });

  it('plans again after a person answered', async () => {
    const { entered } = await run({ Plan: ['ask', 'record'], 'Ask a person': ['plan'], Record: ['recorded'] });
    expect(entered.slice(0, 6)).toEqual(['Plan', 'Probe', 'What next?', 'Ask a person', 'Plan', 'Probe']);
  });

  it('records what nobody answered in time, without asking again', async () => {
    const { ends, calls } = await run({ Plan: ['ask'], 'Ask a person': ['silence'], Record: ['not-contained'] });
    expect(calls.filter(({ state }) => state === 'Ask a person')).toHaveLength(1);
    expect(calls.find(({ state }) => state === 'Record')?.payload).not.toHaveProperty('error');
    expect(ends).toBe('Not contained');
  });

  it('looks for itself when nobody tells that a rotation is finished', async () => {
    const { entered } = await run({ Plan: ['rotate'], Rotate: ['await', 'probe'], 'Await the rotation': ['silence'], Probe: ['record'], Record: ['contained'] });
    expect(entered).toEqual(['Plan', 'Probe', 'What next?', 'Rotate', 'Look again', 'Record', 'What next?', 'Await the rotation', 'Rotate', 'Look again', 'Record', 'What next?', 'Contained']);
  });

  it('tries a step that fails once more, and goes on', async () => {
    const { ends, calls } = await run({ Plan: ['contain'], Contain: [new Error('throttled'), 'probe'], Probe: ['record'], Record: ['contained'] });
    expect(calls.filter(({ state }) => state === 'Contain')).toHaveLength(2);
    expect(ends).toBe('Contained');
  });

  it.each(['Plan', 'Contain', 'Rotate', 'Revoke', 'Probe', 'Ask a person', 'Await the rotation'])('records the failure where %s always throws, by its name alone', async (state) => {
    const to = { Plan: 'record', Contain: 'contain', Rotate: 'rotate', Revoke: 'revoke', Probe: 'probe', 'Ask a person': 'ask', 'Await the rotation': 'await' } as const;
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
