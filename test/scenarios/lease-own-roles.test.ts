import { IAMClient, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { expect, it } from 'vitest';
import { brokerRole } from '../lease-world.ts';
import { account } from '../world-of.ts';
import { inLeaseTown, quiet } from './lease-play.ts';

it("a right to every role is no right to Rescind's own: they are not lent, and nothing is written on them", async () => {
  const own = ['Rescind-release', 'Rescind-leases', 'Rescind-made-up'];
  await inLeaseTown(
    {
      runners: 1,
      aws: { roles: ['Rescind-made-up', 'worker'].map((name) => ({ name, createDate: '2025-01-01T00:00:00Z' })) },
      leases: { subjects: [{ name: 'broker', issuer: 'aws-iam', principal: brokerRole, platforms: ['nightly'], owner: 'platform', may: [{ connector: 'aws-role-session', id: `arn:aws:iam::${account}:role/*` }] }] },
    },
    async ({ town }) => {
      const lend = (id: string) => town.lease('/iam/leases', { principal: brokerRole }, { run: { platform: 'nightly', run: 'r' }, credential: { connector: 'aws-role-session', id }, reason: 'x', minutes: 5 });
      for (const role of own) {
        for (const time of ['', '@2026-11-22T14:00:00Z']) {
          expect(await lend(`arn:aws:iam::${account}:role/${role}${time}`), role).toEqual({ status: 409, body: { error: expect.stringContaining("a role of Rescind's own") as string } });
        }
      }
      expect(await town.rows()).toEqual([]);
      await quiet(town);
      for (const role of own) expect((await town.clientOf(IAMClient).send(new ListRolePoliciesCommand({ RoleName: role }))).PolicyNames, role).not.toContain('RescindEndedSessions');
      expect((await lend(`arn:aws:iam::${account}:role/worker`)).status).toBe(201);
    },
  );
});
