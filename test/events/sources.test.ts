import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_FINDINGS } from '../../events/ci-report.ts';
import { sources } from '../../events/index.ts';
import type { Parsed } from '../../events/trigger.ts';
import { headersOf, NOW, parsedBy, parseSample, planted, sampleNames, sampleText } from './samples.ts';

/** Understood as its own: an empty list is everybody's and says nothing about the sender, and an event of a kind that a source does not hear is not its own. */
const accepts = (parsed: Parsed): boolean => parsed.kind === 'triggers' || (parsed.kind === 'ignored' && parsed.reason !== NO_FINDINGS && !/^not an? .* event$/.test(parsed.reason));

/** Values only: a key's id is a name and may be kept. */
const secretsIn = Object.entries(planted).filter(([name]) => !name.startsWith('AWS_KEY_ID')).map(([, value]) => value);

const leaks = (parsed: Parsed, values: readonly string[]): string[] => {
  const kept = JSON.stringify(parsed.kind === 'triggers' ? parsed.triggers.map((trigger) => ({ ...trigger, values: [] })) : parsed);
  return values.flatMap((value) => Array.from({ length: Math.max(0, value.length - 7) }, (_, start) => value.slice(start, start + 8))).filter((run) => kept.includes(run));
};

const everySample = sources.flatMap((source) => sampleNames(source.name).map((file) => [source.name, file] as const));

describe('sources', () => {
  it('have names of their own, and each has samples', () => {
    expect(new Set(sources.map(({ name }) => name)).size).toBe(sources.length);
    for (const { name } of sources) expect(sampleNames(name).length, name).toBeGreaterThan(2);
  });

  it.each(everySample.filter(([, file]) => file !== 'empty.json'))('accept %s/%s by exactly the one it belongs to', (folder, file) => {
    const accepting = sources.filter((source) => accepts(parsedBy(source, sampleText(folder, file), headersOf(folder, 'msg_1', file))));
    expect(accepting.map(({ name }) => name)).toEqual([folder]);
  });

  it.each(everySample)('keep no value of %s/%s and say the same twice', (folder, file) => {
    const source = sources.find(({ name }) => name === folder);
    const parsed = parseSample(source!, file);
    expect(leaks(parsed, secretsIn)).toEqual([]);
    expect(parseSample(source!, file)).toEqual(parsed);
  });
});

const shared = new URL('../../../shared/samples/', import.meta.url).pathname;
/** The folders there that are not called like the source they belong to. */
const ownerOf = (folder: string, file: string): string =>
  ({
    ecs: 'aws-ecs', glue: 'aws-glue', codebuild: 'aws-codebuild', codepipeline: 'aws-codepipeline', stepfunctions: 'aws-states', sagemaker: 'aws-sagemaker', emr: 'aws-emr',
    gitlab: 'gitlab-jobs', 'cdevents-tekton': 'tekton', 'ai-agents': file.slice(0, file.indexOf('-')),
  })[folder] ?? folder;

const sharedFiles = existsSync(shared)
  ? readdirSync(shared, { withFileTypes: true }).filter((entry) => entry.isDirectory()).flatMap(({ name }) => readdirSync(shared + name).map((file) => [name, file] as const))
  : [];

describe.skipIf(sharedFiles.length === 0)('samples of all senders, where they are at hand', () => {
  const notBodies = ['SOURCES.md', 'headers.json', 'rest-alert-response.constructed.json', 'report-empty.json'];
  /** Of the same vendor and not for the same source: over EventBridge, of other events, outside of any CloudEvent. */
  const ofOthers = (folder: string, file: string): boolean => folder === 'cdevents-tekton' || /^(eventbridge-|access-token-|vulnerability-|body\.raw|event\.constructed)/.test(file);

  it('are accepted by exactly the source they belong to', () => {
    const own = sharedFiles.filter(([folder, file]) => sources.some(({ name }) => name === ownerOf(folder, file)) && !notBodies.includes(file) && !ofOthers(folder, file));
    expect(own.length).toBeGreaterThan(6);
    for (const [folder, file] of own) {
      const body = readFileSync(`${shared}${folder}/${file}`);
      expect(sources.filter((source) => accepts(parsedBy(source, body, headersOf(ownerOf(folder, file), 'msg_1', file)))).map(({ name }) => name), `${folder}/${file}`).toEqual([ownerOf(folder, file)]);
    }
  });

  it('make no parser throw, and no stranger opens anything', () => {
    for (const [folder, file] of sharedFiles) {
      for (const source of sources) {
        const parsed = parsedBy(source, readFileSync(`${shared}${folder}/${file}`), headersOf(source.name));
        if (parsed.kind === 'triggers') expect(source.name, `${folder}/${file}`).toBe(ownerOf(folder, file));
      }
    }
  });
});

