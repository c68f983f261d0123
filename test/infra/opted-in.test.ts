import { describe, expect, it } from 'vitest';
import { connectors } from '../../functions/connectors/index.ts';
import type { Configuration, JobRole, LeaseRight } from '../../functions/core/configuration.ts';
import { jobRolePatterns, keptSecrets, lentConnectors, narrowed, optedIn } from '../../infra/opted-in.ts';
import type { ConnectorPermission } from '../../infra/opted-in.ts';
import { permissionsIn } from '../../infra/permissions.ts';
import { fullConfiguration, leases, withoutLeases } from './synthesized.ts';

const account = '111122223333';
const everySecret = 'arn:${partition}:secretsmanager:${region}:${account}:secret:*';
const everyRole = 'arn:${partition}:iam::${account}:role/*';
const everyKey = 'arn:${partition}:kms:${region}:${account}:key/*';

const lending = (may: LeaseRight[], jobRoles: JobRole[] = []): Configuration => ({
  ...withoutLeases,
  leases: { ...leases, subjects: [{ name: 's', issuer: 'aws-iam', principal: `arn:aws:iam::${account}:role/s`, owner: 'payments', may }], jobRoles },
});
const sessions = (...ids: string[]): Configuration => lending(ids.map((id) => ({ connector: 'aws-role-session', id })));
const secrets = (...ids: string[]): Configuration => lending(ids.map((id) => ({ connector: 'aws-secrets-manager', id })));
const asking = (name: string, role: ConnectorPermission['role'], ...resources: string[]): ConnectorPermission => ({ name, role, verb: 'revoke', actions: ['a:B'], resources });

describe('the roles whose sessions may be ended', () => {
  const arn = (name: string) => `arn:aws:iam::${account}:role/${name}`;

  it.each<[string, string[], string[]]>([
    ['a role', [arn('ci')], [arn('ci')]],
    ['a role with a path', [arn('teams/a/ci')], [arn('teams/a/ci')]],
    ['a role until a time', [`${arn('ci')}@2030-01-01T00:00:00Z`], [arn('ci')]],
    ['a role until any time', [`${arn('ci')}@*`], [arn('ci'), arn('ci@*')]],
    ['roles that begin alike', [arn('ci-*')], [arn('ci-*')]],
    ['a session, which leaves the path out', [`arn:aws:sts::${account}:assumed-role/ci/session`], [arn('*/ci'), arn('ci')]],
    ['sessions of roles that begin alike', [`arn:aws:sts::${account}:assumed-role/ci-*/*`], [arn('*/ci-*'), arn('ci-*')]],
    ['a session until a time', [`arn:aws:sts::${account}:assumed-role/ci/session@2030-01-01T00:00:00.5+01:00`], [arn('*/ci'), arn('ci')]],
    ['what another one covers', [arn('ci-*'), arn('ci-build'), arn('ci-*')], [arn('ci-*')]],
    ['every role of an account', [`arn:aws:sts::${account}:assumed-role/*`], [arn('*')]],
    ['anything', ['*'], [everyRole]],
    ['another partition', [`arn:aws-cn:iam::${account}:role/ci`], [`arn:aws-cn:iam::${account}:role/ci`]],
    ['what is no role', [`arn:aws:iam::${account}:user/ci`, 'ci', ''], []],
  ])('are, by a right to lease %s, those and no others', (_what, ids, patterns) => {
    expect(jobRolePatterns(sessions(...ids)).sort()).toEqual(patterns.sort());
  });

  it('are also those that end with their runs', () => {
    expect(jobRolePatterns(lending([], [{ platform: 'aws-batch', role: arn('jobs/nightly'), owner: 'payments' }]))).toEqual([arn('jobs/nightly')]);
  });

  it('are none where another connector has such an id, and where nothing is lent', () => {
    expect(jobRolePatterns(lending([{ connector: 'vault', id: arn('ci') }]))).toEqual([]);
    expect(jobRolePatterns(withoutLeases)).toEqual([]);
  });
});

