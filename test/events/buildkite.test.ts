import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildkite } from '../../events/buildkite.ts';
import { endOf, expectProof, hexHmac, proof, sampleOf, told } from './ends.ts';
import { headersOf, NOW, planted, requestOf, sampleText } from './samples.ts';

const TOKEN = 'b1ldk-7f3a9';
const job = sampleOf<{ job: object; build: object }>(buildkite, 'job-finished.json');
const build = sampleOf<{ build: object }>(buildkite, 'build-finished.json');
const withJob = (changes: object) => told(buildkite, { ...job, job: { ...job.job, ...changes } });
const withBuild = (changes: object) => told(buildkite, { ...build, build: { ...build.build, ...changes } });

describe('buildkite', () => {
  it('tells the end of a job by the ids that the job has of itself', () => {
    expect(endOf(buildkite, 'job-finished.json')).toEqual({
      trigger: 'JobEnded', source: 'buildkite', run: { platform: 'buildkite', run: '8fcaa7b9-e175-4110-9f48-f79949806a31', attempt: '1', job: '9e6c3f19-4fdb-4e8e-b925-28cd7504e17f' },
      at: '2026-03-02T08:15:20.733Z', state: 'passed', name: 'shop', end: '8fcaa7b9-e175-4110-9f48-f79949806a31 1 9e6c3f19-4fdb-4e8e-b925-28cd7504e17f',
    });
  });

  it('tells the end of a build, and another when a retried job brought it back', () => {
    const [first, second] = [endOf(buildkite, 'build-finished.json'), endOf(buildkite, 'build-finished-again.json')];
    expect(first).toMatchObject({ run: { run: '8fcaa7b9-e175-4110-9f48-f79949806a31', attempt: '1' }, at: '2026-03-02T08:15:21.500Z', state: 'passed', name: 'shop' });
    expect(first.run).not.toHaveProperty('job');
    expect(second.run).toEqual(first.run);
    expect(second.end).not.toBe(first.end);
    expect(endOf(buildkite, 'job-finished-retried-timed-out.json').end).not.toBe(endOf(buildkite, 'job-finished.json').end);
  });

  it('tells the same end when a delivery is replayed', () => {
    expect(told(buildkite, job, '', { 'x-buildkite-request': 'another' })).toEqual(told(buildkite, job));
  });

  it.each(['finished', 'failed', 'canceled', 'timed_out', 'expired', 'a_word_of_tomorrow'])('takes a finished job for an end in the state %s', (state) => {
    expect(withJob({ state })).toMatchObject({ kind: 'triggers', triggers: [{ state }] });
  });

  it.each(['scheduled', 'assigned', 'accepted', 'running', 'canceling', 'timing_out', 'limited', 'blocked'])('ends no job whose state has become %s', (state) => {
    expect(withJob({ state })).toMatchObject({ kind: 'ignored' });
  });

  it.each(['skipped', 'broken'])('ends no %s job that never ran, and one that did', (state) => {
    expect(withJob({ state, started_at: null })).toMatchObject({ kind: 'ignored' });
    expect(withJob({ state })).toMatchObject({ kind: 'triggers' });
  });

  it.each(['running', 'scheduled', 'failing', 'canceling', 'blocked'])('ends no build whose state has become %s', (state) => {
    expect(withBuild({ state })).toMatchObject({ kind: 'ignored' });
  });

  it('ends no build that waits to be unblocked', () => {
    expect(told(buildkite, sampleText('buildkite', 'build-finished-blocked.json'))).toMatchObject({ kind: 'ignored' });
    for (const state of ['passed', 'failed']) expect(withBuild({ state, blocked: true }), state).toMatchObject({ kind: 'ignored' });
  });

  it.each(['canceled', 'skipped', 'not_run', 'a_word_of_tomorrow'])('ends a build that is %s, though it was blocked: nobody unblocks it any more', (state) => {
    expect(withBuild({ state, blocked: true })).toMatchObject({ kind: 'triggers', triggers: [{ state }] });
  });

  it.each(['ping', 'job.started', 'job.promised_exit_status', 'build.scheduled', 'build.failing', 'agent.connected'])('records the event %s', (event) => {
    expect(told(buildkite, { ...job, event })).toMatchObject({ kind: 'ignored' });
  });

  it('hears a build at work, perhaps again, at the time of the signature, and at none of its own times', () => {
    const running = { ...build, event: 'build.running', build: { ...build.build, state: 'running', finished_at: null } };
    const run = { platform: 'buildkite', run: '8fcaa7b9-e175-4110-9f48-f79949806a31', attempt: '1' };
    expect(told(buildkite, running)).toEqual({ kind: 'triggers', triggers: [{ trigger: 'JobStarted', source: 'buildkite', run, at: '', state: 'running', name: 'shop' }] });
    const signed = { 'x-buildkite-signature': `timestamp=1772439600,signature=${'0'.repeat(64)}` };
    expect(told(buildkite, running, '', signed)).toMatchObject({ triggers: [{ trigger: 'JobStarted', at: '2026-03-02T08:20:00.000Z' }] });
    expect(told(buildkite, { ...running, build: { ...running.build, state: 'passed' } })).toMatchObject({ kind: 'ignored' });
    expect(told(buildkite, { ...running, build: { ...running.build, id: 'two words' } })).toMatchObject({ kind: 'malformed' });
  });

  it.each([{}, { event: 7 }, { event: 'job.finished' }, { event: 'build.finished', build: null }, { ...job, build: { id: 'two words' } }, { ...job, build: { id: {} } }])('refuses what is not as Buildkite writes it: %#', (garbage) => {
    expect(told(buildkite, garbage)).toMatchObject({ kind: 'malformed' });
  });

  it('keeps nothing of the command', () => {
    expect(JSON.stringify(job)).toContain(planted['VENDOR_KEY']);
    expect(JSON.stringify(told(buildkite, job))).not.toContain('deploy --key');
  });
});

