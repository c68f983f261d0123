import { describe, expect, it } from 'vitest';
import { sources } from '../../events/index.ts';
import { attemptTold } from '../../events/trigger.ts';
import { parseSample, sampleNames } from './samples.ts';

/** The attempts of every platform that some source's samples tell of. */
const told = Map.groupBy(
  sources
    .filter(({ name }) => name !== 'standard-webhooks')
    .flatMap((source) => sampleNames(source.name).map((file) => parseSample(source, file)))
    .flatMap((parsed) => (parsed.kind === 'triggers' ? parsed.triggers : []))
    .flatMap((trigger) => (trigger.trigger === 'SecretLeaked' ? [] : [trigger.run])),
  ({ platform }) => platform,
);

describe('the attempt of a run', () => {
  it.each([...told])('of %s that a lease can name is one that the source tells of', (platform, runs) => {
    const counts = runs.some(({ attempt }) => attempt !== '1');
    expect(attemptTold(platform, '2')).toBe(counts ? '2' : '1');
    for (const { attempt } of runs) expect(attemptTold(platform, attempt)).toBe(attempt);
  });

  it('is counted by two platforms of all that have a source of runs', () => {
    expect([...told.keys()].filter((platform) => attemptTold(platform, '2') === '2').sort()).toEqual(['aws-states', 'github-actions']);
    expect(told.size).toBeGreaterThan(12);
  });

  it('is as it is given where the platform has no source of its own', () => {
    expect([attemptTold('kubernetes', '3'), attemptTold('nightly', 'b')]).toEqual(['3', 'b']);
  });
});
