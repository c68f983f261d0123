import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leaseIdOf, Refused, renewedUntil, runKeyOf, runKeyOfLease, secondsIn, timerAt, wishOf } from '../../functions/core/lease-terms.ts';

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

describe('a renewal', () => {
  const at = (minutes: number): number => now.getTime() + minutes * 60_000;
  /** Minutes from the registration until which a lease ends that is renewed so many minutes after it. */
  const renewed = (ends: number, asked: number, after = 0, most = 60): number | undefined => {
    const until = renewedUntil({ registeredAt: now.toISOString(), expiresAt: new Date(at(ends)).toISOString(), terms: { maximumAt: new Date(at(most)).toISOString() } }, at(after + asked), new Date(at(after)));
    return until === undefined ? undefined : (until - now.getTime()) / 60_000;
  };

  test('gives what is asked for, up to the maximum', () => {
    expect([renewed(10, 20), renewed(10, 30, 9), renewed(10, 60, 5), renewed(10, 10.6)]).toEqual([20, 39, 60, 10.6]);
    expect(renewed(59.98, 60)).toBe(60);
  });

  test('shortens nothing, and changes nothing for next to nothing', () => {
    expect([renewed(10, 5), renewed(10, 10), renewed(10, 10.5), renewed(60, 60), renewed(59.99, 60), renewed(60, 60, 30)]).toEqual(Array.from({ length: 6 }, () => undefined));
  });

  test('gains a hundredth of the longest life, or half a minute, where the wish is less and the lease would be missed', () => {
    expect([renewed(1, 1, 0.5), renewed(1, 1.2, 0.5, 20)]).toEqual([1.6, 1.7]);
    // 30 minutes every 20, where a lease may live for a week: it goes on
    expect(renewed(30, 30, 20, 10_000)).toBe(130);
    expect(renewed(9_990, 30, 9_980, 10_000)).toBe(10_000);
  });

  test('is one of a hundred and one at most in a lease\'s life, whatever is asked for and when, and what it has is never short of the wish by more than a tenth of it', () => {
    const asked = fc.array(fc.record({ wait: fc.double({ min: 0, max: 3, noNaN: true }), minutes: fc.double({ min: 0.001, max: 60, noNaN: true }) }), { minLength: 300, maxLength: 600 });
    fc.assert(
      fc.property(asked, fc.constantFrom(60, 61), (renewals, most) => {
        let [time, end, count] = [0, 5, 0];
        for (const { wait, minutes } of renewals) {
          // in steps so small that only the least gain bounds them, and never after its end
          time = Math.min(time + wait / 100, end, most);
          const wish = Math.min(time + minutes, most);
          const until = renewed(end, minutes, time, most);
          if (until !== undefined) {
            count += 1;
            expect(until >= Math.min(end + most / 100, most) - 1e-4 && until <= most).toBe(true);
            end = until;
          }
          expect(wish - end).toBeLessThanOrEqual(Math.max(minutes / 10, 1 / 60) + 1e-4);
        }
        expect(count).toBeLessThanOrEqual(101);
      }),
    );
    let [end, count] = [5, 0];
    for (let n = 0; n < 60 * 60; n += 1) {
      const until = renewed(end, Math.min(60, 5 + n / 60));
      if (until !== undefined) [end, count] = [until, count + 1];
    }
    expect([count > 50, count < 101, end]).toEqual([true, true, 60]);
  });
});

