import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { githubSecretScanning } from '../../events/github-secret-scanning.ts';
import type { SecretLeaked } from '../../events/trigger.ts';
import { headersOf, leaksIn, parseSample, requestOf, sampleText } from './samples.ts';

const headers = headersOf('github-secret-scanning');
const leak = (file: string): SecretLeaked => leaksIn(parseSample(githubSecretScanning, file))[0]!;
const parse = (body: object, more: Record<string, string> = {}) => githubSecretScanning.parse(requestOf(JSON.stringify(body), { ...headers, ...more }));
const created = JSON.parse(sampleText('github-secret-scanning', 'created.json')) as { action: string; alert: Record<string, unknown>; repository: Record<string, unknown> };

describe('github-secret-scanning', () => {
  it('opens a finding whose value must be fetched', () => {
    expect(leak('created.json')).toEqual({
      trigger: 'SecretLeaked', source: 'github-secret-scanning', finding: '7301#7', opening: 'created:2026-03-02T08:15:00.000Z', at: '2026-03-02T08:15:00.000Z',
      where: 'https://github.com/nimbus-works/shop/security/secret-scanning/7', kind: 'aws_secret_access_key', claim: 'verified', names: [], values: [],
      lookup: { connector: 'github', repository: 'nimbus-works/shop', alert: 7 },
    });
  });

  it('needs no more of an alert than its number and its type', () => {
    expect(leak('created-bare.json')).toMatchObject({ finding: 'nimbus-works/shop#8', opening: 'created:', where: 'nimbus-works/shop secret scanning alert 8', claim: 'unverified' });
  });

  it('gives a reopened finding another opening and a replay the same', () => {
    const openings = ['created.json', 'reopened.json', 'publicly-leaked.json', 'validated-inactive.json'].map(leak);
    expect(new Set(openings.map(({ finding }) => finding)).size).toBe(1);
    expect(new Set(openings.map(({ opening }) => opening)).size).toBe(4);
    expect(leak('validated-inactive.json').claim).toBe('unknown');
    const replayed = parse(created, { 'x-github-delivery': 'another' });
    expect(replayed).toEqual({ kind: 'triggers', triggers: [leak('created.json')] });
  });

  it.each(['resolved', 'assigned', 'unassigned', 'something_new'])('records the action %s and opens nothing', (action) => {
    expect(parse({ ...created, action })).toMatchObject({ kind: 'ignored' });
  });

  it.each(['ping', 'secret_scanning_alert_location', 'secret_scanning_scan', 'push'])('records the event %s and opens nothing', (event) => {
    expect(parse(created, { 'x-github-event': event })).toMatchObject({ kind: 'ignored' });
  });

  it("is not fooled by a location's body under an alert's unsigned event name", () => {
    expect(parse({ ...created, location: { type: 'commit' } })).toMatchObject({ kind: 'ignored' });
  });

  it.each(['nimbus-works/..', 'nimbus-works/.', '../users', 'a/b/c', 'a/b?x=1', 'a/b#', 'a%2Fb', '/a', 'a/', 'a b/c', 'a/b\n', ''])('lets nobody lead the look-up to another path: %j', (name) => {
    expect(parse({ ...created, repository: { ...created.repository, full_name: name } })).toMatchObject({ kind: 'malformed' });
  });

  it.each([0, -1, 1.5, '7', '7/../8', null, 2 ** 60])('refuses %j as an alert number', (number) => {
    expect(parse({ ...created, alert: { ...created.alert, number } })).toMatchObject({ kind: 'malformed' });
  });

  it.each([['javascript:alert(1)'], ['http://github.com/x'], ['https://user:pass@github.com/x'], [7]])('shows no other link than an https one without credentials: %j', (html_url) => {
    const parsed = parse({ ...created, alert: { ...created.alert, html_url } });
    expect(leaksIn(parsed)[0]?.where).toMatch(/^https:\/\/github\.com\/x$|^nimbus-works\/shop secret scanning alert 7$/);
  });

  it('reads hooks set to either content type, and nothing that is not what its type says', () => {
    const form = `payload=${encodeURIComponent(JSON.stringify(created))}`;
    const as = (type: string, body: string) => githubSecretScanning.parse(requestOf(body, { ...headers, 'content-type': type }));
    expect(as('application/x-www-form-urlencoded', form)).toEqual(parse(created));
    expect(as('application/json; charset=utf-8', JSON.stringify(created))).toEqual(parse(created));
    expect(as('application/json', form)).toMatchObject({ kind: 'malformed' });
    expect(as('application/x-www-form-urlencoded', JSON.stringify(created))).toMatchObject({ kind: 'malformed' });
    expect(as('application/x-www-form-urlencoded', 'payload=%')).toMatchObject({ kind: 'malformed' });
    expect(as('text/plain', JSON.stringify(created))).toMatchObject({ kind: 'malformed' });
  });

  it('checks the signature over the raw bytes, also of a form', () => {
    for (const body of ['payload=%7B%7D', '{"a": "\\u00e9"}', '{"a":"é"}']) {
      const signature = `sha256=${createHmac('sha256', 's3').update(body).digest('hex')}`;
      expect(githubSecretScanning.authenticate(requestOf(body, { 'x-hub-signature-256': signature }), ['old', 's3'], new Date()).ok).toBe(true);
      expect(githubSecretScanning.authenticate(requestOf(`${body} `, { 'x-hub-signature-256': signature }), ['old', 's3'], new Date()).ok).toBe(false);
    }
  });
});
