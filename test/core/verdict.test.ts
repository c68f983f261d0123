import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Probed } from '../../functions/core/connector.ts';
import { claimOf, gapSeconds, verdictOf, type TimedProbe } from '../../functions/core/verdict.ts';

const settle = { typical: 4, max: 60 };
const probed = (verdict: Probed['verdict'], control = true, basis: Probed['basis'] = 'value'): Probed => ({ verdict, control, basis, note: verdict });
const at = (seconds: number, verdict: Probed['verdict'], control = true, basis: Probed['basis'] = 'value'): TimedProbe => ({ at: seconds * 1000, probed: probed(verdict, control, basis) });

describe('when dead is believed', () => {
  test('nothing is judged before the typical settle time', () => {
    expect(verdictOf([], 0, settle)).toEqual({ verdict: 'not-yet', probeAt: 4000 });
    expect(verdictOf([at(1, 'dead'), at(3.9, 'dead')], 0, settle)).toEqual({ verdict: 'not-yet', probeAt: 4000 });
  });

  test('two dead probes one gap apart are dead, one is not', () => {
    expect(verdictOf([at(4, 'dead')], 0, settle)).toEqual({ verdict: 'not-yet', probeAt: 8000 });
    expect(verdictOf([at(4, 'dead'), at(5, 'dead')], 0, settle).verdict).toBe('not-yet');
    expect(verdictOf([at(4, 'dead'), at(8, 'dead')], 0, settle)).toMatchObject({ verdict: 'dead', basis: 'value' });
  });

  test('an alive between two dead ones starts the count anew', () => {
    expect(verdictOf([at(4, 'dead'), at(8, 'alive'), at(12, 'dead')], 0, settle).verdict).toBe('not-yet');
    expect(verdictOf([at(4, 'dead'), at(8, 'alive'), at(12, 'dead'), at(16, 'dead')], 0, settle).verdict).toBe('dead');
  });

  test('dead without its control is not dead, however often', () => {
    const probes = [4, 8, 14, 23, 38, 53, 60, 64].map((second) => at(second, 'dead', false));
    expect(verdictOf(probes, 0, settle).verdict).toBe('unknown');
  });

  test('a pair of which one only read the record is attested, not confirmed', () => {
    expect(verdictOf([at(4, 'dead', true, 'record'), at(8, 'dead')], 0, settle)).toMatchObject({ verdict: 'dead', basis: 'record' });
  });

  test('waiting ends at the maximum with what was seen last', () => {
    expect(verdictOf([at(4, 'alive'), at(60, 'alive')], 0, settle).verdict).toBe('alive');
    expect(verdictOf([at(4, 'unknown'), at(61, 'unknown')], 0, settle).verdict).toBe('unknown');
  });

  test('a first dead at the maximum gets its second probe', () => {
    expect(verdictOf([at(4, 'alive'), at(60, 'dead')], 0, settle)).toEqual({ verdict: 'not-yet', probeAt: 64_000 });
    expect(verdictOf([at(4, 'alive'), at(60, 'dead'), at(64, 'dead')], 0, settle).verdict).toBe('dead');
    expect(verdictOf([at(4, 'alive'), at(60, 'dead'), at(64, 'alive')], 0, settle).verdict).toBe('alive');
  });

  test('where only another rotation can change it, the first alive is enough', () => {
    expect(verdictOf([at(4, 'alive')], 0, settle, true).verdict).toBe('alive');
    expect(verdictOf([at(2, 'alive')], 0, settle, true).verdict).toBe('not-yet');
  });

  test('no sequence of probes is dead unless its last two believable ones are dead with a control', () => {
    const answer = fc.record({ wait: fc.double({ min: 0.5, max: 20, noNaN: true }), verdict: fc.constantFrom<Probed['verdict']>('dead', 'alive', 'unknown'), control: fc.boolean() });
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 30 }), (answers) => {
        let time = 0;
        const probes = answers.map(({ wait, verdict, control }) => at((time += wait), verdict, control));
        const verdict = verdictOf(probes, 0, settle);
        const believed = probes.filter((probe) => probe.at >= settle.typical * 1000);
        const lastTwo = believed.slice(-2);
        if (verdict.verdict === 'dead') {
          expect(lastTwo).toHaveLength(2);
          for (const probe of lastTwo) expect(probe.probed).toMatchObject({ verdict: 'dead', control: true });
        }
      }),
    );
  });

  test('following its own schedule it always ends, and soon after the maximum', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<Probed['verdict']>('dead', 'alive', 'unknown'), { minLength: 60, maxLength: 60 }), fc.integer({ min: 0, max: 30 }), (answers, typical) => {
        const facts = { typical, max: typical + 30 };
        const probes: TimedProbe[] = [];
        for (const answer of answers) {
          const verdict = verdictOf(probes, 0, facts);
          if (verdict.verdict !== 'not-yet') break;
          expect(verdict.probeAt).toBeGreaterThan(probes.at(-1)?.at ?? -1);
          probes.push({ at: verdict.probeAt, probed: probed(answer) });
        }
        expect(verdictOf(probes, 0, facts).verdict).not.toBe('not-yet');
        expect((probes.at(-1)?.at ?? 0) / 1000).toBeLessThanOrEqual(facts.max + 4 * gapSeconds(facts));
      }),
    );
  });
});

describe('a claim, before anything is touched', () => {
  test('one alive proves it', () => {
    expect(claimOf([at(0, 'unknown'), at(4, 'alive')], settle, 0).verdict).toBe('alive');
  });

  test('dead needs its pair, unknown is asked three times', () => {
    expect(claimOf([at(0, 'dead')], settle, 0)).toEqual({ verdict: 'not-yet', probeAt: 4000 });
    expect(claimOf([at(0, 'dead'), at(4, 'dead')], settle, 0).verdict).toBe('dead');
    expect(claimOf([at(0, 'unknown'), at(4, 'unknown'), at(8, 'unknown')], settle, 0).verdict).toBe('unknown');
  });
});
