import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addHolder, forgetHolders, holdersOf } from '../../functions/aws/lease-holders.ts';
import { takeEnd } from '../../functions/aws/take-end.ts';
import { isOver, type Lease } from '../../functions/core/lease.ts';
import { openLeaseDesk, runEnded } from './lease-desk.ts';

let desk: Awaited<ReturnType<typeof openLeaseDesk>>;
beforeAll(async () => {
  desk = await openLeaseDesk();
});
afterEach(() => desk.meanwhile(undefined));
afterAll(() => desk.close());

let count = 0;
const lendTo = async (runs: number, more: { jobRole?: true } = {}): Promise<Lease[]> => {
  const credential = more.jobRole ? `aws-role-session:arn:aws:iam::111122223333:role/r${++count}` : `vault:token/t${++count}`;
  const leases: Lease[] = [];
  for (let n = 1; n <= runs; n += 1) leases.push(await desk.lend(credential, `${count}-${n}`, more));
  return leases;
};
const [first, second] = [(leases: Lease[]) => leases[0] as Lease, (leases: Lease[]) => leases[1] as Lease];
const end = async (lease: Lease, why = runEnded) => (await takeEnd(lease, why, desk.deps))?.lease;
const now = async ({ id }: Lease): Promise<Lease> => (await desk.others.load(id)) as Lease;
/** As a crash leaves it, or another version of the code: over, and still among the holders. */
const deadAmong = async (credential: string): Promise<Lease> => {
  const dead = await desk.lend(credential, `dead-${++count}`);
  await desk.others.tell(dead.id, () => ({ kind: 'handed-on', why: runEnded, to: [] }));
  return dead;
};

describe('the end of one of several leases on a credential', () => {
  it.each([2, 5, 25, 60])('reads the holders and one of them, although there are %i', async (runs) => {
    const leases = await lendTo(runs);
    expect(await desk.readsOf(() => end(first(leases)))).toBe(2);
    expect((await now(first(leases))).status).toBe('handed-on');
  });

  it('names one that is alive with its run, others by their ids, and says how many more there are', async () => {
    const leases = await lendTo(25);
    await end(first(leases));
    const told = (await now(first(leases))).with ?? [];
    expect(told[0]).toMatch(/^l-[0-9a-f]+-[0-9a-f]+ \(nightly \d+-\d+\)$/);
    expect(told).toHaveLength(11);
    expect(new Set(told.slice(0, 10).map((text) => text.split(' ')[0])).size).toBe(10);
    expect(leases.slice(1).map(({ id }) => id)).toEqual(expect.arrayContaining(told.slice(1, 10)));
    expect(told[10]).toBe('14 more');
  });

  it('takes it only when it is the last, one after the other', async () => {
    const leases = await lendTo(12);
    for (const [n, lease] of leases.entries()) expect((await end(lease))?.id).toBe(n === 11 ? lease.id : undefined);
    expect((await Promise.all(leases.map(now))).map(({ status }) => status)).toEqual([...Array.from({ length: 11 }, () => 'handed-on'), 'active']);
  });

  it('takes it exactly once when forty end at once', async () => {
    const leases = await lendTo(40);
    const taken = (await Promise.all(leases.map((lease) => end(lease)))).filter((lease) => lease !== undefined);
    expect(taken).toHaveLength(1);
    expect(await holdersOf(desk.others, first(leases).terms.credential)).toEqual({ leases: [], ending: taken[0]?.id });
    expect((await Promise.all(leases.map(now))).filter((lease) => !isOver(lease)).map(({ id }) => id)).toEqual([taken[0]?.id]);
  });

  it.each([1, 3, 40])('is not kept alive by %i that are over and were never taken off', async (runs) => {
    const leases = await lendTo(1);
    for (let n = 0; n < runs; n += 1) await deadAmong(first(leases).terms.credential);
    expect((await end(first(leases)))?.id).toBe(first(leases).id);
  });

  it('does not count on one that has just left, although others are noted: they may be over', async () => {
    const leases = await lendTo(2);
    const [mine, other] = [first(leases), second(leases)];
    let isDone = false;
    desk.meanwhile(async ({ name, input }) => {
      if (isDone || name !== 'Query' || !JSON.stringify(input).includes(other.id)) return;
      isDone = true;
      // it saw us alive, and left
      expect(await takeEnd(other, runEnded, { ...desk.deps, leases: desk.others })).toBeUndefined();
      await deadAmong(mine.terms.credential);
    });
    expect((await end(mine))?.id).toBe(mine.id);
    expect([isDone, (await now(other)).status]).toEqual([true, 'handed-on']);
  });

  it('is handed on to the one that is taking it back, and not to one that is over', async () => {
    const leases = await lendTo(2);
    const [mine, other] = [first(leases), second(leases)];
    // we left, and a crash came before we said so
    await end(mine);
    expect((await end(other))?.id).toBe(other.id);
    expect(await end(mine)).toBeUndefined();
    await forgetHolders(desk.others, mine.terms.credential, other.id);
    await desk.others.tell(other.id, () => ({ kind: 'handed-on', why: runEnded, to: [] }));
    const late = await desk.lend(mine.terms.credential, `late-${count}`);
    await addHolder(desk.others, mine.terms.credential, other.id);
    expect((await end(late))?.id).toBe(late.id);
  });
});

describe('the end of a run that shares its role', () => {
  it.each([2, 6, 25])('looks at five others at most, of %i', async (runs) => {
    const leases = await lendTo(runs, { jobRole: true });
    expect(await desk.readsOf(() => end(first(leases)))).toBe(1 + Math.min(5, runs - 1));
    const { status, with: others = [] } = await now(first(leases));
    expect([status, others.filter((text) => text.includes('(nightly ')).length]).toEqual(['shared', Math.min(5, runs - 1)]);
    expect(others.at(-1)).toMatch(runs === 25 ? /^14 more$/ : /^l-/);
  });

  it('is alone when the others are over', async () => {
    const leases = await lendTo(8, { jobRole: true });
    for (const lease of leases.slice(1)) await desk.others.tell(lease.id, () => ({ kind: 'observed', why: runEnded }));
    expect((await end(first(leases)))?.id).toBe(first(leases).id);
  });
});
