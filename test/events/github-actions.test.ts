import { describe, expect, it } from 'vitest';
import { githubActions } from '../../events/github-actions.ts';
import { githubSecretScanning } from '../../events/github-secret-scanning.ts';
import { endOf, expectProof, hexHmac, sampleOf, told } from './ends.ts';
import { headersOf, requestOf, sampleText } from './samples.ts';

interface Told { action: string; repository: object; workflow_job: Record<string, unknown> }
const completed = sampleOf<Told>(githubActions, 'workflow-job-completed.json');
const withJob = (changes: object) => told(githubActions, { ...completed, workflow_job: { ...completed.workflow_job, ...changes } });
const run = sampleOf<{ workflow_run: object }>(githubActions, 'workflow-run-completed.json');
const withRun = (changes: object) => told(githubActions, { ...run, workflow_run: { ...run.workflow_run, ...changes } }, 'workflow-run');

describe('github-actions', () => {
  it('tells the end of one job', () => {
    expect(endOf(githubActions, 'workflow-job-completed.json')).toEqual({
      trigger: 'JobEnded', source: 'github-actions', run: { platform: 'github-actions', run: '730114/9910001', attempt: '1', job: '41180001' },
      at: '2026-03-02T08:15:00.000Z', state: 'success', name: 'deploy', end: '730114/9910001 1 41180001',
    });
  });

  it('tells the end of a whole attempt', () => {
    expect(endOf(githubActions, 'workflow-run-completed.json')).toEqual({
      trigger: 'JobEnded', source: 'github-actions', run: { platform: 'github-actions', run: '730114/9910001', attempt: '1' },
      at: '2026-03-02T08:15:04.000Z', state: 'success', name: 'deploy', end: '730114/9910001 1 ',
    });
  });

  it('gives a rerun another attempt and another end', () => {
    expect(endOf(githubActions, 'workflow-run-second-attempt-timed-out.json')).toMatchObject({ run: { run: '730114/9910001', attempt: '2' }, state: 'timed_out' });
    expect(endOf(githubActions, 'workflow-job-rerun-cancelled.json')).toMatchObject({ run: { attempt: '2', job: '41180044' }, state: 'cancelled' });
    const files = ['workflow-job-completed.json', 'workflow-job-rerun-cancelled.json', 'workflow-run-completed.json', 'workflow-run-second-attempt-timed-out.json'];
    expect(new Set(files.map((file) => endOf(githubActions, file).end)).size).toBe(4);
  });

  it('tells the same end when a delivery is replayed under another id', () => {
    expect(told(githubActions, completed, '', { 'x-github-delivery': 'another' })).toEqual(told(githubActions, completed));
  });

  it.each(['workflow-job-in-progress.json', 'workflow-job-skipped.json', 'workflow-run-requested.json'])('records %s and ends nothing', (file) => {
    expect(told(githubActions, sampleText('github-actions', file), file).kind).toBe('ignored');
  });

  it.each(['queued', 'waiting', 'in_progress', 'something_new'])('records the action %s', (action) => {
    expect(told(githubActions, { ...completed, action })).toMatchObject({ kind: 'ignored' });
  });

  it.each(['failure', 'cancelled', 'timed_out', 'action_required', 'neutral', 'stale', 'startup_failure', 'a_word_of_tomorrow'])('takes a completed job for an end, whatever its conclusion is: %j', (conclusion) => {
    expect(withJob({ conclusion })).toMatchObject({ kind: 'triggers', triggers: [{ state: conclusion }] });
  });

  it.each(['failure', 'cancelled', 'timed_out', 'skipped', 'neutral', 'stale', 'startup_failure', 'a_word_of_tomorrow'])('takes a completed run for an end, whatever its conclusion is: %j', (conclusion) => {
    expect(withRun({ conclusion })).toMatchObject({ kind: 'triggers', triggers: [{ state: conclusion }] });
  });

  it('does not end a run that waits for an approval, before any job of it ran', () => {
    expect(withRun({ conclusion: 'action_required' })).toMatchObject({ kind: 'ignored', reason: expect.stringContaining('approval') as unknown });
  });

  it.each([null, undefined, '', 7, {}, '\u200b'])('ends nothing that has no conclusion: %j', (conclusion) => {
    expect([withRun({ conclusion }).kind, withJob({ conclusion }).kind]).toEqual(['ignored', 'ignored']);
  });

  it.each(['queued', 'in_progress', 'waiting', 'pending', 'requested'])('takes the end of a run that was started anew meanwhile, and is %s, for that of the attempt before', (status) => {
    const anew = { status, run_attempt: 3, conclusion: null, run_started_at: '2026-03-02T08:20:00Z' };
    const before = { trigger: 'JobEnded', source: 'github-actions', run: { platform: 'github-actions', run: '730114/9910001', attempt: '2' }, at: '2026-03-02T08:20:00.000Z', state: 'superseded', name: 'deploy', end: '730114/9910001 2 ' };
    expect(withRun(anew)).toEqual({ kind: 'triggers', triggers: [before] });
    // the first attempt has none before it
    expect(withRun({ ...anew, run_attempt: 1 })).toMatchObject({ kind: 'ignored' });
    for (const odd of [0, '2', null, 1.5]) expect(withRun({ ...anew, run_attempt: odd })).toMatchObject({ kind: 'malformed' });
    expect(withRun({ ...anew, run_started_at: null })).toMatchObject({ triggers: [{ at: '' }] });
  });

  it('ends no attempt before where the action is another, it is a job, or nobody knows what the status means', () => {
    const anew = { status: 'queued', run_attempt: 2, conclusion: null };
    expect(told(githubActions, { ...run, action: 'requested', workflow_run: { ...run.workflow_run, ...anew } }, 'workflow-run')).toMatchObject({ kind: 'ignored' });
    expect(withJob(anew)).toMatchObject({ kind: 'ignored' });
    for (const status of ['', null, 7, {}, 'a_word_of_tomorrow']) expect(withRun({ ...anew, status })).toMatchObject({ kind: 'ignored' });
  });

  it.each(['ping', 'push', 'secret_scanning_alert', 'check_run', 'constructor', '__proto__'])('records the event %s', (event) => {
    expect(told(githubActions, completed, '', { 'x-github-event': event })).toEqual({ kind: 'ignored', reason: 'not a workflow_job or workflow_run event' });
  });

  it('is not fooled by a signed body under the unsigned name of another event', () => {
    const ofRun = sampleText('github-actions', 'workflow-run-completed.json');
    const alert = { ...(JSON.parse(sampleText('github-secret-scanning', 'created.json')) as object), action: 'completed' };
    for (const event of ['workflow_job', 'workflow_run']) {
      expect(told(githubActions, alert, '', { 'x-github-event': event }).kind).toBe('malformed');
      expect(told(githubActions, { ...completed, workflow_run: { id: 1, run_attempt: 1 } }, '', { 'x-github-event': event }).kind).toBe('malformed');
    }
    expect(told(githubActions, completed, '', { 'x-github-event': 'workflow_run' }).kind).toBe('malformed');
    expect(told(githubActions, ofRun, '', { 'x-github-event': 'workflow_job' }).kind).toBe('malformed');
    expect(told(githubSecretScanning, completed, '', { 'x-github-event': 'secret_scanning_alert' }).kind).not.toBe('triggers');
  });

  it.each([0, -1, 1.5, '41180001', null, 2 ** 60, [1], '1/../2'])('refuses %j as an id', (id) => {
    for (const field of ['id', 'run_id', 'run_attempt']) expect(withJob({ [field]: id }), field).toMatchObject({ kind: 'malformed' });
    expect(told(githubActions, { ...completed, repository: { id } })).toMatchObject({ kind: 'malformed' });
  });

  it('reads hooks set to either content type, and refuses a body without an event or an action', () => {
    const form = `payload=${encodeURIComponent(JSON.stringify(completed))}`;
    expect(told(githubActions, form, '', { 'content-type': 'application/x-www-form-urlencoded' })).toEqual(told(githubActions, completed));
    expect(told(githubActions, form).kind).toBe('malformed');
    expect(told(githubActions, completed, '', { 'x-github-event': '' })).toMatchObject({ kind: 'malformed' });
    expect(told(githubActions, { ...completed, action: 7 })).toMatchObject({ kind: 'malformed' });
  });

  it('shows names without characters that rewrite what a person reads', () => {
    expect(withJob({ workflow_name: 'de\u202eploy\u001b[31m', conclusion: 'suc\u0000cess' })).toMatchObject({ triggers: [{ name: 'deploy[31m', state: 'success' }] });
  });

  it('believes the signature over the raw bytes, and nothing else', () => {
    const body = sampleText('github-actions', 'workflow-job-completed.json');
    const headers = { ...headersOf('github-actions'), 'x-hub-signature-256': `sha256=${hexHmac('s3', body)}` };
    expectProof(githubActions, requestOf(body, headers), 's3');
    expect(githubActions.authenticate(requestOf(`${body} `, headers), ['s3'], new Date()).ok).toBe(false);
    expect(githubActions.authenticate(requestOf(body, { ...headers, 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }), ['s3'], new Date()).ok).toBe(false);
  });
});
