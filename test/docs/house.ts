import { Webhook } from 'standardwebhooks';
import { synthesizedPlaybooks } from '../../infra/playbooks/print.ts';
import { clockOf } from '../../local/clock.ts';
import { startService, type Service } from '../../local/service.ts';
import type { World } from '../../local/world/world.ts';

/** A house in which cases of every kind of answer can be made: green, waiting, red, unmatched. */
const world: World = {
  name: 'docs',
  values: {
    key: { kind: 'aws-key-id' }, secret: { kind: 'aws-secret' }, other: { kind: 'aws-key-id' }, otherSecret: { kind: 'aws-secret' },
    ftp: { kind: 'password', length: 32 }, stranger: { kind: 'token', prefix: 'zz_' }, gitleaks: { kind: 'webhook-secret' },
  },
  configuration: {
    installation: 'docs', mode: 'enforce', owners: [{ name: 'orders', contact: 'orders@docs.example' }], fallbackOwner: 'orders', taskHours: 24,
    secrets: [{ secret: 'orders/aws', owner: 'orders' }, { secret: 'orders/ftp', owner: 'orders' }],
    users: [], probes: [], canaries: [], own: [], exemptions: [], sources: [{ source: 'gitleaks', secrets: ['rescind/gitleaks'] }],
    limits: { perSource: 50, perOwner: 50, overall: 50, reserve: 10 },
  },
  aws: {
    account: '111122223333', region: 'us-east-1',
    secrets: [
      { name: 'orders/aws', value: JSON.stringify({ accessKeyId: '${key}', secretAccessKey: '${secret}' }) },
      { name: 'orders/ftp', value: JSON.stringify({ password: '${ftp}' }) },
      { name: 'orders/locked', value: 'nobody reads it', unreadable: true },
      { name: 'rescind/gitleaks', value: '${gitleaks}' },
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
