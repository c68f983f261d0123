import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tekton } from '../../events/tekton.ts';
import { endOf, endsOf, expectProof, proof, sampleOf, told } from './ends.ts';
import { headersOf, planted, requestOf, sampleText } from './samples.ts';

const PIPELINE_RUN = 'd2c5f7a0-1b3e-4c8d-9f60-2a4b6c8d0e1f';
const TASK_RUN = '4ccb4f01-3ecc-4eb4-87e1-76f04efeee5c';
const taskRun = sampleOf<{ taskRun: { metadata: Record<string, unknown> } }>(tekton, 'taskrun-successful.json');
const withMetadata = (changes: object) => told(tekton, { taskRun: { ...taskRun.taskRun, metadata: { ...taskRun.taskRun.metadata, ...changes } } }, 'taskrun-successful');

describe('tekton', () => {
  it('tells the end of a task run as a job of its pipeline run', () => {
    expect(endOf(tekton, 'taskrun-successful.json')).toEqual({
      trigger: 'JobEnded', source: 'tekton', run: { platform: 'tekton', run: PIPELINE_RUN, attempt: '1', job: TASK_RUN },
      at: '2026-03-02T08:15:20.000Z', state: 'Succeeded', name: 'deploy', end: `${PIPELINE_RUN} 1 ${TASK_RUN} taskrun`,
    });
  });

  it('tells the end of a task run that stands alone as a run of its own', () => {
    expect(endOf(tekton, 'taskrun-alone-failed.json')).toMatchObject({ run: { platform: 'tekton', run: '6e1f2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b', attempt: '1' }, state: 'TaskRunTimeout', name: 'scan' });
    expect(endOf(tekton, 'taskrun-alone-failed.json').run).not.toHaveProperty('job');
  });

  it('finds the pipeline run by its owner where the label is missing', () => {
    const owners = [{ kind: 'Other', uid: 'x' }, { kind: 'PipelineRun', uid: PIPELINE_RUN }];
    expect(withMetadata({ labels: {}, ownerReferences: owners })).toMatchObject({ triggers: [{ run: { run: PIPELINE_RUN, job: TASK_RUN } }] });
    expect(withMetadata({ labels: {}, ownerReferences: [null, 'x'] })).toMatchObject({ triggers: [{ run: { run: TASK_RUN } }] });
  });

  it('tells the end of a pipeline run', () => {
    expect(endOf(tekton, 'pipelinerun-failed.json')).toMatchObject({ run: { run: PIPELINE_RUN, attempt: '1' }, at: '2026-03-02T08:15:21.000Z', state: 'Cancelled', name: 'release', end: `${PIPELINE_RUN} 1  pipelinerun` });
  });

  it('tells the end of a CDEvents task run as a job of its pipeline run', () => {
    expect(endOf(tekton, 'cdevents-taskrun-finished.json')).toMatchObject({ run: { platform: 'tekton', run: 'release-318', attempt: '1', job: 'release-318-deploy' }, at: '2026-03-02T08:15:22.315Z', state: 'failure', name: 'deploy' });
  });

  it('tells each end of a batch once, and nothing of what goes on', () => {
    expect(endsOf(tekton, 'cdevents-batch.json').map(({ run, state }) => [run.run, run.job, state])).toEqual([['release-319', undefined, 'success'], ['release-319', 'release-319-deploy', 'success']]);
  });

  it('tells the same end again when the controller sends it again under another id and time', () => {
    const again = told(tekton, taskRun, 'taskrun-successful', { 'ce-id': 'another', 'ce-time': '2026-03-02T09:00:00Z' });
    expect(again).toEqual({ kind: 'triggers', triggers: [endOf(tekton, 'taskrun-successful.json')] });
    const other = withMetadata({ uid: 'another-uid' });
    expect(other.kind === 'triggers' && other.triggers[0]).not.toMatchObject({ end: endOf(tekton, 'taskrun-successful.json').end });
  });

  it('reads the same event in structured form, also with its type percent-encoded in binary form', () => {
    const event = { specversion: '1.0', id: 'x', source: '/y', type: 'dev.tekton.event.taskrun.successful.v1', data: taskRun };
    expect(told(tekton, event, 'cdevents-taskrun')).toEqual({ kind: 'triggers', triggers: [endOf(tekton, 'taskrun-successful.json')] });
    expect(told(tekton, taskRun, 'taskrun-successful', { 'ce-type': 'dev.tekton.event.taskrun.successful%2Ev1' })).toMatchObject({ kind: 'triggers' });
  });

  it.each(['dev.tekton.event.taskrun.started.v1', 'dev.tekton.event.taskrun.running.v1', 'dev.tekton.event.pipelinerun.unknown.v1', 'dev.cdevents.taskrun.started.0.3.0', 'dev.cdevents.pipelinerun.queued.0.3.0', 'dev.cdevents.build.started.0.3.0', 'dev.tekton.event.customrun.running.v1', 'com.example.ended', 'x.dev.tekton.event.taskrun.failed.v1'])('ends nothing at %s', (type) => {
    expect(told(tekton, taskRun, 'taskrun-successful', { 'ce-type': type })).toMatchObject({ kind: 'ignored' });
  });

  it.each([['dev.cdevents.build.finished.0.2.0', 'build'], ['dev.cdevents.testcaserun.finished.0.2.0', 'testcaserun'], ['dev.cdevents.testsuiterun.finished.0.2.0', 'testsuiterun']])('hears that what else CI runs is over: %s', (type, kind) => {
    const event = (content: object) => ({ specversion: '1.0', id: 'x', source: '/ci', type, time: '2026-03-02T08:00:00Z', data: { context: {}, subject: { id: 'b-12', type: kind, content } } });
    expect(told(tekton, event({ outcome: 'pass' }), 'cdevents-taskrun')).toMatchObject({ kind: 'triggers', triggers: [{ run: { run: 'b-12', attempt: '1' }, state: 'pass', at: '2026-03-02T08:00:00.000Z' }] });
    expect(told(tekton, event({ pipelineRun: { id: 'release-320' } }), 'cdevents-taskrun')).toMatchObject({ kind: 'triggers', triggers: [{ run: { run: 'release-320', job: 'b-12' }, state: 'finished' }] });
  });

  it.each(['customrun', 'run'])('hears that a %s is over, in its pipeline run or alone', (kind) => {
    const event = (metadata: object) => ({ specversion: '1.0', id: 'x', source: '/tekton', type: `dev.tekton.event.${kind}.failed.v1`, data: { [kind === 'run' ? 'run' : 'customRun']: { metadata: { uid: 'u-1', name: 'approve', ...metadata }, status: { completionTime: '2026-03-02T08:00:00Z', conditions: [{ type: 'Succeeded', status: 'False', reason: 'Timeout' }] } } } });
    expect(told(tekton, event({}), 'cdevents-taskrun')).toMatchObject({ kind: 'triggers', triggers: [{ run: { run: 'u-1' }, state: 'Timeout', name: 'approve' }] });
    expect(told(tekton, event({ ownerReferences: [{ kind: 'PipelineRun', uid: 'p-1' }] }), 'cdevents-taskrun')).toMatchObject({ kind: 'triggers', triggers: [{ run: { run: 'p-1', job: 'u-1' } }] });
  });

  it('ends nothing while a task run is pending', () => {
    expect(told(tekton, sampleText('tekton', 'taskrun-unknown.json'), 'taskrun-unknown.json')).toMatchObject({ kind: 'ignored' });
  });

  it('refuses an end without a run, alone and in a batch, and says which', () => {
    expect(withMetadata({ uid: 'two words' })).toMatchObject({ kind: 'malformed' });
    expect(told(tekton, {}, 'taskrun-successful')).toMatchObject({ kind: 'malformed' });
    expect(told(tekton, '', 'taskrun-successful')).toMatchObject({ kind: 'malformed' });
    expect(told(tekton, { pipelineRun: taskRun.taskRun }, 'taskrun-successful')).toMatchObject({ kind: 'malformed' });
    const [first] = sampleOf<Record<string, unknown>[]>(tekton, 'cdevents-batch.json');
    expect(told(tekton, [first, { ...first, data: {} }], 'cdevents-batch')).toEqual({ kind: 'malformed', reason: 'event 2 of the batch: subject.id is missing or not an id' });
    expect(told(tekton, [], 'cdevents-batch')).toMatchObject({ kind: 'ignored' });
  });

  it('keeps nothing of the parameters', () => {
    expect(JSON.stringify(taskRun)).toContain(planted['VENDOR_KEY']);
    expect(JSON.stringify(told(tekton, taskRun, 'taskrun-successful'))).not.toContain(planted['VENDOR_KEY']);
  });

  it('never throws at what a batch may hold', () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.jsonValue(), fc.jsonValue().map((data) => ({ specversion: '1.0', id: 'a', source: 'b', type: 'dev.tekton.event.taskrun.failed.v1', data })))), (events) => {
      expect(told(tekton, events, 'cdevents-batch').kind).toMatch(/^(ignored|malformed)$/);
    }));
  });
});

