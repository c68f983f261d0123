import { afterEach, describe, expect, it } from 'vitest';
import { account, functionCaller } from '../house.ts';
import { credentialOf, momentAfter, openRoleHouse, sessionArn, type RoleHouse } from './subject.ts';

let subject: RoleHouse;
afterEach(() => subject.close());

const arnOf = (role: string): string => `arn:aws:iam::${account}:role/${role}`;
const roles = ['Rescind-release', 'rescind-timers', 'Rescinded', functionCaller.roleName].map((name) => ({ name, createDate: '2025-01-01T00:00:00Z' }));
const open = async (ownRoles?: string[]) => (subject = await openRoleHouse({ ownRoles, world: { roles } }));
const why = expect.stringContaining("a role of Rescind's own") as string;

/** What is said of a role's sessions before they are lent, and what becomes of an act. */
const asked = async (name: string) => {
  const found = await subject.issuer.find(credentialOf(name), subject.context());
  const notes: Record<string, unknown>[] = [];
  const acts = [];
  for (const verb of ['contain', 'revoke'] as const) acts.push(await subject.issuer[verb]?.(credentialOf(name), subject.context({ notes })));
  return { found, acts, notes };
};
const expectKept = async (name: string): Promise<void> => {
  const { found, acts, notes } = await asked(name);
  expect(found, name).toMatchObject({ exists: true, protectedBy: why });
  expect(acts, name).toMatchObject([{ result: 'refused', reason: why }, { result: 'refused', reason: why }]);
  expect([notes, subject.writes()], name).toEqual([[], 0]);
};

describe("sessions of Rescind's own roles", () => {
  it('are never lent and never ended, however they are named', async () => {
    await open(['Rescind-*']);
    await expectKept(arnOf('Rescind-release'));
    await expectKept(`${arnOf('Rescind-release')}@${momentAfter(subject.house)}`);
    await expectKept(sessionArn('job-1', 'Rescind-release'));
    await expectKept(arnOf('rescind-timers'));
    expect(subject.policy('Rescind-release')).toBeUndefined();
  });

  it('are those of the role that runs at this moment where none is listed', async () => {
    await open();
    await expectKept(arnOf(functionCaller.roleName));
    await expectKept(sessionArn('act', functionCaller.roleName));
    expect((await asked(arnOf('Rescind-release'))).acts).toMatchObject([{ result: 'done' }, { result: 'already' }]);
  });

  it('are not those of a role whose name only begins alike', async () => {
    await open(['Rescind-*', 'Other']);
    await expectKept(arnOf('Other'));
    const { found, acts } = await asked(arnOf('Rescinded'));
    expect(found.protectedBy).toBeUndefined();
    expect(acts).toMatchObject([{ result: 'done' }, { result: 'already' }]);
  });

  it('of a name like ours in another account are told to be of another account', async () => {
    await open(['Rescind-*']);
    const { found, acts } = await asked('arn:aws:iam::999988887777:role/Rescind-release');
    expect(found).toMatchObject({ exists: false, note: expect.stringContaining('another account') as string });
    expect(acts[0]).toMatchObject({ result: 'refused', reason: expect.stringContaining('another account') as string });
  });
});
