import { account, type Wanted } from './world-of.ts';
import { accessorOf, brokerRole, leaseWorldOf, openLeaseTown, type LeaseTown } from './lease-world.ts';
import type { openTown } from './town.ts';

const role = `arn:aws:iam::${account}:role/nightly`;
const rescindLent = { 'rescind:lent': 'job' };

const credentials = {
  vault: { connector: 'vault', id: `token/${accessorOf(1)}` },
  role: { connector: 'aws-role-session', id: role },
  secret: { connector: 'aws-secrets-manager', id: 'secret/jobs/one' },
};

const world = () => {
  const aws: Wanted['aws'] = {
    secrets: [{ name: 'jobs/one', value: 'one', tags: rescindLent }, { name: 'jobs/two', value: 'two', tags: rescindLent }],
    roles: [{ name: 'nightly' }],
  };
  const may = [
    { connector: 'vault', id: 'token/*', where: { 'meta.repository_id': '7001' } },
    { connector: 'aws-role-session', id: role },
    { connector: 'aws-iam-key', id: 'AKIA*' },
    { connector: 'aws-secrets-manager', id: 'secret/jobs/*' },
    // the canonical name of a secret is its ARN
    { connector: 'aws-secrets-manager', id: 'secret/arn:*:secret:jobs/*' },
  ];
  const app = { name: 'app', issuer: '${oidc.github.url}', claims: { repository_id: '7001', repository_owner_id: '42' }, owner: 'orders', may: [{ connector: 'vault', id: 'token/*', where: { 'meta.repository_id': '{repository_id}' } }] };
  const leases = { subjects: [app, { name: 'broker', issuer: 'aws-iam', principal: brokerRole, platforms: ['nightly', 'aws-batch'], owner: 'platform', may }] };
  return leaseWorldOf({ runners: 4, aws, leases, pair: { copies: 1 } });
};

/**
 * Lends one credential of each kind that can be lent, has their ends refused once so that each becomes a case, and lends more that
 * end in all other ways: by hand, by an operator, by their timer, renewed, handed on.
 */
export const playEveryLease = async (options: Parameters<typeof openTown>[1]): Promise<LeaseTown> => {
  const town = await openLeaseTown(world(), { speed: 100, ...options });
  const who = { principal: brokerRole };
  const lend = async (credential: object, run: string, minutes = 30): Promise<string> => {
    const { status, body } = await town.lease('/iam/leases', who, { run: { platform: 'nightly', run }, credential, reason: 'the nightly job', minutes });
    if (status !== 201 || !body.id) throw new Error(`a lease was answered ${status} ${JSON.stringify(body)}`);
    return body.id;
  };
  const refused = [
    { service: 'vault', operation: 'POST /v1/auth/token/revoke-accessor', effect: 'refuse', status: 403, times: 2 },
    { service: 'iam', operation: 'PutRolePolicy', effect: 'refuse', status: 403, code: 'AccessDenied', message: 'no', times: 1 },
    { service: 'secretsmanager', operation: 'DeleteSecret', effect: 'refuse', status: 400, code: 'AccessDeniedException', message: 'no', times: 1 },
  ] as const;
  for (const behaviour of refused) town.behaviours.add(behaviour);
  const first = await Promise.all(Object.entries(credentials).map(([run, credential]) => lend(credential, run)));
  for (const id of first) await town.lease(`/iam/leases/${id}/end`, who);
  for (const id of first) await town.becomes(id, 'released');
  await town.until(async () => (await town.views()).length === 3 && (await town.views()).every(({ ended }) => ended), 'each of them was a case', 30);
  // two holders of one token, the second by a platform's event; renewed and ended by an operator; ended by a timer
  const [one, two] = [await lend({ connector: 'vault', id: `token/${accessorOf(2)}` }, 'a'), await lend({ connector: 'vault', id: `token/${accessorOf(2)}` }, 'b')];
  await town.lease(`/iam/leases/${one}/renew`, who, { minutes: 45 });
  await town.lease(`/iam/leases/${one}/end`, who);
  await town.becomes(one, 'handed-on');
  await town.ask('POST', `/leases/${two}/revoke`, { reason: 'the host is suspect' });
  await town.becomes(two, 'released');
  const last = await lend({ connector: 'vault', id: `token/${accessorOf(3)}` }, 'c', 1);
  await town.becomes(last, 'released');
  // an IAM key, for a run that its platform's webhook ends
  const key = await lend({ connector: 'aws-iam-key', id: town.value('key') }, 'd');
  await town.lease(`/iam/leases/${key}/end`, who);
  await town.becomes(key, 'released');
  const { body } = await town.register(4, 500);
  await town.runEnded(500);
  await town.becomes(body.id ?? '', 'released');
  await town.rows();
  await town.due();
  await town.due('day');
  await town.until(() => town.platform.sqs.queues.queue('rescind-ends').messages.size === 0, 'all ends are handled');
  return town;
};
