import { randomBytes } from 'node:crypto';
import { vault as connector } from '../../../functions/connectors/vault/index.ts';
import type { Acted, Credential, Found, Issuer, Probed } from '../../../functions/core/connector.ts';
import { startVault, type Vault, type VaultWorld } from '../../../local/fakes/vault/index.ts';
import { Watch, watchedIssuer } from '../contract.ts';
import { configurationOf, contextOf, startHouse, type Asking, type House } from '../house.ts';

/** All tests of this connector are held against its permissions together. */
export const watch = new Watch();

/** The secret that holds our own token. */
export const tokenSecret = 'rescind/vault';

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const random = (length = 24): string => Array.from(randomBytes(length), (byte) => letters[byte % 62]).join('');
/** An accessor or the end of a lease id, new each time. */
export const newId = random;
/** A token that looks like a vault's, new each time. */
export const newToken = (namespaceId?: string): string => `s.${random()}${namespaceId === undefined ? '' : `.${namespaceId}`}`;
const uuid = (): string => randomBytes(16).toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

/** What our own token may do: what docs/connectors.md says. */
export const ownPolicy: Record<string, string[]> = {
  'auth/token/lookup-accessor': ['update'],
  'auth/token/revoke-accessor': ['update'],
  'sys/mounts': ['read'],
  'sys/auth': ['read'],
  'sys/leases/lookup': ['update'],
  'sys/leases/lookup/*': ['list', 'sudo'],
  'sys/leases/revoke': ['update'],
  'sys/leases/revoke-prefix/*': ['update', 'sudo'],
  'sys/leases': ['read', 'sudo'],
  'sys/namespaces/+': ['read'],
  'auth/approle/role/+': ['read'],
  'auth/approle/role/+/secret-id-accessor/lookup': ['update'],
  'auth/approle/role/+/secret-id-accessor/destroy': ['update'],
  'auth/approle/role/+/secret-id': ['list'],
  'identity/entity/id/+': ['read', 'update'],
};

/** What lives in the vault of a house. Values stand beside names. */
export interface Inhabitants {
  own: { value: string; accessor: string };
  root: string;
  /** A job's token, a child of it, and an orphan that it made. */
  job: { value: string; accessor: string };
  child: { value: string; accessor: string };
  orphan: { value: string; accessor: string };
  batch: string;
  /** A person's token and entity; a batch token of the same. */
  person: { value: string; accessor: string; entity: string };
  lease: string;
  prefix: string;
  secretId: { value: string; accessor: string };
}

const inhabitants = (): Inhabitants => {
  const pair = () => ({ value: newToken(), accessor: newId() });
  return {
    own: pair(), root: newToken(), job: pair(), child: pair(), orphan: pair(), batch: `b.${random(60)}`,
    person: { ...pair(), entity: uuid() }, lease: `database/creds/ci/${newId()}`, prefix: 'database/creds/batch', secretId: { value: uuid(), accessor: uuid() },
  };
};

const worldOf = (who: Inhabitants): VaultWorld => ({
  policies: { rescind: ownPolicy, minter: { 'auth/token/*': ['update', 'sudo'] } },
  entities: [{ name: 'mira', id: who.person.entity }, { name: 'other', id: uuid() }],
  tokens: [
    { id: 'root', value: who.root, accessor: newId(), policies: ['root'] },
    { id: 'rescind', ...who.own, policies: ['rescind'], orphan: true, periodSeconds: 30 * 86_400, displayName: 'rescind' },
    { id: 'job', ...who.job, policies: ['minter'], meta: { pipeline: '1842' }, displayName: 'token-ci-runner' },
    { id: 'child', ...who.child, policies: [], parent: 'job' },
    { id: 'orphan', ...who.orphan, policies: [], orphan: true },
    { id: 'batch', value: who.batch, accessor: '', type: 'batch', policies: [], parent: 'job' },
    { id: 'person', value: who.person.value, accessor: who.person.accessor, policies: [], entity: 'mira' },
  ],
  engines: [{ mount: 'database', roles: { ci: {}, batch: {} } }],
  leases: [{ id: who.lease, token: 'orphan' }, ...['a', 'b', 'c'].map(() => ({ id: `${who.prefix}/${newId()}`, token: 'orphan' })), { id: `database/creds/other/${newId()}`, token: 'orphan' }],
  approles: [{ role: 'deploy', roleId: uuid(), secretIds: [{ ...who.secretId, metadata: { job: '1842' } }, { value: uuid(), accessor: uuid() }] }, { role: 'idle', roleId: uuid() }],
});

