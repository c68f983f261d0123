import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JobEnded } from '../../events/trigger.ts';
import type { Lease } from '../../functions/core/lease.ts';
import { comesBack, endedAt, endedByItsClock, endingOf, isAfter, isEndOf, ruleFor, wholeOf } from '../../functions/core/run-end.ts';

const now = new Date('2026-05-01T10:00:00.500Z');
const minute = 60_000;
const run = { platform: 'github-actions', run: '1/2', attempt: '1' };

describe('when a run ended', () => {
  test('is as its platform says, never later than now, and now where it does not say', () => {
    expect(endedAt({ at: '2026-05-01T09:00:00Z' }, now)).toBe('2026-05-01T09:00:00.000Z');
    expect(endedAt({ at: '2026-05-01T11:00:00Z' }, now)).toBe(now.toISOString());
    for (const at of ['', 'yesterday', '2026-99-01']) expect(endedAt({ at }, now)).toBe(now.toISOString());
    fc.assert(fc.property(fc.oneof(fc.string(), fc.date({ noInvalidDate: true }).map((date) => date.toISOString())), (at) => new Date(endedAt({ at }, now)).getTime() <= now.getTime()));
  });

  test('may be a minute ahead by its own clock, as its tokens may', () => {
    expect(endedByItsClock({ at: '2026-05-01T10:00:30Z' }, now)).toBe('2026-05-01T10:00:30.000Z');
    expect(endedByItsClock({ at: '2027-05-01T10:00:30Z' }, now)).toBe(new Date(now.getTime() + minute).toISOString());
    expect(endedByItsClock({ at: '2020-05-01T10:00:30Z' }, now)).toBe('2020-05-01T10:00:30.000Z');
    expect(endedByItsClock({ at: '' }, now)).toBe(now.toISOString());
  });

  test('is why its leases end', () => {
    expect(endingOf({ state: 'TIMED_OUT', source: 'aws-batch', at: '2030-01-01T00:00:00Z' }, now)).toEqual({ kind: 'run-ended', at: now.toISOString(), state: 'TIMED_OUT', source: 'aws-batch' });
  });
});

