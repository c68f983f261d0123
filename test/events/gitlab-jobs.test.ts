import { describe, expect, it } from 'vitest';
import { gitlabJobs } from '../../events/gitlab-jobs.ts';
import { endOf, expectProof, proof, sampleOf, told } from './ends.ts';
import { headersOf, NOW, requestOf, sampleText, signedReport, webhookSecret } from './samples.ts';

const job = sampleOf(gitlabJobs, 'job-success.json');
const pipeline = sampleOf<{ object_attributes: object; project: object }>(gitlabJobs, 'pipeline-success.json');
const withPipeline = (changes: object) => told(gitlabJobs, { ...pipeline, object_attributes: { ...pipeline.object_attributes, ...changes } }, 'pipeline');
const body = sampleText('gitlab-jobs', 'job-success.json');

describe('gitlab-jobs', () => {
  it('tells the end of one job of a pipeline', () => {
    expect(endOf(gitlabJobs, 'job-success.json')).toEqual({
      trigger: 'JobEnded', source: 'gitlab-jobs', run: { platform: 'gitlab', run: '380/2366', attempt: '1', job: '1977' },
      at: '2026-03-02T08:15:10.000Z', state: 'success', name: 'nimbus/shop', end: '380/2366 1 1977',
    });
  });

  it('takes the pipeline from commit.id where an older GitLab has no other, and reads the older times', () => {
    expect(endOf(gitlabJobs, 'job-retried-failed-older-gitlab.json')).toMatchObject({ run: { run: '380/2366', job: '1981' }, at: '2026-03-02T08:25:10.000Z', state: 'failed', name: 'Nimbus / Shop' });
    expect(told(gitlabJobs, { ...job, pipeline_id: 9, commit: { id: 10 } })).toMatchObject({ triggers: [{ run: { run: '380/9' } }] });
    expect(told(gitlabJobs, { ...job, build_finished_at_iso: null })).toEqual(told(gitlabJobs, job));
    expect(told(gitlabJobs, { ...job, build_finished_at_iso: null, build_finished_at: 'gone' })).toMatchObject({ triggers: [{ at: '' }] });
  });

  it('tells the end of a pipeline, and another end when a retried job brought it back', () => {
    const [first, second] = [endOf(gitlabJobs, 'pipeline-success.json'), endOf(gitlabJobs, 'pipeline-came-back-and-failed.json')];
    expect(first).toEqual({
      trigger: 'JobEnded', source: 'gitlab-jobs', run: { platform: 'gitlab', run: '380/2366', attempt: '1' },
      at: '2026-03-02T08:15:12.000Z', state: 'success', name: 'nimbus/shop', end: '380/2366 1  2026-03-02T08:15:12.000Z',
    });
    expect(second.run).toEqual(first.run);
    expect(second.end).not.toBe(first.end);
    expect(withPipeline({ finished_at: null, finished_at_iso: '2026-03-02T08:15:12Z' })).toEqual(withPipeline({}));
    expect(withPipeline({ status: 'skipped', finished_at: null })).toMatchObject({ triggers: [{ at: '', state: 'skipped', end: '380/2366 1  skipped' }] });
  });

  it('hears that a pipeline came back: it runs although it has finished, and that was after its end', () => {
    const run = { platform: 'gitlab', run: '380/2366', attempt: '1' };
    expect(withPipeline({ status: 'running' })).toEqual({ kind: 'triggers', triggers: [{ trigger: 'JobStarted', source: 'gitlab-jobs', run, at: '2026-03-02T08:15:12.001Z', state: 'running', name: 'nimbus/shop' }] });
    expect(told(gitlabJobs, sampleText('gitlab-jobs', 'pipeline-running.json'))).toMatchObject({ kind: 'ignored' });
  });

  it('gives a retried job another job id and another end, and a replay the same', () => {
    expect(endOf(gitlabJobs, 'job-retried-failed-older-gitlab.json').end).not.toBe(endOf(gitlabJobs, 'job-success.json').end);
    expect(told(gitlabJobs, job, '', { 'idempotency-key': 'another', 'webhook-id': 'another' })).toEqual(told(gitlabJobs, job));
  });

  it.each(['created', 'pending', 'waiting_for_resource', 'preparing', 'running', 'canceling', 'manual', 'scheduled', 'a_word_of_tomorrow'])('ends nothing while the status is %s', (status) => {
    expect(told(gitlabJobs, { ...job, build_status: status })).toMatchObject({ kind: 'ignored' });
    expect(withPipeline({ status, finished_at: null, finished_at_iso: null })).toMatchObject({ kind: 'ignored' });
  });

  it('ends nothing for a job that never ran', () => {
    expect(told(gitlabJobs, sampleText('gitlab-jobs', 'job-skipped.json'))).toMatchObject({ kind: 'ignored' });
  });

  it.each([{ object_kind: 'push' }, { object_kind: 'vulnerability', object_attributes: {} }, { object_kind: 'access_token' }, { event_name: 'project_create' }, { object_kind: 'constructor' }])('answers %j as heard, since GitLab disables a hook that is refused', (other) => {
    expect(told(gitlabJobs, other)).toEqual({ kind: 'ignored', reason: 'not a job or pipeline event' });
  });

  it.each([0, -1, 1.5, '1977', null, 2 ** 60])('refuses %j as an id', (id) => {
    expect(told(gitlabJobs, { ...job, build_id: id })).toMatchObject({ kind: 'malformed' });
    expect(told(gitlabJobs, { ...job, project_id: id, project: { id } })).toMatchObject({ kind: 'malformed' });
    expect(told(gitlabJobs, { ...job, pipeline_id: id, commit: { id } })).toMatchObject({ kind: 'malformed' });
    expect(withPipeline({ id })).toMatchObject({ kind: 'malformed' });
  });

  it.each([{}, [], 'text', { object_kind: 7 }, { object_kind: 'build' }, { object_kind: 'pipeline', object_attributes: [] }])('refuses %j', (garbage) => {
    expect(told(gitlabJobs, JSON.stringify(garbage))).toMatchObject({ kind: 'malformed' });
  });
});

