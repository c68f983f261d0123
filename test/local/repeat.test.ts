import { expect, test } from 'vitest';
import { deliveryOfEvent } from '../../functions/aws/aws-events.ts';
import type { Report, Line } from '../../functions/core/case.ts';
import { repeats } from '../../local/repeat.ts';

const reportOf = (delivery: string): Report => ({
  source: 'gitleaks', finding: 'f', opening: '', at: '', receivedAt: '2026-03-02T08:00:00.000Z', delivery, where: 'here', kind: 'k', claim: 'unverified', names: [], fingerprints: [],
});
const lineOf = (kind: 'opened' | 'joined', delivery: string): Line => ({ kind, report: reportOf(delivery), n: 1, at: '', previous: '', hash: '' });
const message = (delivery: string) => ({ kind: 'delivery', delivery, source: 'gitleaks', receivedAt: '', findings: [] });

test('a delivery that opened or joined a case is new, and known from then on', () => {
  const { line, handled } = repeats();
  line(lineOf('opened', 'd-1'));
  line(lineOf('joined', 'd-2'));
  expect([handled(message('d-1')), handled({ kind: 'stored', delivery: 'd-2', key: 'k' })]).toEqual([undefined, undefined]);
  expect([handled(message('d-1')), handled(message('d-2')), handled(message('d-1'))]).toEqual(['d-1', 'd-2', 'd-1']);
});

test('a delivery whose first try failed half-way is new at its second', () => {
  const { line, handled } = repeats();
  line(lineOf('opened', 'd-1'));
  line(lineOf('joined', 'd-1'));
  expect(handled(message('d-1'))).toBeUndefined();
});

test('an event is known by its detail', () => {
  const event = { source: 'aws.health', 'detail-type': 'AWS Health Event', detail: { eventArn: 'a' } };
  const { line, handled } = repeats();
  line(lineOf('opened', deliveryOfEvent(event)));
  expect([handled(event), handled({ ...event, id: 'another' })]).toEqual([undefined, deliveryOfEvent(event)]);
});

test('what nobody sent is no repeat: the sweep, and what the index met', () => {
  const { line, handled } = repeats();
  expect([handled({ kind: 'sweep' }), handled({ kind: 'met', report: reportOf('d-1'), fingerprint: 'x' }), handled(undefined)]).toEqual([undefined, undefined, undefined]);
  line(lineOf('opened', 'd-1'));
  handled({ kind: 'met', report: reportOf('d-1'), fingerprint: 'x' });
  expect(handled(message('d-1'))).toBe('d-1');
});