describe('what a request asks for', () => {
  test('is read with everything that it may say', () => {
    const asked = { ...wish, minutes: 10, until: 'job', run: { platform: 'nightly', id: 12, attempt: 3, job: 'x' } };
    expect(wishOf(asked, now, 60)).toEqual({ ...wish, until: 'job', run: { platform: 'nightly', run: '12', attempt: '3', job: 'x' }, seconds: 600 });
    expect(wishOf(wish, now, 60)).toEqual({ ...wish, seconds: 3600 });
    expect(wishOf({ ...wish, run: { platform: 'nightly', run: 'r' } }, now, 60).run).toEqual({ platform: 'nightly', run: 'r' });
  });

  test('is the same where what is not given is null, as libraries of clients write it', () => {
    const nothing = { run: null, until: null, minutes: null, expiresAt: null };
    expect(wishOf({ ...wish, ...nothing }, now, 60)).toEqual(wishOf(wish, now, 60));
    expect(wishOf({ ...wish, run: { platform: 'nightly', run: 'r', attempt: null, job: null } }, now, 60).run).toEqual({ platform: 'nightly', run: 'r' });
    for (const what of ['reason', 'credential']) expect(refusal(() => wishOf({ ...wish, [what]: null }, now, 60))?.status).toBe(400);
    for (const reason of [' ', '\u00a0 ']) expect(refusal(() => wishOf({ ...wish, reason }, now, 60))?.status).toBe(400);
  });

  test('is a run of AWS under the name that its events tell, and under no other', () => {
    const run = (platform: string, text: string): string | undefined => wishOf({ ...wish, run: { platform, run: text } }, now, 60).run?.run;
    const arn = (service: string, rest: string) => `arn:aws:${service}:eu-west-1:111122223333:${rest}`;
    expect(run('aws-codebuild', arn('codebuild', 'build/shop:5f1c2a90'))).toBe('shop:5f1c2a90');
    expect(run('aws-batch', arn('batch', 'job/5f1c2a90:7'))).toBe('5f1c2a90:7');
    expect(run('aws-glue', 'caf\u00e9 \u201cbig\u201d/jr_1')).toBe('caf\u00e9 \u201cbig\u201d/jr_1');
    expect(run('aws-lambda', 'whatever they call it')).toBe('whatever they call it');
    for (const [platform, wrong] of [['aws-batch', 'no such id'], ['aws-glue', 'jr_1'], ['aws-codepipeline', 'e-1'], ['aws-ecs', '5f1c2a90'], ['aws-sagemaker', 'train-1'], ['aws-states', 'e-1'], ['aws-emr', 's-1'], ['aws-emr-serverless', '00f1'], ['aws-codebuild', '5f1c2a90']] as const) {
      expect(refusal(() => run(platform, wrong)), platform).toMatchObject({ status: 400, message: expect.stringContaining(`as the events of ${platform} name a run: expected `) as string });
    }
  });

  test('is the one attempt that the platform tells of, where its ends count none', () => {
    const execution = 'arn:aws:states:eu-west-1:111122223333:execution:nightly:e-1';
    const attempt = (platform: string, given: unknown) => wishOf({ ...wish, run: { platform, run: platform === 'aws-states' ? execution : 'r', attempt: given } }, now, 60).run?.attempt;
    expect([attempt('aws-batch', 2), attempt('gitlab', '7'), attempt('aws-states', 2), attempt('github-actions', '3'), attempt('nightly', 'b')]).toEqual(['1', '1', '2', '3', 'b']);
    expect(refusal(() => attempt('aws-batch', 1.5))?.status).toBe(400);
  });

  test('is at most the minutes that are allowed, from now', () => {
    expect(secondsIn({ minutes: 0.5 }, now, 60)).toBe(30);
    expect(secondsIn({ minutes: 60 }, now, 60)).toBe(3600);
    expect(secondsIn({ expiresAt: '2026-05-01T12:30:00+02:00' }, now, 60)).toBe(1800);
    // a minute more is a clock that is ahead of ours
    expect(secondsIn({ expiresAt: '2026-05-01T11:00:59Z' }, now, 60)).toBe(3600);
    expect(secondsIn({}, now, 60, 5)).toBe(300);
    expect(secondsIn({ minutes: null, expiresAt: null }, now, 60, 5)).toBe(300);
    for (const body of [{ minutes: 60.01 }, { minutes: Number.NaN }, { minutes: Infinity }, { minutes: true }, { expiresAt: '2026-05-01T11:02:00Z' }, { expiresAt: '2026-05-01T10:00:00Z' }, { expiresAt: 5 }, { expiresAt: '2026-13-01T10:00:00Z' }]) {
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

describe('the name of a run', () => {
  const named = (more: object) => refusal(() => wishOf({ ...wish, run: { platform: 'nightly', run: 'reports/1842', ...more } }, now, 60));

  test.each([{ job: 'integration tests' }, { attempt: 'a b' }, { attempt: 0 }, { attempt: -1 }, { job: 1.5 }, { run: 'caf\u00e9' }, { run: 'x'.repeat(513) }, { run: ' x' }])('is one by which its end can be told: not %o', (more) => {
    expect(named(more)).toMatchObject({ status: 400, message: expect.stringMatching(/^run\.(run|attempt|job) is n/) as string });
  });

  test.each([{ run: 'the reports of 2 May' }, { run: 7 }, { attempt: 2, job: 'step-2' }, { job: 71 }, { platform: 'aws-glue', run: 'caf\u00e9/jr_1' }])('may be %o', (more) => {
    expect(named(more)).toBeUndefined();
  });
});
