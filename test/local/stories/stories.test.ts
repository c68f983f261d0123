import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultWorld } from '../../../local/cli/options.ts';
import { loadWorld } from '../../../local/world/load.ts';
import { end, only, patience, prepare, tell } from './tell.ts';

beforeAll(prepare, patience);
afterAll(end, patience);

test('a provider that lies about deactivating a key is seen through: the case is red and the world\'s expectation is not met', async () => {
  const world = only(loadWorld(defaultWorld), 'key pair on GitHub');
  const told = await tell({ ...world, behaviours: [{ service: 'iam', operation: 'UpdateAccessKey', effect: 'lie' }] });
  const found = told.caseOf('key pair on GitHub');
  expect(found.status).toBe('not-contained');
  expect(found.outcomes[0]?.outcome).toBe('unconfirmed');
  expect(told.isAlive(found.credential)).toBe(true);
  expect(told.mismatches[0]).toContain('should end contained, and is not-contained');
}, patience);

test('in mode observe the same reports are planned and recorded, and every credential is as it was', async () => {
  const told = await tell(loadWorld(defaultWorld), 'observe');
  expect(told.mismatches).toEqual([]);
  expect(told.cases.map(({ status }) => status)).toEqual(told.cases.map(() => 'observed'));
  expect(told.leases.map(({ status }) => status)).toEqual(['observed', 'observed']);
  expect(told.truth.filter(({ alive }) => !alive)).toEqual([]);
}, patience);

test('a report of a person who signs wrongly is named, and opens nothing', async () => {
  const world = only(loadWorld(defaultWorld), 'vendor key in a build');
  const told = await tell({ ...world, reports: world.reports?.map((report) => ({ ...report, headers: { 'webhook-signature': `v1,${'A'.repeat(43)}=` } })) });
  expect(told.cases).toEqual([]);
  expect(told.mismatches[0]).toBe('the report "vendor key in a build" was not accepted: 401, no signature matches the body');
}, patience);
