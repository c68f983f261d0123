import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutEvent, envelope, transformerOf } from '../../events/cut.ts';
import { sources } from '../../events/index.ts';
import type { AwsEventSource } from '../../events/trigger.ts';
import { transformed } from './event-bridge.ts';
import { eventOf } from './runs-of.ts';
import { sampleNames } from './samples.ts';

const tellers = sources.filter((source): source is AwsEventSource => source.transport === 'aws-event' && source.tells === 'run');
const readsOf = ({ reads, name }: AwsEventSource): readonly string[] => {
  if (!reads) throw new Error(`${name} does not say what it reads`);
  return reads;
};
const everySample = tellers.flatMap((source) => sampleNames(source.name).map((file) => [source.name, file, source] as const));
const handed = (source: AwsEventSource, event: unknown): string => {
  const { inputPathsMap: InputPathsMap, inputTemplate: InputTemplate } = transformerOf(readsOf(source));
  return transformed({ InputPathsMap, InputTemplate }, event);
};

/** Read where another field is missing, or of a beginning that no sample shows. */
const standIns: Record<string, string[]> = {
  'aws-ecs': ['detail.executionStoppedAt'],
  'aws-codebuild': ['detail.project-name'],
  'aws-sagemaker': ['detail.ProcessingStartTime', 'detail.TransformStartTime', 'detail.HyperParameterTuningStartTime'],
};

describe('an event that is cut', () => {
  it('has the declared paths and nothing else, everything as text and what is missing as nothing', () => {
    const event = { source: 'a', detail: { n: 7, is: false, none: null, whole: { x: 1 }, list: [{ name: 'one', secret: 's' }], secret: 's' } };
    expect(cutEvent(event, ['source', 'time', 'detail.n', 'detail.is', 'detail.none', 'detail.whole', 'detail.list[0].name', 'detail.list[1].name'])).toEqual({
      source: 'a', time: '', detail: { n: '7', is: 'false', none: '', whole: '', list: [{ name: 'one' }, { name: '' }] },
    });
  });

  it('is the same when it is cut again, whatever it is', () => {
    fc.assert(fc.property(fc.anything({ withNullPrototype: true }), fc.constantFrom(...tellers), (detail, source) => {
      const once = cutEvent({ source: source.pattern.source[0], detail }, readsOf(source));
      expect(cutEvent(once, readsOf(source))).toEqual(once);
    }));
  });

  it.each(everySample)('of %s/%s is what EventBridge hands on by the transformer of the same paths', (_, file, source) => {
    const event = eventOf(source, file);
    // nobody documents what becomes of null between quotes
    const withoutNulls = JSON.parse(JSON.stringify(event), (__, value: unknown) => value ?? undefined) as object;
    expect(JSON.parse(handed(source, withoutNulls))).toEqual(cutEvent(event, readsOf(source)));
  });

  it.each(everySample)('of %s/%s parses into the same as the whole one, also where null became a text', (_, file, source) => {
    const event = eventOf(source, file);
    const parsed = source.parse(event);
    expect(source.parse(JSON.parse(handed(source, event)))).toEqual(parsed);
    expect(source.parse(cutEvent(event, readsOf(source)))).toEqual(parsed);
  });

  it('parses into the same as the whole one with any field changed', () => {
    fc.assert(fc.property(fc.constantFrom(...everySample), fc.nat(60), fc.jsonValue(), ([, file, source], at, put) => {
      const event = eventOf(source, file);
      const keys = Object.keys(event.detail);
      const changed = { ...event, detail: { ...event.detail, [keys[at % keys.length]!]: put } };
      expect(source.parse(cutEvent(changed, readsOf(source)))).toEqual(source.parse(changed));
    }), { numRuns: 1000 });
  });
});

describe('what the sources of runs read', () => {
  it.each(tellers.map((source) => [source.name, source] as const))('of %s fits into an input transformer', (_, source) => {
    const { inputPathsMap, inputTemplate } = transformerOf(readsOf(source));
    expect(Object.keys(inputPathsMap)).toHaveLength(readsOf(source).length);
    expect(readsOf(source).length).toBeLessThanOrEqual(100);
    expect(inputTemplate.length).toBeLessThanOrEqual(8192);
    for (const [name, path] of Object.entries(inputPathsMap)) {
      expect(name).toMatch(/^(?!aws)[A-Za-z0-9_-]+$/i);
      expect(path.length).toBeLessThanOrEqual(256);
    }
  });

  it.each(tellers.map((source) => [source.name, source] as const))('of %s is all used: there is a sample in which each field is told apart from a missing one', (_, source) => {
    const never = readsOf(source).filter((path) => !envelope.includes(path) && !sampleNames(source.name).some((file) => {
      const event = eventOf(source, file);
      return JSON.stringify(source.parse(cutEvent(event, readsOf(source).filter((read) => read !== path)))) !== JSON.stringify(source.parse(event));
    }));
    // no sample has lists as long as the platform allows
    expect(never.filter((path) => !path.includes('['))).toEqual(standIns[source.name] ?? []);
  });

  it('is no text that anybody can write freely, and nothing that holds what a job was started with', () => {
    const free = /environment|variable|input|output|cause|reason|message|comment|command|parameters|argument|tag|title|description/i;
    for (const source of tellers) expect(readsOf(source).filter((path) => free.test(path)), source.name).toEqual([]);
  });

  it('has of names those only that the platform restricts, and the name of a Glue job, which is half of its id', () => {
    const names = tellers.flatMap((source) => readsOf(source).filter((path) => /name$/i.test(path)).map((path) => `${source.name} ${path}`));
    expect(names.sort()).toEqual(['aws-codebuild detail.project-name', 'aws-glue detail.jobName', ...['HyperParameterTuning', 'Processing', 'Training', 'Transform'].map((word) => `aws-sagemaker detail.${word}JobName`)]);
  });
});
