import { describe, expect, it } from 'vitest';
import { a2a } from '../../events/a2a.ts';
import { endOf, expectProof, proof, sampleOf, told } from './ends.ts';
import { headersOf, requestOf, sampleText } from './samples.ts';

const TASK = '43667960-d455-4453-b0cf-1bae4955270d';
const update = sampleOf<{ statusUpdate: object }>(a2a, 'status-update-completed.json');
const withState = (state: unknown) => told(a2a, { statusUpdate: { taskId: TASK, status: { state } } });

describe('a2a', () => {
  it('tells the end of a task from an update of its status', () => {
    expect(endOf(a2a, 'status-update-completed.json')).toEqual({
      trigger: 'JobEnded', source: 'a2a', run: { platform: 'a2a', run: TASK, attempt: '1' }, at: '2026-03-02T08:15:26.000Z', state: 'TASK_STATE_COMPLETED', name: '', end: `${TASK} 1 `,
    });
  });

  it('tells one end however often and in whatever form it is told, and another for another task', () => {
    const end = endOf(a2a, 'status-update-completed.json').end;
    expect(endOf(a2a, 'older-task-completed.json')).toMatchObject({ end, state: 'completed' });
    expect(told(a2a, { jsonrpc: '2.0', id: 1, result: sampleOf(a2a, 'older-task-completed.json') })).toMatchObject({ triggers: [{ end }] });
    expect(told(a2a, { id: TASK, status: { state: 'failed' } })).toMatchObject({ triggers: [{ end }] });
    expect(new Set(['status-update-completed.json', 'task-failed.json', 'older-status-update-canceled.json'].map((file) => endOf(a2a, file).end)).size).toBe(3);
  });

  it.each(['TASK_STATE_COMPLETED', 'TASK_STATE_FAILED', 'TASK_STATE_CANCELED', 'TASK_STATE_CANCELLED', 'TASK_STATE_REJECTED', 'completed', 'failed', 'canceled', 'cancelled', 'rejected'])('takes %s for an end', (state) => {
    expect(withState(state)).toMatchObject({ kind: 'triggers', triggers: [{ state }] });
  });

  it.each(['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING', 'TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_AUTH_REQUIRED', 'TASK_STATE_UNSPECIFIED', 'working', 'input-required', 'unknown', 'x-completed'])('ends nothing at %s', (state) => {
    expect(withState(state)).toMatchObject({ kind: 'ignored' });
  });

  it.each(['older-status-update-input-required.json', 'status-update-working.json', 'artifact-update.json'])('ends nothing at %s', (file) => {
    expect(told(a2a, sampleText('a2a', file))).toMatchObject({ kind: 'ignored' });
  });

  it('ends nothing at a message, in either form', () => {
    expect(told(a2a, { message: { messageId: 'm', role: 'ROLE_AGENT', taskId: TASK, parts: [] } })).toMatchObject({ kind: 'ignored' });
    expect(told(a2a, { kind: 'message', messageId: 'm', taskId: TASK, status: { state: 'completed' } })).toMatchObject({ kind: 'ignored' });
  });

  it.each([{}, [], { statusUpdate: 7 }, { statusUpdate: {} }, { task: { status: { state: 'completed' } } }, { task: { id: 'two words', status: { state: 'completed' } } }, { ...update, task: {} }, { jsonrpc: '2.0', error: {} }])('refuses %j', (garbage) => {
    expect(told(a2a, garbage)).toMatchObject({ kind: 'malformed' });
  });

  it('reads either content type of the protocol, and no other', () => {
    expect(told(a2a, update, '', { 'content-type': 'application/json' })).toEqual(told(a2a, update));
    expect(told(a2a, update, '', { 'content-type': 'text/plain' })).toMatchObject({ kind: 'malformed' });
  });

  it('is believed under the token of the notification, in its header or as a bearer token', () => {
    const body = sampleText('a2a', 'status-update-completed.json');
    expectProof(a2a, requestOf(body, { ...headersOf('a2a'), 'x-a2a-notification-token': 'n0tify-token' }), 'n0tify-token');
    expectProof(a2a, requestOf(body, { ...headersOf('a2a'), authorization: 'Bearer n0tify-token' }), 'n0tify-token');
    expect(proof(a2a, body, { ...headersOf('a2a'), 'x-rescind-secret': 'n0tify-token' }, ['n0tify-token']).ok).toBe(false);
  });
});
