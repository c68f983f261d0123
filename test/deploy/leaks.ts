import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Checks } from './checks.ts';
import type { Deployed } from './deployed.ts';
import { plantRepository, postGitleaks, postTrufflehog, scan } from './detectors.ts';
import { ended } from './ledger.ts';
import { REQUESTS } from './ministack.ts';
import { healthEvent, postAsGithub, putEvent } from './senders.ts';
import { heldAgainstTruth } from './truth.ts';
import type { Uploader } from './world.ts';

const dead = async (deployed: Deployed, uploader: Uploader, outcome: 'confirmed' | 'attested'): Promise<void> => {
  const found = await ended(deployed, `aws-iam-key:${uploader.keyId}`);
  await heldAgainstTruth(deployed, found, uploader, outcome);
  deployed.say(`   ${uploader.user}: ${found.outcome?.how}`);
};

/** Lets four senders report at the same time and sees every key dead that they named. */
export const endLeaks = async ({ check }: Checks, deployed: Deployed): Promise<void> => {
  const { uploaders, signing } = deployed.world;
  await Promise.all([
    check('a leak that GitHub reports with a signed webhook ends dead, confirmed and closed', async () => {
      const { status, text } = await postAsGithub(deployed, signing.github);
      expect(status === 202, `the signed sample was answered ${status} ${text}`);
      await dead(deployed, uploaders.github, 'confirmed');
    }),
    check('a key that AWS Health reports over EventBridge ends dead, attested and closed', async () => {
      await putEvent(deployed.clients.events, healthEvent(uploaders.health.keyId));
      await dead(deployed, uploaders.health, 'attested');
    }),
    check('keys that the real gitleaks finds in a git history end dead: scanned and posted as docs/detectors.md says', async () => {
      const repository = await plantRepository(deployed.places, uploaders.gitleaks, uploaders.gitleaksToo);
      const findings = await scan(deployed.places, repository);
      expect(findings >= 4, `gitleaks reports ${findings} findings; expected the ids and the secrets of two keys`);
      deployed.say(`   gitleaks found ${findings} leaks; Rescind answered ${(await postGitleaks(deployed)).trim()}`);
      await Promise.all([dead(deployed, uploaders.gitleaks, 'confirmed'), dead(deployed, uploaders.gitleaksToo, 'confirmed')]);
    }),
    check('a key in a report of TruffleHog\'s form, too large for a queue, ends dead: posted as docs/detectors.md says', async () => {
      await postTrufflehog(deployed, uploaders.trufflehog);
      await dead(deployed, uploaders.trufflehog, 'confirmed');
      const requests = readFileSync(join(deployed.places.folder, REQUESTS), 'latin1');
      expect(/^s3:PutObject .*"kind":"delivery"/m.test(requests) && requests.includes(String.raw`\"kind\":\"stored\"`), 'the report did not go by way of the bucket');
    }),
  ]);
};
