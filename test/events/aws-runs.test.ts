import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sources } from '../../events/index.ts';
import type { AwsEventSource } from '../../events/trigger.ts';
import { matches } from './event-pattern.ts';
import { endOf, eventOf, runOf } from './runs-of.ts';
import { sampleNames } from './samples.ts';

const tellers = sources.filter((source): source is AwsEventSource => source.transport === 'aws-event' && source.tells === 'run');
const everySample = tellers.flatMap((source) => sampleNames(source.name).map((file) => [source.name, file, source] as const));
const said = (source: AwsEventSource, event: unknown): string => {
  const parsed = source.parse(event);
  return parsed.kind === 'triggers' ? parsed.triggers.map(({ trigger }) => trigger).join() : parsed.kind;
};
const samplesThatSay = (what: string) => everySample.filter(([, file, source]) => said(source, eventOf(source, file)) === what);

describe('sources of job ends at AWS', () => {
  it('are nine, with samples of ends, of starts and of states between', () => {
    expect(tellers.map(({ name }) => name).sort()).toEqual(['aws-batch', 'aws-codebuild', 'aws-codepipeline', 'aws-ecs', 'aws-emr', 'aws-emr-serverless', 'aws-glue', 'aws-sagemaker', 'aws-states']);
    for (const what of ['JobEnded', 'JobStarted', 'ignored']) {
      const names = new Set(samplesThatSay(what).map(([name]) => name));
      expect([...names].sort(), what).toEqual(tellers.map(({ name }) => name).sort());
    }
  });

  it.each(everySample)('have rules that let %s/%s through exactly if the parser takes it for an end or a start', (_, file, source) => {
    const event = eventOf(source, file);
    // that an execution of CodePipeline goes on is heard with the ends, wherever leases are
    const isResumed = event.detail['state'] === 'RESUMED';
    expect(matches(source.pattern, event)).toBe(isResumed || said(source, event) === 'JobEnded');
    expect(matches(source.starts!, event)).toBe(!isResumed && said(source, event) === 'JobStarted');
  });

  it('fit into the 2,048 characters of a rule', () => {
    for (const { name, pattern, starts } of tellers) for (const rule of [pattern, starts]) expect(JSON.stringify(rule).length, name).toBeLessThan(2048);
  });

  it.each(samplesThatSay('JobEnded'))('know the end of %s/%s again, whatever the envelope is', (name, file, source) => {
    const event = eventOf(source, file);
    const end = endOf(source, event);
    expect(endOf(source, { ...event, id: 'another', resources: [] })).toEqual(end);
    expect(end).toMatchObject({ source: name, run: { platform: name, attempt: expect.stringMatching(/^[1-9]\d*$/) as unknown } });
    expect(end.at).toMatch(/^2026-03-02T\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(end.name).not.toBe('');
    expect(end.end).toContain(end.run.run);
    expect(end.end).toContain(end.state);
  });

  it.each(everySample.filter(([, file, source]) => said(source, eventOf(source, file)) !== 'ignored'))('refuse %s/%s without its detail, without its ids and without its state', (_, file, source) => {
    const event = eventOf(source, file);
    expect(said(source, { ...event, detail: undefined })).toBe('malformed');
    expect(said(source, { ...event, detail: 'text' })).toBe('malformed');
    const run = runOf(source, event);
    const parts = [run.run.run, ...run.run.run.split('/'), run.run.job].filter((part) => part !== undefined);
    const isIdentity = (value: unknown): boolean => typeof value === 'string' && (parts.includes(value) || (value.startsWith('arn:') && value.endsWith(`build/${run.run.run}`)));
    const identity = Object.keys(event.detail).filter((key) => isIdentity(event.detail[key]));
    const states = Object.keys(event.detail).filter((key) => event.detail[key] === run.state && !['desiredStatus', 'SecondaryStatus'].includes(key));
    expect([identity.length, states.length].every((count) => count > 0)).toBe(true);
    const soleIdentity = identity.filter((key) => !/name$/i.test(key) || key === 'jobName');
    for (const key of [...soleIdentity, ...states]) for (const put of [undefined, '', {}, null, ['x'], 'a\u0000b\u202e']) {
      const isOtherState = states.includes(key) && typeof put === 'string' && put !== '';
      expect(said(source, { ...event, detail: { ...event.detail, [key]: put } }), key).toBe(isOtherState ? 'ignored' : 'malformed');
    }
  });

  it.each(samplesThatSay('JobEnded'))('take %s/%s for an end at the time of the event where its own times cannot be read, and at no time where that cannot either', (_, file, source) => {
    const event = eventOf(source, file);
    const odd = JSON.parse(JSON.stringify(event.detail, (key, value: unknown) => (/(At|Date|Time|time)$/.test(key) ? 'yesterday' : value))) as object;
    expect(endOf(source, { ...event, time: '2026-03-05T00:00:00Z', detail: odd }).at).toBe('2026-03-05T00:00:00.000Z');
    expect(endOf(source, { ...event, time: {}, detail: odd }).at).toBe('');
  });

  it('ignore other kinds of events of their platform, and refuse those of another', () => {
    for (const source of tellers) {
      const [file = ''] = sampleNames(source.name);
      expect(source.parse({ ...eventOf(source, file), 'detail-type': 'Something Else' })).toMatchObject({ kind: 'ignored' });
      expect(source.parse({ ...eventOf(source, file), source: 'aws.elsewhere' })).toMatchObject({ kind: 'malformed' });
    }
  });

  it('never throw, quote nothing in a reason, and name no run that is not there', () => {
    const envelopes = tellers.flatMap(({ pattern, starts }) => [pattern, starts!].flatMap(({ source, detailType }) => detailType.map((type) => ({ source: source[0], 'detail-type': type }))));
    fc.assert(fc.property(fc.constantFrom(...envelopes), fc.anything({ withNullPrototype: true }), fc.anything(), (envelope, detail, time) => {
      for (const source of tellers) expect(said(source, { ...envelope, detail, time })).toMatch(/^(malformed|ignored)$/);
    }));
    fc.assert(fc.property(fc.constantFrom(...envelopes), fc.stringMatching(/^[A-Za-z0-9]{12,20}$/), (envelope, secret) => {
      // Holds the secret in whichever field is asked for.
      const detail = new Proxy({}, { getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: secret }), get: () => secret, has: () => true });
      for (const source of tellers) expect(JSON.stringify(source.parse({ ...envelope, detail, time: secret }))).not.toContain(secret);
    }));
  });

  it('never throw at a sample with one field changed, and still say what a rule can let through', () => {
    const odd = fc.oneof(fc.anything({ withNullPrototype: true }), fc.constant({ toString: 1, valueOf: 1 }), fc.string(), fc.double(), fc.constant('__proto__'));
    fc.assert(fc.property(fc.constantFrom(...everySample), fc.nat(60), odd, ([, file, source], at, put) => {
      const event = eventOf(source, file);
      const keys = Object.keys(event.detail);
      const changed = { ...event, detail: { ...event.detail, [keys[at % keys.length]!]: put } };
      const what = said(source, changed);
      if (what === 'JobEnded') expect(matches(source.pattern, changed)).toBe(true);
      if (what === 'JobStarted') expect([source.starts!, source.pattern].some((rule) => matches(rule, changed))).toBe(true);
      expect(what).toMatch(/^(malformed|ignored|JobEnded|JobStarted)$/);
    }), { numRuns: 1000 });
  });
});
