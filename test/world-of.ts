import type { Configuration } from '../functions/core/configuration.ts';
import type { MadeUp, World } from '../local/world/world.ts';

/** What a small world holds. Everything is optional: a world of nothing has only Rescind's own secrets. */
export interface Wanted {
  /** An IAM user `uploader` whose key pair sits in secrets `orders/s3-1`, ... */
  pair?: { copies?: number; unbound?: number; slot?: 'full' | 'free'; newKeyFirst?: boolean; deleteProvenDead?: boolean; approval?: boolean };
  /** A vendor `acmepay` whose key in `orders/pay` rotates with alternating users. */
  vendor?: { settle?: { typical: number; max: number } };
  /** A secret `orders/ftp` that rotates and whose issuer nobody knows. */
  unknownIssuer?: boolean;
  mode?: Configuration['mode'];
  limits?: Configuration['limits'];
  configuration?: Partial<Configuration>;
  /** More values by name. */
  values?: Record<string, MadeUp>;
  aws?: Partial<World['aws']>;
  /** What GitHub's alerts hold, by their number. */
  alerts?: Record<number, string>;
}

const long = '2025-01-01T00:00:00.000Z';
export const account = '111122223333';

/** Under this name the made-up values of a world can be read again, from its reports. */
export const valuesReport = 'values';

/** Builds a small world for a test. Values are made up when it starts; nothing key-shaped stands in a file. */
export const worldOf = (wanted: Wanted): World => {
  const { pair, vendor } = wanted;
  const copies = pair ? (pair.copies ?? 3) : 0;
  const unbound = pair?.unbound ?? 0;
  const token = (prefix: string): MadeUp => ({ kind: 'token', prefix });
  const values: Record<string, MadeUp> = {
    key: { kind: 'aws-key-id' }, secret: { kind: 'aws-secret' }, other: { kind: 'aws-key-id' }, otherSecret: { kind: 'aws-secret' },
    invented: { kind: 'aws-secret' }, vendorA: token('pay_'), vendorB: token('pay_'), vendorAdmin: token('admin_'), ftp: { kind: 'password', length: 32 }, stranger: token('zz_'),
    githubHook: token('hook_'), githubToken: { kind: 'token', prefix: 'ghp_', length: 36 }, trufflehog: { kind: 'webhook-secret' }, gitleaks: { kind: 'webhook-secret' },
    ...wanted.values,
  };
  const alerts = Object.entries(wanted.alerts ?? { 42: '${secret}' });
  return {
    name: 'small',
    values,
    configuration: {
      installation: 'small', mode: wanted.mode ?? 'enforce', fallbackOwner: 'platform', taskHours: 24, canaries: [], own: [], exemptions: [],
      owners: [{ name: 'orders', contact: 'orders@small.example' }, { name: 'platform', contact: 'platform@small.example' }],
      secrets: [
        ...Array.from({ length: copies }, (_, i) => ({ secret: `orders/s3-${i + 1}`, owner: 'orders' })),
        ...(vendor ? [{ secret: 'orders/pay', owner: 'orders', probe: 'acmepay', rotation: 'alternating-users' as const }] : []),
        ...(wanted.unknownIssuer ? [{ secret: 'orders/ftp', owner: 'orders' }] : []),
      ],
      users: pair ? [{ user: 'uploader', owner: 'orders', newKeyFirst: pair.newKeyFirst, deleteProvenDead: pair.deleteProvenDead, approval: pair.approval }] : [],
      probes: vendor
        ? [{ name: 'acmepay', request: { method: 'GET', url: '${vendor.acmepay.url}/v1/whoami', headers: { authorization: 'Bearer {value}' } }, alive: [200], dead: [401], settleSeconds: vendor.settle ?? { typical: 1, max: 10 }, perHour: 500, old: 'dies-at-next-rotation' }]
        : [],
      sources: [
        { source: 'github-secret-scanning', secrets: ['rescind/github-hook'], api: { url: '${github.url}', token: 'rescind/github-token' } },
        { source: 'trufflehog', secrets: ['rescind/trufflehog'] },
        { source: 'gitleaks', secrets: ['rescind/gitleaks'] },
      ],
      limits: wanted.limits ?? { perSource: 500, perOwner: 500, overall: 500, reserve: 50 },
      ...wanted.configuration,
    },
    aws: {
      account, region: 'us-east-1', ...wanted.aws,
      secrets: [
        ...Array.from({ length: copies + unbound }, (_, i) => ({ name: `orders/s3-${i + 1}`, value: JSON.stringify({ accessKeyId: '${key}', secretAccessKey: '${secret}' }) })),
        ...(vendor ? [{ name: 'orders/pay', value: JSON.stringify({ user: 'orders_a', key: '${vendorA}' }), rotation: { functionArn: `arn:aws:lambda:us-east-1:${account}:function:rotate-pay` } }] : []),
        ...(wanted.unknownIssuer ? [{ name: 'orders/ftp', value: JSON.stringify({ user: 'ftp', password: '${ftp}' }), rotation: { functionArn: `arn:aws:lambda:us-east-1:${account}:function:rotate-any` } }] : []),
        { name: 'rescind/github-hook', value: '${githubHook}' }, { name: 'rescind/github-token', value: '${githubToken}' }, { name: 'rescind/trufflehog', value: '${trufflehog}' }, { name: 'rescind/gitleaks', value: '${gitleaks}' },
        ...(wanted.aws?.secrets ?? []),
      ],
      users: [
        ...(pair ? [{ name: 'uploader', keys: [
          { id: '${key}', secret: '${secret}', status: 'Active' as const, createDate: long },
          ...(pair.slot === 'free' ? [] : [{ id: '${other}', secret: '${otherSecret}', status: 'Active' as const, createDate: long }]),
        ] }] : []),
        ...(wanted.aws?.users ?? []),
      ],
    },
    github: { tokens: [{ value: '${githubToken}', login: 'rescind', scopes: ['security_events'] }], alerts: alerts.map(([number, secret]) => ({ repository: 'acme/app', number: Number(number), secret_type: 'some_secret', secret })) },
    vendors: vendor ? { acmepay: { adminKey: '${vendorAdmin}', probe: 'acmepay', users: [{ name: 'orders_a', keys: [{ value: '${vendorA}' }] }, { name: 'orders_b', keys: [{ value: '${vendorB}' }] }] } } : {},
    rotations: { ...(vendor ? { 'rotate-pay': { strategy: 'alternating-users' as const, vendor: 'acmepay' } } : {}), ...(wanted.unknownIssuer ? { 'rotate-any': { strategy: 'generated' as const } } : {}) },
    reports: [{ name: valuesReport, after: 0, source: 'none', body: Object.fromEntries(Object.keys(values).map((name) => [name, `\${${name}}`])) }],
  };
};
