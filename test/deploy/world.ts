import { randomBytes } from 'node:crypto';
import type { AwsWorld } from '../../local/fakes/aws/world.ts';
import type { GithubWorld } from '../../local/fakes/github/state.ts';
import type { VaultWorld } from '../../local/fakes/vault/world.ts';
import { account, region } from './ministack.ts';

/** Of these no word is made that a detector would take for harmless: no vowels, and none of `html`, `md5`, `smtp` and the like. */
const letters = 'BCDFGJKLNPQRSTVWZbcdfgjklnpqrstvwz12346789';
const idLetters = 'BCDFGJKLNPQRSTVWZ234567';

const random = (length: number, alphabet = letters): string => [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join('');

/** A user with one key, which lies in the secrets that the configuration vouches for. */
export interface Uploader {
  user: string;
  keyId: string;
  secret: string;
  copies: string[];
}

/** Makes up the id of an access key. */
export const makeKeyId = (): string => ['AK', 'IA', random(16, idLetters)].join('');

const uploader = (user: string, ...copies: string[]): Uploader => ({ user, copies, keyId: makeKeyId(), secret: `${random(37)}${'aZ7'}` });

const webhookSecret = (): string => ['whsec', randomBytes(32).toString('base64')].join('_');

/** The house into which Rescind is deployed: made up anew for each run. */
export const makeWorld = () => {
  const uploaders = {
    github: uploader('orders-uploader', 'prod/orders/storage', 'prod/orders/exports'),
    health: uploader('reports-uploader', 'prod/reports/storage'),
    gitleaks: uploader('media-uploader', 'prod/media/storage'),
    gitleaksToo: uploader('mail-sender', 'prod/mail/sender'),
    trufflehog: uploader('backup-writer', 'prod/backup/storage'),
  };
  const signing = { github: random(40), gitleaks: webhookSecret(), trufflehog: webhookSecret() };
  const githubToken = ['ghp', random(36)].join('_');
  const vault = { token: `s.${random(24)}`, runner: `s.${random(24)}`, child: `s.${random(24)}`, lost: `s.${random(24)}` };
  const accessors = { runner: random(24), child: random(24), lost: random(24) };
  return { uploaders, signing, githubToken, vault, accessors };
};

export type DeployWorld = ReturnType<typeof makeWorld>;

/** What exists in the account. */
export const awsWorldOf = ({ uploaders, signing, githubToken, vault }: DeployWorld): AwsWorld => ({
  account,
  region,
  secrets: [
    ...Object.values(uploaders).flatMap(({ copies, keyId, secret }) => copies.map((name) => ({ name, value: JSON.stringify({ accessKeyId: keyId, secretAccessKey: secret }) }))),
    ...Object.entries(signing).map(([source, value]) => ({ name: `rescind/${source}`, value })),
    { name: 'rescind/github-token', value: githubToken },
    { name: 'rescind/vault', value: vault.token },
  ],
  users: Object.values(uploaders).map(({ user, keyId, secret }) => ({ name: user, keys: [{ id: keyId, secret, status: 'Active' as const }] })),
});

/** What exists at GitHub: the alert that the sample `created.json` is about. */
export const githubWorldOf = ({ uploaders, githubToken }: DeployWorld): GithubWorld => ({
  tokens: [{ value: githubToken, login: 'rescind', scopes: ['security_events'] }],
  alerts: [{ repository: 'nimbus-works/shop', number: 7, secret_type: 'aws_secret_access_key', secret: uploaders.github.secret }],
});

/** What exists in the vault: our own token, a runner's with the one that it minted, and the one of a job that is never heard of again. */
export const vaultWorldOf = ({ vault, accessors }: DeployWorld): VaultWorld => ({
  tokens: [
    { id: 'rescind', value: vault.token, accessor: random(24), policies: ['rescind'], orphan: true },
    { id: 'runner', value: vault.runner, accessor: accessors.runner, policies: ['default'], orphan: true, meta: { team: 'nightly' } },
    { id: 'child', value: vault.child, accessor: accessors.child, policies: ['default'], parent: 'runner' },
    { id: 'lost', value: vault.lost, accessor: accessors.lost, policies: ['default'], orphan: true, meta: { team: 'nightly' } },
  ],
  policies: {
    rescind: { 'auth/token/lookup-accessor': ['update'], 'auth/token/revoke-accessor': ['update'], 'auth/token/lookup-self': ['read'] },
  },
});

/** Who issues the tokens with which jobs prove who they are, and what the token of the nightly jobs is about. */
export const issuer = 'https://jobs.nimbus.example';
export const subject = 'nimbus:nightly';

/** The installation's configuration, as a platform engineer would write it. */
export const installationOf = ({ uploaders }: DeployWorld, { githubUrl, vaultUrl, keysUrl }: { githubUrl: string; vaultUrl: string; keysUrl: string }) => ({
  installation: 'deployed-proof',
  mode: 'enforce',
  owners: [{ name: 'shop', contact: 'shop@nimbus.example' }],
  fallbackOwner: 'shop',
  secrets: Object.values(uploaders).flatMap(({ copies }) => copies.map((secret) => ({ secret, owner: 'shop' }))),
  users: Object.values(uploaders).map(({ user }) => ({ user, owner: 'shop', deleteProvenDead: true })),
  own: ['rescind/github', 'rescind/github-token', 'rescind/gitleaks', 'rescind/trufflehog'],
  sources: [
    { source: 'github-secret-scanning', secrets: ['rescind/github'], api: { url: githubUrl, token: 'rescind/github-token' } },
    { source: 'gitleaks', secrets: ['rescind/gitleaks'] },
    { source: 'trufflehog', secrets: ['rescind/trufflehog'] },
  ],
  vault: { address: vaultUrl, token: 'rescind/vault' },
  leases: {
    maximumMinutes: 60,
    audience: 'rescind',
    issuers: [{ issuer, jwks: keysUrl }],
    subjects: [{ name: 'nightly', issuer, claims: { sub: subject }, platforms: ['aws-batch'], owner: 'shop', may: [{ connector: 'vault', id: 'token/*', where: { 'meta.team': 'nightly' } }] }],
  },
});
