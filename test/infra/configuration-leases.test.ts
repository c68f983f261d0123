import { describe, expect, it } from 'vitest';
import { edgesOf } from '../../functions/connectors/edges.ts';
import { connectors } from '../../functions/connectors/index.ts';
import type { Issuer } from '../../functions/core/connector.ts';
import { byRole, wrong } from './lease-rules.ts';
import { fullConfiguration } from './synthesized.ts';

const github = 'https://token.actions.githubusercontent.com';
const ids = { repository_owner_id: '84', repository_id: '7301' };
const projects = { namespace_id: '12', project_id: '380' };
const may = [{ connector: 'vault', id: 'token/*', where: { 'meta.repository_id': '{repository_id}' } }];
const subject = (more: object) => ({ name: 'app', issuer: 'https://issuer.example.com', claims: { sub: 'app' }, platforms: ['kubernetes'], owner: 'ci', may, ...more });
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
    const line = `leases.issuers[0].platform is not "${platform}" for an issuer of ${platform === 'gitlab' ? 'GitLab' : 'GitHub Actions'}; expected it, since every stranger's ${platform === 'gitlab' ? 'project' : 'repository'} gets tokens from the same issuer`;
    expect(wrong(trusting(issuer, undefined, { claims: { sub: 'x', ...claims } }))).toEqual([line]);
    expect(wrong(trusting(issuer, platform === 'gitlab' ? 'github-actions' : 'gitlab', { claims: { ...ids, ...projects } }))).toEqual([line]);
    expect(wrong(trusting(issuer, platform, { claims }))).toEqual([]);
  });

  it.each([
    ['repo:acme/app:ref:refs/heads/main', 'github-actions', 'repository_owner_id, repository_id'],
    ['project_path:acme/app:ref_type:branch:ref:main', 'gitlab', 'namespace_id, project_id'],
  ])('is known by a sub that is a name: %s', (sub, platform, needed) => {
    const issuer = 'https://git.acme.example';
    expect(wrong(trusting(issuer, undefined, { claims: { sub } }))).toEqual([`leases.subjects[0].claims.sub is a name that can be taken over; expected "platform": "${platform}" at its issuer, and here the ids themselves: ${needed}`]);
    // beside the ids it is one condition more
    expect(wrong(trusting(issuer, platform, { claims: { sub, ...(platform === 'gitlab' ? projects : ids) } }))).toEqual([]);
    expect(wrong(trusting(issuer, undefined, { claims: { sub: 'spiffe://acme.example/app' } }))).toEqual([]);
  });
});

describe('where keys are fetched from', () => {
  const issuer = 'https://issuer.example.com';
  const at = (one: object) => wrong({ issuers: [one] });

  it('is an address that can be fetched, and safely', () => {
    expect(at({ issuer, jwks: `${issuer}/keys` })).toEqual([]);
    expect(at({ issuer, jwks: 'ftp://issuer.example.com/keys' })).toEqual(['leases.issuers[0].jwks is no https:// address; expected one, since keys are fetched from there']);
    expect(at({ issuer, jwks: 'keys.json' })).toEqual([expect.stringContaining('leases.issuers[0].jwks is no URL')]);
    expect(at({ issuer, jwks: 'http://issuer.example.com/keys' })).toEqual([expect.stringContaining('leases.issuers[0] is reached over http://')]);
    expect(at({ issuer: 'ftp://acme.example' })).toEqual([expect.stringContaining('leases.issuers[0].issuer is no https:// address')]);
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
  });

  it('has subjects of its own only', () => {
    expect(domain({}, { claims: { sub: 'spiffe://other.example/worker' } })).toEqual([expect.stringContaining(`leases.subjects[0].claims.sub is not of the trust domain ${issuer}`)]);
  });
});