describe('an end', () => {
  const ended = { at: '2026-05-01T10:00:00.000Z' };
  const at = (seconds: number): number => Date.parse(ended.at) + seconds * 1000;

  test('is of a life before where the platform lets runs come back and issued the token later', () => {
    expect([isAfter({ issuedAt: at(1) }, 'gitlab', ended, at(9)), isAfter({ issuedAt: at(0) }, 'gitlab', ended, at(9)), isAfter({ issuedAt: at(-1) }, 'gitlab', ended, at(9))]).toEqual([true, false, false]);
    expect([isAfter({ issuedAt: at(1) }, 'github-actions', ended, at(9)), isAfter({ issuedAt: at(1) }, 'aws-batch', ended, at(9))]).toEqual([false, false]);
    // without a token's time, a registration well after the end is of the next life, and a straggler's is not
    expect([isAfter({}, 'aws-codepipeline', ended, at(61)), isAfter({}, 'aws-codepipeline', ended, at(59)), isAfter({}, 'aws-batch', ended, at(600))]).toEqual([true, false, false]);
  });

  const lease = (job: string | undefined, issuedAt = at(-5), platform = 'github-actions') => ({ terms: { run: { ...run, platform, ...(job === undefined ? {} : { job }) } }, by: { issuedAt } }) as unknown as Lease;

  test.each([
    [undefined, undefined, true],
    [undefined, '7', true],
    ['7', '7', true],
    ['7', '8', false],
    ['7', undefined, false],
  ])('of job %s ends a lease of job %s: %s', (ofEnd, ofLease, expected) => {
    expect(isEndOf({ run: { ...run, ...(ofEnd === undefined ? {} : { job: ofEnd }) }, ...ended }, lease(ofLease))).toBe(expected);
  });

  test('from before ends nothing that was lent after it', () => {
    expect(isEndOf({ run: { ...run, platform: 'gitlab' }, ...ended }, lease(undefined, at(5), 'gitlab'))).toBe(false);
    expect(isEndOf({ run, ...ended }, lease(undefined, at(5)))).toBe(true);
  });

  test('of one job is never one from before: a job that is retried has another id', () => {
    expect(isEndOf({ run: { ...run, platform: 'gitlab', job: '7' }, ...ended }, lease('7', at(500), 'gitlab'))).toBe(true);
    const late = { ...lease('7', at(-5), 'buildkite'), registeredAt: new Date(at(500)).toISOString() } as Lease;
    expect(isEndOf({ run: { ...run, platform: 'buildkite', job: '7' }, ...ended }, late)).toBe(true);
    expect(isEndOf({ run: { ...run, platform: 'buildkite' }, ...ended }, late)).toBe(false);
  });

  test('is for ever where the mark says so, however late the registration is', () => {
    expect([isAfter({}, 'buildkite', { ...ended, final: true }, at(500)), isAfter({ issuedAt: at(5) }, 'gitlab', { ...ended, final: true }, at(500))]).toEqual([false, false]);
  });

  test('is over for what is registered since the run lives again; a token of GitLab\'s own tells more', () => {
    const resumed = { ...ended, resumedAt: new Date(at(20)).toISOString() };
    expect([19.999, 20, 59].map((seconds) => isAfter({}, 'buildkite', resumed, at(seconds)))).toEqual([false, true, true]);
    expect([isAfter({ issuedAt: at(-5) }, 'gitlab', resumed, at(30)), isAfter({ issuedAt: at(5) }, 'gitlab', resumed, at(6)), isAfter({}, 'gitlab', resumed, at(30))]).toEqual([false, true, true]);
  });

  test.each([
    ['aws-sagemaker', 'arn:aws:sagemaker:eu-west-1:111122223333:pipeline/churn/execution/abc123def456', true],
    ['aws-sagemaker', 'arn:aws:sagemaker:eu-west-1:111122223333:training-job/pipeline/x/execution/y', false],
    ['aws-sagemaker', 'arn:aws:sagemaker:eu-west-1:111122223333:processing-job/p', false],
    ['aws-codepipeline', 'shop/1d4f2a60', true],
    ['buildkite', '8fcaa7b9', true],
    ['github-actions', '1/2', false],
  ])('of %s %s leaves a run that can come back: %s', (platform, id, expected) => {
    expect([comesBack({ platform, run: id }), comesBack({ platform, run: id, job: '7' })]).toEqual([expected, false]);
  });

  test('of a job is of a run', () => {
    expect(wholeOf({ ...run, job: '7' })).toEqual(run);
  });
});

describe('the rule for the role of a run', () => {
  const role = 'arn:aws:iam::111122223333:role/export';
  const told = (more: Partial<JobEnded> = {}) => ({ run: { platform: 'aws-batch', run: 'j', attempt: '1' }, name: 'export', ...more });
  const rule = { platform: 'aws-batch', role, owner: 'orders' };

  test('is one of its platform and role, and of its name where the rule has one', () => {
    expect(ruleFor([rule], told({ role }))).toBe(rule);
    expect(ruleFor([{ ...rule, name: 'export' }], told({ role }))).toBeDefined();
    expect(ruleFor([{ ...rule, name: 'import' }], told({ role }))).toBeUndefined();
    expect(ruleFor([{ ...rule, platform: 'aws-ecs' }], told({ role }))).toBeUndefined();
    expect(ruleFor([], told({ role }))).toBeUndefined();
  });

  test('is never one for another role than the event names, whatever its name', () => {
    expect(ruleFor([{ ...rule, name: 'export' }], told({ role: `${role}-other` }))).toBeUndefined();
  });

  test('is by name alone where the event names no role, and none without a name', () => {
    expect(ruleFor([rule], told())).toBeUndefined();
    expect(ruleFor([{ ...rule, name: 'export' }], told())).toBeDefined();
  });
});
