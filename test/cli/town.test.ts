import { afterEach, expect, it } from 'vitest';
import { accessorOf, openLeaseTown, type LeaseTown } from '../lease-world.ts';
import { call } from './call.ts';

let town: LeaseTown | undefined;
afterEach(async () => {
  const wrongs = await town?.wrongs();
  await town?.close();
  town = undefined;
  expect(wrongs ?? []).toEqual([]);
});

it('lists, shows and ends a lease of the real service, and its credential is dead', async () => {
  town = await openLeaseTown();
  const credential = `vault:token/${accessorOf(1)}`;
  const id = (await town.register(1, 500)).body.id ?? '';
  const other = (await town.register(2, 501)).body.id ?? '';
  const rescind = (...args: string[]) => call(['leases', ...args, '--url', town?.url ?? '', '--as', 'ada']);

  const listed = await rescind('--status', 'active');
  expect(listed.code).toBe(0);
  expect(listed.out.match(/^l-\S+/gm)?.sort()).toEqual([id, other].sort());
  expect(listed.out).toContain(credential);

  const ended = await rescind('end', id, '--reason', 'the runner was lost', '--wait', '20');
  expect(ended.out).toMatch(/^released/);
  expect(ended.code).toBe(0);
  expect(await town.isAlive(credential)).toBe(false);
  expect(await town.isAlive(`vault:token/${accessorOf(2)}`)).toBe(true);

  const shown = await rescind('show', id);
  expect(shown.out).toContain('an operator ended it');
  expect(shown.out).toContain('reason: the runner was lost');
  expect(shown.out).toContain('ada');

  const { out } = await rescind('--all', '--json');
  expect((JSON.parse(out) as { leases: { id: string; status: string }[] }).leases.map((lease) => [lease.id, lease.status]).sort()).toEqual([[id, 'released'], [other, 'active']].sort());

  const missing = await rescind('show', `l-${'0'.repeat(20)}-${'0'.repeat(16)}`);
  expect(missing.code).toBe(1);
  expect(missing.err).toContain('there is no lease');
});
