import { describe, expect, it } from 'vitest';
import { cursor } from '../../events/cursor.ts';
import { endOf, expectProof, hexHmac, proof, sampleOf, told } from './ends.ts';
import { headersOf, planted, requestOf, sampleText } from './samples.ts';

const finished = sampleOf(cursor, 'finished.json');

describe('cursor', () => {
  it('tells the end of an agent and keeps nothing of what it says', () => {
    expect(endOf(cursor, 'finished.json')).toEqual({
      trigger: 'JobEnded', source: 'cursor', run: { platform: 'cursor', run: 'bc_5f1c2d3e', attempt: '1' }, at: '2026-03-02T08:15:25.101Z', state: 'FINISHED', name: '', end: 'bc_5f1c2d3e 1  2026-03-02T08:15:25.101Z',
    });
    expect(JSON.stringify(told(cursor, finished))).not.toContain(planted['VENDOR_KEY']);
  });

  it('tells another end after a follow-up, and the same when a delivery is repeated', () => {
    expect(endOf(cursor, 'follow-up-error.json').run).toEqual(endOf(cursor, 'finished.json').run);
    expect(endOf(cursor, 'follow-up-error.json').end).not.toBe(endOf(cursor, 'finished.json').end);
    expect(told(cursor, finished, '', { 'x-webhook-id': 'another' })).toEqual(told(cursor, finished));
    expect(told(cursor, { ...finished, timestamp: undefined })).toMatchObject({ triggers: [{ at: '', end: 'bc_5f1c2d3e 1  FINISHED' }] });
  });

  it.each(['ERROR', 'EXPIRED', 'CANCELLED'])('takes %s for an end', (status) => {
    expect(told(cursor, { ...finished, status })).toMatchObject({ kind: 'triggers', triggers: [{ state: status }] });
  });

  it.each(['CREATING', 'A_WORD_OF_TOMORROW'])('ends nothing at %s', (status) => {
    expect(told(cursor, { ...finished, status })).toMatchObject({ kind: 'ignored' });
  });

  it('hears an agent at work, perhaps again', () => {
    const run = { platform: 'cursor', run: 'bc_5f1c2d3e', attempt: '1' };
    expect(told(cursor, sampleOf(cursor, 'running.json'))).toEqual({ kind: 'triggers', triggers: [{ trigger: 'JobStarted', source: 'cursor', run, at: '2026-03-02T08:15:25.101Z', state: 'RUNNING', name: '' }] });
  });

  it('records other events', () => {
    expect(told(cursor, { ...finished, event: 'comment' })).toMatchObject({ kind: 'ignored' });
  });

  it.each([{}, [], { event: 'statusChange' }, { ...finished, id: 'two words' }, { ...finished, id: null }, { ...finished, status: 7 }])('refuses what is not as Cursor writes it: %#', (garbage) => {
    expect(told(cursor, garbage)).toMatchObject({ kind: 'malformed' });
  });

  it('is believed under the signature of the raw body only', () => {
    const body = sampleText('cursor', 'finished.json');
    const headers = { ...headersOf('cursor'), 'x-webhook-signature': `sha256=${hexHmac('a secret of thirty-two characters', body)}` };
    expectProof(cursor, requestOf(body, headers), 'a secret of thirty-two characters');
    expect(proof(cursor, `${body} `, headers, ['a secret of thirty-two characters']).ok).toBe(false);
    expect(proof(cursor, body, { ...headers, 'x-webhook-signature': headers['x-webhook-signature'].slice(7) }, ['a secret of thirty-two characters']).ok).toBe(false);
  });
});
