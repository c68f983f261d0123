import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leaseIdOf, Refused, runKeyOf, runKeyOfLease, secondsIn, timerAt, wishOf } from '../../functions/core/lease-terms.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const run = { platform: 'github-actions', run: '1/2', attempt: '1' };
const holder = { issuer: 'https://issuer', subject: 'a' };
const now = new Date('2026-05-01T10:00:00Z');
const wish = { credential: { connector: 'vault', id: 'token/a' }, reason: 'builds' };

/** What was refused, and why; undefined where it was taken. */
const refusal = (act: () => unknown): { status: number; message: string } | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { status: error.status, message: error.message };
  }
};

describe('the id of a lease', () => {
  const id = leaseIdOf(digest, run, 'vault:token/a', holder);

  test('is the same for the same run, job, credential and holder, and another where any of them differs', () => {
    expect(leaseIdOf(digest, { ...run }, 'vault:token/a', { ...holder })).toBe(id);
    const others = [
      leaseIdOf(digest, { ...run, platform: 'gitlab' }, 'vault:token/a', holder),
      leaseIdOf(digest, { ...run, run: '1/3' }, 'vault:token/a', holder),
      leaseIdOf(digest, { ...run, attempt: '2' }, 'vault:token/a', holder),
      leaseIdOf(digest, { ...run, job: '7' }, 'vault:token/a', holder),
      leaseIdOf(digest, run, 'vault:token/b', holder),
      leaseIdOf(digest, run, 'vault:token/a', { ...holder, issuer: 'https://other' }),
      leaseIdOf(digest, run, 'vault:token/a', { ...holder, subject: 'b' }),
    ];
    expect(new Set([id, ...others]).size).toBe(others.length + 1);
  });

  test('tells its run, whose leases share that part whatever their job', () => {
    expect(runKeyOfLease(id)).toBe(runKeyOf(digest, run));
    expect(runKeyOfLease(leaseIdOf(digest, { ...run, job: '7' }, 'vault:token/b', holder))).toBe(runKeyOf(digest, run));
    expect(runKeyOf(digest, { ...run, attempt: '2' })).not.toBe(runKeyOf(digest, run));
  });

  test.each(['', 'l-', `${id} `, ` ${id}`, id.toUpperCase(), id.slice(0, -1), `${id}0`, id.replace('l-', 'c-'), `${id}\n`, '../..'])('is none of %j', (text) => {
    expect(runKeyOfLease(text)).toBeUndefined();
  });
});

describe('a timer', () => {
  const leases = fc.record({ id: fc.string().map((text) => leaseIdOf(digest, { ...run, run: text }, text, holder)), seconds: fc.integer({ min: 1, max: 7 * 86_400 }), from: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }) });

  test('goes off before the expiry and never later, by a tenth and five minutes more at most, at a whole second, and always the same', () => {
    fc.assert(
      fc.property(leases, ({ id, seconds, from }) => {
        const expiry = from.getTime() + seconds * 1000;
        const at = timerAt(id, from, new Date(expiry).toISOString()).getTime();
        const early = expiry - at;
        expect(at % 1000).toBe(0);
        expect(early).toBeGreaterThanOrEqual(Math.min(60, seconds * 0.1) * 1000);
        expect(early).toBeLessThanOrEqual(Math.min(360, seconds * 0.2) * 1000 + 1000);
        expect(timerAt(id, from, new Date(expiry).toISOString()).getTime()).toBe(at);
      }),
    );
  });

  test('of a lease whose time has come does not wait', () => {
    const id = leaseIdOf(digest, run, 'vault:token/a', holder);
    expect(timerAt(id, now, now.toISOString()).getTime()).toBeLessThanOrEqual(now.getTime());
    expect(timerAt(id, now, '2026-05-01T09:00:00Z').getTime()).toBeLessThanOrEqual(now.getTime());
  });

  // the same credential for the same holder in many runs
  test('of many leases on the hour goes off at many times', () => {
    const times = Array.from({ length: 3000 }, (_, n) => timerAt(leaseIdOf(digest, { ...run, run: String(n) }, 'vault:token/a', holder), now, '2026-05-01T11:00:00Z').getTime());
    const bySecond = Map.groupBy(times, (time) => time);
    expect(bySecond.size).toBeGreaterThan(280);
    expect(Math.max(...[...bySecond.values()].map(({ length }) => length))).toBeLessThan(40);
  });
});

describe('what a request asks for', () => {
  test('is read with everything that it may say', () => {
    const asked = { ...wish, minutes: 10, until: 'job', run: { platform: 'aws-batch', id: 12, attempt: 3, job: 'x' } };
    expect(wishOf(asked, now, 60)).toEqual({ ...wish, until: 'job', run: { platform: 'aws-batch', run: '12', attempt: '3', job: 'x' }, seconds: 600 });
    expect(wishOf(wish, now, 60)).toEqual({ ...wish, seconds: 3600 });
    expect(wishOf({ ...wish, run: { platform: 'nightly', run: 'r' } }, now, 60).run).toEqual({ platform: 'nightly', run: 'r', attempt: '1' });
  });

  test('is at most the minutes that are allowed, from now', () => {
    expect(secondsIn({ minutes: 0.5 }, now, 60)).toBe(30);
    expect(secondsIn({ minutes: 60 }, now, 60)).toBe(3600);
    expect(secondsIn({ expiresAt: '2026-05-01T12:30:00+02:00' }, now, 60)).toBe(1800);
    // a minute more is a clock that is ahead of ours
    expect(secondsIn({ expiresAt: '2026-05-01T11:00:59Z' }, now, 60)).toBe(3600);
    expect(secondsIn({}, now, 60, 5)).toBe(300);
    for (const body of [{ minutes: 60.01 }, { minutes: Number.NaN }, { minutes: Infinity }, { minutes: null }, { minutes: true }, { expiresAt: '2026-05-01T11:02:00Z' }, { expiresAt: '2026-05-01T10:00:00Z' }, { expiresAt: 5 }, { expiresAt: '2026-13-01T10:00:00Z' }, { expiresAt: null }]) {
      expect(refusal(() => secondsIn(body, now, 60))?.status, JSON.stringify(body)).toBe(400);
    }
  });

  test('is taken or refused with a reason, whatever it is, and never quoted', () => {
    const mark = 'Zq9Zq9Zq9';
    const marked = fc.oneof(fc.constant(mark), fc.anything());
    const like = fc.record({ credential: fc.oneof(marked, fc.record({ connector: marked, id: marked })), reason: marked, minutes: marked, run: fc.oneof(marked, fc.dictionary(fc.constantFrom('platform', 'run', 'attempt', 'job', mark), marked)), [mark]: marked }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.oneof(marked, like), (body) => {
        const refused = refusal(() => {
          const { seconds, credential, reason } = wishOf(body, now, 60);
          expect(seconds > 0 && seconds <= 3600 && credential.id.length > 0 && reason.length > 0).toBe(true);
        });
        if (refused) expect([refused.status, refused.message.includes(mark), refused.message.length > 5]).toEqual([400, false, true]);
      }),
      { numRuns: 500 },
    );
  });

  test('holds no field of another kind, inherited ones included', () => {
    expect(refusal(() => wishOf(JSON.parse('{"__proto__": {"credential": {}}, "reason": "x"}'), now, 60))?.status).toBe(400);
    expect(refusal(() => wishOf({ ...wish, value: 'x' }, now, 60))?.message).toContain('not known here');
  });
});
