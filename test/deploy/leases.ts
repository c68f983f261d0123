import { Leases } from '../../functions/aws/leases.ts';
import type { Lease } from '../../functions/core/lease.ts';
import { ask, type Answer } from './ask.ts';
import { expect, type Checks } from './checks.ts';
import type { Deployed } from './deployed.ts';
import { askSigned } from './detectors.ts';
import { owner } from './ministack.ts';
import { logFile } from './places.ts';
import { putEvent } from './senders.ts';
import { until } from './until.ts';
import { issuer, subject } from './world.ts';

const job = '5c3f9a1e-0b7d-4e55-9f6a-1d2c3b4a5e6f';
const lostJob = 'a7e1c0d2-3b4f-4a6e-8c9d-0e1f2a3b4c5d';

/** A job asks for a lease with a token of its own. */
const register = async ({ apiUrl, certificate, house }: Deployed, run: string, accessor: string, minutes: number, sub = subject): Promise<Answer> => {
  const token = await house.oidc.token({ iss: issuer, sub });
  const body = JSON.stringify({ run: { platform: 'aws-batch', run }, credential: { connector: 'vault', id: `token/${accessor}` }, reason: 'the nightly report reads the warehouse', minutes });
  return ask(`${apiUrl}leases`, certificate, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body });
};

const idIn = ({ status, text }: Answer): string => {
  const { id } = JSON.parse(text) as { id?: string };
  expect(status === 201 && id !== undefined, `the lease was answered ${status} ${text.slice(0, 300)}; see ${logFile}`);
  return id ?? '';
};

const released = async ({ clients, outputs }: Deployed, id: string, seconds: number): Promise<Lease> => {
  const leases = new Leases(clients.documents, outputs.LeasesTableName);
  let last: Lease | undefined;
  return until(
    async () => ((last = await leases.load(id))?.status === 'released' ? last : undefined),
    seconds,
    () => `the lease ${id} was not released within ${seconds} seconds: ${JSON.stringify(last?.lines, null, 1)}\nwhat the functions said: ${logFile}`,
  );
};

/** What EventBridge delivers when a Batch job is over. */
const batchEnded = (jobId: string) => ({
  source: 'aws.batch',
  'detail-type': 'Batch Job State Change',
  resources: [`arn:aws:batch:us-east-1:444455556666:job/${jobId}`],
  detail: { jobArn: `arn:aws:batch:us-east-1:444455556666:job/${jobId}`, jobId, jobName: 'nightly', jobQueue: 'arn:aws:batch:us-east-1:444455556666:job-queue/main', status: 'SUCCEEDED', stoppedAt: Date.now(), jobDefinition: 'arn:aws:batch:us-east-1:444455556666:job-definition/nightly:3' },
});

/** Lends vault tokens to two jobs: one ends by its platform's event, of the other nothing is ever heard. */
export const endLeases = async ({ check }: Checks, deployed: Deployed): Promise<void> => {
  const { world, house, clients } = deployed;
  const { accessors, vault } = world;
  await Promise.all([
    check('an end over EventBridge releases the lease: the token and what it minted are dead', async () => {
      const stranger = await register(deployed, job, accessors.runner, 30, 'nimbus:somebody-else');
      expect(stranger.status === 403, `a stranger's lease was answered ${stranger.status} ${stranger.text}`);
      const id = idIn(await register(deployed, job, accessors.runner, 30));
      expect(house.vault.alive(vault.runner) && house.vault.alive(vault.child), 'the tokens do not open before the job has ended');
      await putEvent(clients.events, batchEnded(job));
      const { note, registeredAt, endedAt } = await released(deployed, id, 60);
      expect(!house.vault.alive(vault.runner) && !house.vault.alive(vault.child), `the lease ${id} is released and its token, or the one that it minted, still opens`);
      const again = await register(deployed, job, accessors.runner, 30);
      expect(again.status === 409, `a lease of what is dead was answered ${again.status} ${again.text}`);
      const listed = await askSigned(deployed, 'leases', owner);
      expect(listed.status === 200 && listed.body.includes(id), `GET /leases does not show the lease: ${listed.status} ${listed.body.slice(0, 200)}`);
      deployed.say(`   ${((Date.parse(endedAt ?? '') - Date.parse(registeredAt)) / 1000).toFixed(1)} s after it was lent: ${note}`);
    }),
    check('a lease whose end never comes is released by its timer', async () => {
      const id = idIn(await register(deployed, lostJob, accessors.lost, 1));
      const { ending } = await released(deployed, id, 120);
      expect(ending?.kind === 'expired', `the lease ended otherwise: ${ending?.kind}`);
      expect(!house.vault.alive(vault.lost), `the lease ${id} is released and its token still opens`);
    }),
  ]);
};