describe('what a connector may touch', () => {
  it.each<[string, string[], string[]]>([
    ['one secret', ['secret/jobs/1'], ['jobs/1']],
    ['secrets that begin alike', ['secret/jobs/*', 'secret/jobs/1'], ['jobs/*']],
    ['every secret', ['secret/*'], ['*']],
    ['everything', ['*'], ['*']],
    ['what is no secret', ['jobs/1', 'version/jobs/*', ''], []],
  ])('of secrets, by a right to lease %s, is that', (_what, ids, names) => {
    expect(narrowed(asking('aws-secrets-manager', 'issuer', everySecret), secrets(...ids))).toEqual({ patterns: [], secrets: names });
  });

  it('of secrets, for the store of the same name, is what is bound, whatever is lent', () => {
    expect(narrowed(asking('aws-secrets-manager', 'store', everySecret), secrets('secret/*')).secrets).toEqual(['prod/bound']);
  });

  it("for the vault is its own token's secret", () => {
    expect(narrowed(asking('vault', 'issuer', everySecret, everyKey), fullConfiguration)).toEqual({ patterns: [everyKey], secrets: ['rescind/vault'] });
    expect(narrowed(asking('vault', 'issuer', everySecret), withoutLeases).secrets).toEqual([]);
  });

  it('of roles is what the configuration names, for every connector', () => {
    const ask = asking('any', 'issuer', everyRole, 'arn:other');
    expect(narrowed(ask, sessions(`arn:aws:iam::${account}:role/ci`)).patterns).toEqual([`arn:aws:iam::${account}:role/ci`, 'arn:other']);
    expect(narrowed(ask, withoutLeases).patterns).toEqual(['arn:other']);
  });

  it('is nothing at all for a verb whose secrets or roles nobody named', () => {
    const vault = [asking('vault', 'issuer', everySecret), asking('vault', 'issuer', everyKey)];
    const roles = [asking('aws-role-session', 'issuer', everyRole), asking('aws-role-session', 'issuer', '*')];
    const free = asking('aws-iam-key', 'issuer', '*');
    expect(optedIn([...vault, ...roles, free], withoutLeases)).toEqual([free]);
    expect(optedIn([...vault, ...roles, free], fullConfiguration)).toEqual([...vault, ...roles, free]);
  });
});

describe('functions of leases', () => {
  const connectorsOf = (name: 'release' | 'leases' | 'plan', configuration: Configuration): string[] => [...new Set(permissionsIn(name, connectors, configuration).map((permission) => permission.name))].sort();

  it('touch nothing where nothing is lent', () => {
    expect([...lentConnectors(withoutLeases)]).toEqual([]);
    for (const name of ['release', 'leases'] as const) expect(permissionsIn(name, connectors, withoutLeases)).toEqual([]);
  });

  it('touch what the connectors of the rights issue, and no other connector', () => {
    const keys = lending([{ connector: 'aws-iam-key', id: 'AKIA*' }]);
    expect(connectorsOf('release', keys)).toEqual(['aws-iam-key']);
    expect(connectorsOf('leases', keys)).toEqual(['aws-iam-key']);
    expect([...lentConnectors(fullConfiguration)].sort()).toEqual(['aws-iam-key', 'aws-role-session', 'aws-secrets-manager', 'vault']);
  });

  it('touch role sessions where only a rule about job roles is given', () => {
    expect([...lentConnectors(lending([], leases.jobRoles))]).toEqual(['aws-role-session']);
  });

  it('never rotate, and only look where a lease is asked for', () => {
    expect([...new Set(permissionsIn('release', connectors, fullConfiguration).map(({ verb }) => verb))].sort()).toEqual(['probe', 'revoke']);
    expect([...new Set(permissionsIn('leases', connectors, fullConfiguration).map(({ verb }) => verb))]).toEqual(['find']);
  });
});

describe("Rescind's own secrets", () => {
  it('are kept where any secret may be lent', () => {
    expect(keptSecrets(secrets('secret/jobs/*'))).toEqual(['sign/old', 'sign/new', 'sign/github', 'token/github']);
    expect(keptSecrets(withoutLeases)).toEqual([]);
  });
});
