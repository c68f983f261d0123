import { describe, expect, it } from 'vitest';
import { bytesOf, changeUnits, readUnits, TableUnits } from '../../bench/table-units.ts';

const text = (bytes: number): string => 'x'.repeat(bytes);
const plain = (bytes: number) => ({ pk: 'case#1', sk: 'line#1', text: text(bytes) });
const head = (status: string, bytes: number) => ({ pk: 'case#1', sk: 'head', kindKey: 'case', statusKey: `case#${status}`, sortKey: 't#1', text: text(bytes) });

describe('the units of a table', () => {
  it('measures an item as DynamoDB does: names and values, and a byte for each thing in a list or map', () => {
    expect(bytesOf({ pk: 'ab', n: 12345, yes: true, none: undefined })).toBe(2 + 2 + (1 + 4) + (3 + 1));
    expect(bytesOf({ m: { a: 'é' }, l: ['x', 'yz'] })).toBe(1 + (3 + 1 + 1 + 2) + 1 + (3 + 1 + 1 + 1 + 2));
  });

  it('counts reads by four kilobytes, half of them where they need not be consistent, and one for nothing found', () => {
    expect([readUnits(0, true), readUnits(4096, true), readUnits(4097, true), readUnits(100, false)]).toEqual([1, 1, 2, 0.5]);
  });

  it('counts writes by the kilobyte of the larger of old and new', () => {
    expect(changeUnits('ledger', undefined, plain(10))).toBe(1);
    expect(changeUnits('ledger', plain(3_000), plain(10))).toBe(3);
    expect(changeUnits('ledger', plain(3_000), undefined)).toBe(3);
  });

  it('adds the indexes that hold the item, and twice that where its place in one changes', () => {
    expect(changeUnits('ledger', undefined, head('open', 10))).toBe(3);
    expect(changeUnits('ledger', head('open', 10), head('open', 20))).toBe(3);
    expect(changeUnits('ledger', head('open', 10), head('contained', 10))).toBe(4);
    expect(changeUnits('ledger', head('open', 10), undefined)).toBe(3);
  });

  it('remembers what a table holds from call to call, and charges a refused condition', () => {
    const units = new TableUnits();
    const put = (item: object) => ({ TableName: 'ledger', Item: item });
    expect(units.of('Put', put(plain(2_000)), {})).toEqual({ read: 0, write: 2 });
    expect(units.of('Put', put(plain(10)), undefined, true)).toEqual({ read: 0, write: 2 });
    expect(units.of('Delete', { TableName: 'ledger', Key: { pk: 'case#1', sk: 'line#1' } }, {})).toEqual({ read: 0, write: 2 });
    expect(units.of('Delete', { TableName: 'ledger', Key: { pk: 'case#1', sk: 'line#1' } }, {})).toEqual({ read: 0, write: 1 });
    expect(() => units.of('Scan', put(plain(1)), {})).toThrow(/not known/);
  });
});
