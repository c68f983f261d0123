import { randomBytes } from 'node:crypto';
import type { World } from '../local/world/world.ts';
import { worldOf } from './world-of.ts';

/** IAM users with one key each, kept in `keys/<user>`; what happens to each is told in `every-case.ts`. */
export const keyUsers = ['mover', 'namesake', 'twice', 'careful', 'exposed', 'refusing', 'stopped', 'faltering'] as const;
export type KeyUser = (typeof keyUsers)[number];

/** A password with characters that a URL must encode, in a connection string whose other parts are made up as well. */
const connection = (): { password: string; parts: string[]; text: string } => {
  const word = (prefix: string): string => `${prefix}${randomBytes(9).toString('hex')}`;
  const password = `${randomBytes(15).toString('base64')}/${randomBytes(6).toString('base64')}+?%`;
  const [user, host, database] = [word('u'), word('h'), word('d')];
  return { password, parts: [user, host, database], text: `postgres://${user}:${encodeURIComponent(password)}@${host}.internal:5432/${database}?sslmode=require` };
};

/** A world in which every kind of case can be played, with what of it must never be seen and no file holds. */
export interface EveryWorld {
  world: World;
  connection: { password: string; parts: string[]; text: string };
}

/** Builds the world anew, with values of its own. */
export const everyWorld = (): EveryWorld => {
  const database = connection();
  const pairs = Object.fromEntries(keyUsers.flatMap((user) => [[`${user}Id`, { kind: 'aws-key-id' as const }], [`${user}Secret`, { kind: 'aws-secret' as const }]]));
  const token = { kind: 'token' as const, prefix: 'pay_' };
  const base = worldOf({
    pair: { unbound: 1, deleteProvenDead: true },
    vendor: {},
    unknownIssuer: true,
    alerts: { 42: '${secret}', 46: '${unreachable}' },
    values: { ...pairs, stuck: token, stuckPending: token, unreachable: token },
    aws: {
      secrets: [
        ...keyUsers.map((user) => ({ name: `keys/${user}`, value: JSON.stringify({ accessKeyId: `\${${user}Id}`, secretAccessKey: `\${${user}Secret}` }) })),
        { name: 'orders/stuck', value: JSON.stringify({ user: 'stuck_a', key: '${stuck}' }), pending: { value: JSON.stringify({ user: 'stuck_b', key: '${stuckPending}' }) }, rotation: { functionArn: 'arn:aws:lambda:us-east-1:111122223333:function:rotate-pay' } },
        { name: 'orders/late', value: 'to be filled in' },
        { name: 'orders/database', value: JSON.stringify({ url: database.text }) },
      ],
      users: keyUsers.map((user) => ({ name: user, keys: [{ id: `\${${user}Id}`, secret: `\${${user}Secret}`, status: 'Active' as const, createDate: '2025-01-01T00:00:00.000Z' }] })),
    },
  });
  const { configuration, vendors } = base;
  return {
    connection: database,
    world: {
      ...base,
      configuration: {
        ...configuration,
        secrets: [
          ...configuration.secrets,
          ...keyUsers.map((user) => ({ secret: `keys/${user}`, owner: 'orders' })),
          { secret: 'orders/stuck', owner: 'orders', probe: 'acmepay', rotation: 'alternating-users' as const },
          { secret: 'orders/database', owner: 'orders' },
        ],
        users: [...configuration.users, { user: 'careful', owner: 'orders', approval: true }],
      },
      vendors: { acmepay: { ...vendors?.acmepay, adminKey: '${vendorAdmin}', users: [...(vendors?.acmepay?.users ?? []), { name: 'stuck_a', keys: [{ value: '${stuck}' }] }] } },
    },
  };
};
