import { afterEach, describe, expect, it } from 'vitest';
import { secretsOf, startIndexHouse, usersOf, type IndexHouse } from './index-house.ts';

/** A page and a little more. */
const secrets = 110;
const users = 110;
const long = 300_000;

let house: IndexHouse | undefined;
afterEach(() => house?.close());

const open = async (world: { secrets?: number; users?: number } = {}): Promise<IndexHouse> =>
  (house = await startIndexHouse({ secrets: secretsOf(world.secrets ?? secrets), users: usersOf(world.users ?? 0) }));

/** Time that is up after it was asked for so often. */
const lasting = (asked: number): (() => number) => {
  let left = asked;
  return () => ((left -= 1) >= 0 ? long : 1_000);
};

const countOf = ({ calls }: IndexHouse, operation: string): number => calls.filter((called) => called.operation === operation).length;

/** Handles what the index sends itself until it sends nothing more; how many turns that took. */
const goOn = async (at: IndexHouse, remaining?: () => () => number): Promise<number> => {
  for (let turns = 0; ; turns += 1) {
    const [next, ...others] = at.sent();
    if (!next) return turns;
    expect([next, others]).toEqual([{ kind: 'continue' }, []]);
    await at.handle(next as object, remaining?.());
  }
};

/** Begins a walk whose time is up before its end. */
const cutOff = async (at: IndexHouse, asked: number): Promise<void> => {
  await at.handle({ kind: 'all' }, lasting(asked));
  expect(at.counted).not.toContain('IndexFinished');
};

/** How many credentials of an issuer the registry lists. */
const known = async ({ deps }: IndexHouse, issuer: string): Promise<number> => {
  let found = 0;
  let cursor: string | undefined;
  do {
    const page = await deps.registry.list(200, deps.configuration, cursor);
    found += page.items.filter((credential) => credential.issuer === issuer).length;
    cursor = page.cursor;
  } while (cursor);
  return found;
};

describe('a walk that runs out of time', () => {
  it('saves how far it came, tells itself to go on, and reads no value twice', async () => {
    const at = await open({ users });
    await cutOff(at, 70);
    expect(countOf(at, 'GetSecretValue')).toBeGreaterThan(50);
    expect(countOf(at, 'GetSecretValue')).toBeLessThan(100);
    const turns = await goOn(at, () => lasting(108));
    expect(turns).toBeGreaterThanOrEqual(3);
    expect(at.counted.filter((metric) => metric === 'IndexFinished')).toHaveLength(1);
    expect(countOf(at, 'GetSecretValue')).toBe(secrets);
    expect([await known(at, 'unknown'), await known(at, 'aws-iam-key')]).toEqual([secrets, users]);
    expect(await at.deps.registry.walk()).toMatchObject({ phase: 'done', seen: secrets, changed: secrets });
  });

  it('goes on with the page of users that it came to, not with the first', async () => {
    const at = await open({ secrets: 1, users });
    await cutOff(at, 106);
    const before = countOf(at, 'ListAccessKeys');
    expect(before).toBeGreaterThan(100);
    await goOn(at);
    expect(countOf(at, 'ListAccessKeys') - before).toBeLessThanOrEqual(users - 100);
    expect(await known(at, 'aws-iam-key')).toBe(users);
  });

  it('also where it is told to stop in the middle of a call', async () => {
    const at = await open();
    const stop = new AbortController();
    at.behaviours.add({ service: 'secretsmanager', operation: 'GetSecretValue', effect: 'delay', seconds: 20, times: 1 });
    const walking = at.handle({ kind: 'all' }, undefined, stop.signal);
    setTimeout(() => stop.abort(), 300);
    await walking;
    expect(at.counted).not.toContain('IndexFinished');
    await goOn(at);
    expect(at.counted).toContain('IndexFinished');
    expect(await known(at, 'unknown')).toBe(secrets);
  });

  it('still tells when it last came to its end', async () => {
    const at = await open({ secrets: 3 });
    await at.handle({ kind: 'all' });
    const finishedAt = (await at.deps.registry.walk())?.finishedAt;
    expect(finishedAt).toMatch(/^20/);
    await at.handle({ kind: 'tick' }, lasting(1));
    expect(await at.deps.registry.walk()).toMatchObject({ phase: 'secrets', finishedAt });
  });

  it('says so where a call fails for another reason, and lets the next one go on at once', async () => {
    const at = await open();
    await cutOff(at, 101);
    at.behaviours.add({ service: 'secretsmanager', operation: 'ListSecrets', effect: 'throttle', times: 1 });
    await expect(at.handle(at.sent()[0] as object)).rejects.toThrow();
    await at.handle({ kind: 'tick' });
    expect(countOf(at, 'GetSecretValue')).toBe(secrets);
    expect(at.counted).toContain('IndexFinished');
  });
});

