import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gitleaksFinding, openTown, type Town } from '../town.ts';
import { keysOf, pairsWorld, replacedOf } from './pairs.ts';

const users = ['down', 'barred', 'partly'] as const;
type User = (typeof users)[number];

let town: Town;
beforeAll(async () => {
  town = await openTown(pairsWorld(users.map((user) => ({ user, owners: ['orders', 'orders'] }))), { speed: 100 });
});
afterAll(() => town.close());

const report = async (user: User, file: string) => {
  const [found] = await town.ended(await town.gitleaks([gitleaksFinding(town.value(`${user}Secret`), file)]), 60);
  if (!found) throw new Error('no case was opened');
  return found;
};
/** The successors of a user's key that are alive. */
const successorsOf = (user: User): string[] => keysOf(town, user).flatMap(({ id, status }) => (id !== town.value(`${user}Id`) && status === 'Active' ? [id] : []));
const openTasksOf = async (id: string): Promise<string[]> => (await town.get<{ tasks: { case: string; question: string }[] }>('/tasks?status=open')).tasks.flatMap((task) => (task.case === id ? [task.question] : []));

describe('a key that is dead while its successor cannot be put in place', () => {
  test('Secrets Manager is down for good: the case is red, names the key that was left, and is finished when it is reported again', async () => {
    town.behaviours.add({ service: 'secretsmanager', operation: 'PutSecretValue', resource: 'keys/down', effect: 'down', status: 503 });
    const red = await report('down', 'one.env');
    expect(red.outcomes).toMatchObject([{ outcome: 'confirmed', green: true }]);
    expect([red.status, red.closed]).toEqual(['not-contained', undefined]);
    expect(red.timeline.findLast(({ what }) => what === 'concluded')?.text).toMatch(/^not-contained: it is dead, but its successor was not written everywhere: .*ServiceUnavailable/);
    const [left, ...others] = successorsOf('down');
    expect(others).toEqual([]);
    expect(red.remaining.map(({ what }) => what)).toEqual([expect.stringContaining('its successor was not written everywhere'), expect.stringContaining(`${left ?? 'none'} was made as a successor and is alive`)]);
    expect(await openTasksOf(red.id)).toHaveLength(2);

    town.behaviours.set([]);
    const again = await report('down', 'two.env');
    expect([again.id, again.status, again.outcomes[0]?.outcome]).toEqual([red.id, 'contained', 'confirmed']);
    expect(replacedOf(town, 'down')).toEqual({ old: 'Inactive', successors: ['Active'], versions: [2, 2] });
    expect(successorsOf('down')).not.toContain(left);
    expect(again.remaining).toEqual([]);
    expect(await openTasksOf(red.id)).toEqual([]);
  });

  test('no key may be made: it stays dead and confirmed, and the case is red', async () => {
    town.behaviours.add({ service: 'iam', operation: 'CreateAccessKey', resource: 'barred', effect: 'refuse', status: 403, code: 'AccessDenied', message: 'no' });
    const red = await report('barred', 'three.env');
    expect([red.status, red.outcomes[0]?.outcome]).toEqual(['not-contained', 'confirmed']);
    expect(red.remaining).toMatchObject([{ kind: 'act', owner: 'orders', what: expect.stringContaining('its successor was not written everywhere: AccessDenied') as string }]);
    expect(replacedOf(town, 'barred')).toEqual({ old: 'Inactive', successors: [], versions: [1, 1] });
  });

  test('one bound copy refuses the new key: the case is red and names that copy', async () => {
    town.behaviours.add({ service: 'secretsmanager', operation: 'PutSecretValue', resource: 'keys/partly-2', effect: 'refuse', status: 400, code: 'AccessDeniedException', message: 'no' });
    const red = await report('partly', 'four.env');
    expect([red.status, red.outcomes[0]?.outcome]).toEqual(['not-contained', 'confirmed']);
    expect(red.copies?.replaced.map(({ name }) => name)).toEqual(['keys/partly-1']);
    expect(red.remaining).toMatchObject([{ what: expect.stringMatching(/^keys\/partly-2: AccessDenied/) as string }]);
  });

  test('after all of it nothing is green that lives and no value is to be seen', async () => {
    expect(await town.wrongs()).toEqual([]);
  });
});
