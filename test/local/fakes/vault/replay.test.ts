import { afterEach, expect, test } from 'vitest';
import { clockOf } from '../../../../local/clock.ts';
import { Behaviours } from '../../../../local/fakes/behaviour.ts';
import type { VaultWorld } from '../../../../local/fakes/vault/index.ts';
import { startVault } from '../../../../local/fakes/vault/index.ts';
import { Correspondence, recorded, type Step } from './replay.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const OPERATOR = ['s.operator', 'x'.repeat(16)].join('');
const valued = (name: string): string => `s.${name.padEnd(24, '0')}`;
const QUEUE_SECONDS = 0.01;

type Auth = { auth?: { client_token?: string; accessor?: string }; lease_id?: string };
type Ask = (method: string, path: string, token: string | null, body?: unknown, namespace?: string) => Promise<{ status: number; body: unknown }>;

interface Replay {
  file: string;
  world: Partial<VaultWorld>;
  /** Whose token a step uses: the one that an earlier step's recorded answer gave, or a value of the world. */
  givenBy?: Record<string, string>;
  values?: Record<string, string>;
  /** What the real server had done between two steps, unrecorded. */
  before?: Record<string, (ask: Ask, names: Correspondence, values: Record<string, string>) => Promise<void>>;
}

const replay = async ({ file, world, givenBy = {}, values = {}, before = {} }: Replay): Promise<number> => {
  const steps = recorded(file);
  const operator = { id: 'operator', value: OPERATOR, accessor: 'operatorAccessor00000000', policies: ['root'] };
  const vault = await startVault({ world: { revocation: { queueSeconds: QUEUE_SECONDS }, ...world, tokens: [operator, ...(world.tokens ?? [])] }, clock: clockOf(), behaviours: new Behaviours() });
  ends.push(() => vault.close());
  const ask: Ask = async (method, path, token, body, namespace) => {
    const headers = { ...(token === null ? {} : { 'x-vault-token': token }), ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }) };
    const answer = await fetch(`${vault.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
  };
  const names = new Correspondence();
  for (const name of ['7sFZkl3VGxJHx0MFMFjBRpOL']) if (file === 'rest') names.set(name, name);
  const tokenOf = (token: string | null): string | null => {
    if (token === null) return null;
    const giver = steps.find(({ step }) => step === givenBy[token]);
    const given = (giver?.response.body as Auth | undefined)?.auth?.client_token;
    return token === '<operator>' ? OPERATOR : (values[token] ?? names.translated(given ?? 'unknown'));
  };
  for (const { step, request, response } of steps) {
    await before[step]?.(ask, names, values);
    const ours = await ask(request.method, names.translated(request.path), tokenOf(request.token), names.translated(request.body), request.namespace);
    expect(ours.status, `${file} ${step}: ${JSON.stringify(ours.body)}`).toBe(response.status);
    names.compare(response.body, ours.body, `${file} ${step}`);
    await new Promise((resolve) => setTimeout(resolve, QUEUE_SECONDS * 2000));
  }
  return steps.length;
};

const inSteps = <Value>(steps: Step[], name: string, pick: (step: Step) => Value): Value => {
  const step = steps.find((one) => one.step === name);
  if (step === undefined) throw new Error(`no step ${name}`);
  return pick(step);
};

test('tokens: parent, child, orphan, batch and periodic live and die as on a real server', async () => {
  const values: Record<string, string> = {};
  const count = await replay({
    file: 'tokens',
    world: { policies: { minter: { 'auth/token/create': ['update'], 'auth/token/create-orphan': ['update'] } } },
    givenBy: { '<parent>': 'create-parent', '<child>': 'create-child', '<batch>': 'create-batch' },
    values,
    before: {
      'revoke-without-permission': async (ask, _names, known) => {
        const { body } = await ask('POST', '/v1/auth/token/create', OPERATOR, { policies: ['default'] });
        known['<weak operator>'] = (body as Auth).auth?.client_token ?? '';
      },
    },
  });
  expect(count).toBe(25);
});

test('identity: a disabled entity denies its tokens, and only its entity tells', async () => {
  const steps = recorded('identity');
  const batchEntity = inSteps(steps, 'disable-entity-of-batch-token', ({ request }) => request.path.split('/').at(-1) ?? '');
  const count = await replay({
    file: 'identity',
    world: {
      users: [{ name: 'mira', password: 'throwaway' }],
      entities: [{ name: 'batch person', id: batchEntity }],
      tokens: [{ id: 'batch', value: 'b.batch-person', accessor: '', policies: [], type: 'batch', ttlSeconds: 600, entity: 'batch person' }],
    },
    givenBy: { '<person>': 'login' },
    values: { '<batch person>': 'b.batch-person' },
  });
  expect(count).toBe(12);
});

test('approle: secret-ids are destroyed, and what they opened lives on', async () => {
  const roleId = inSteps(recorded('approle'), 'login', ({ request }) => (request.body as { role_id: string }).role_id);
  const count = await replay({ file: 'approle', world: { approles: [{ role: 'deploy', roleId, tokenTtlSeconds: 1200 }] }, givenBy: { '<approle token>': 'login' } });
  expect(count).toBe(12);
});

test('leases: queued, at once, by prefix, by owner and by force', async () => {
  const steps = recorded('leases');
  const keys = inSteps(steps, 'list-under-prefix', ({ response }) => (response.body as { data: { keys: string[] } }).data.keys);
  const owned = inSteps(steps, 'lookup-after-owner', ({ request }) => (request.body as { lease_id: string }).lease_id);
  const owner = inSteps(steps, 'revoke-owner', ({ request }) => (request.body as { accessor: string }).accessor);
  const count = await replay({
    file: 'leases',
    world: {
      engines: [{ mount: 'pki', type: 'pki', roles: { svc: {} } }],
      leases: keys.map((key) => ({ id: `pki/issue/svc/${key}`, token: 'operator', ttlSeconds: 3600, renewable: false })),
      policies: { issuer: { 'pki/creds/svc': ['read'] } },
      tokens: [{ id: 'owner', value: valued('owner'), accessor: owner, policies: ['issuer'] }],
    },
    before: {
      'lookup-alive': async (_ask, names) => {
        for (const key of keys) names.set(key, key);
      },
      'revoke-owner': async (ask, names) => {
        const { body } = await ask('GET', '/v1/pki/creds/svc', valued('owner'));
        const lease = (body as Auth).lease_id ?? '';
        names.set(owned, lease);
        expect((await ask('POST', '/v1/sys/leases/lookup', OPERATOR, { lease_id: lease })).status).toBe(200);
      },
    },
  });
  expect(count).toBe(15);
});

test('namespaces, health and a sealed server', async () => {
  const count = await replay({ file: 'rest', world: {} });
  expect(count).toBe(10);
});
