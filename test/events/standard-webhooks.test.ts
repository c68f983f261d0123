import { describe, expect, it } from 'vitest';
import { sources } from '../../events/index.ts';
import { standardWebhooks } from '../../events/standard-webhooks.ts';
import { endOf, expectProof, proof, sampleOf, told } from './ends.ts';
import { headersOf, NOW, parseSample, sampleNames, sampleText, signedReport, webhookSecret } from './samples.ts';

const ended = sampleOf<{ type: string; timestamp: string; data: Record<string, unknown> }>(standardWebhooks, 'job-ended.json');
const withData = (changes: object) => told(standardWebhooks, { ...ended, data: { ...ended.data, ...changes } });

describe('standard-webhooks', () => {
  it('tells the end of a job of a sender of one\'s own', () => {
    expect(endOf(standardWebhooks, 'job-ended.json')).toEqual({
      trigger: 'JobEnded', source: 'standard-webhooks', run: { platform: 'argo', run: 'ci/release-318', attempt: '1', job: 'deploy' },
      at: '2026-03-02T08:15:23.000Z', state: 'Succeeded', name: 'release', end: 'ci/release-318 1 deploy argo',
    });
  });

  it.each([['agent.run.completed', 'completed'], ['agent.run.failed', 'failed'], ['agent.run.cancelled', 'cancelled'], ['agent.run.canceled', 'canceled'], ['job.ended', 'ended']])('needs no more than platform and run under %s', (type, state) => {
    expect(told(standardWebhooks, { type, data: { platform: 'house-agents', run: 'r1' } })).toEqual({
      kind: 'triggers',
      triggers: [{ trigger: 'JobEnded', source: 'standard-webhooks', run: { platform: 'house-agents', run: 'r1', attempt: '1' }, at: '', state, name: '', end: 'r1 1  house-agents' }],
    });
  });

  it('gives another attempt another end and a replay the same', () => {
    expect(endOf(standardWebhooks, 'job-ended-second-attempt.json')).toMatchObject({ run: { run: 'ci/release-318', attempt: '2' } });
    expect(endOf(standardWebhooks, 'job-ended-second-attempt.json').end).not.toBe(endOf(standardWebhooks, 'job-ended.json').end);
    expect(told(standardWebhooks, { ...ended, timestamp: '2026-03-02T10:00:00Z', data: { ...ended.data, state: 'Error' } }, '', { 'webhook-id': 'another' })).toMatchObject({ triggers: [{ end: endOf(standardWebhooks, 'job-ended.json').end }] });
  });

  it('never takes two runs for one', () => {
    const runs = [{ run: 'a', job: 'b' }, { run: 'a 1', job: 'b' }, { run: 'a 1 b' }, { run: 'a 1 b argo' }, { run: 'a', attempt: 'b' }, { run: 'a' }, { run: 'a', platform: 'other' }];
    const ends = runs.map((data) => {
      const parsed = told(standardWebhooks, { type: 'job.ended', data: { platform: 'argo', ...data } });
      return parsed.kind === 'triggers' && parsed.triggers[0]?.trigger === 'JobEnded' ? parsed.triggers[0].end : '';
    });
    expect(ends).not.toContain('');
    expect(new Set(ends).size).toBe(ends.length);
  });

  it('lets no sender name a platform whose ends another source hears', () => {
    for (const platform of ['github-actions', 'gitlab', 'gitlab-jobs', 'buildkite', 'tekton', 'openai', 'cursor', 'a2a', 'aws', 'aws-batch', 'aws-anything']) {
      expect(withData({ platform }), platform).toEqual({ kind: 'malformed', reason: 'data.platform has a source of its own: its ends are heard there' });
    }
  });

  it('lets no sender name a platform that any other source names in its samples', () => {
    const named = new Set(sources.filter(({ name }) => name !== 'standard-webhooks').flatMap((source) => sampleNames(source.name).flatMap((file) => {
      const parsed = parseSample(source, file);
      return parsed.kind === 'triggers' ? parsed.triggers.flatMap((trigger) => (trigger.trigger === 'SecretLeaked' ? [] : [trigger.run.platform])) : [];
    })));
    expect(named.size).toBeGreaterThan(6);
    for (const platform of named) expect(withData({ platform }).kind, platform).toBe('malformed');
  });

  it.each(['', 'Argo', '-argo', 'a'.repeat(65), 'ar go', 'ar/go', 'argo\n', 7, null, ['argo']])('refuses %j as a platform', (platform) => {
    expect(withData({ platform })).toMatchObject({ kind: 'malformed' });
  });

  it.each(['', ' ', ' a', 'a ', 'a\nb', 'a\u0000', 'a'.repeat(513), 'naïve\u202e', 7, null, {}])('refuses %j as a run', (run) => {
    expect(withData({ run })).toMatchObject({ kind: 'malformed' });
  });

  it.each([0, -1, 1.5, '', 'two words', {}, true, 'x'.repeat(257)])('refuses %j as an attempt or a job', (id) => {
    expect(withData({ attempt: id })).toMatchObject({ kind: 'malformed' });
    expect(withData({ job: id })).toMatchObject({ kind: 'malformed' });
  });

  it('takes the longest run, numbers, and null for what is left out', () => {
    expect(withData({ run: 'a'.repeat(512), attempt: null, job: 7 })).toMatchObject({ triggers: [{ run: { run: 'a'.repeat(512), attempt: '1', job: '7' } }] });
  });

  it.each(['agent.run.started', 'agent.run.progress', 'secret.leaked', 'job.started', 'constructor'])('records the type %s', (type) => {
    expect(told(standardWebhooks, { ...ended, type })).toMatchObject({ kind: 'ignored' });
  });

  it.each([{}, [], { type: 7 }, { type: 'job.ended' }, { type: 'job.ended', data: [] }])('refuses %j', (garbage) => {
    expect(told(standardWebhooks, garbage)).toMatchObject({ kind: 'malformed' });
  });

  it('is believed under its signature only, for five minutes', () => {
    const body = sampleText('standard-webhooks', 'job-ended.json');
    const signed = signedReport(body, headersOf('standard-webhooks'));
    expectProof(standardWebhooks, signed, webhookSecret);
    expect(proof(standardWebhooks, `${body} `, signed.headers, [webhookSecret]).ok).toBe(false);
    expect(proof(standardWebhooks, body, { ...signed.headers, 'webhook-id': 'another' }, [webhookSecret]).ok).toBe(false);
    expect(proof(standardWebhooks, body, signed.headers, [webhookSecret], new Date(NOW.getTime() + 301_000)).ok).toBe(false);
  });
});
