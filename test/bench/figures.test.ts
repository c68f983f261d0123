import { describe, expect, it } from 'vitest';
import { isWithin, median, tableOf, type Figure } from '../../bench/figure.ts';
import { perMillion, plus, sumOf } from '../../bench/list-prices.ts';
import { floorSeconds, secondsAtQuota } from '../../bench/quota-floor.ts';
import { busyMilliseconds, playbookUsage } from '../../bench/usage.ts';

const figure = (value: number, limit?: number): Figure => ({ bench: 'b', what: 'w', value, unit: 'x', limit });

describe('the figures of a bench', () => {
  it('takes the middle of what was measured', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
    expect(median([])).toBeNaN();
  });

  it('says over only where a limit is broken', () => {
    expect([figure(1.3, 1.3), figure(1.31, 1.3), figure(9)].map(isWithin)).toEqual([true, false, true]);
    expect(tableOf([figure(1.31, 1.3)])[1]).toMatch(/1\.31x +1\.30x +over$/);
  });

  it('adds usages and prices a million of them', () => {
    const usage = plus({ stateTransition: 4, kmsCall: 1 }, { stateTransition: 6 });
    expect(perMillion(usage)).toEqual({ stateTransition: 250, kmsCall: 3 });
    expect(sumOf(perMillion(usage))).toBe(253);
  });

  it('knows the seconds that the quotas leave for 100,000 secrets', () => {
    expect(floorSeconds(100_000)).toBe(10);
    expect(secondsAtQuota({ 'SecretsManager ListSecrets': 1_000, 'SecretsManager GetSecretValue': 200_000, 'DynamoDBDocument Put': 1 })).toBe(20);
  });

  it('counts overlapping calls once', () => {
    expect(busyMilliseconds([{ start: 0, end: 10 }, { start: 5, end: 8 }, { start: 20, end: 25 }])).toBe(15);
  });

  it('counts a transition for every state and every retry of a task', () => {
    const event = (type: string, timestamp: number, details: object = {}) => ({ id: 0, previousEventId: 0, type, timestamp, ...details });
    const scheduled = { taskScheduledEventDetails: { state: 'Contain' } };
    const usage = playbookUsage([
      event('TaskStateEntered', 0),
      event('TaskScheduled', 0, scheduled),
      event('TaskFailed', 1),
      event('TaskScheduled', 2, scheduled),
      event('TaskSucceeded', 4),
      event('SucceedStateEntered', 4),
    ]);
    expect(usage).toMatchObject({ stateTransition: 3, lambdaInvocation: 2 });
    expect(usage.gigabyteSecond).toBeGreaterThan(0.75);
  });
});
