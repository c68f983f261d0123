import { expect, it } from 'vitest';
import { sendDue } from '../../functions/aws/due-leases.ts';
import type { ReleaseDeps } from '../../functions/aws/lease-deps.ts';
import type { LeaseHead, Leases } from '../../functions/aws/leases.ts';

const now = new Date('2026-05-01T10:10:00Z');
const idOf = (n: number): string => `l-${n.toString(16).padStart(20, '0')}-${n.toString(16).padStart(16, '0')}`;

it('a sweep whose table refuses one mark sends all others that it marked, and comes again for that one', async () => {
  const heads = Array.from({ length: 260 }, (_, n) => ({ id: idOf(n), n: 1, dueAt: '2026-05-01T10:00:00.000Z', credential: 'vault:token/x', registeredAt: '2026-05-01T09:00:00.000Z' }) as LeaseHead);
  const [late, due] = [heads.slice(0, 130), heads.slice(130)];
  const marked = new Set<string>();
  const sent: string[] = [];
  const refused = idOf(29);
  const leases = {
    table: 'leases',
    documents: {
      send: ({ input: { Key } }: { input: { Key: { sk: string } } }) => {
        const id = Key.sk.split('#')[1] ?? '';
        if (id === refused) return Promise.reject(Object.assign(new Error('slow down'), { name: 'ProvisionedThroughputExceededException' }));
        marked.add(id);
        return Promise.resolve({});
      },
    },
    due: (status: string) => (async function* () {
      await Promise.resolve();
      yield* status === 'active' ? late : due;
    })(),
  } as unknown as Leases;
  const clientOf = () => ({ send: ({ input: { Entries = [] } }: { input: { Entries?: { MessageBody: string }[] } }) => (sent.push(...Entries.map(({ MessageBody }) => (JSON.parse(MessageBody) as { lease: string }).lease)), Promise.resolve({})) });
  const deps = { leases, now: () => now, endsQueue: 'ends', count: () => undefined, log: { warn: () => undefined, info: () => undefined }, clientOf } as unknown as ReleaseDeps;
  await expect(sendDue(deps, false)).rejects.toThrow('slow down');
  expect(new Set(sent)).toEqual(marked);
  expect(sent).toHaveLength(259);
});
