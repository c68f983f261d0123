import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { Configuration, UserBinding } from '../functions/core/configuration.ts';
import type { Clock } from '../local/clock.ts';
import { account, region } from '../local/roles.ts';
import { makeUp } from '../local/world/values.ts';
import type { World } from '../local/world/world.ts';

/** One IAM user with a key that is kept in some bound secrets. */
export interface LeakedKey {
  user: string;
  id: string;
  secret: string;
  copies: string[];
}

export interface KeyAsked {
  copies: number;
  /** How many keys its user has besides: with one, no slot is free. */
  others: 0 | 1;
}

const owner = 'orders';

/** Names of the secrets in which the house keeps what sources sign with, and its token for GitHub. */
const own = { gitleaks: 'rescind/gitleaks', github: 'rescind/github', token: 'rescind/github-token', trufflehog: 'rescind/trufflehog' } as const;

/** A made-up house for benches: the keys that were asked for, a vendor with alternating users, GitHub. */
export interface House {
  world: World;
  keys: LeakedKey[];
  /** The value of the vendor key that leaks, kept in one secret. */
  vendorValue: string;
  /** Sends a Gitleaks report that names this value. */
  gitleaks(url: string, value: string, clock: Clock): Promise<void>;
  /** Sends a TruffleHog report that names this value. */
  trufflehog(url: string, value: string, clock: Clock): Promise<void>;
  /** Sends GitHub's alert for the key of that index; the value is fetched from GitHub. */
  github(url: string, index: number): Promise<void>;
}

const posted = async (answer: Response): Promise<void> => {
  if (answer.status !== 202) throw new Error(`the report was answered ${answer.status}: ${await answer.text()}`);
};

