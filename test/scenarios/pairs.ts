import type { World } from '../../local/world/world.ts';
import { worldOf, type Wanted } from '../world-of.ts';
import type { Town } from '../town.ts';

/** An IAM user whose only key sits in secrets of its own; made-up values are `${user}Id` and `${user}Secret`. */
export interface KeyOwner {
  user: string;
  /** One bound secret `keys/USER-n` for each, of that owner. */
  owners: string[];
}

/** A world with such users besides what else is wanted. Alert n (from 1) holds the secret of user n. */
export const pairsWorld = (pairs: readonly KeyOwner[], wanted: Wanted = {}): World => {
  const names = [...new Set(['orders', 'platform', ...pairs.flatMap(({ owners }) => owners)])];
  const base = worldOf({
    ...wanted,
    alerts: { ...Object.fromEntries(pairs.map(({ user }, i) => [i + 1, `\${${user}Secret}`])), ...wanted.alerts },
    values: { ...Object.fromEntries(pairs.flatMap(({ user }) => [[`${user}Id`, { kind: 'aws-key-id' as const }], [`${user}Secret`, { kind: 'aws-secret' as const }]])), ...wanted.values },
    aws: {
      ...wanted.aws,
      secrets: [...pairs.flatMap(({ user, owners }) => owners.map((_, i) => ({ name: `keys/${user}-${i + 1}`, value: JSON.stringify({ accessKeyId: `\${${user}Id}`, secretAccessKey: `\${${user}Secret}` }) }))), ...(wanted.aws?.secrets ?? [])],
      users: [...pairs.map(({ user }) => ({ name: user, keys: [{ id: `\${${user}Id}`, secret: `\${${user}Secret}`, status: 'Active' as const, createDate: '2025-01-01T00:00:00.000Z' }] })), ...(wanted.aws?.users ?? [])],
    },
    configuration: { ...wanted.configuration, owners: names.map((name) => ({ name, contact: `${name}@small.example` })) },
  });
  const bound = pairs.flatMap(({ user, owners }) => owners.map((owner, i) => ({ secret: `keys/${user}-${i + 1}`, owner })));
  return { ...base, configuration: { ...base.configuration, secrets: [...base.configuration.secrets, ...bound] } };
};

/** The keys of one user as IAM has them, oldest first. */
export const keysOf = (town: Town, user: string): { id: string; status: string }[] => Object.values(town.providers.aws.state().keys).filter(({ userName }) => userName === user).map(({ id, status }) => ({ id, status }));

// one more than how often it was replaced
const versionsOf = (town: Town, prefix: string): number[] => Object.values(town.providers.aws.state().secrets).filter(({ name }) => name.startsWith(prefix)).map(({ versions }) => Object.keys(versions).length);

/** What became of a user's reported key, of its successors, and how many versions each of its secrets has now. */
export const replacedOf = (town: Town, user: string): { old: string; successors: string[]; versions: number[] } => {
  const keys = keysOf(town, user);
  const leaked = town.value(`${user}Id`);
  return { old: keys.find(({ id }) => id === leaked)?.status ?? 'gone', successors: keys.filter(({ id }) => id !== leaked).map(({ status }) => status), versions: versionsOf(town, `keys/${user}-`) };
};
