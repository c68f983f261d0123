import { readFileSync } from 'node:fs';
import { vault as connector } from '../../functions/connectors/vault/index.ts';
import type { Acted, Found, Issuer, Probed } from '../../functions/core/connector.ts';
import { configurationOf, contextOf, startHouse } from '../connectors/house.ts';
import { credentialOf, tokenSecret } from '../connectors/vault/subject.ts';
import { startBroker, type Broker } from './broker.ts';
import { startOpenBao, type OpenBao } from './server.ts';

/** A token as the server gave it. */
export interface Minted {
  value: string;
  accessor: string;
}

/** A real server with an engine behind it, our own token in it under the documented policy, and the connector to it. */
export interface RealHouse {
  bao: OpenBao;
  broker: Broker;
  own: Minted;
  issuer: Issuer;
  find(name: string): Promise<Found>;
  /** `account`: what it was bound to when it was found, as for what is lent. */
  probe(name: string, account?: string): Promise<Probed>;
  revoke(name: string, account?: string): Promise<Acted>;
  contain(name: string): Promise<Acted>;
  restore(name: string, evidence: Record<string, unknown>): Promise<Acted>;
  /** A new token, made by the root or by another one. */
  mint(body: object, by?: Minted, options?: { path?: string; namespace?: string }): Promise<Minted>;
  /** Whether the server lets a token in that is shown to it. */
  opens(token: Minted, namespace?: string): Promise<boolean>;
  /** Leases a login to the broker: the lease's id and the user. */
  lend(role?: string, by?: Minted): Promise<{ lease: string; user: string }>;
  close(): Promise<void>;
}

const pageOf = (name: string): string => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8');
const policyBlock = /^```hcl\n([\s\S]*?)^```$/m;
const tokenCommand = /^```sh\nbao (token create .*-policy=rescind.*)\n```$/m;

/** What docs/connectors.md says of our own token: its policy as it stands there, and the words after `bao` that make it. */
export const documented = (): { policy: string; create: string[] } => {
  const page = pageOf('connectors');
  const policy = policyBlock.exec(page)?.[1];
  const create = tokenCommand.exec(page)?.[1]?.split(' ');
  if (policy === undefined || create === undefined) throw new Error('docs/connectors.md shows no policy of our own token, or no command that makes it');
  return { policy, create };
};

const mintedIn = ({ auth, status, errors }: Awaited<ReturnType<OpenBao['ask']>>): Minted => {
  if (!auth) throw new Error(`the server made no token: ${status} ${errors?.join() ?? ''}`);
  return { value: auth.client_token, accessor: auth.accessor };
};

/** Makes our own token as the page says, in a server where an AppRole and an engine are mounted; one of that value where one is given. */
export const furnish = async (bao: OpenBao, broker: Broker, value?: string): Promise<Minted> => {
  const { policy, create } = documented();
  await bao.bao(['policy', 'write', 'rescind', '-'], policy);
  await bao.ask('PUT', 'sys/policies/acl/minter', { policy: 'path "auth/token/*" { capabilities = ["create", "update", "sudo"] }\npath "rabbitmq/creds/*" { capabilities = ["read"] }' });
  await bao.ask('POST', 'sys/auth/approle', { type: 'approle' });
  await bao.ask('POST', 'auth/approle/role/deploy', { token_policies: ['default'], token_type: 'service' });
  await bao.ask('POST', 'sys/mounts/rabbitmq', { type: 'rabbitmq' });
  await bao.ask('POST', 'rabbitmq/config/connection', { connection_uri: broker.url, username: 'admin', password: 'throwaway', verify_connection: false });
  for (const role of ['ci', 'batch']) await bao.ask('POST', `rabbitmq/roles/${role}`, { tags: 'monitoring' });
  const { auth } = JSON.parse(await bao.bao([...create.slice(0, 2), '-format=json', ...(value === undefined ? [] : [`-id=${value}`]), ...create.slice(2)])) as { auth: { client_token: string; accessor: string } };
  return { value: auth.client_token, accessor: auth.accessor };
};

/** The connector to one node, as a process of its own has it. */
export interface Station extends Pick<RealHouse, 'issuer' | 'find' | 'probe' | 'revoke' | 'contain' | 'restore'> {
  close(): Promise<void>;
}

/** Opens one at that address, with our own token. Time passes as on the server's clock, apart from the waits between two tries. */
export const openStation = async (address: string, own: Minted, ca?: string): Promise<Station> => {
  const configuration = { ...configurationOf(), vault: { address, token: tokenSecret, ca } };
  const house = await startHouse({ configuration, world: { secrets: [{ name: tokenSecret, value: own.value }] } });
  const issuer = connector.create(house.edges);
  const context = () => contextOf(house.clock);
  return {
    issuer,
    find: (name) => issuer.find(credentialOf(name), context()),
    probe: (name, account) => issuer.probe({ ...credentialOf(name), account }, undefined, context()),
    revoke: (name, account) => issuer.revoke?.({ ...credentialOf(name), account }, context()) as Promise<Acted>,
    contain: (name) => issuer.contain?.(credentialOf(name), context()) as Promise<Acted>,
    restore: (name, evidence) => issuer.restore?.(credentialOf(name), evidence, context()) as Promise<Acted>,
    close: () => house.close(),
  };
};

/** Opens a house with a server of its own, or with that one. */
export const openRealHouse = async ({ value, at }: { value?: string; at?: OpenBao } = {}): Promise<RealHouse> => {
  const [bao, broker] = await Promise.all([at ?? startOpenBao(), startBroker()]);
  const own = await furnish(bao, broker, value);
  const { close, ...station } = await openStation(bao.url, own);
  return {
    ...station,
    bao, broker, own,
    mint: async (body, by, { path = 'auth/token/create', namespace } = {}) => mintedIn(await bao.ask('POST', path, body, { token: by?.value, namespace })),
    opens: async ({ value: token }, namespace) => (await bao.ask('GET', 'auth/token/lookup-self', undefined, { token, namespace })).status === 200,
    lend: async (role = 'ci', by) => {
      const { lease_id: lease = '', data, status } = await bao.ask('GET', `rabbitmq/creds/${role}`, undefined, { token: by?.value });
      if (lease === '') throw new Error(`the engine lends nothing: ${status}`);
      return { lease, user: String(data?.username) };
    },
    close: async () => {
      await Promise.all([bao.kill(), broker.close(), close()]);
    },
  };
};
