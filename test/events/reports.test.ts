import { describe, expect, it } from 'vitest';
import { MAX_FINDINGS, MAX_VALUE_BYTES } from '../../events/ci-report.ts';
import { gitleaks } from '../../events/gitleaks.ts';
import { trufflehog } from '../../events/trufflehog.ts';
import type { SecretLeaked, WebhookSource } from '../../events/trigger.ts';
import { headersOf, leaksIn, NOW, parseSample, planted, requestOf, sampleText, signedReport, webhookSecret } from './samples.ts';

const { AWS_KEY_ID, AWS_SECRET, VENDOR_KEY, PASSWORD } = planted as Record<string, string>;
const name = { issuer: 'aws-iam-key', id: AWS_KEY_ID };

const leaks = (source: WebhookSource, body: unknown, id = 'msg_1', type?: string): SecretLeaked[] => {
  const headers = { ...headersOf(source.name, id), ...(type === undefined ? {} : { 'content-type': type }) };
  return leaksIn(source.parse(requestOf(typeof body === 'string' ? body : JSON.stringify(body), headers)));
};
const sample = (source: WebhookSource, file: string) => JSON.parse(sampleText(source.name, file)) as Record<string, unknown>;
const verified = sample(trufflehog, 'verified-aws.json');
const git = (changes: object) => ({ Git: { commit: 'c1', file: 'a.env', line: 3, ...changes } });
const line = (changes: object, place: object = git({})) => ({ DetectorName: 'Vendor', Raw: VENDOR_KEY, SourceMetadata: { Data: place }, ...changes });

describe('both reports', () => {
  it.each([trufflehog, gitleaks])('are believed under a Standard Webhooks signature only ($name)', (source) => {
    const request = signedReport('[]', headersOf(source.name));
    expect(source.authenticate(request, [webhookSecret], NOW)).toEqual({ ok: true });
    expect(source.authenticate({ ...request, body: new TextEncoder().encode('[ ]') }, [webhookSecret], NOW).ok).toBe(false);
    expect(source.authenticate({ ...request, headers: { ...request.headers, 'webhook-id': 'msg_2' } }, [webhookSecret], NOW).ok).toBe(false);
    expect(source.authenticate(request, [webhookSecret], new Date(NOW.getTime() + 301_000)).ok).toBe(false);
  });

  it.each([trufflehog, gitleaks])('come as JSON or as text, and as no form and no other encoding ($name)', (source) => {
    for (const type of ['application/json', 'application/x-ndjson', 'application/jsonl', 'text/plain; charset=utf-8']) {
      expect(source.parse(requestOf('[]', { 'content-type': type })).kind).toBe('ignored');
    }
    expect(source.parse(requestOf('[]', { 'content-type': 'application/x-www-form-urlencoded' })).kind).toBe('malformed');
    expect(source.parse(requestOf(Buffer.from('[]', 'utf16le'), headersOf(source.name))).kind).toBe('malformed');
    expect(source.parse(requestOf(Uint8Array.of(0x5b, 0xff, 0x5d), headersOf(source.name))).kind).toBe('malformed');
  });

  it('refuse more findings than can be taken, since leaving one out would lose a leak', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => ({ DetectorName: 'X', Raw: `decoy-number-${index}` }));
    expect(leaks(trufflehog, many(5_001))).toHaveLength(5_001);
    expect(trufflehog.parse(requestOf(JSON.stringify(many(MAX_FINDINGS + 1)), headersOf('trufflehog')))).toMatchObject({ kind: 'malformed' });
  });

  it('keep a finding whose value is too long, without the value', () => {
    expect(leaks(trufflehog, line({ Raw: 'x1'.repeat(MAX_VALUE_BYTES) }))[0]).toMatchObject({ values: [], kind: 'Vendor' });
    expect(leaks(trufflehog, line({ Raw: 'x'.repeat(MAX_VALUE_BYTES) }))[0]?.values).toHaveLength(1);
  });

  it('keep short printable texts only', () => {
    const [leak] = leaks(gitleaks, [{ RuleID: `rule\u0007\u202e\n${'r'.repeat(600)}`, File: 'a\u001b[31m.ts', StartLine: 2, Secret: VENDOR_KEY }]);
    expect(leak?.kind).toBe(`rule${'r'.repeat(496)}`);
    expect(leak?.where).toBe('a[31m.ts:2');
  });
});