describe('a place to go on from that the provider has forgotten', () => {
  it('begins the secrets again, and reads no value twice', async () => {
    const at = await open();
    await cutOff(at, 105);
    at.behaviours.add({ service: 'secretsmanager', operation: 'ListSecrets', effect: 'refuse', status: 400, code: 'InvalidNextTokenException', message: 'The NextToken value is invalid.', times: 1 });
    await goOn(at);
    expect(at.counted).toContain('IndexFinished');
    expect(countOf(at, 'GetSecretValue')).toBe(secrets);
    expect((await at.deps.registry.walk())?.seen).toBe(secrets);
  });

  it('begins the users again', async () => {
    const at = await open({ secrets: 1, users });
    await cutOff(at, 105);
    at.behaviours.add({ service: 'iam', operation: 'ListUsers', effect: 'refuse', status: 400, code: 'ValidationError', message: 'Invalid Marker.', times: 1 });
    await goOn(at);
    expect(at.counted).toContain('IndexFinished');
    expect(await known(at, 'aws-iam-key')).toBe(users);
  });

  it('does not begin for ever where even a new token is refused', async () => {
    const at = await open();
    await cutOff(at, 105);
    at.behaviours.add({ service: 'secretsmanager', operation: 'ListSecrets', effect: 'refuse', status: 400, code: 'InvalidNextTokenException', message: 'The NextToken value is invalid.' });
    const before = countOf(at, 'ListSecrets');
    await expect(at.handle(at.sent()[0] as object)).rejects.toThrow();
    expect(countOf(at, 'ListSecrets') - before).toBe(2);
  });
});

describe('more than one walk at a time', () => {
  it('does no harm: everything is known, one of them comes to its end, and nothing is left to do', async () => {
    const at = await open({ secrets: 30, users: 20 });
    await Promise.all([{ kind: 'all' }, { kind: 'all' }, { kind: 'tick' }, { kind: 'continue' }].map((message) => at.handle(message)));
    await goOn(at);
    expect([await known(at, 'unknown'), await known(at, 'aws-iam-key')]).toEqual([30, 20]);
    expect(await at.deps.registry.walk()).toMatchObject({ phase: 'done' });
    expect(at.counted.filter((metric) => metric === 'IndexFinished')).toHaveLength(1);
  });

  it('is none where a message to go on comes late or twice', async () => {
    const at = await open({ secrets: 3 });
    await at.handle({ kind: 'all' });
    at.calls.length = 0;
    await at.handle({ kind: 'continue' });
    expect(at.calls).toEqual([]);
    await at.handle({ kind: 'tick' });
    expect(countOf(at, 'ListSecrets')).toBe(1);
  });

  it('leaves the walk to the one that took it over', async () => {
    const at = await open();
    at.behaviours.add({ service: 'secretsmanager', operation: 'ListSecrets', effect: 'delay', seconds: 1, times: 1 });
    const overtaken = at.handle({ kind: 'tick' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await at.handle({ kind: 'all' }, lasting(101));
    const saved = await at.deps.registry.walk();
    await overtaken;
    expect(await at.deps.registry.walk()).toEqual(saved);
    expect(at.sent()).toEqual([{ kind: 'continue' }]);
  });
});
