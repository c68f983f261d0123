import { randomBytes } from 'node:crypto';
import type { AwsWorld } from '../../local/fakes/aws/world.ts';
import type { GithubWorld } from '../../local/fakes/github/state.ts';
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
  return { uploaders, signing, githubToken };
};

export type DeployWorld = ReturnType<typeof makeWorld>;

/** What exists in the account. */
export const awsWorldOf = ({ uploaders, signing, githubToken }: DeployWorld): AwsWorld => ({
  account,
  region,
  secrets: [
    ...Object.values(uploaders).flatMap(({ copies, keyId, secret }) => copies.map((name) => ({ name, value: JSON.stringify({ accessKeyId: keyId, secretAccessKey: secret }) }))),
    ...Object.entries(signing).map(([source, value]) => ({ name: `rescind/${source}`, value })),
    { name: 'rescind/github-token', value: githubToken },
  ],
  users: Object.values(uploaders).map(({ user, keyId, secret }) => ({ name: user, keys: [{ id: keyId, secret, status: 'Active' as const }] })),
});

/** What exists at GitHub: the alert that the sample `created.json` is about. */
export const githubWorldOf = ({ uploaders, githubToken }: DeployWorld): GithubWorld => ({
  tokens: [{ value: githubToken, login: 'rescind', scopes: ['security_events'] }],
  alerts: [{ repository: 'nimbus-works/shop', number: 7, secret_type: 'aws_secret_access_key', secret: uploaders.github.secret }],
});

/** The installation's configuration, as a platform engineer would write it. */
export const installationOf = ({ uploaders }: DeployWorld, githubUrl: string) => ({
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
});
