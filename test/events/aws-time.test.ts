import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { awsTime } from '../../events/aws-time.ts';

describe('times of AWS', () => {
  it.each([
    ['milliseconds', 1551225151881, '2019-02-26T23:52:31.881Z'], ['a text of milliseconds', '1583831889050', '2020-03-10T09:18:09.050Z'], ['seconds', 1551225151, '2019-02-26T23:52:31.000Z'],
    ['seconds with a fraction', 1551225151.881, '2019-02-26T23:52:31.881Z'], ['a text of seconds with a fraction', '1551225151.881', '2019-02-26T23:52:31.881Z'], ['ISO 8601', '2020-01-23T17:57:58.103Z', '2020-01-23T17:57:58.103Z'],
    ['another zone', '2020-01-23T17:57:58+02:00', '2020-01-23T15:57:58.000Z'], ['no zone', '2020-01-23T17:57:58', '2020-01-23T17:57:58.000Z'], ['the time of a build', 'Sep 1, 2017 4:12:29 PM', '2017-09-01T16:12:29.000Z'],
    ['the same from a newer Java', 'Sep 1, 2017, 4:12:29\u202fPM', '2017-09-01T16:12:29.000Z'], ['midnight of a build', 'Dec 31, 2025 12:00:00 AM', '2025-12-31T00:00:00.000Z'], ['a day', '2017-09-01', '2017-09-01T00:00:00.000Z'],
  ])('are read from %s', (_, value, time) => expect(awsTime(value)).toBe(time));

  it.each([['nothing', undefined], ['null', null], ['an empty text', ''], ['words', 'yesterday'], ['zero', 0], ['a negative number', -1551225151881], ['not a number', Number.NaN], ['infinity', Number.POSITIVE_INFINITY], ['a huge number', 1e300], ['a list', [1551225151881]], ['an object', { seconds: 1551225151 }], ['a year far off', '+275760-09-13T00:00:00Z'], ['a long text', `${' '.repeat(99)}2020`], ['an impossible day', '2020-13-45T00:00:00Z']])('are empty for %s', (_, value) => {
    expect(awsTime(value)).toBe('');
  });

  it('are ISO 8601 or empty for anything at all', () => {
    fc.assert(fc.property(fc.oneof(fc.anything(), fc.double(), fc.string(), fc.date({ noInvalidDate: true }).map(String)), (value) => {
      expect(awsTime(value)).toMatch(/^(|2[01]\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/);
    }));
  });

  it('do not depend on the zone of this machine', () => {
    const { TZ } = process.env;
    try {
      process.env['TZ'] = 'Pacific/Auckland';
      expect(new Date(0).getHours()).not.toBe(0);
      expect(['Sep 1, 2017 4:12:29 PM', '2017-09-01T16:12:29', '2017-09-01 16:12:29'].map(awsTime)).toEqual(Array(3).fill('2017-09-01T16:12:29.000Z'));
    } finally {
      if (TZ === undefined) delete process.env['TZ'];
      else process.env['TZ'] = TZ;
    }
  });
});