describe('a sender that asks tekton first', () => {
  const asked = (method: string, headers: Record<string, string>) => tekton.welcome?.({ ...requestOf('', headers), method });

  it('is allowed to post, at any rate', () => {
    expect(asked('OPTIONS', { 'webhook-request-origin': 'eventemitter.example.com', 'webhook-request-rate': '120' })).toEqual({ status: 200, headers: { allow: 'POST', 'webhook-allowed-origin': 'eventemitter.example.com', 'webhook-allowed-rate': '*' } });
  });

  it.each([['GET', 'a.example'], ['OPTIONS', ''], ['OPTIONS', 'a.example\r\nx: y'], ['OPTIONS', '*'], ['OPTIONS', '-a.example']])('asks with OPTIONS and names itself: not %s by "%s"', (method, origin) => {
    expect(asked(method, { 'webhook-request-origin': origin })).toBeUndefined();
  });
});

describe("tekton's proof", () => {
  const body = sampleText('tekton', 'taskrun-successful.json');
  const headers = headersOf('tekton', 'msg_1', 'taskrun-successful.json');

  it('is a shared secret, as a bearer token or in a header of its own', () => {
    expectProof(tekton, requestOf(body, { ...headers, authorization: 'Bearer sh4red-secret' }), 'sh4red-secret');
    expectProof(tekton, requestOf(body, { ...headers, 'x-rescind-secret': 'sh4red-secret' }), 'sh4red-secret');
    expect(proof(tekton, body, { ...headers, authorization: 'bearer sh4red-secret' }, ['sh4red-secret'])).toEqual({ ok: true });
  });

  it.each([['basic credentials', 'Basic sh4red-secret'], ['the bare secret', 'sh4red-secret'], ['two tokens', 'Bearer sh4red-secret other'], ['nothing', 'Bearer '], ['another secret', 'Bearer sh4red-secreT']])('is not %s in authorization', (_, authorization) => {
    expect(proof(tekton, body, { ...headers, authorization }, ['sh4red-secret']).ok).toBe(false);
  });
});
