import { expect, test } from 'vitest';
import { openTown } from '../town.ts';
import { worldOf } from '../world-of.ts';
test('x', async () => {
  const t0 = Date.now();
  const town = await openTown(worldOf({ pair: { unbound: 1, deleteProvenDead: true }, vendor: {}, unknownIssuer: true, alerts: { 42: '${secret}', 43: '${vendorA}', 44: '${ftp}' } }));
  console.log('open', Date.now() - t0);
  const ds = [await town.github(42), await town.github(43), await town.github(44)];
  console.log(ds);
  for (const d of ds) { const [c] = await town.ended(d); console.log(Date.now() - t0, c?.status, c?.outcomes[0]?.outcome, c?.seconds, c?.timeline.map((l) => l.what).join(' ')); }
  const t1 = Date.now();
  expect(await town.wrongs()).toEqual([]);
  console.log('wrongs', Date.now() - t1);
  await town.close();
  console.log('closed', Date.now() - t1);
});
