import { describe, expect, it } from 'vitest';
import { ConfigurationError, parseConfiguration } from '../../infra/configuration.ts';

const github = 'https://token.actions.githubusercontent.com';
const ids = { repository_owner_id: '84', repository_id: '7301' };
const projects = { namespace_id: '12', project_id: '380' };
const may = [{ connector: 'vault', id: 'token/*', where: { 'meta.repository_id': '{repository_id}' } }];
const house = { installation: 'acme', owners: [{ name: 'ci', contact: '#ci' }], fallbackOwner: 'ci', vault: { address: 'https://vault.example.com', token: 'rescind/vault' } };

/** What is wrong with rules for leases, line by line. */
const wrong = (leases: object): string[] => {
  try {
    parseConfiguration(JSON.stringify({ ...house, leases }), 'acme.json');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.message.split('\n');
  }
};
const subject = (more: object) => ({ name: 'app', issuer: 'https://issuer.example.com', claims: { sub: 'app' }, owner: 'ci', may, ...more });
const trusting = (issuer: string, platform?: string, more: object = {}) => ({ issuers: [{ issuer, ...(platform ? { platform } : {}) }], subjects: [subject({ issuer, ...more })] });

describe('an issuer that serves everybody', () => {
  it.each([
    [github, 'github-actions', ids],
    [`${github}/acme`, 'github-actions', ids],
    ['https://token.actions.acme.ghe.com', 'github-actions', ids],
    ['https://github.acme.example/_services/token', 'github-actions', ids],
    ['https://gitlab.com', 'gitlab', projects],
    ['https://gitlab.com/', 'gitlab', projects],
  ])('%s must be said to be %s', (issuer, platform, claims) => {
    const line = `acme.json: leases.issuers[0].platform is not "${platform}" for an issuer of ${platform === 'gitlab' ? 'GitLab' : 'GitHub Actions'}; expected it, since every stranger's ${platform === 'gitlab' ? 'project' : 'repository'} gets tokens from the same issuer`;
    expect(wrong(trusting(issuer, undefined, { claims: { sub: 'x', ...claims } }))).toEqual([line]);
    expect(wrong(trusting(issuer, platform === 'gitlab' ? 'github-actions' : 'gitlab', { claims: { ...ids, ...projects } }))).toEqual([line]);
    expect(wrong(trusting(issuer, platform, { claims }))).toEqual([]);
  });

  it.each([
    ['repo:acme/app:ref:refs/heads/main', 'github-actions', 'repository_owner_id, repository_id'],
    ['project_path:acme/app:ref_type:branch:ref:main', 'gitlab', 'namespace_id, project_id'],
  ])('is known by a sub that is a name: %s', (sub, platform, needed) => {
    const issuer = 'https://git.acme.example';
    expect(wrong(trusting(issuer, undefined, { claims: { sub } }))).toEqual([`acme.json: leases.subjects[0].claims.sub is a name that can be taken over; expected "platform": "${platform}" at its issuer, and here the ids themselves: ${needed}`]);
    // beside the ids it is one condition more
    expect(wrong(trusting(issuer, platform, { claims: { sub, ...(platform === 'gitlab' ? projects : ids) } }))).toEqual([]);
    expect(wrong(trusting(issuer, undefined, { claims: { sub: 'spiffe://acme.example/app' } }))).toEqual([]);
  });
});

describe('a SPIFFE trust domain as an issuer', () => {
  const issuer = 'spiffe://prod.acme.example';
  const claims = { sub: `${issuer}/ns/reports/sa/worker` };
  const domain = (more: object, of: object = {}) => wrong({ issuers: [{ issuer, jwks: 'https://spire.acme.example/keys', ...more }], subjects: [subject({ issuer, claims, ...of })] });

  it('has keys at an address, no platform and nothing behind its name', () => {
    expect(domain({})).toEqual([]);
    expect(domain({ jwks: undefined })).toEqual([expect.stringContaining('leases.issuers[0].jwks is missing; expected the https:// address')]);
    expect(domain({ jwks: 'http://spire.acme.example/keys' })).toEqual([expect.stringContaining('is reached over http://')]);
    expect(domain({ jwks: `${issuer}/keys` })).toEqual([expect.stringContaining('leases.issuers[0].jwks is no https:// address')]);
    expect(domain({ platform: 'gitlab' }, { claims: { ...claims, ...projects } })).toEqual([expect.stringContaining('leases.issuers[0].platform is set for a trust domain')]);
    expect(wrong({ issuers: [{ issuer: `${issuer}/ns`, jwks: 'https://spire.acme.example/keys' }] })).toEqual([expect.stringContaining('leases.issuers[0].issuer is no trust domain')]);
    expect(wrong({ issuers: [{ issuer: 'ftp://acme.example' }] })).toEqual([expect.stringContaining('leases.issuers[0].issuer is no https:// address')]);
  });

  it('has subjects of its own only', () => {
    expect(domain({}, { claims: { sub: 'spiffe://other.example/worker' } })).toEqual([expect.stringContaining(`leases.subjects[0].claims.sub is not of the trust domain ${issuer}`)]);
  });
});

describe('the platforms whose runs a subject may name', () => {
  const principal = { issuer: 'aws-iam', claims: undefined, principal: 'arn:aws:iam::111122223333:role/broker' };
  it('are none whose runs a configured issuer\'s tokens name', () => {
    const issuers = [{ issuer: github, platform: 'github-actions' }, { issuer: 'https://gitlab.com', platform: 'gitlab' }];
    const named = (...platforms: string[]) => wrong({ issuers, subjects: [subject({ ...principal, platforms })] });
    expect(named('aws-batch', 'kubernetes')).toEqual([]);
    expect(named('aws-batch', 'github-actions', 'gitlab')).toEqual([
      `acme.json: leases.subjects[0].platforms[1] names "github-actions", whose runs are named by the tokens of ${github} alone; expected it left out`,
      'acme.json: leases.subjects[0].platforms[2] names "gitlab", whose runs are named by the tokens of https://gitlab.com alone; expected it left out',
    ]);
    expect(wrong({ subjects: [subject({ ...principal, platforms: ['github-actions'] })] })).toEqual([]);
  });
});

describe('a right to what anybody may name', () => {
  const right = (id: string, more: object = {}) => wrong(trusting('https://issuer.example.com', undefined, { may: [{ connector: 'vault', id, ...more }] }));
  const missing = expect.stringContaining('leases.subjects[0].may[0].where is missing') as string;

  it.each(['token/*', 'token/ci-*', 'token/abc@*', 'toke*', 't*', '*', '**', '*n/abc', 't*/x', 'entity/*', 'entity*', 'e*', 'secret-id/approle/ci/*', 'secret-*', 's*'])('needs a condition: %s', (id) => {
    expect(right(id)).toContainEqual(missing);
    expect(right(id, { where: {} })).toContainEqual(missing);
    expect(right(id, { where: { 'meta.team': 'ci' } })).not.toContainEqual(missing);
  });

  it.each(['token/abc', 'entity/abc', 'secret-id/approle/ci/abc', 'lease/database/creds/ci/*', 'prefix/database/*', 'tokens/*', 'lease/*', 'p*'])('needs none: %s', (id) => {
    expect(right(id)).toEqual([]);
  });

  it('is one of a vault', () => {
    expect(wrong(trusting('https://issuer.example.com', undefined, { may: [{ connector: 'aws-secrets-manager', id: 's*' }] }))).toEqual([]);
  });
});
