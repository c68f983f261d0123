import { CreateAccessKeyCommand, DeleteAccessKeyCommand } from '@aws-sdk/client-iam';
import { GetSessionTokenCommand } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, it } from 'vitest';
import type { Acted, Child, Credential, Probed, Store } from '../../../functions/core/connector.ts';
import { newPair } from '../house.ts';
import { openKeyHouse, user, type KeyHouse } from './subject.ts';

const renamed = 'orders-service-v2';
/** What the registry remembers: the name before. */
const remembered = (): Credential => subject.credential;

let subject: KeyHouse;
afterEach(() => subject.close());

/** IAM's own way of renaming: everything of the user stays as it is under another name. */
const rename = (from: string, to: string): void => {
  const { users, keys, sessions, policies } = subject.house.aws.state();
  const known = users[from];
  if (!known) throw new Error(`there is no user ${from}`);
  users[to] = { ...known, name: to };
  delete users[from];
  for (const key of Object.values(keys)) if (key.userName === from) key.userName = to;
  for (const session of Object.values(sessions)) if (session.kind === 'user' && session.principal === from) session.principal = to;
  for (const [name, policy] of Object.entries(policies)) {
    if (!name.startsWith(`user/${from}/`)) continue;
    policies[name.replace(`user/${from}/`, `user/${to}/`)] = policy;
    delete policies[name];
  }
};

/** A house whose user was renamed after the index saw it; with `namesake` a new user has taken the old name. */
const open = async ({ namesake = false } = {}): Promise<KeyHouse> => {
  const innocent = newPair();
  subject = await openKeyHouse({ world: () => ({ users: namesake ? [{ name: 'namesake', keys: [{ ...innocent, status: 'Active' as const }] }] : [] }) });
  rename(user, renamed);
  if (namesake) rename('namesake', user);
  return subject;
};

const statusOf = (): string | undefined => subject.house.aws.state().keys[subject.pair.id]?.status;
const deniedUsers = (): string[] => Object.keys(subject.house.aws.state().policies).flatMap((name) => /^user\/(.+)\/RescindDenyOlderSessions$/.exec(name)?.[1] ?? []);
const keysOf = (name: string): string[] => Object.values(subject.house.aws.state().keys).flatMap(({ id, userName }) => (userName === name ? [id] : []));
const contain = (): Promise<Acted> => subject.issuer.contain?.(remembered(), subject.context()) as Promise<Acted>;
const byRecord = (credential = remembered()): Promise<Probed> => subject.issuer.probe(credential, undefined, subject.context());
const childrenOf = (acted: Acted): Child[] => ('children' in acted ? (acted.children ?? []) : []);

describe.each([false, true])('a key whose user was renamed (a new user has the old name: %s)', (namesake) => {
  it('is found with the name that its user has now', async () => {
    await open({ namesake });
    expect(await subject.issuer.find(remembered(), subject.context())).toMatchObject({ exists: true, principal: renamed });
  });

  it('is alive by the record for as long as it is', async () => {
    await open({ namesake });
    expect(await byRecord()).toMatchObject({ verdict: 'alive', basis: 'record' });
    expect(subject.alive()).toBe(true);
    await contain();
    expect(await byRecord()).toMatchObject({ verdict: 'dead', basis: 'record', control: true });
    expect(subject.alive()).toBe(false);
  });

  it('is deactivated, and the sessions of its own user are denied and of nobody else', async () => {
    await open({ namesake });
    expect((await contain()).result).toBe('done');
    expect(statusOf()).toBe('Inactive');
    expect(deniedUsers()).toEqual([renamed]);
  });

  it('gets a successor of its own user', async () => {
    await open({ namesake });
    const before = keysOf(user);
    expect(await subject.issuer.rotate?.(remembered(), subject.stores as Store, subject.context())).toMatchObject({ result: 'done' });
    expect(keysOf(renamed)).toHaveLength(2);
    expect(keysOf(user)).toEqual(before);
  });

  it('is deleted', async () => {
    await open({ namesake });
    expect(await subject.issuer.revoke?.(remembered(), subject.context())).toMatchObject({ result: 'done' });
    expect(statusOf()).toBeUndefined();
  });
});

describe('a key that nobody has any more', () => {
  it('does not make the sessions of its user dead, whose name may only have changed', async () => {
    subject = await openKeyHouse();
    await subject.sts(subject.pair).send(new GetSessionTokenCommand({}));
    rename(user, renamed);
    await subject.iam.send(new DeleteAccessKeyCommand({ UserName: renamed, AccessKeyId: subject.pair.id }));
    const acted = await contain();
    expect(acted.result).toBe('already');
    expect(subject.house.aws.sessions().map(({ alive }) => alive)).toEqual([true]);
    expect(childrenOf(acted).map(({ id, accounted }) => [id.split(':')[0], accounted])).toEqual([['aws-user-session', false]]);
  });

  it('is dead by the record where IAM will not speak of it but tells of another key of that user', async () => {
    subject = await openKeyHouse();
    await subject.remove?.();
    subject.behaviours.add({ service: 'iam', operation: 'GetAccessKeyLastUsed', resource: subject.pair.id, effect: 'refuse', status: 403, code: 'AccessDenied', message: 'no' });
    expect(await byRecord()).toMatchObject({ verdict: 'unknown', control: false });
    await subject.iam.send(new CreateAccessKeyCommand({ UserName: user }));
    expect(await byRecord()).toMatchObject({ verdict: 'dead', basis: 'record', control: true });
  });
});
