import { expect, test } from 'vitest';
import { openTown, trufflehogFinding, type Town } from '../town.ts';
import { worldOf } from '../world-of.ts';

const houseOf = () => worldOf({ vendor: {}, unknownIssuer: true });

/** Another secret on the very same line of the very same commit, each in a report of its own. */
const reports = (town: Town) => ['vendorA', 'ftp'].map((name) => () => town.trufflehog([trufflehogFinding(town.value(name))]));

const credentialsOf = async (town: Town): Promise<string[]> => (await town.views()).map(({ credential }) => credential?.split(':')[0] ?? '').sort();

test('two secrets of one line that are reported one after the other are two cases, and neither is lost', async () => {
  const town = await openTown(houseOf());
  for (const report of reports(town)) await town.ended(await report());
  expect(await credentialsOf(town)).toEqual(['declared-probe', 'unknown']);
  expect(await town.wrongs()).toEqual([]);
  await town.close();
});

test('two secrets of one line that are reported at the same moment are two cases as well', async () => {
  const town = await openTown(houseOf());
  const deliveries = await Promise.all(reports(town).map((report) => report()));
  for (const delivery of deliveries) await town.ended(delivery);
  expect(await credentialsOf(town)).toEqual(['declared-probe', 'unknown']);
  await town.close();
});
