import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Acted, Probed } from '../../functions/core/connector.ts';
import type { Lease } from '../../functions/core/lease.ts';
import { caseReason, deathAfter, dueAfter, isTriedSince, mustAct, noteOf, untilOver, type Tried } from '../../functions/core/lease-move.ts';

const now = new Date('2026-05-01T10:00:00Z');
const t = now.getTime();
const atOnce = { typical: 0, max: 0 };
const slow = { typical: 10, max: 120 };
const done: Acted = { result: 'done', note: 'revoked' };
const probed = (verdict: Probed['verdict'], at: number, control = verdict === 'dead'): Tried['probes'][number] => ({ at, probed: { verdict, basis: 'record', control, note: `${verdict} it is` } });
const lease = (more: Partial<Lease> = {}): Lease => ({ tries: 0, probes: [], lines: [], status: 'active', ...more }) as unknown as Lease;
const acts: Acted[] = [done, { result: 'already', note: 'gone' }, { result: 'pending', note: 'under way', seconds: 15 }, { result: 'refused', reason: 'no', meanwhile: 'nothing' }, { result: 'ask', question: 'sure?' }];

describe('death', () => {
  test('is believed after an act that may have killed, from two probes with a control', () => {
    expect(deathAfter(lease(), { acted: done, actedAt: t, probes: [probed('dead', t), probed('dead', t)] }, atOnce)).toMatchObject({ verdict: 'dead', basis: 'record' });
    expect(deathAfter(lease(), { acted: done, actedAt: t, probes: [probed('dead', t)] }, atOnce)?.verdict).toBe('not-yet');
    expect(deathAfter(lease(), { acted: done, actedAt: t, probes: [probed('dead', t, false), probed('dead', t, false)] }, atOnce)?.verdict).not.toBe('dead');
    expect(deathAfter(lease(), { acted: done, actedAt: t, probes: [probed('dead', t), probed('dead', t)] }, slow)?.verdict).toBe('not-yet');
  });

  test('goes on from an earlier act with the probes since, and never counts those from before a new one', () => {
    const before = lease({ act: { at: t - 20_000, acted: done }, probes: [probed('dead', t - 9_000)] });
    expect(deathAfter(before, { probes: [probed('dead', t + 1_000)] }, slow)?.verdict).toBe('dead');
    expect(deathAfter(before, { acted: done, actedAt: t, probes: [probed('dead', t + 10_000)] }, slow)?.verdict).toBe('not-yet');
  });

  test('is never seen where nothing was done that could kill, whatever the probes say', () => {
    const probes = fc.array(fc.record({ verdict: fc.constantFrom('dead' as const, 'alive' as const, 'unknown' as const), at: fc.integer({ min: 0, max: 200_000 }), control: fc.boolean() }));
    fc.assert(
      fc.property(probes, fc.constantFrom(...acts.slice(2), undefined), fc.boolean(), (given, acted, isQuick) => {
        const tried: Tried = { probes: given.map(({ verdict, at, control }) => probed(verdict, t + at, control)), ...(acted ? { acted, actedAt: t } : {}) };
        expect(deathAfter(lease(), tried, isQuick ? atOnce : slow)?.verdict).not.toBe('dead');
      }),
    );
  });

  test('is never seen without two probes in a row that say so with a control', () => {
    const probes = fc.array(fc.record({ verdict: fc.constantFrom('dead' as const, 'alive' as const, 'unknown' as const), gap: fc.integer({ min: 0, max: 30_000 }), control: fc.boolean() }));
    fc.assert(
      fc.property(probes, fc.boolean(), (given, isQuick) => {
        let at = t;
        const all = given.map(({ verdict, gap, control }) => probed(verdict, (at += gap), control));
        if (deathAfter(lease(), { acted: done, actedAt: t, probes: all }, isQuick ? atOnce : slow)?.verdict !== 'dead') return;
        expect(all.slice(-2).map((one) => [one.probed.verdict, one.probed.control])).toEqual([['dead', true], ['dead', true]]);
      }),
    );
  });
});