describe('a right to what anybody may name', () => {
  const right = (id: string, more: object = {}) => wrong(trusting('https://issuer.example.com', undefined, { may: [{ connector: 'vault', id, ...more }] }));
  const missing = expect.stringContaining('leases.subjects[0].may[0].where is missing') as string;

  it.each(['token/*', 'token/ci-*', 'token/abc@*', 'toke*', 't*', '*', '**', '*n/abc', 't*/x', 'entity/*', 'entity*', 'e*', 'secret-id/approle/ci/*', 'secret-*', 's*', 'prefix/*', 'prefix/auth/*', 'p*', 'lease/*', 'lease/auth/approle/*'])('needs a condition: %s', (id) => {
    expect(right(id)).toContainEqual(missing);
    expect(right(id, { where: {} })).toContainEqual(missing);
    expect(right(id, { where: { 'meta.team': 'ci' } })).not.toContainEqual(missing);
  });

  it.each(['token/abc', 'entity/abc', 'secret-id/approle/ci/abc', 'lease/database/creds/ci/*', 'prefix/database/*', 'tokens/*', 'lease/database/*', 'q*'])('needs none: %s', (id) => {
    expect(right(id)).toEqual([]);
  });

  it('is one of a vault', () => {
    expect(wrong(trusting('https://issuer.example.com', undefined, { may: [{ connector: 'aws-secrets-manager', id: 's*' }] }))).toEqual([]);
  });
});

describe('a subject whose tokens do not say which run they are of', () => {
  const missing = (says: string) => `leases.subjects[0].platforms is ${says}, and no token says of which run it is, so that every lease would be refused; expected the platforms whose runs it may name, such as ["aws-batch"]`;
  const issuer = 'spiffe://prod.acme.example';

  it.each([
    ['AWS credentials', (platforms?: string[]) => wrong({ subjects: [byRole({ platforms })] })],
    ['an issuer without a platform', (platforms?: string[]) => wrong(trusting('https://issuer.example.com', undefined, { platforms }))],
    ['a trust domain', (platforms?: string[]) => wrong({ issuers: [{ issuer, jwks: 'https://spire.acme.example/keys' }], subjects: [subject({ issuer, claims: { sub: `${issuer}/a` }, platforms })] })],
  ])('must name some platform: by %s', (_, naming) => {
    expect(naming()).toEqual([missing('missing')]);
    expect(naming([])).toEqual([missing('empty')]);
    expect(naming(['nightly'])).toEqual([]);
  });

  it('is none whose issuer is a platform', () => {
    expect(wrong(trusting(github, 'github-actions', { claims: ids, platforms: undefined }))).toEqual([]);
    expect(wrong(trusting('https://gitlab.com', 'gitlab', { claims: projects, platforms: undefined }))).toEqual([]);
    // the platform is what is missing there, and is all that is said
    expect(wrong(trusting(github, undefined, { claims: { sub: 'x' }, platforms: undefined }))).toEqual([expect.stringContaining('leases.issuers[0].platform is not "github-actions"')]);
  });
});

describe('who calls with AWS credentials', () => {
  const called = (principal: string) => wrong({ subjects: [byRole({ principal })] });

  it.each(['arn:aws:iam::111122223333:role/team/broker', 'arn:aws-cn:iam::111122223333:user/broker', 'arn:aws:iam::111122223333:root', 'arn:aws:sts::111122223333:assumed-role/broker', 'arn:aws:sts::111122223333:federated-user/broker'])('can be %s', (principal) => {
    expect(called(principal)).toEqual([]);
  });

  it('has no claims, and a token no principal: neither would restrict anything', () => {
    expect(wrong({ subjects: [byRole({ claims: { sub: 'x' } })] })).toEqual(['leases.subjects[0].claims is set for callers with AWS credentials, which have none, so that it restricts nothing; expected it left out']);
    expect(wrong(trusting('https://issuer.example.com', undefined, { principal: 'arn:aws:iam::111122223333:role/broker' }))).toEqual([expect.stringContaining('leases.subjects[0].principal is set for callers with a token, which have none') as string]);
  });

  it('is no session of a role, which stands for no caller', () => {
    expect(called('arn:aws:sts::111122223333:assumed-role/broker/job-1')).toEqual(['leases.subjects[0].principal is a session, which no caller is known by; expected the ARN of its role, which means all of its sessions: arn:aws:iam::111122223333:role/name']);
  });

  it.each(['arn:aws:iam::111122223333:role/*', 'arn:aws:iam::111122223333:user/team/*', 'arn:aws:sts::111122223333:assumed-role/*/*'])('is no pattern: %s', (principal) => {
    expect(called(principal)).toEqual(['leases.subjects[0].principal has a *, which stands for nothing here; expected the ARN of one role or user']);
  });

  it('has no claims that a condition could ask for', () => {
    const may = [{ connector: 'vault', id: 'token/*', where: { path: 'auth/aws/login', 'meta.run_id': 'run-{run_id}' } }];
    expect(wrong({ subjects: [byRole({ may })] })).toEqual(['leases.subjects[0].may[0].where.meta.run_id asks for a claim, and who calls with AWS credentials has no token, so that it is never met; expected the value itself']);
    expect(wrong({ subjects: [byRole({ may: [{ ...may[0], where: { 'meta.run_id': '9142', 'meta.shape': '{' } }] })] })).toEqual([]);
    expect(wrong(trusting('https://issuer.example.com', undefined, { may }))).toEqual([]);
  });
});

