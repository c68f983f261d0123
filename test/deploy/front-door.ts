import { ask } from './ask.ts';
import { expect } from './checks.ts';
import { askSigned } from './detectors.ts';
import type { Deployed } from './deployed.ts';
import { casesIn } from './ledger.ts';
import { owner } from './ministack.ts';
import { postAsGithub } from './senders.ts';

/** A delivery that is signed with another secret is refused, and nothing of it is kept. */
export const refusesForgery = async (deployed: Deployed): Promise<void> => {
  const { status, text } = await postAsGithub(deployed, deployed.world.signing.gitleaks);
  expect(status === 401, `a delivery signed with another secret was answered ${status} ${text}`);
  const cases = await casesIn(deployed);
  expect(cases.length === 0, `a refused delivery left ${cases.length} cases`);
};

/** Cases are shown to nobody without AWS credentials, and to somebody with them. */
export const showsCasesToTheRightPeople = async (deployed: Deployed): Promise<void> => {
  const nobody = await ask(`${deployed.apiUrl}cases`, deployed.certificate);
  expect(nobody.status === 403, `GET /cases without AWS credentials was answered ${nobody.status}`);
  const stranger = await askSigned(deployed, 'cases', { accessKeyId: ['AK', 'IA', 'STRANGERSTRANGER'].join(''), secretAccessKey: 'made up' });
  expect(stranger.status === 403, `GET /cases with unknown AWS credentials was answered ${stranger.status}`);
  const { status, body } = await askSigned(deployed, 'cases', owner);
  expect(status === 200 && Array.isArray((JSON.parse(body) as { cases?: unknown }).cases), `GET /cases with AWS credentials was answered ${status} ${body.slice(0, 200)}`);
};
