import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { Configuration, Leases, VaultSettings } from '../functions/core/configuration.ts';
import type { Problem } from './configuration-checks.ts';
import { problemsOfIssuers } from './configuration-issuers.ts';
import { object } from './configuration-object.ts';
import { problemsOfRuns } from './configuration-runs.ts';
import { problemsOfSubjects } from './configuration-subjects.ts';

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

const isCertificate = (pem: string): boolean => {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
};

const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const certificates = z.string().refine((text) => {
  const found = text.match(pem) ?? [];
  return found.length > 0 && found.every(isCertificate) && text.replace(pem, '').trim() === '';
}, 'holds something else than certificates in PEM; expected "-----BEGIN CERTIFICATE-----\\n...", one or several');

/** The shape of what is said about a vault. */
export const vaultSchema: z.ZodType<VaultSettings> = object({ address: url, token: name, namespace: name.optional(), ca: certificates.optional() });

/** What is wrong with a vault's address: our token is sent there, and a path behind it that is no part of it leads nowhere. */
const ofVault = ({ address }: VaultSettings, local: boolean): Problem[] => {
  const { protocol, username, password, href, pathname } = new URL(address);
  const says = (text: string): Problem => ({ path: 'vault.address', says: text });
  return [
    ...(!local && protocol !== 'https:' ? [says('is not https://; expected it, since our token is sent there')] : []),
    ...(local && !['https:', 'http:'].includes(protocol) ? [says('is neither http:// nor https://; expected one of them')] : []),
    ...(username || password || /[?#]/.test(href) ? [says('has more than a host and a path; expected no user, query or fragment in it')] : []),
    ...(/\/v1\/*$/.test(pathname) ? [says('ends in /v1; expected the address without it, since every question begins with it anyway')] : []),
  ];
};

const isVaults = ({ subjects }: Leases): boolean => subjects.some(({ may }) => may.some(({ connector }) => connector === 'vault'));

const ofOwners = ({ subjects, jobRoles }: Leases, owners: Configuration['owners']): Problem[] => {
  const owned = (path: string, owner: string): Problem[] => (owners.some((one) => one.name === owner) ? [] : [{ path, says: `names "${owner}", which is no owner; expected one of: ${owners.map((one) => `"${one.name}"`).join(', ')}` }]);
  return [...subjects.flatMap(({ owner }, n) => owned(`leases.subjects[${n}].owner`, owner)), ...jobRoles.flatMap(({ owner }, n) => owned(`leases.jobRoles[${n}].owner`, owner))];
};

/** What no schema of one field can see in the rules for leases, and about the vault. */
export const problemsOfLeases = (configuration: Configuration, local: boolean): Problem[] => {
  const { leases, vault, owners } = configuration;
  return [
    ...(vault ? ofVault(vault, local) : []),
    ...(leases
      ? [
          ...problemsOfIssuers(leases, local),
          ...problemsOfSubjects(leases, configuration, local),
          ...problemsOfRuns(leases),
          ...ofOwners(leases, owners),
          ...(isVaults(leases) && !vault ? [{ path: 'vault', says: 'is missing, and subjects may lease what it issues; expected {"address", "token"}' }] : []),
        ]
      : []),
  ];
};
