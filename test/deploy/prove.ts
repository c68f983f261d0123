import { expect, type Checks } from './checks.ts';
import { dieInTheQueue } from './dead-letters.ts';
import { buildGitleaks, GITLEAKS } from './detectors.ts';
import { refusesForgery, showsCasesToTheRightPeople } from './front-door.ts';
import { noValueIsLeft } from './hygiene.ts';
import { endLeaks } from './leaks.ts';
import { casesIn } from './ledger.ts';
import { endLeases } from './leases.ts';
import { nothingWasRefused } from './refusals.ts';
import { fillRegistry, setUp } from './set-up.ts';
import type { Undo } from './undo.ts';

/** All checks, in their order. */
export const prove = async (checks: Checks, undo: Undo): Promise<void> => {
  const deployed = await setUp(checks, undo);
  await checks.needed('the index fills the registry: every key with its copies', () => fillRegistry(deployed));
  await checks.needed(`${GITLEAKS} builds`, () => buildGitleaks(deployed.places));
  await checks.check('a delivery with a wrong signature is refused with 401 and leaves nothing', () => refusesForgery(deployed));
  await checks.check('GET /cases is refused without AWS credentials and answered with them', () => showsCasesToTheRightPeople(deployed));
  await Promise.all([endLeaks(checks, deployed), endLeases(checks, deployed)]);
  await checks.check('a message that always fails reaches the dead-letter queue', async () => {
    const tries = await dieInTheQueue(deployed, 'this is no message of ours');
    deployed.say(`   after ${tries} tries, with the visibility timeout shortened for this check`);
  });
  await checks.check('every function acted as its own role, and no policy refused what it did', async () => {
    deployed.say(`   ${await nothingWasRefused(deployed)} roles called Secrets Manager, IAM, STS and CloudTrail`);
  });
  const ids = (await casesIn(deployed)).map(({ id }) => id);
  expect(ids.length > 0, 'the ledger holds no case');
  await checks.check('no value stands in a request, a table, a queue, an execution, a log, a file or anything printed', async () => {
    deployed.say(`   searched: ${await noValueIsLeft(deployed, checks, ids)}`);
  });
};