describe('parsers', () => {
  const never = (parsed: Parsed): void => expect(parsed.kind).toMatch(/^(triggers|ignored|malformed)$/);
  const parseAll = (body: string | Uint8Array): Parsed[] => sources.map((source) => parsedBy(source, body, headersOf(source.name)));

  it('never throw at random JSON, random bytes and random values', () => {
    fc.assert(fc.property(fc.json(), (text) => parseAll(text).forEach(never)));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => parseAll(bytes).forEach(never)));
    fc.assert(fc.property(fc.anything(), (event) => sources.filter((source) => source.transport === 'aws-event').forEach((source) => never(source.parse(event)))));
  });

  it.each([
    ['nothing', ''], ['null', 'null'], ['a number', '1'], ['a byte order mark alone', '\ufeff'], ['a null byte', '\u0000'], ['deep nesting', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['deep objects', '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000)], ['prototype keys', '{"__proto__":{"action":"created"},"constructor":{"alert":1}}'], ['a list of lists', '[[[]]]'], ['half a surrogate', '{"action":"\\ud800"}'],
  ])('never throw at %s and open nothing', (_, text) => {
    for (const parsed of parseAll(text)) expect(parsed.kind).not.toBe('triggers');
  });

  /** A copy of a JSON value in which one place holds something else. */
  const mutated = (value: unknown, path: number[], put: unknown): unknown => {
    const [first = 0, ...rest] = path;
    if (path.length === 0 || typeof value !== 'object' || value === null || Object.keys(value).length === 0) return put;
    const keys = Object.keys(value);
    const key = keys[first % keys.length]!;
    const inner = mutated((value as Record<string, unknown>)[key], rest, put);
    if (Array.isArray(value)) return value.map((item: unknown, index) => (String(index) === key ? inner : item));
    return { ...value, [key]: inner };
  };

  it('never throw at a sample with one place changed', () => {
    const odd = fc.oneof(fc.anything({ withNullPrototype: true }), fc.constant({ toString: 1, valueOf: 1 }), fc.string(), fc.constant(Number.MAX_VALUE));
    fc.assert(fc.property(fc.constantFrom(...everySample.filter(([, file]) => file.endsWith('.json'))), fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }), odd, ([folder, file], path, put) => {
      const body = JSON.stringify(mutated(JSON.parse(sampleText(folder, file)), path, put), (_, inner: unknown) => (typeof inner === 'bigint' ? 1 : inner)) ?? '';
      for (const source of sources) never(parsedBy(source, body, headersOf(folder, 'msg_1', file)));
    }), { numRuns: 500 });
  });

  it('keep no run of eight characters of a value, wherever in the finding the value stands as well', () => {
    const value = fc.stringMatching(/^[A-Za-z0-9+/=_%:-]{12,60}$/);
    const places = fc.constantFrom('file', 'link', 'repository', 'line', 'DetectorName', 'SourceName', 'Redacted', 'webhook');
    fc.assert(fc.property(value, fc.array(places, { minLength: 1 }), fc.string(), (secret, where, noise) => {
      const text = (place: (typeof where)[number], usual: string): string => (where.includes(place) ? `${usual}${noise}${secret}` : usual);
      const trufflehog = JSON.stringify({
        DetectorName: text('DetectorName', 'X'), SourceName: text('SourceName', 's'), Raw: secret, Redacted: text('Redacted', ''), Verified: true,
        SourceMetadata: { Data: { Git: { file: text('file', 'a/'), line: text('line', '1'), link: text('link', 'https://host.example/'), repository: text('repository', 'https://host.example/x?y=') } } },
      });
      const gitleaks = JSON.stringify([{ RuleID: text('DetectorName', 'r'), File: text('file', 'f'), Secret: secret, Match: `x=${secret}`, Fingerprint: text('SourceName', 'f:'), Link: text('link', 'https://host.example/'), Commit: text('repository', 'c') }]);
      for (const [name, body] of [['trufflehog', trufflehog], ['gitleaks', gitleaks]] as const) {
        const headers = { ...headersOf(name), 'webhook-id': text('webhook', 'msg_') };
        const parsed = parsedBy(sources.find((source) => source.name === name)!, body, headers);
        expect(parsed.kind).toBe('triggers');
        expect(leaks(parsed, [secret, encodeURIComponent(secret)])).toEqual([]);
      }
    }), { numRuns: 300 });
  });

  it('quote nothing of the content in a reason', () => {
    const secret = planted['VENDOR_KEY']!;
    for (const body of [secret, `{"Raw":"${secret}"}`, `{"DetectorName":"X","Raw":"a"}\n{${secret}`, `[{"Secret":"${secret}"}]`, `{"source":"${secret}","action":"${secret}"}`]) {
      for (const parsed of parseAll(body)) expect(leaks(parsed, [secret])).toEqual([]);
    }
  });

  it('have a clock of their own nowhere', () => {
    expect(parsedBy(sources.find(({ name }) => name === 'gitleaks')!, sampleText('gitleaks', 'report.json'), headersOf('gitleaks'))).toMatchObject({ triggers: [{ at: NOW.toISOString() }, {}, {}] });
  });
});