describe('trufflehog', () => {
  it('tells the name from the value of an AWS key, whichever way the report joins them', () => {
    const forms = [
      verified,
      { ...verified, SecretParts: undefined },
      { ...verified, SecretParts: undefined, RawV2: `${AWS_KEY_ID}${AWS_SECRET}` },
      { ...verified, RawV2: '' },
    ];
    for (const form of forms) expect(leaks(trufflehog, form)).toMatchObject([{ names: [name], values: [AWS_SECRET], claim: 'verified' }]);
    expect(leaks(trufflehog, { ...verified, SecretParts: undefined, RawV2: `${AWS_KEY_ID}:${AWS_SECRET}:${VENDOR_KEY}` })[0]?.values).toEqual([AWS_SECRET, VENDOR_KEY]);
    expect(leaks(trufflehog, { ...verified, SecretParts: undefined, RawV2: '' })[0]).toMatchObject({ names: [name], values: [] });
  });

  it('has three claims', () => {
    const claims = [{ Verified: true }, { Verified: true, VerificationError: 'late' }, { Verified: false }, { VerificationError: '' }, { Verified: false, VerificationError: 'timeout' }, { Verified: 'true' }];
    expect(claims.map((changes) => leaks(trufflehog, line(changes))[0]?.claim)).toEqual(['verified', 'verified', 'unverified', 'unverified', 'unknown', 'unverified']);
    expect(leaks(trufflehog, sampleText('trufflehog', 'unknown-aws.json'))[0]?.claim).toBe('unknown');
  });

  it('marks a canary, said in either type', () => {
    expect(['true', true, 'TRUE', 'false', false, 1, { toString: 1 }].map((is_canary) => leaks(trufflehog, line({ ExtraData: { is_canary } }))[0]?.caution)).toEqual(['canary', 'canary', 'canary', undefined, undefined, undefined, undefined]);
  });

  it('takes both forms of a value, and the parts where there is neither', () => {
    expect(leaks(trufflehog, line({ RawV2: `${VENDOR_KEY}:${PASSWORD}` }))[0]?.values).toEqual([`${VENDOR_KEY}:${PASSWORD}`, VENDOR_KEY]);
    expect(leaks(trufflehog, line({ Raw: '', SecretParts: { key: VENDOR_KEY, n: 1 } }))[0]?.values).toEqual([VENDOR_KEY]);
  });

  it('reads lines, blank lines, log lines, arrays and Windows line ends', () => {
    const text = sampleText('trufflehog', 'report.ndjson.txt');
    const triggers = leaks(trufflehog, text);
    expect(triggers.map(({ where }) => where)).toEqual([
      'https://github.com/nimbus-works/shop/blob/0d4f2a7c9b1e5f60718293a4b5c6d7e8f9012345/billing.ts#L3', '/srv/app/config.yml:4', 'https://github.com/nimbus-works/shop deploy/prod.env:12',
    ]);
    expect(leaks(trufflehog, text.replaceAll('\n', '\r\n'))).toEqual(triggers);
    expect(leaks(trufflehog, text.trim().split('\n').filter(Boolean).map((one) => JSON.parse(one) as unknown))).toEqual(triggers);
  });

  it('refuses a report with one bad line, names the line and not its content', () => {
    const bad = (second: string) => trufflehog.parse(requestOf(`${JSON.stringify(verified)}\n\n${second}\n`, headersOf('trufflehog')));
    expect(bad(`{"Raw":"${VENDOR_KEY}`)).toEqual({ kind: 'malformed', reason: 'line 3 of the report is not valid JSON' });
    expect(bad(`{"Raw":"${VENDOR_KEY}"}`)).toMatchObject({ kind: 'malformed', reason: expect.stringMatching(/^line 3 /) as unknown });
    expect(bad('[]')).toMatchObject({ kind: 'malformed', reason: expect.stringMatching(/^line 3 /) as unknown });
  });

  it('knows a finding again in the next run, and tells another commit, line and detector apart', () => {
    const id = (changes: object, place = git({}), delivery = 'msg_1') => { const [leak] = leaks(trufflehog, line(changes, place), delivery); return `${leak?.finding} ${leak?.opening}`; };
    expect(id({})).toBe(id({ Verified: true, SourceID: 9 }, git({ email: 'x@y.example' }), 'msg_2'));
    expect(new Set([id({}), id({}, git({ commit: 'c2' })), id({}, git({ line: 4 })), id({ DetectorName: 'Other' })]).size).toBe(4);
  });

  it('takes a place without a commit for another opening in another delivery, since the file may hold another secret by then', () => {
    const place = { Filesystem: { file: 'a.env', line: 3 } };
    const [first, again, retry] = ['msg_1', 'msg_2', 'msg_1'].map((id) => leaks(trufflehog, line({}, place), id)[0]);
    expect(first?.finding).toBe(again?.finding);
    expect(first?.opening).not.toBe(again?.opening);
    expect(retry).toEqual(first);
  });

  it('loses none of several secrets in one place, in whatever order they come', () => {
    const [one, two] = [line({}), line({ Raw: PASSWORD })];
    const ids = (items: object[]) => leaks(trufflehog, items).map(({ finding, opening, values }) => `${finding} ${opening} ${values}`).sort();
    expect(new Set(ids([one, two])).size).toBe(2);
    expect(ids([two, one])).toEqual(ids([one, two]));
    const alone = leaks(trufflehog, two)[0];
    expect(leaks(trufflehog, [one, two]).some(({ finding, opening }) => finding === alone?.finding && opening === alone.opening)).toBe(false);
  });

  it('joins the same value seen twice in one place, by its strongest claim', () => {
    expect(leaks(trufflehog, [line({}), line({ Verified: true, DecoderName: 'BASE64' })])).toMatchObject([{ claim: 'verified' }]);
    expect(leaks(trufflehog, [line({ ExtraData: { is_canary: true } }), line({})])).toMatchObject([{ caution: 'canary' }]);
  });

  it('shows no token of a clone address and no query of a link', () => {
    const where = (fields: object) => leaks(trufflehog, line({}, git(fields)))[0]?.where;
    expect(where({ repository: `https://x:${PASSWORD}@github.com/a/b` })).toBe('https://github.com/a/b a.env:3');
    expect(where({ link: `https://host.example/a?token=${PASSWORD}#L3` })).toBe('https://host.example/a#L3');
  });
});