describe('a try', () => {
  test('acts where nothing was done yet, and again where death was not seen in time, and else only looks', () => {
    expect(mustAct(lease(), slow)).toBe(true);
    expect(mustAct(lease({ act: { at: t, acted: done } }), slow)).toBe(false);
    expect(mustAct(lease({ act: { at: t, acted: done }, probes: [probed('alive', t + 200_000)] }), slow)).toBe(true);
  });

  test('comes again when the next probe is due, when the issuer said, or later with each try and never much later', () => {
    const verdict = { verdict: 'not-yet' as const, probeAt: t + 7_000 };
    expect(dueAfter(lease(), { acted: done, probes: [] }, verdict, now)).toBe(t + 7_000);
    expect(dueAfter(lease(), { acted: acts[2], probes: [] }, undefined, now)).toBe(t + 15_000);
    // whoever could not be asked gets a moment, although a probe was due
    expect(dueAfter(lease(), { error: 'VaultFailed', probes: [] }, verdict, now)).toBe(t + 5_000);
    const waits = Array.from({ length: 8 }, (_, tries) => dueAfter(lease({ tries }), { error: 'VaultFailed', probes: [] }, undefined, now) - t);
    expect(waits).toEqual([5_000, 15_000, 30_000, 60_000, 120_000, 120_000, 120_000, 120_000]);
  });

  test('of an issuer that cannot be asked comes within ten minutes, however often it was made', () => {
    const after = (tries: number, tried: Tried): number => dueAfter(lease({ tries }), tried, undefined, now) - t;
    for (const tries of [40, 100, 5_000]) expect(after(tries, { error: 'VaultFailed', probes: [] })).toBeLessThanOrEqual(600_000);
    expect(after(5_000, { acted: acts[3], probes: [] })).toBe(3_600_000);
  });

  test('is left out where another one was made since it was asked for', () => {
    const triedFor = (milliseconds: number): Lease => lease({ lines: [{ kind: 'tried', nextAt: new Date(t + milliseconds).toISOString() }, { kind: 'case' }] as Lease['lines'] });
    expect([60_000, 5_000, 1_000, 0, -60_000].map((from) => isTriedSince(triedFor(from), now))).toEqual([true, true, false, false, false]);
    expect(isTriedSince(lease(), now)).toBe(false);
    // a line of an earlier version says no more than when the sweep comes by
    expect(isTriedSince(lease({ lines: [{ kind: 'tried' }] as Lease['lines'] }), now)).toBe(false);
  });

  test('says how far it came', () => {
    expect(noteOf({ error: 'VaultFailed', probes: [] }, undefined)).toContain('VaultFailed');
    expect(noteOf({ acted: acts[3], probes: [] }, undefined)).toBe('no. Meanwhile: nothing');
    expect(noteOf({ probes: [] }, undefined)).toContain('not revoked yet');
    expect(noteOf({ acted: done, probes: [] }, { verdict: 'not-yet', probeAt: t })).toContain('settled');
    expect(noteOf({ acted: done, probes: [] }, { verdict: 'alive', note: 'status 200' })).toBe('alive: status 200');
  });
});

test('a lease\'s time is over although a clock is some seconds behind, and not where it was renewed', () => {
  const over = (milliseconds: number): number | undefined => untilOver(new Date(t + milliseconds).toISOString(), now);
  expect([-60_000, 0, 1_000, 5_000, 5_001, 60_000].map(over)).toEqual([0, 0, 1_000, 5_000, undefined, undefined]);
});

describe('a lease becomes a case', () => {
  const alive = { verdict: 'alive' as const, note: 'status 200' };
  const pendingFor = (minutes: number, more: Partial<Lease> = {}): Lease => lease({ pendingSince: new Date(t - minutes * 60_000).toISOString(), ...more });

  test('at once where its issuer refuses or a person must decide', () => {
    expect(caseReason(lease(), { acted: acts[3], probes: [] }, undefined, now)).toBe('no');
    expect(caseReason(lease(), { acted: acts[4], probes: [] }, undefined, now)).toBe('sure?');
  });

  test('after three tries that saw it alive, or ten minutes of whatever else', () => {
    expect([0, 1, 2].map((tries) => caseReason(lease({ tries }), { acted: done, probes: [] }, alive, now) !== undefined)).toEqual([false, false, true]);
    expect(caseReason(lease({ tries: 9 }), { error: 'VaultFailed', probes: [] }, undefined, now)).toBeUndefined();
    expect(caseReason(pendingFor(9), { error: 'VaultFailed', probes: [] }, undefined, now)).toBeUndefined();
    expect(caseReason(pendingFor(10), { error: 'VaultFailed', probes: [] }, undefined, now)).toContain('10 minutes (VaultFailed)');
  });

  test('once', () => {
    for (const acted of acts) expect(caseReason(pendingFor(60, { case: 'c-1', tries: 9 }), { acted, probes: [] }, alive, now)).toBeUndefined();
  });
});
