import type { Report } from '../../functions/core/case.ts';
import type { Configuration } from '../../functions/core/configuration.ts';
import type { ConnectorFacts, Copy, Credential } from '../../functions/core/connector.ts';
import type { Circumstances } from '../../functions/core/plan.ts';

export const configuration: Configuration = {
  installation: 'acme',
  mode: 'enforce',
  owners: [
    { name: 'orders', contact: 'orders@acme.example' },
    { name: 'platform', contact: 'platform@acme.example' },
  ],
  secrets: [],
  users: [],
  probes: [],
  canaries: [],
  own: [],
  exemptions: [],
  sources: [],
  limits: { perSource: 10, perOwner: 10, overall: 20, reserve: 5 },
  fallbackOwner: 'platform',
  taskHours: 24,
};

export const facts: ConnectorFacts = {
  effect: 'eventual',
  settleSeconds: { typical: 4, max: 60 },
  reversible: true,
  old: 'lives',
  containBeforeRotate: 'safe',
  needsValue: false,
  children: 'live',
  reach: 'principal',
  rate: { per: 'account' },
};

export const copy = (name: string, more: Partial<Copy> = {}): Copy => ({ place: `arn:aws:secretsmanager:us-east-1:111122223333:secret:${name}-abcdef`, name, path: 'secret', version: 'v1', current: true, bound: true, owner: 'orders', ...more });

export const credential = (more: Partial<Credential> = {}): Credential => ({ id: 'aws-iam-key:KEY', issuer: 'aws-iam-key', name: 'KEY', owner: 'orders', principal: 'uploader', copies: [copy('one')], ...more });

export const report = (more: Partial<Report> = {}): Report => ({
  source: 'trufflehog',
  delivery: 'd-1',
  receivedAt: '2026-11-22T01:00:00.000Z',
  finding: 'f-1',
  opening: '',
  at: '',
  where: 'https://example.com/file#L7',
  kind: 'AWS',
  claim: 'unverified',
  names: [],
  fingerprints: [],
  held: 'c-1',
  ...more,
});

/** An IAM key that was reported by its value, of which everything can be done. */
export const circumstances = (more: Partial<Circumstances> = {}): Circumstances => ({
  credential: credential(),
  reports: [report()],
  proof: 'value',
  binding: { owner: 'orders' },
  approval: false,
  abilities: { contain: true, revoke: true, rotate: true, probe: true },
  facts,
  found: { exists: true, principal: 'uploader', slotFree: true, note: 'there' },
  held: true,
  claim: undefined,
  again: false,
  overLimit: [],
  configuration,
  answers: [],
  now: new Date('2026-11-22T01:00:00Z'),
  ...more,
});