describe("gitlab-jobs' proof", () => {
  const headers = headersOf('gitlab-jobs');
  const signed = signedReport(body, headers);

  it('is the signing token, over the raw bytes and for five minutes', () => {
    expectProof(gitlabJobs, signed, webhookSecret);
    expect(proof(gitlabJobs, `${body} `, signed.headers, [webhookSecret]).ok).toBe(false);
    expect([-301, 301].map((off) => proof(gitlabJobs, body, signed.headers, [webhookSecret], new Date(NOW.getTime() + off * 1000)).ok)).toEqual([false, false]);
  });

  it('is the older plaintext token where no signing token is configured', () => {
    expectProof(gitlabJobs, requestOf(body, { ...headers, 'x-gitlab-token': 'plain token' }), 'plain token');
    expect(proof(gitlabJobs, body, { ...headers, 'x-gitlab-token': '' }, ['']).ok).toBe(false);
    expect(proof(gitlabJobs, body, { ...headers, authorization: 'Bearer plain' }, ['plain']).ok).toBe(false);
  });

  it('is never the plaintext token once a signing token is configured, usable or not', () => {
    const withToken = { ...headers, 'x-gitlab-token': 'plain token' };
    for (const signing of [webhookSecret, `wh${'sec_'}short`]) {
      expect(proof(gitlabJobs, body, withToken, ['plain token', signing]).ok).toBe(false);
      expect(proof(gitlabJobs, body, { ...headers, 'x-gitlab-token': signing }, [signing]).ok).toBe(false);
      expect(proof(gitlabJobs, body, { ...withToken, 'webhook-signature': 'v1,AAAA' }, ['plain token', signing]).ok).toBe(false);
    }
    expect(proof(gitlabJobs, body, { ...signed.headers, 'x-gitlab-token': 'plain token' }, ['plain token', webhookSecret])).toEqual({ ok: true });
  });
});