/** A vault in a house, and our connector to it. */
export interface VaultHouse {
  house: House;
  vault: Vault;
  who: Inhabitants;
  issuer: Issuer;
  /** The same connector as in another process: it remembers nothing. */
  another(): Issuer;
  context(asking?: Asking): ReturnType<typeof contextOf>;
  /** Requests as the vault's root. */
  asRoot(method: string, path: string, body?: object, namespace?: string): Promise<Record<string, unknown> | undefined>;
  /** Requests that reached the vault: method and path. */
  requests: string[];
  isAlive(id: string): boolean;
  find(name: string, asking?: Asking): Promise<Found>;
  probe(name: string, asking?: Asking): Promise<Probed>;
  revoke(name: string, asking?: Asking): Promise<Acted>;
  contain(name: string, asking?: Asking): Promise<Acted>;
  restore(name: string, evidence: Record<string, unknown>, asking?: Asking): Promise<Acted>;
  close(): Promise<void>;
}

/** What is different in one test's house. */
export interface VaultHouseOptions {
  world?: (world: VaultWorld, who: Inhabitants) => Partial<VaultWorld>;
  /** The text of the secret that holds our token. */
  secret?: (who: Inhabitants) => string;
  namespace?: string;
  /** In place of the vault's own address. */
  address?: string;
  local?: boolean;
}

/** A credential of that name, as the core hands it over. */
export const credentialOf = (name: string): Credential => ({ id: `vault:${name}`, issuer: 'vault', name, copies: [] });

/** Starts a vault with a job's token and its family, leases, secret-ids and a person, and the connector with a token of its own. */
export const openVault = async (options: VaultHouseOptions = {}): Promise<VaultHouse> => {
  const who = inhabitants();
  const configuration = configurationOf();
  const house = await startHouse({ configuration, local: options.local, onCall: watch.onCall, world: { secrets: [{ name: tokenSecret, value: options.secret?.(who) ?? who.own.value }] } });
  const world = worldOf(who);
  const requests: string[] = [];
  const vault = await startVault({ world: { ...world, ...options.world?.(world, who) }, clock: house.clock, behaviours: house.behaviours, onCall: ({ operation }) => requests.push(operation) });
  configuration.vault = { address: options.address ?? vault.url, token: tokenSecret, ...(options.namespace === undefined ? {} : { namespace: options.namespace }) };
  const issuer = watchedIssuer(connector.create(house.edges), watch);
  const context = (asking: Asking = {}) => contextOf(house.clock, { heard: (fact) => watch.outputs.push(JSON.stringify(fact)), ...asking });
  return {
    house, vault, who, issuer, context, requests,
    another: () => watchedIssuer(connector.create(house.edges), watch),
    asRoot: async (method, path, body, namespace) => {
      const answer = await fetch(`${vault.url}/v1/${path}`, { method, headers: { 'x-vault-token': who.root, ...(namespace ? { 'x-vault-namespace': namespace } : {}) }, body: body && JSON.stringify(body) });
      if (!answer.ok) throw new Error(`the vault answered ${answer.status} to ${method} ${path}`);
      return answer.status === 204 ? undefined : ((await answer.json()) as Record<string, unknown>);
    },
    isAlive: (id) => vault.credentials().some((one) => one.id === id && one.alive),
    find: (name, asking) => issuer.find(credentialOf(name), context(asking)),
    probe: (name, asking) => issuer.probe(credentialOf(name), undefined, context(asking)),
    revoke: (name, asking) => issuer.revoke?.(credentialOf(name), context(asking)) as Promise<Acted>,
    contain: (name, asking) => issuer.contain?.(credentialOf(name), context(asking)) as Promise<Acted>,
    restore: (name, evidence, asking) => issuer.restore?.(credentialOf(name), evidence, context(asking)) as Promise<Acted>,
    close: async () => {
      for (const value of [who.own.value, who.root, who.job.value, who.child.value, who.orphan.value, who.batch, who.person.value, who.secretId.value]) watch.values.add(value);
      await vault.close();
      await house.close();
    },
  };
};
