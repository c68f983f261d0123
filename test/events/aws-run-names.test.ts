import { describe, expect, it } from 'vitest';
import { awsRunName } from '../../events/aws-run-names.ts';
import { sources } from '../../events/index.ts';
import { parseSample, sampleNames } from './samples.ts';

const platforms = sources.filter((source) => source.transport === 'aws-event' && source.tells === 'run');

describe('the names of runs', () => {
  it.each(platforms.map((source) => [source.name, source] as const))('of %s are those that its events tell', (name, source) => {
    const told = sampleNames(name).flatMap((file) => {
      const parsed = parseSample(source, file);
      return parsed.kind === 'triggers' ? parsed.triggers.flatMap((one) => ('run' in one ? [one.run.run] : [])) : [];
    });
    expect(told.length).toBeGreaterThan(0);
    for (const run of told) expect(awsRunName(name, run)).toEqual({ run });
    expect(awsRunName(name, 'no id')).toEqual({ expected: expect.any(String) as string });
  });

  it('of other platforms are as they like', () => {
    for (const platform of ['nightly', 'aws-lambda', 'constructor', '__proto__']) expect(awsRunName(platform, 'no id')).toEqual({ run: 'no id' });
  });
});
