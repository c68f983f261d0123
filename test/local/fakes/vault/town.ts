import { afterEach } from 'vitest';
import { clockOf } from '../../../../local/clock.ts';
import type { Behaviour } from '../../../../local/fakes/behaviour.ts';
import { Behaviours } from '../../../../local/fakes/behaviour.ts';
import type { Vault, VaultWorld } from '../../../../local/fakes/vault/index.ts';
import { startVault } from '../../../../local/fakes/vault/index.ts';

export interface Said {
  status: number;
  body: { errors?: string[]; data?: Record<string, unknown> | null; auth?: { client_token: string; accessor: string; lease_duration: number } | null; warnings?: string[] | null; lease_id?: string; lease_duration?: number };
}

/** A token's value, made up at run time from its name. */
export const valued = (name: string, type = 's'): string => `${type}.${name.padEnd(24, '0')}`;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A clock that a test sets forward by hand. */
export const handClock = () => {
  let at = Date.parse('2027-03-01T08:00:00Z');
  return { now: () => new Date(at), sleep: clockOf(100).sleep, pass: (seconds: number) => void (at += seconds * 1000) };
};

/** A vault with an operator (root) and what the test adds, on a clock that the test sets forward. */
export const openVault = async (world: Partial<VaultWorld> = {}, more: { behaviours?: Behaviour[]; folder?: string; clock?: ReturnType<typeof handClock> } = {}) => {
  const clock = more.clock ?? handClock();
  const behaviours = new Behaviours(more.behaviours);
  const operator = { id: 'operator', value: valued('operator'), accessor: 'acc-operator', policies: ['root'] };
  const vault: Vault = await startVault({ world: { ...world, tokens: [operator, ...(world.tokens ?? [])] }, clock, behaviours, folder: more.folder });
  ends.push(() => vault.close());
  const ask = async (method: string, path: string, body?: unknown, token: string | null = operator.value, headers: Record<string, string> = {}): Promise<Said> => {
    const answer = await fetch(`${vault.url}/v1/${path}`, { method, headers: { ...(token === null ? {} : { 'x-vault-token': token }), ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Said['body'] };
  };
  const mint = async (body: object, by = operator.value, path = 'create'): Promise<{ value: string; accessor: string }> => {
    const { status, body: said } = await ask('POST', `auth/token/${path}`, body, by);
    if (status !== 200 || !said.auth) throw new Error(`not minted: ${status} ${JSON.stringify(said)}`);
    return { value: said.auth.client_token, accessor: said.auth.accessor };
  };
  const lease = async (by: string, path = 'database/creds/orders'): Promise<string> => (await ask('GET', path, undefined, by)).body.lease_id ?? '';
  const lives = (id: string): boolean | undefined => vault.credentials().find((one) => one.id === id)?.alive;
  return { vault, clock, behaviours, ask, mint, lease, lives, operator: operator.value };
};

/** A world with a database that gives out credentials, and a policy to ask it. */
export const withDatabase = (revocation?: 'works' | 'fails'): Partial<VaultWorld> => ({
  engines: [{ mount: 'database', roles: { orders: { ttlSeconds: 1800 } }, revocation }],
  policies: {
    job: { 'database/creds/orders': ['read'], 'auth/token/create': ['create', 'update'], 'auth/token/create-orphan': ['update'] },
    rescind: { 'auth/token/lookup-accessor': ['update'], 'auth/token/revoke-accessor': ['update'], 'sys/leases/revoke': ['update'], 'sys/leases/count': ['read'], 'sys/leases/lookup/*': ['list'] },
  },
});
