import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { sources } from '../../events/index.ts';
import { ConfigurationError, parseConfiguration, readConfiguration } from '../../infra/configuration.ts';

const now = new Date('2030-01-01T00:00:00Z');
const least = { installation: 'acme', owners: [{ name: 'payments', contact: 'payments@example.com' }], fallbackOwner: 'payments' };
const probe = {
  name: 'vendor',
  request: { method: 'GET', url: 'https://api.example.com/me', headers: { authorization: 'Bearer {value}' } },
  alive: [200],
  dead: [401],
  settleSeconds: { typical: 1, max: 5 },
  perHour: 60,
};
const bound = { secret: 'prod/db', owner: 'payments' };
const gitleaks = { source: 'gitleaks', secrets: ['sign/gitleaks'] };
const webhooks = sources.filter(({ transport }) => transport === 'webhook').map(({ name }) => `"${name}"`).join(', ');

const parse = (more: object, options: { local?: boolean } = {}) => parseConfiguration(JSON.stringify({ ...least, ...more }), 'acme.json', { now, ...options });

/** The lines of the error, or none where it is fine. */
const wrong = (more: object, options: { local?: boolean } = {}): string[] => {
  try {
    parse(more, options);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.message.split('\n');
  }
};

describe('a configuration', () => {
  it('needs a name, an owner and a fallback; everything else has a careful default', () => {
    expect(parse({})).toEqual({
      ...least,
      mode: 'observe',
      secrets: [],
      users: [],
      probes: [],
      canaries: [],
      own: [],
      exemptions: [],
      sources: [],
      limits: { perSource: 20, perOwner: 20, overall: 50, reserve: 10 },
      taskHours: 24,
    });
  });

  it('that comes with the stack is fine and observes', () => {
    expect(readConfiguration('infra/installation/example.json').mode).toBe('observe');
  });

  it.each([
    ['a trailing comma', '{\n  "installation": "a",\n}', 'line 3 column 1'],
    ['a word without quotes', '{ "installation": oops }', 'line 1 column 19'],
    ['a key without quotes', '{\n  installation: "a"\n}', 'line 2 column 3'],
    ['a value that is missing', '{\n  "installation":\n}', 'line 3 column 1'],
    ['a comma that is missing', '{\n  "installation": "a"\n  "mode": "observe"\n}', 'line 3 column 3'],
    ['a text that ends in the next line', '{\n  "installation": "a\n"}', 'line 2 column 19'],
    ['a comment', '{\n  // ours\n  "installation": "a"\n}', 'line 2 column 3'],
    ['an end that came too early', '{\n  "owners": [', 'line 2 column 14'],
    ['something after the end', '{}\r\n{}', 'line 2 column 1'],
    ['nothing in it', '', 'line 1 column 1'],
  ])('with %s is told with line and column', (_what, text, place) => {
    expect(() => parseConfiguration(text, 'acme.json')).toThrow(new ConfigurationError('acme.json', [{ path: '', says: `is not JSON at ${place}; expected an object with "installation", "owners" and "fallbackOwner"` }]));
  });

  it('that is no file is told', () => {
    expect(() => readConfiguration('/nowhere/acme.json')).toThrow('/nowhere/acme.json: the file cannot be read; expected');
  });

  it('that is a list is told', () => {
    expect(() => parseConfiguration('[]', 'acme.json')).toThrow('acme.json: the file is a list; expected object');
  });

  it.each<[string, object, string]>([
    ['a missing field', { fallbackOwner: undefined }, 'acme.json: fallbackOwner is missing; expected string'],
    ['a wrong type deep inside', { probes: [{ ...probe, settleSeconds: { typical: '1', max: 5 } }] }, 'acme.json: probes[0].settleSeconds.typical is a string; expected number'],
    ['a misspelt key', { secrets: [{ ...bound, onwer: 'x' }] }, 'acme.json: secrets[0] has the unknown key "onwer"; expected one of secret, owner, probe, leaf, rotation, approval'],
    ['an unknown mode', { mode: 'kill' }, 'acme.json: mode is something else; expected one of "observe", "enforce"'],
    ['an owner that does not exist', { secrets: [{ ...bound, owner: 'nobody' }] }, 'acme.json: secrets[0].owner names "nobody", which is no owner; expected one of: "payments"'],
    ['a user of an owner that does not exist', { users: [{ user: 'ci', owner: 'nobody' }] }, 'acme.json: users[0].owner names "nobody", which is no owner; expected one of: "payments"'],
    ['a fallback that does not exist', { fallbackOwner: 'nobody' }, 'acme.json: fallbackOwner names "nobody", which is no owner; expected one of: "payments"'],
    ['a probe that does not exist', { secrets: [{ ...bound, probe: 'vendor' }] }, 'acme.json: secrets[0].probe names "vendor", which is no probe; expected one of: none is declared'],
    ['two bindings of one secret', { secrets: [bound, bound] }, 'acme.json: secrets[1].secret names "prod/db" again, after secrets[0]; expected each once'],
    ['a source that does not exist', { sources: [{ ...gitleaks, source: 'gitleeks' }] }, `acme.json: sources[0].source names "gitleeks", which is no source that posts to us; expected one of: ${webhooks}`],
    ['a source that nothing signs', { sources: [{ ...gitleaks, secrets: [] }] }, 'acme.json: sources[0].secrets is empty; expected the name of the secret that signs'],
    ['a source with three secrets', { sources: [{ ...gitleaks, secrets: ['a', 'b', 'c'] }] }, 'acme.json: sources[0].secrets has more than two names; two are valid at once while one replaces the other'],
    ['a source that must ask and does not know where', { sources: [{ source: 'github-secret-scanning', secrets: ['s'] }] }, 'acme.json: sources[0] has no api; expected {"url", "token"}, since its reports hold no value and it must be asked'],
    ['a probe without encryption', { probes: [{ ...probe, request: { ...probe.request, url: 'http://api.example.com/me' } }] }, 'acme.json: probes[0].request.url goes to http://; expected https://, since a value is sent there'],
    ['a probe at no address', { probes: [{ ...probe, request: { ...probe.request, url: 'api' } }] }, 'acme.json: probes[0].request.url is no URL; expected one such as https://api.example.com/me'],
    ['a probe that never uses the value', { probes: [{ ...probe, request: { ...probe.request, headers: {} } }] }, 'acme.json: probes[0].request never uses the value; expected {value} in a header or the body'],
    ['a value in an address', { probes: [{ ...probe, request: { ...probe.request, url: 'https://api.example.com/?key={value}' } }] }, 'acme.json: probes[0].request.url holds {value}; expected it in a header or the body, since addresses are logged on the way'],
    ['a status that means both', { probes: [{ ...probe, dead: [401, 200] }] }, 'acme.json: probes[0].dead shares 200 with alive; expected each status to mean one thing'],
    ['settling that ends before it begins', { probes: [{ ...probe, settleSeconds: { typical: 9, max: 5 } }] }, 'acme.json: probes[0].settleSeconds has typical 9 above max 5; expected it at or below'],
    ['a limit of nothing', { limits: { perSource: 0, perOwner: 1, overall: 1, reserve: 0 } }, 'acme.json: limits.perSource is below 1; expected a whole number from 1'],
    ['an exemption that has ended', { exemptions: [{ credential: 'c', until: '2029-12-31T00:00:00Z', reason: 'r' }] }, 'acme.json: exemptions[0].until has passed; expected a time to come (take the exemption out, it has ended by itself)'],
    ['an exemption without end', { exemptions: [{ credential: 'c', until: '2090-01-01T00:00:00Z', reason: 'r' }] }, 'acme.json: exemptions[0].until is more than 366 days away; expected it sooner, nothing is exempt for ever'],
    ['an exemption until some day', { exemptions: [{ credential: 'c', until: 'tomorrow', reason: 'r' }] }, 'acme.json: exemptions[0].until is no time; expected ISO 8601 such as 2030-01-31T12:00:00Z'],
  ])('with %s says where', (_what, more, line) => {
    expect(wrong(more)).toEqual([line]);
  });

  it('tells everything that is wrong at once', () => {
    expect(wrong({ fallbackOwner: 'nobody', secrets: [bound, { ...bound, probe: 'x' }] })).toHaveLength(3);
  });

  it('never repeats what stands where a value may have been put by mistake', () => {
    const mistake = 'hunter2-hunter2';
    expect(wrong({ secrets: [{ ...bound, rotation: mistake }], taskHours: mistake, mode: mistake }).join()).not.toContain(mistake);
  });

  it('on one machine may use plain HTTP and tell stories of the past', () => {
    const local = { probes: [{ ...probe, request: { ...probe.request, url: 'http://127.0.0.1:8080/me' } }], exemptions: [{ credential: 'c', until: '2029-12-31T00:00:00Z', reason: 'r' }] };
    expect(wrong(local, { local: true })).toEqual([]);
  });
});

describe('infra/check.ts', () => {
  it('says that the example is fine, and fails for a file that is not', async () => {
    const check = (file: string) => promisify(execFile)(process.execPath, ['infra/check.ts', file]);
    expect((await check('infra/installation/example.json')).stdout).toContain('is fine: installation example, mode observe');
    await expect(check('package.json')).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('package.json: installation is missing; expected string') });
    await expect(check('README.md')).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('README.md: the file is not JSON at line 1 column 1') });
  });
});
