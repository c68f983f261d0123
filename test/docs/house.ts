import { Webhook } from 'standardwebhooks';
import { synthesizedPlaybooks } from '../../infra/playbooks/print.ts';
import { clockOf } from '../../local/clock.ts';
import { startService, type Service } from '../../local/service.ts';
import type { World } from '../../local/world/world.ts';

/** The run whose own tokens of the vault may be leased, and the accessors of those. */
export const run = '9142330011';
export const accessors = ['first-accessor', 'second-accessor', 'third-accessor', 'third-late-accessor'] as const;

const ids = { repository_owner_id: '84', repository_id: '7301' };

/** A house in which cases of every kind of answer can be made: green, waiting, red, unmatched; and tokens of a vault that can be lent. */
const world: World = {
  name: 'docs',
  values: {
    key: { kind: 'aws-key-id' }, secret: { kind: 'aws-secret' }, other: { kind: 'aws-key-id' }, otherSecret: { kind: 'aws-secret' },
    ftp: { kind: 'password', length: 32 }, stranger: { kind: 'token', prefix: 'zz_' }, gitleaks: { kind: 'webhook-secret' },
    vault: { kind: 'token', prefix: 's.' }, ...Object.fromEntries(accessors.map((accessor) => [accessor, { kind: 'token' as const, prefix: 's.' }])),
  },
  configuration: {
    installation: 'docs', mode: 'enforce', owners: [{ name: 'orders', contact: 'orders@docs.example' }], fallbackOwner: 'orders', taskHours: 24,
    secrets: [{ secret: 'orders/aws', owner: 'orders' }, { secret: 'orders/ftp', owner: 'orders' }],
    users: [], probes: [], canaries: [], own: [], exemptions: [], sources: [{ source: 'gitleaks', secrets: ['rescind/gitleaks'] }],
    limits: { perSource: 50, perOwner: 50, overall: 50, reserve: 10 },
    vault: { address: '${vault.url}', token: 'rescind/vault' },
    leases: {
      maximumMinutes: 60, audience: 'rescind', issuers: [{ issuer: '${oidc.github.url}', platform: 'github-actions' }], jobRoles: [],
      subjects: [
        { name: 'docs/shop', issuer: '${oidc.github.url}', claims: ids, owner: 'orders', may: [{ connector: 'vault', id: 'token/*', where: { 'meta.run_id': '{run_id}' } }, { connector: 'vault', id: 'token/gone-accessor' }] },
        { name: 'nightly', issuer: 'aws-iam', principal: 'arn:aws:iam::111122223333:role/nightly', platforms: ['aws-batch'], owner: 'orders', may: [{ connector: 'vault', id: 'token/third-*', where: { 'meta.run_id': run } }] },
      ],
    },
  },
  oidc: ['github'],
  vault: {
    tokens: [
      { id: 'rescind', value: '${vault}', accessor: 'rescind-own-accessor', policies: ['root'] },
      ...accessors.map((accessor) => ({ id: accessor, value: `\${${accessor}}`, accessor, policies: ['default'], orphan: true, meta: { run_id: run } })),
    ],
  },
  aws: {
    account: '111122223333', region: 'us-east-1',
    secrets: [
      { name: 'orders/aws', value: JSON.stringify({ accessKeyId: '${key}', secretAccessKey: '${secret}' }) },
      { name: 'orders/ftp', value: JSON.stringify({ password: '${ftp}' }) },
      { name: 'orders/locked', value: 'nobody reads it', unreadable: true },
      { name: 'rescind/gitleaks', value: '${gitleaks}' },
      { name: 'rescind/vault', value: '${vault}' },
    ],
    users: ['${key} ${secret}', '${other} ${otherSecret}'].map((pair, index) => ({
      name: `orders-${index}`,
      keys: [{ id: pair.split(' ')[0] ?? '', secret: pair.split(' ')[1] ?? '', status: 'Active' as const, createDate: '2025-01-01T00:00:00.000Z' }],
    })),
  },
  // what no secret holds is handed to the tests by this
  reports: [{ name: 'stranger', after: 0, source: 'none', body: '${stranger}' }],
};

export interface House extends Service {
  /** Ids and values of the world by the names above. */
  values: Record<'key' | 'other' | 'ftp' | 'stranger', string>;
  /** A token of a job in the run at GitHub, with these claims beside the usual ones. */
  token(claims?: Record<string, unknown>): Promise<string>;
  /** Posts a Gitleaks report, signed as its sender would. */
  report(findings: object[], tamper?: (headers: Record<string, string>) => Record<string, string>): Promise<Response>;
  /** Waits until the one case of a delivery has a status; returns its id. */
  caseOf(delivery: string, status: string): Promise<string>;
}

const speed = 10;

/** Starts the house on a port of its own. Time passes ten times as fast. */
export const openHouse = async (): Promise<House> => {
  const clock = clockOf(speed);
  const service = await startService({ world, definitions: await synthesizedPlaybooks(), clock });
  const { secrets = [], users = [] } = service.world.aws;
  const valueOf = (name: string): string => secrets.find((secret) => secret.name === name)?.value ?? '';
  const fieldOf = (name: string, field: string): string => (JSON.parse(valueOf(name)) as Record<string, string>)[field] ?? '';
  return {
    ...service,
    values: { key: users[0]?.keys?.[0]?.id ?? '', other: users[1]?.keys?.[0]?.id ?? '', ftp: fieldOf('orders/ftp', 'password'), stranger: String(service.world.reports?.[0]?.body) },
    token: async (claims = {}) => (await service.providers.oidc?.token({ sub: 'repo:docs/shop:ref:refs/heads/main', repository: 'docs/shop', ...ids, run_id: run, run_attempt: '1', check_run_id: '31', actor: 'ada', ...claims }, { issuer: 'github' })) ?? '',
    report: (findings, tamper = (headers) => headers) => {
      const body = JSON.stringify(findings);
      const id = `msg_${Math.random().toString(36).slice(2)}`;
      const now = clock.now();
      const signature = new Webhook(valueOf('rescind/gitleaks')).sign(id, now, body);
      const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(Math.floor(now.getTime() / 1000)), 'webhook-signature': signature };
      return fetch(`${service.url}/triggers/gitleaks`, { method: 'POST', body, headers: tamper(headers) });
    },
    caseOf: async (delivery, status) => {
      let seen = 'none';
      for (let tries = 0; tries < 400; tries += 1) {
        const { cases } = (await (await fetch(`${service.url}/cases?delivery=${delivery}`)).json()) as { cases: { id: string; status: string }[] };
        seen = cases[0]?.status ?? 'none';
        if (cases[0] && seen === status) return cases[0].id;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`the case of ${delivery} is ${seen}, not ${status}`);
    },
  };
};

/** One finding as Gitleaks writes it. */
export const finding = (rule: string, secret: string, file: string): object => ({
  RuleID: rule, Description: rule, StartLine: 3, EndLine: 3, StartColumn: 10, EndColumn: 40, Match: `x=${secret}`, Secret: secret, File: file, SymlinkFile: '', Commit: '', Entropy: 4,
  Author: '', Email: '', Date: '', Message: '', Tags: [], Fingerprint: `${file}:${rule}:3`,
});