describe('what may be lent', () => {
  const lent = (connector: string, id = 'x/*') => wrong({ subjects: [byRole({ may: [{ connector: 'vault', id: 'token/abc' }, { connector, id }] })] });
  const edges = edgesOf({ configuration: fullConfiguration, local: false });
  const takers = [...new Set(connectors.filter((one) => one.role === 'issuer' && (one.create(edges) as Issuer).revoke).map(({ name }) => name))].sort();

  it('is of a connector that can take it back', () => {
    expect(takers).toEqual(['aws-iam-key', 'aws-role-session', 'aws-secrets-manager', 'vault']);
    for (const connector of takers) expect(lent(connector), connector).toEqual([]);
  });

  it.each(['valut', 'github', 'declared-probe', 'Vault'])('is not of %s', (connector) => {
    expect(lent(connector)).toEqual([`leases.subjects[0].may[1].connector names "${connector}", which is no connector that can take a credential back; expected one of: "aws-iam-key", "aws-role-session", "aws-secrets-manager", "vault"`]);
  });

  it('is named by its id alone', () => {
    expect(lent('vault', 'vault:token/abc')).toEqual(['leases.subjects[0].may[1].id begins with its connector, as no id does at its issuer; expected what stands behind the colon']);
    expect(lent('aws-role-session', 'aws-role-session:arn:aws:iam::111122223333:role/ci-*')).toEqual([expect.stringContaining('may[1].id begins with its connector')]);
    expect(lent('aws-role-session', 'arn:aws:iam::111122223333:role/ci-*')).toEqual([]);
  });
});

describe("the vault's address", () => {
  const at = (address: string, local = false) => wrong({}, { more: { vault: { address, token: 'rescind/vault' } }, local });

  it.each(['https://vault.example.com', 'https://vault.example.com:8200/', 'https://proxy.example.com/vault', 'https://proxy.example.com/v1/vault', 'https://v1.example.com', 'https://proxy.example.com/rev1'])('can be %s', (address) => {
    expect(at(address)).toEqual([]);
  });

  it.each(['https://vault.example.com/v1', 'https://vault.example.com:8200/v1/', 'https://proxy.example.com/vault/v1//'])('has no /v1 at its end: %s', (address) => {
    expect(at(address)).toEqual(['vault.address ends in /v1; expected the address without it, since every question begins with it anyway']);
  });

  it.each(['https://vault.example.com?x=1', 'https://vault.example.com/?', 'https://vault.example.com/#a', 'https://ada@vault.example.com', 'https://:word@vault.example.com'])('is a host and a path: %s', (address) => {
    expect(at(address)).toEqual(['vault.address has more than a host and a path; expected no user, query or fragment in it']);
  });

  it('is HTTPS, or HTTP on one machine', () => {
    expect(at('http://127.0.0.1:8200', true)).toEqual([]);
    expect(at('http://127.0.0.1:8200')).toEqual(['vault.address is not https://; expected it, since our token is sent there']);
    expect(at('ftp://127.0.0.1', true)).toEqual(['vault.address is neither http:// nor https://; expected one of them']);
    expect(at('http://127.0.0.1:8200/v1', true)).toEqual([expect.stringContaining('vault.address ends in /v1')]);
  });
});
