import { z } from 'zod';
import { sources } from '../events/index.ts';
import { awsIam, type Configuration, type LeaseIssuer, type Leases, type LeaseSubject, type VaultSettings } from '../functions/core/configuration.ts';
import type { Problem } from './configuration-checks.ts';
import { object } from './configuration-object.ts';

const name = z.string().trim().min(1, 'is empty; expected a name');
const url = z.string().refine((text) => URL.canParse(text), 'is no URL; expected one such as https://token.actions.githubusercontent.com');
const roleArn = z.string().regex(/^arn:[^:]+:iam::\d{12}:role\/.+$/, 'is no ARN of a role; expected arn:aws:iam::111122223333:role/name');

const right = object({ connector: name, id: name, where: z.record(name, name).optional() });

const subject = object({
  name,
  issuer: name,
  claims: z.record(name, name).optional(),
  principal: z.string().regex(/^arn:[^:]+:(iam|sts)::\d{12}:.+$/, 'is no ARN of a role or user; expected arn:aws:iam::111122223333:role/name').optional(),
  platforms: z.array(name).optional(),
  owner: name,
  may: z.array(right).min(1, 'is empty; expected at least one credential that it may lease'),
});

/** The shape of an installation's rules for leases. */
export const leasesSchema: z.ZodType<Leases> = object({
  maximumMinutes: z.number().positive('is not above 0; expected minutes').max(7 * 24 * 60, 'is above 10080; expected a week at most').default(60),
  audience: name.default('rescind'),
  issuers: z.array(object({ issuer: url, jwks: url.optional(), platform: z.enum(['github-actions', 'gitlab']).optional() })).default([]),
  subjects: z.array(subject).default([]),
  jobRoles: z.array(object({ platform: name, role: roleArn, name: name.optional(), owner: name })).default([]),
  platforms: z.array(name).optional(),
});

/** The shape of what is said about a vault. */
export const vaultSchema: z.ZodType<VaultSettings> = object({ address: url, token: name, namespace: name.optional() });

/** Claims that no one else can ever have, by platform: names are taken over, ids are not. */
const immutable: Record<string, string[]> = { 'github-actions': ['repository_owner_id', 'repository_id'], gitlab: ['namespace_id', 'project_id'] };

/** How a `sub` begins that is made of names. */
const names: { begins: string; platform: string }[] = [{ begins: 'repo:', platform: 'github-actions' }, { begins: 'project_path:', platform: 'gitlab' }];

/** The platform whose tokens an issuer gives to everybody's jobs, by its address: GitHub (the enterprises of it too) and GitLab. */
const platformAt = (issuer: string): LeaseIssuer['platform'] => {
  const { hostname, pathname, protocol } = new URL(issuer);
  if (protocol === 'spiffe:') return undefined;
  if (hostname === 'gitlab.com') return 'gitlab';
  const isGithub = hostname === 'token.actions.githubusercontent.com' || /^token\.actions\.[^.]+\.ghe\.com$/.test(hostname) || pathname === '/_services/token';
  return isGithub ? 'github-actions' : undefined;
};

/** What is wrong with a SPIFFE trust domain as an issuer. */
const ofTrustDomain = ({ issuer, jwks, platform }: LeaseIssuer, path: string): Problem[] => [
  ...(/^spiffe:\/\/[a-z0-9._-]+$/.test(issuer) ? [] : [{ path: `${path}.issuer`, says: 'is no trust domain; expected one such as spiffe://prod.example.com, with nothing behind it' }]),
  ...(jwks === undefined ? [{ path: `${path}.jwks`, says: 'is missing; expected the https:// address of the trust domain\'s keys: a SPIFFE bundle or a JWKS' }] : []),
  ...(platform === undefined ? [] : [{ path: `${path}.platform`, says: 'is set for a trust domain, whose tokens name no run; expected it left out' }]),
];

const isReached = (address: string): boolean => ['https:', 'http:'].includes(new URL(address).protocol);

const ofIssuers = ({ issuers }: Leases, local: boolean): Problem[] =>
  issuers.flatMap(({ issuer, jwks, platform }, n) => {
    const path = `leases.issuers[${n}]`;
    const known = platformAt(issuer);
    const isTrustDomain = new URL(issuer).protocol === 'spiffe:';
    const addresses = [...(isTrustDomain ? [] : [{ at: `${path}.issuer`, address: issuer }]), ...(jwks === undefined ? [] : [{ at: `${path}.jwks`, address: jwks }])];
    const plain = addresses.some(({ address }) => new URL(address).protocol === 'http:');
    return [
      ...addresses.filter(({ address }) => !isReached(address)).map(({ at }) => ({ path: at, says: 'is no https:// address; expected one, since keys are fetched from there' })),
      ...(isTrustDomain ? ofTrustDomain({ issuer, jwks, platform }, path) : []),
      ...(plain && !local ? [{ path, says: 'is reached over http://; expected https://, since its keys decide who is believed' }] : []),
      ...(known !== undefined && platform !== known ? [{ path: `${path}.platform`, says: `is not "${known}" for an issuer of ${known === 'gitlab' ? 'GitLab' : 'GitHub Actions'}; expected it, since every stranger's ${known === 'gitlab' ? 'project' : 'repository'} gets tokens from the same issuer` }] : []),
      ...(issuers.findIndex((other) => other.issuer === issuer) === n ? [] : [{ path: `${path}.issuer`, says: 'is there twice; expected each once' }]),
    ];
  });