describe('gitleaks', () => {
  const [finding] = sample(gitleaks, 'report.json') as unknown as [Record<string, unknown>];

  it('takes a key id for a name and the rest for values', () => {
    const triggers = leaks(gitleaks, sampleText('gitleaks', 'report.json'));
    expect(triggers.map(({ names, values, kind, claim }) => ({ names, values, kind, claim }))).toEqual([
      { names: [name], values: [], kind: 'aws-access-token', claim: 'unverified' },
      { names: [], values: [AWS_SECRET], kind: 'generic-api-key', claim: 'unverified' },
      { names: [], values: [VENDOR_KEY], kind: 'generic-api-key', claim: 'unverified' },
    ]);
    expect(new Set(triggers.map(({ finding: id }) => id)).size).toBe(3);
  });

  it.each(['redacted.json', 'partly-redacted.json'])('keeps a finding without a value where the report is %s', (file) => {
    expect(leaks(gitleaks, sampleText('gitleaks', file))).toMatchObject([{ names: [], values: [] }]);
  });

  it('says of an empty report that nothing was found', () => {
    expect(parseSample(gitleaks, 'empty.json')).toEqual({ kind: 'ignored', reason: 'the report holds no findings' });
  });

  it('keeps neither author nor message nor e-mail nor the matched line', () => {
    const text = JSON.stringify(leaks(gitleaks, [{ ...finding, Secret: VENDOR_KEY, Match: 'the matched line' }]));
    for (const gone of ['Dana', 'nimbus.example', 'add the settings', 'the matched line']) expect(text).not.toContain(gone);
  });

  it('knows a finding again by its commit, and by its delivery where it has none', () => {
    const id = (item: object, delivery: string) => { const [leak] = leaks(gitleaks, [item], delivery); return `${leak?.finding} ${leak?.opening}`; };
    expect(id(finding, 'msg_1')).toBe(id(finding, 'msg_2'));
    const [directory] = sample(gitleaks, 'directory.json') as unknown as [object];
    expect(id(directory, 'msg_1')).toBe(id(directory, 'msg_1'));
    expect(id(directory, 'msg_1')).not.toBe(id(directory, 'msg_2'));
  });

  it('places a finding without a fingerprint by commit, file, rule and line', () => {
    const bare = { ...finding, Fingerprint: '', Link: undefined };
    expect(leaks(gitleaks, [bare])[0]?.where).toBe('deploy/prod.env:12 in commit 0d4f2a7c9b1e5f60718293a4b5c6d7e8f9012345');
    expect(leaks(gitleaks, [bare])[0]?.finding).not.toBe(leaks(gitleaks, [{ ...bare, StartLine: 13 }])[0]?.finding);
  });

  it('refuses what is no finding, by its number', () => {
    expect(gitleaks.parse(requestOf(JSON.stringify([finding, { RuleID: 'x' }]), headersOf('gitleaks')))).toMatchObject({ kind: 'malformed', reason: expect.stringMatching(/^item 2 /) as unknown });
  });
});