describe("buildkite's proof", () => {
  const body = sampleText('buildkite', 'job-finished.json');
  const seconds = String(NOW.getTime() / 1000);
  const signature = (text = body, time = seconds, secret = TOKEN) => `timestamp=${time},signature=${hexHmac(secret, `${time}.${text}`)}`;
  const headers = (value: string) => ({ ...headersOf('buildkite'), 'x-buildkite-signature': value });

  it('is the token in its header', () => {
    expectProof(buildkite, requestOf(body, { ...headersOf('buildkite'), 'x-buildkite-token': TOKEN }), TOKEN);
    expect(proof(buildkite, body, { ...headersOf('buildkite'), 'x-buildkite-token': `${TOKEN.slice(0, -1)}x` }, [TOKEN]).ok).toBe(false);
  });

  it('is the signature over time and raw bytes, for five minutes in both directions', () => {
    expectProof(buildkite, requestOf(body, headers(signature())), TOKEN);
    expect(proof(buildkite, `${body} `, headers(signature()), [TOKEN]).ok).toBe(false);
    expect([-301, -300, 300, 301].map((off) => proof(buildkite, body, headers(signature()), [TOKEN], new Date(NOW.getTime() + off * 1000)).ok)).toEqual([false, true, true, false]);
    expect(proof(buildkite, body, headers(signature()), [TOKEN], new Date(NaN)).ok).toBe(false);
  });

  it.each([
    ['empty', ''], ['without its time', `signature=${hexHmac(TOKEN, `${seconds}.${body}`)}`], ['of another time', signature().replace(seconds, String(Number(seconds) + 1))],
    ['of the body alone', `timestamp=${seconds},signature=${hexHmac(TOKEN, body)}`], ['in capitals', signature().toUpperCase()], ['truncated', signature().slice(0, -1)],
    ['given twice', `${signature()},${signature()}`], ['of another token', signature(body, seconds, 'other')],
  ])('never falls back to the token where a signature is there and is %s', (_, value) => {
    expect(proof(buildkite, body, { ...headers(value), 'x-buildkite-token': TOKEN }, [TOKEN]).ok).toBe(false);
  });

  it('neither throws nor accepts, whatever the headers are', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string(), (given, token) => {
      expect(proof(buildkite, body, { ...headers(given), 'x-buildkite-token': TOKEN }, [TOKEN]).ok).toBe(false);
      expect(proof(buildkite, body, { 'x-buildkite-token': token }, ['a token of some length']).ok).toBe(false);
    }));
  });
});
