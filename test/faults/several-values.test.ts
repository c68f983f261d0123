import { afterAll, beforeAll, expect, test } from 'vitest';
import { gitleaksFinding, openTown, type Town } from '../town.ts';
import { worldOf } from '../world-of.ts';

let town: Town;
beforeAll(async () => {
  town = await openTown(worldOf({ vendor: {}, unknownIssuer: true, pair: { slot: 'free', copies: 1 } }));
});
afterAll(async () => {
  expect(await town.wrongs()).toEqual([]);
  await town.close();
});

test('one finding that holds values of two credentials is two cases, each tried with its own value, and nothing is held when both are closed', async () => {
  const both = JSON.stringify({ aws: { id: town.value('key'), secret: town.value('secret') }, vendor: town.value('vendorA') });
  const delivery = await town.gitleaks([gitleaksFinding(both)]);
  await town.until(async () => (await town.ended(delivery)).length === 2, 'there are two cases');
  const views = await town.ended(delivery);
  expect(views.map(({ credential, status, outcomes }) => [credential?.split(':')[0], status, outcomes[0]?.outcome]).sort()).toEqual([
    ['aws-iam-key', 'contained', 'confirmed'],
    ['declared-probe', 'contained', 'confirmed'],
  ]);
  await town.until(async () => !(await town.kept()).join().includes('held#'), 'nothing is held any more');
});

test('twenty reports of one value at once are one case and one rotation', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, i) => town.gitleaks([gitleaksFinding(town.value('ftp'), `file-${i}.env`)])));
  const red = await town.until(async () => (await town.views()).find(({ credential, status, trigger }) => credential?.startsWith('unknown:') && status === 'not-contained' && trigger.reports.length === 20), 'the case has all reports and has ended');
  expect((await town.views()).filter(({ credential }) => credential === red.credential)).toHaveLength(1);
  expect(Object.keys(town.providers.aws.state().secrets['orders/ftp']?.versions ?? {})).toHaveLength(2);
});

test.each(['%zz', '..%2fcases', 'gitleaks/more'])('the source "%s" is nobody and is answered 404', async (source) => {
  expect((await town.post(source, '{}', {})).status).toBe(404);
});
