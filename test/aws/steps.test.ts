import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { perform } from '../../functions/aws/steps.ts';
import type { Acted } from '../../functions/core/connector.ts';
import { begun, openDesk, plannedIn, type Desk } from './desk.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(() => desk.close());

const id = 'c-0a';
const next = { kind: 'started' as const, attempt: 2, why: 'its playbook is not running' };
let acts: number;
const contain = (act: () => Promise<Acted> = () => Promise.resolve({ result: 'done', note: '' })) => {
  acts = 0;
  return perform('contain', { case: id, attempt: 1 }, desk.steps, new AbortController().signal, () => {
    acts += 1;
    return act();
  });
};

describe('an act of an attempt that was overtaken', () => {
  test('is not begun where the next attempt began after it had looked', async () => {
    await desk.write(id, ...begun(), plannedIn());
    desk.meanwhile('intent', () => desk.write(id, next));
    expect((await contain()).next).toBe('record');
    expect(acts).toBe(0);
    expect(await desk.kinds(id)).not.toContain('intent');
  });

  test('is not begun where a report asks for a new plan first', async () => {
    await desk.write(id, ...begun('name'), plannedIn());
    const { reports: [first] } = await desk.load(id);
    if (!first) throw new Error('it was not reported');
    desk.meanwhile('intent', () => desk.write(id, { kind: 'joined', report: { ...first, finding: 'f-2', caution: 'canary' }, proof: 'name' }));
    expect((await contain()).next).toBe('plan');
    expect(acts).toBe(0);
  });

  test('is told where it was done, and not where it could not be done: that is for the next attempt', async () => {
    for (const [acted, isTold] of [[{ result: 'done', note: '' }, true], [{ result: 'refused', reason: 'no', meanwhile: '' }, false]] as const) {
      await desk.close();
      desk = await openDesk();
      await desk.write(id, ...begun(), plannedIn());
      expect((await contain(async () => {
        await desk.write(id, next);
        return acted;
      })).next).toBe('record');
      expect((await desk.kinds(id)).includes('acted'), acted.result).toBe(isTold);
    }
  });

  test('is done once by the attempt that is at work', async () => {
    await desk.write(id, ...begun(), plannedIn());
    expect((await contain()).next).toBe('probe');
    expect(acts).toBe(1);
    expect((await contain()).next).toBe('probe');
    expect(acts).toBe(0);
  });
});
