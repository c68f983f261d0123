import { expect, test } from 'vitest';
import type { Entry, Line } from '../../../functions/core/case.ts';
import type { Row } from '../../../local/stories/table.ts';
import { painted, paintFor, unpainted, widthFor } from '../../../local/terminal/paint.ts';
import { remainingLines, tableLines } from '../../../local/terminal/table.ts';
import { repeatRows, timelineOf } from '../../../local/terminal/timeline.ts';
import { wrap } from '../../../local/terminal/wrap.ts';

const row: Row = {
  case: 'c-0123456789abcdef0123',
  story: 'A key pair in three secrets',
  credential: `aws-iam-key:${'AK' + 'IA'}ABCDEFGHIJKLMNOP`,
  leaked: [{ source: 'github-secret-scanning', where: 'https://github.com/acme/shop/security/secret-scanning/41' }],
  replaced: ['prod/orders/uploads', 'prod/orders/a-name-that-is-longer-than-its-column-is-wide'],
  left: ['sandbox/dana/copy'],
  done: ['contained', 'rotated', 'rotated'],
  status: 'contained',
  outcome: 'confirmed',
  green: true,
  how: 'the old value was used and refused, a control was accepted',
  seconds: { contained: 0.5, dead: 10.6 },
};

test('wrapping loses nothing and keeps to the width', () => {
  const text = `short words and https://github.com/acme/shop/security/secret-scanning/41 and ${'x'.repeat(50)} end`;
  for (const width of [10, 20, 33]) {
    const lines = wrap(text, width);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
    expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
  }
});

test('what moves a cursor is taken out of texts from outside', () => {
  expect(wrap('before\u001b[2Jafter\u202e', 80).join('')).toBe('before [2Jafter');
});

test.each([80, 100, 120])('the table fits into %i columns and shows every name whole', (width) => {
  const lines = tableLines([row], unpainted, width);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
  const flat = lines.join('').replaceAll(' ', '');
  for (const part of ['10.6s', '0.5s', 'rotated×2', 'leftasitwas:', 'contained,confirmed:']) expect(flat).toContain(part);
  expect(lines.join('\n')).toMatch(/sandbox\/dana/);
});

test('rows are numbered by credential: what a later report of the same one led to has its number and a letter', () => {
  const rows = [row, { ...row, credential: 'a:b' }, { ...row, credential: 'a:b' }, { ...row, credential: undefined, case: 'c-1' }, { ...row, credential: undefined, case: 'c-2' }, row];
  const text = tableLines(rows, unpainted, 110).join('\n');
  expect([...text.matchAll(/^(\d\S*) +A key pair/gm)].map(([, label]) => label)).toEqual(['1', '2', '2b', '3', '4', '1b']);
});

test('a report that came again is told with the cases that it had led to', () => {
  expect(repeatRows([row.case, 'c-fedcba9876543210fedc'], 1.25, unpainted, 110)).toEqual(['   1.3 s  →         sent again   known already: c-012345, c-fedcba']);
});

test('a red row says so, and a row without times shows none', () => {
  const red: Row = { ...row, story: undefined, status: 'not-contained', outcome: 'irrevocable', green: false, seconds: {} };
  const text = tableLines([red], unpainted, 110).join('\n');
  expect(text).toContain('✘ not contained, irrevocable: ');
  expect(text).toMatch(/–\s+–/);
});

test('what remains names the person, the deadline and the case', () => {
  const lines = remainingLines([{ case: row.case, task: 't-1', kind: 'approve', what: 'shall Rescind act?', owner: 'orders', contact: 'orders@acme.example', deadline: '2026-03-03T08:00:00.000Z' }], unpainted, 100);
  expect(lines).toEqual(['? decide orders (orders@acme.example) until 2026-03-03 08:00 UTC, c-012345', '    shall Rescind act?']);
});

const line = (entry: Entry, n = 1): Line => ({ ...entry, n, at: '2026-03-02T08:00:00.000Z', previous: '', hash: '' });

test('the timeline hides what only a machine needs and tells a reason once', () => {
  const tell = timelineOf(unpainted, 200);
  const note = 'status 401, refused, while the control was accepted';
  const told = [
    line({ kind: 'intent', attempt: 1, verb: 'contain', round: 0 }),
    line({ kind: 'noted', attempt: 1, verb: 'contain', round: 0, fact: { user: 'x' } }),
    line({ kind: 'started', attempt: 1, why: 'reported' }),
    line({ kind: 'probed', attempt: 1, probed: { verdict: 'dead', basis: 'value', control: true, note } }),
    line({ kind: 'outcome', attempt: 1, outcome: { credential: 'a:b', outcome: 'confirmed', how: `it was refused: ${note}`, green: true, children: [] } }),
    line({ kind: 'closed', by: 'rescind', reason: 'contained' }),
  ].flatMap((one) => tell(row.case, one, 1.25));
  expect(told).toHaveLength(3);
  expect(told[0]).toMatch(/^ +1\.[23] s {2}c-012345 {2}probed {7}dead .*control accepted\): status 401/);
  expect(told[1]).toMatch(/confirmed {4}it was refused$/);
});

test('colours are off in pipes and under NO_COLOR, on for a terminal, and FORCE_COLOR decides', () => {
  expect(paintFor({ isTTY: false }, {})('bad', 'x')).toBe('x');
  expect(paintFor({ isTTY: true }, { NO_COLOR: '1', FORCE_COLOR: '1' })('bad', 'x')).toBe('x');
  expect(paintFor({ isTTY: true }, { TERM: 'dumb' })('bad', 'x')).toBe('x');
  expect(paintFor({ isTTY: true }, { TERM: 'xterm' })('bad', 'x')).toBe('\u001b[31mx\u001b[39m');
  expect(paintFor({}, { FORCE_COLOR: '1' })).toBe(painted);
});

test('the width follows the terminal within reason', () => {
  expect([undefined, 40, 95, 300].map((columns) => widthFor({ columns }))).toEqual([110, 80, 95, 120]);
});