const ofSubject = (subject: LeaseSubject, path: string, leases: Leases): Problem[] => {
  const { issuer, claims = {}, principal } = subject;
  if (issuer === awsIam) return principal === undefined ? [{ path: `${path}.principal`, says: 'is missing; expected the ARN of the role or user that calls with AWS credentials' }] : [];
  const trusted = leases.issuers.find((candidate) => candidate.issuer === issuer);
  if (trusted && new URL(issuer).protocol === 'spiffe:' && claims.sub !== undefined && !claims.sub.startsWith(`${issuer}/`)) {
    return [{ path: `${path}.claims.sub`, says: `is not of the trust domain ${issuer}; expected one such as ${issuer}/ns/reports/sa/worker` }];
  }
  if (!trusted) return [{ path: `${path}.issuer`, says: `is none of leases.issuers; expected one of them, or "${awsIam}"` }];
  const { platform: byName } = trusted.platform === undefined ? (names.find(({ begins }) => claims.sub?.startsWith(begins)) ?? {}) : {};
  if (byName !== undefined) {
    return [{ path: `${path}.claims.sub`, says: `is a name that can be taken over; expected "platform": "${byName}" at its issuer, and here the ids themselves: ${(immutable[byName] ?? []).join(', ')}` }];
  }
  const needed = trusted.platform === undefined ? ['sub'] : (immutable[trusted.platform] ?? []);
  return needed
    .filter((claim) => claims[claim] === undefined)
    .map((claim) => ({ path: `${path}.claims.${claim}`, says: `is missing; expected the id itself: ${trusted.platform === undefined ? 'nothing else tells its holders apart' : 'names of owners and repositories can be taken over'}` }));
};

/** Runs that only their own tokens can name are named by nobody else. */
const ofPlatforms = ({ issuers, subjects }: Leases): Problem[] =>
  subjects.flatMap(({ platforms = [] }, n) =>
    platforms.flatMap((platform, m) => {
      const named = issuers.find((one) => one.platform === platform);
      return named ? [{ path: `leases.subjects[${n}].platforms[${m}]`, says: `names "${platform}", whose runs are named by the tokens of ${named.issuer} alone; expected it left out` }] : [];
    }),
  );

const readable = ['token/', 'entity/', 'secret-id/'];

/** Whether a pattern covers ids that a stranger could guess or read somewhere: what the issuer keeps must tie such a credential to the caller. */
const isAnybodys = (connector: string, id: string): boolean => {
  const star = id.indexOf('*');
  const head = id.slice(0, Math.max(0, star));
  return connector === 'vault' && star !== -1 && readable.some((kind) => kind.startsWith(head) || head.startsWith(kind));
};

const ofRights = ({ subjects }: Leases): Problem[] =>
  subjects.flatMap(({ may }, n) =>
    may.flatMap(({ connector, id, where }, m) => {
      const path = `leases.subjects[${n}].may[${m}]`;
      return [
        ...(id.replaceAll('*', '').length === 0 ? [{ path: `${path}.id`, says: 'covers everything that the connector issues; expected a pattern with a beginning' }] : []),
        ...(isAnybodys(connector, id) && Object.keys(where ?? {}).length === 0 ? [{ path: `${path}.where`, says: 'is missing; expected what the vault keeps about the caller\'s own tokens, such as {"meta.repository_id": "{repository_id}"}: a lease is a remote kill' }] : []),
      ];
    }),
  );

/** What no schema of one field can see in the rules for leases, and about the vault. */
export const problemsOfLeases = ({ leases, vault, owners }: Configuration, local: boolean): Problem[] => {
  const ofVault = vault && !local && new URL(vault.address).protocol !== 'https:' ? [{ path: 'vault.address', says: 'is not https://; expected it, since our token is sent there' }] : [];
  if (!leases) return ofVault;
  const owned = (path: string, owner: string): Problem[] => (owners.some((one) => one.name === owner) ? [] : [{ path, says: `names "${owner}", which is no owner; expected one of: ${owners.map((one) => `"${one.name}"`).join(', ')}` }]);
  const runSources = sources.flatMap((source) => (source.transport === 'aws-event' && source.tells === 'run' ? [source.name] : []));
  const platform = (path: string, found: string): Problem[] => (runSources.includes(found) ? [] : [{ path, says: `names "${found}", which tells of no runs; expected one of: ${runSources.join(', ')}` }]);
  return [
    ...ofVault,
    ...ofIssuers(leases, local),
    ...leases.subjects.flatMap((subject, n) => [...ofSubject(subject, `leases.subjects[${n}]`, leases), ...owned(`leases.subjects[${n}].owner`, subject.owner)]),
    ...ofPlatforms(leases),
    ...ofRights(leases),
    ...leases.jobRoles.flatMap((rule, n) => [...owned(`leases.jobRoles[${n}].owner`, rule.owner), ...platform(`leases.jobRoles[${n}].platform`, rule.platform)]),
    ...(leases.platforms ?? []).flatMap((one, n) => platform(`leases.platforms[${n}]`, one)),
    ...(leases.subjects.some(({ may }) => may.some(({ connector }) => connector === 'vault')) && !vault ? [{ path: 'vault', says: 'is missing, and subjects may lease what it issues; expected {"address", "token"}' }] : []),
  ];
};
