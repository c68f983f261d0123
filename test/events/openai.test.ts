import { describe, expect, it } from 'vitest';
import { openai } from '../../events/openai.ts';
import { endOf, expectProof, proof, sampleOf, told } from './ends.ts';
import { headersOf, NOW, sampleText, signedReport, webhookSecret } from './samples.ts';

const completed = sampleOf(openai, 'response-completed.json');

describe('openai', () => {
  it('tells the end of a response', () => {
    expect(endOf(openai, 'response-completed.json')).toEqual({
      trigger: 'JobEnded', source: 'openai', run: { platform: 'openai', run: 'resp_68a5c0', attempt: '1' }, at: '2026-03-02T08:15:24.000Z', state: 'completed', name: 'response', end: 'resp_68a5c0 1 ',
    });
  });

  it.each([['batch-expired.json', 'batch', 'expired'], ['fine-tuning-job-cancelled.json', 'fine_tuning.job', 'cancelled'], ['eval-run-canceled.json', 'eval.run', 'canceled']])('tells the end of %s', (file, name, state) => {
    expect(endOf(openai, file)).toMatchObject({ name, state });
  });

  it.each(['response.failed', 'response.cancelled', 'response.incomplete', 'batch.completed', 'batch.failed', 'batch.cancelled', 'fine_tuning.job.succeeded', 'fine_tuning.job.failed', 'eval.run.succeeded', 'eval.run.failed'])('takes %s for an end', (type) => {
    expect(told(openai, { ...completed, type })).toMatchObject({ kind: 'triggers' });
  });

  it.each(['response.created', 'response.in_progress', 'batch.in_progress', 'realtime.call.incoming', 'response.completed.x', 'x.response.completed', 'video.completed'])('records %s', (type) => {
    expect(told(openai, { ...completed, type })).toMatchObject({ kind: 'ignored' });
  });

  it('tells the same end in another delivery, and another for another run', () => {
    expect(told(openai, { ...completed, id: 'evt_other', created_at: 1 }, '', { 'webhook-id': 'other' })).toMatchObject({ triggers: [{ end: endOf(openai, 'response-completed.json').end }] });
    expect(told(openai, { ...completed, data: { id: 'resp_other' } })).toMatchObject({ triggers: [{ end: 'resp_other 1 ' }] });
  });

  it.each([{}, [], { type: 'response.completed' }, { ...completed, data: { id: '' } }, { ...completed, data: { id: 'two words' } }, { ...completed, data: 'resp_1' }, { ...completed, object: 'other' }])('refuses %j', (garbage) => {
    expect(told(openai, garbage)).toMatchObject({ kind: 'malformed' });
  });

  it.each([undefined, '1750861210', -1, 1e300])('leaves the time empty where it is %j', (created_at) => {
    expect(told(openai, { ...completed, created_at })).toMatchObject({ triggers: [{ at: '' }] });
  });

  it('is believed under its signature only, for five minutes', () => {
    const body = sampleText('openai', 'response-completed.json');
    const signed = signedReport(body, headersOf('openai'));
    expectProof(openai, signed, webhookSecret);
    expect(proof(openai, body.replace('resp_68a5c0', 'resp_68a5c9'), signed.headers, [webhookSecret]).ok).toBe(false);
    expect(proof(openai, body, signed.headers, [webhookSecret], new Date(NOW.getTime() - 301_000)).ok).toBe(false);
  });
});