/** Builds it. Every value is made up now; none is printed. */
export const houseOf = (asked: readonly KeyAsked[]): House => {
  const signing = { gitleaks: makeUp({ kind: 'webhook-secret' }), trufflehog: makeUp({ kind: 'webhook-secret' }), github: makeUp({ kind: 'hex' }), token: makeUp({ kind: 'token', prefix: 'gh' + 'p_', length: 36 }) };
  const [vendorValue, vendorOther, admin] = ['pay_', 'pay_', 'admin_'].map((prefix) => makeUp({ kind: 'token', prefix })) as [string, string, string];
  const keys = asked.map(({ copies }, i): LeakedKey => ({ user: `uploader-${i}`, id: makeUp({ kind: 'aws-key-id' }), secret: makeUp({ kind: 'aws-secret' }), copies: Array.from({ length: copies }, (_, n) => `prod/orders/s3-${i}-${n}`) }));
  const kept = (name: string, value: string) => ({ name, value });
  const pair = ({ id, secret }: LeakedKey): string => JSON.stringify({ accessKeyId: id, secretAccessKey: secret });
  const configuration: Configuration = {
    installation: 'bench',
    mode: 'enforce',
    owners: [{ name: owner, contact: `${owner}@example.com` }],
    secrets: [...keys.flatMap(({ copies }) => copies.map((secret) => ({ secret, owner }))), { secret: 'prod/pay', owner, probe: 'acmepay', rotation: 'alternating-users' }],
    users: keys.map(({ user }): UserBinding => ({ user, owner, deleteProvenDead: true })),
    probes: [{ name: 'acmepay', request: { method: 'GET', url: '${vendor.acmepay.url}/v1/whoami', headers: { authorization: 'Bearer {value}' } }, alive: [200], dead: [401], settleSeconds: { typical: 1, max: 10 }, perHour: 100, old: 'dies-at-next-rotation' }],
    canaries: [],
    own: [],
    exemptions: [],
    sources: [
      { source: 'gitleaks', secrets: [own.gitleaks] },
      { source: 'trufflehog', secrets: [own.trufflehog] },
      { source: 'github-secret-scanning', secrets: [own.github], api: { url: '${github.url}', token: own.token } },
    ],
    limits: { perSource: 100, perOwner: 100, overall: 100, reserve: 20 },
    fallbackOwner: owner,
    taskHours: 24,
  };
  const world: World = {
    name: 'bench',
    configuration,
    aws: {
      account,
      region,
      secrets: [
        ...keys.flatMap((key) => key.copies.map((name) => kept(name, pair(key)))),
        { ...kept('prod/pay', JSON.stringify({ user: 'orders_a', key: vendorValue })), rotation: { functionArn: `arn:aws:lambda:${region}:${account}:function:rotate-pay` } },
        kept(own.gitleaks, signing.gitleaks),
        kept(own.trufflehog, signing.trufflehog),
        kept(own.github, signing.github),
        kept(own.token, signing.token),
      ],
      users: keys.map(({ user, id, secret }, i) => ({
        name: user,
        keys: [{ id, secret, status: 'Active' as const }, ...(asked[i]?.others === 1 ? [{ id: makeUp({ kind: 'aws-key-id' }), secret: makeUp({ kind: 'aws-secret' }), status: 'Active' as const, createDate: '2025-01-01T00:00:00Z' }] : [])],
      })),
    },
    github: {
      tokens: [{ value: signing.token, login: 'rescind', scopes: ['security_events'] }],
      alerts: keys.map(({ secret }, i) => ({ repository: 'example/shop', number: i + 1, secret_type: 'aws_secret_access_key', secret })),
    },
    vendors: { acmepay: { adminKey: admin, probe: 'acmepay', users: [{ name: 'orders_a', keys: [{ value: vendorValue }] }, { name: 'orders_b', keys: [{ value: vendorOther }] }] } },
    rotations: { 'rotate-pay': { strategy: 'alternating-users', vendor: 'acmepay' } },
  };
  const standard = async (url: string, source: 'gitleaks' | 'trufflehog', body: string, clock: Clock): Promise<void> => {
    const at = clock.now();
    const id = `msg_${at.getTime()}`;
    const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)), 'webhook-signature': new Webhook(signing[source]).sign(id, at, body) };
    await posted(await fetch(`${url}/triggers/${source}`, { method: 'POST', body, headers }));
  };
  let reports = 0;
  return {
    world,
    keys,
    vendorValue,
    gitleaks: (url, value, clock) => {
      const File = `deploy/${(reports += 1)}.env`;
      const finding = { RuleID: 'generic-api-key', StartLine: 12, StartColumn: 9, Match: value, Secret: value, File, Commit: '0d4f2a7c9b1e5f60718293a4b5c6d7e8f9012345', Fingerprint: `0d4f2a7c9b1e5f60718293a4b5c6d7e8f9012345:${File}:generic-api-key:12` };
      return standard(url, 'gitleaks', JSON.stringify([finding]), clock);
    },
    trufflehog: (url, value, clock) => {
      const place = { link: `https://github.com/example/app/blob/abc/x${(reports += 1)}#L7`, repository: 'https://github.com/example/app.git', commit: 'abc', file: `x${reports}`, line: 7 };
      return standard(url, 'trufflehog', JSON.stringify({ SourceMetadata: { Data: { Github: place } }, DetectorName: 'AcmePay', DetectorType: 900, Verified: true, Raw: value, RawV2: '', Redacted: '' }), clock);
    },
    github: async (url, index) => {
      const body = JSON.stringify({ action: 'created', alert: { number: index + 1, created_at: '2026-03-02T08:15:00Z', secret_type: 'aws_secret_access_key', validity: 'active', html_url: `https://github.com/example/shop/security/secret-scanning/${index + 1}` }, repository: { id: 7301, full_name: 'example/shop', name: 'shop', owner: { login: 'example' } } });
      const headers = { 'content-type': 'application/json', 'x-github-event': 'secret_scanning_alert', 'x-github-delivery': `bench-${index}`, 'x-hub-signature-256': `sha256=${createHmac('sha256', signing.github).update(body).digest('hex')}` };
      await posted(await fetch(`${url}/triggers/github-secret-scanning`, { method: 'POST', body, headers }));
    },
  };
};
