import { expect, test } from 'vitest';
import { clockOf } from '../../../../local/clock.ts';
import { recorded } from './replay.ts';
import { openVault } from './town.ts';

interface Body {
  errors?: string[];
  data?: { id?: string; keys?: string[]; renewable?: boolean; lease_count?: number; leases?: { lease_id: string; error: string }[] };
}

const retrySeconds = 0.05;

/** What a connector reads of an answer; the engines' own words left out. */
const read = (status: number, body: Body | null) => {
  const bare = (text: string): string => text.replace(/ err: .*/, ' err: …');
  const { id, keys, renewable, lease_count, leases } = body?.data ?? {};
  return {
    status, id, keys, lease_count, errors: body?.errors?.map(bare), leases: leases?.map(({ lease_id, error }) => ({ lease_id, error: bare(error) })),
    // whether a living lease is renewable is its role's affair
    ...(renewable === false ? { renewable } : {}),
  };
};

test('HashiCorp Vault 1.21.4, recorded: queued orders are 202, and a lease whose engine fails stays, is given up after six tries and forgotten by force', { timeout: 30_000 }, async () => {
  const steps = recorded('hashicorp-leases');
  const idsIn = (under: string): string[] => [...new Set(steps.flatMap(({ request }) => (request.body as { lease_id?: string } | undefined)?.lease_id ?? []).filter((id) => id.startsWith(under)))];
  const { ask } = await openVault({
    engines: [{ mount: 'works', roles: { svc: {} } }, { mount: 'database', roles: { stuck: {} }, revocation: 'fails' }],
    leases: [...idsIn('works/'), 'works/creds/svc/ABCDEFGHIJKLMNOPQRSTUVWX', ...idsIn('database/')].map((id) => ({ id, token: 'operator' })),
    revocation: { queueSeconds: 0.01, retrySeconds, attempts: 6 },
  }, { clock: Object.assign(clockOf(), { pass: () => undefined }) });
  for (const { step, request, response } of steps) {
    const ours = await ask(request.method, request.path.replace('/v1/', ''), request.body);
    expect(read(ours.status, ours.body as Body), step).toEqual(read(response.status, response.body as Body | null));
    await new Promise((resolve) => setTimeout(resolve, step === 'revoke-stuck-queued' ? retrySeconds * 2 ** 6 * 1000 : 30));
  }
  expect(steps).toHaveLength(18);
});
