import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planOf, type Circumstances, type Plan } from '../../functions/core/plan.ts';
import { circumstances, configuration, copy, credential, report } from './circumstances.ts';

const verbs = (plan: Plan): string[] => plan.steps.map((step) => (step.verb === 'probe' ? `probe ${step.purpose}` : step.verb));
const vendor = { credential: credential({ id: 'declared-probe:pay/1', issuer: 'declared-probe', name: 'pay/1', principal: undefined }), abilities: { contain: false, revoke: false, rotate: false, probe: true } };

describe('the order of work', () => {
  const table: [string, Partial<Circumstances>, string[]][] = [
    ['a key with a free slot is contained first', {}, ['probe pair', 'contain', 'probe death', 'rotate']],
    ['the new key comes first where the owner wants it and a slot is free', { binding: { newKeyFirst: true } }, ['probe pair', 'rotate', 'contain', 'probe death']],
    ['without a free slot, the new key cannot come first', { binding: { newKeyFirst: true, deleteProvenDead: true }, found: { exists: true, slotFree: false, note: '' } }, ['probe pair', 'contain', 'probe death', 'revoke', 'rotate']],
    ['without a free slot and without leave to delete, nothing is deleted or made', { found: { exists: true, slotFree: false, note: '' } }, ['probe pair', 'contain', 'probe death']],
    ['a key without bound copies gets no successor', { credential: credential({ copies: [copy('stray', { bound: false })] }) }, ['probe pair', 'contain', 'probe death']],
    ['a key that its issuer reports without a value is contained at once', { proof: 'issuer', held: false }, ['contain', 'probe death', 'rotate']],
    ['a value that only its store can replace is rotated and then probed', vendor, ['rotate', 'probe death']],
    ['where nobody knows the issuer it is rotated and never probed', { ...vendor, abilities: { ...vendor.abilities, probe: false } }, ['rotate']],
    ['a superseded value is tried first', { credential: credential({ copies: [copy('one', { current: false })] }) }, ['probe claim']],
    ['a credential that was dealt with before is tried first', { again: true }, ['probe claim']],
    ['a name with a value beside it is tried first', { proof: 'name' }, ['probe claim']],
  ];
  test.each(table)('%s', (_title, more, expected) => {
    const plan = planOf(circumstances(more));
    expect(plan.decision).toBe('act');
    expect(verbs(plan)).toEqual(expected);
  });
});

describe('when Rescind asks or only records', () => {
  const unknown = { verdict: 'unknown', note: 'SignatureDoesNotMatch' } as const;
  const table: [string, Partial<Circumstances>, Plan['decision'], RegExp][] = [
    ['a name alone asks', { proof: 'name', held: false }, 'ask', /a name is not proof/],
    ['a name beside invented characters asks', { proof: 'name', claim: unknown }, 'ask', /proves nothing/],
    ['a name beside a value that opens the door acts', { proof: 'name', claim: { verdict: 'alive', note: '' } }, 'act', /./],
    ['a reported value that is dead already is recorded', { proof: 'value', again: true, claim: { verdict: 'dead', basis: 'value', note: 'refused' } }, 'record', /dead already/],
    ['one of our own asks', { configuration: { ...configuration, own: ['KEY'] } }, 'ask', /Rescind's own/],
    ['a secret of our own asks', { configuration: { ...configuration, own: ['one'] } }, 'ask', /Rescind's own/],
    ['an exemption in force asks', { configuration: { ...configuration, exemptions: [{ credential: 'aws-iam-key:KEY', until: '2026-11-23T00:00:00Z', reason: 'break-glass' }] } }, 'ask', /exempt until/],
    ['an exemption that has ended does not', { configuration: { ...configuration, exemptions: [{ credential: 'aws-iam-key:KEY', until: '2026-11-21T00:00:00Z', reason: 'break-glass' }] } }, 'act', /./],
    ['a value kept by unrelated owners asks', { credential: credential({ copies: [copy('one'), copy('two', { owner: 'billing' })] }) }, 'ask', /2 unrelated owners/],
    ['a value that is not this key\'s own asks', { claim: { ...unknown, mismatch: true } }, 'ask', /is not its own/],
    ['a limit asks', { overLimit: ['more than 10 an hour'] }, 'ask', /more than 10 an hour/],
    ["the owner's wish asks", { approval: true }, 'ask', /wants a person's word/],
    ['a canary of ours is recorded, even with its value', { configuration: { ...configuration, canaries: ['KEY'] } }, 'record', /canary/],
    ['a canary by its sender is recorded', { proof: 'name', reports: [report({ caution: 'canary' })] }, 'record', /marks it as canary/],
    ['a canary by its sender whose value is ours asks', { reports: [report({ caution: 'canary' })] }, 'ask', /canary/],
    ['a sample whose value is ours is real', { reports: [report({ caution: 'sample' })] }, 'act', /./],
    ['observe touches nothing', { configuration: { ...configuration, mode: 'observe' } }, 'observe', /./],
    ['observe asks nothing either', { proof: 'name', held: false, configuration: { ...configuration, mode: 'observe' } }, 'observe', /./],
  ];
  test.each(table)('%s', (_title, more, decision, reason) => {
    const plan = planOf(circumstances(more));
    expect(plan.decision).toBe(decision);
    expect(plan.reasons.join('; ') || '-').toMatch(reason);
  });

  test('a yes to this very plan acts, a no records, a yes to another plan does neither', () => {
    const asked = circumstances({ approval: true });
    const { about } = planOf(asked);
    expect(planOf({ ...asked, answers: [{ about, answer: 'approve' }] }).decision).toBe('act');
    expect(planOf({ ...asked, answers: [{ about, answer: 'reject' }] }).decision).toBe('record');
    expect(planOf({ ...asked, answers: [{ about: 'another plan', answer: 'approve' }] }).decision).toBe('ask');
    const grown = { ...asked, credential: credential({ copies: [copy('one'), copy('two')] }) };
    expect(planOf({ ...grown, answers: [{ about, answer: 'approve' }] }).decision).toBe('ask');
  });
});

const anyCircumstances: fc.Arbitrary<Circumstances> = fc
  .record({
    copies: fc.array(fc.record({ name: fc.constantFrom('one', 'two', 'three'), bound: fc.boolean(), current: fc.boolean(), owner: fc.constantFrom('orders', 'billing', undefined) }), { maxLength: 4 }),
    proof: fc.constantFrom('value', 'issuer', 'name', undefined),
    abilities: fc.record({ contain: fc.boolean(), revoke: fc.boolean(), rotate: fc.boolean(), probe: fc.boolean() }),
    binding: fc.record({ newKeyFirst: fc.boolean(), deleteProvenDead: fc.boolean() }),
    slotFree: fc.constantFrom(true, false, undefined),
    held: fc.boolean(),
    approval: fc.boolean(),
    again: fc.boolean(),
    mode: fc.constantFrom('observe', 'enforce'),
    overLimit: fc.constantFrom([], ['over']),
    claim: fc.constantFrom(undefined, { verdict: 'alive', note: '' } as const, { verdict: 'unknown', note: '' } as const, { verdict: 'dead', basis: 'value', note: '' } as const),
  })
  .map(({ copies, slotFree, mode, ...more }) =>
    circumstances({ ...(more as Partial<Circumstances>), credential: credential({ copies: copies.map(({ name, ...c }, i) => copy(name, { ...c, path: String(i) })) }), found: { exists: true, slotFree, note: '' }, configuration: { ...configuration, mode: mode as 'observe' | 'enforce' } }),
  );

describe('laws', () => {
  test('the same circumstances give the same plan', () => {
    fc.assert(
      fc.property(anyCircumstances, (c) => {
        expect(planOf(c)).toEqual(planOf(structuredClone(c)));
      }),
    );
  });

  test('a place that nobody vouched for is never among those that get a new value', () => {
    fc.assert(
      fc.property(anyCircumstances, (c) => {
        expect(planOf(c).bound.every(({ bound }) => bound)).toBe(true);
      }),
    );
  });

  test('a name without proof never leads to an act', () => {
    fc.assert(
      fc.property(anyCircumstances, (c) => {
        const plan = planOf({ ...c, proof: 'name', answers: [] });
        if (c.claim?.verdict !== 'alive' && plan.decision === 'act') expect(verbs(plan)).toEqual(['probe claim']);
      }),
    );
  });

  test('nothing is deleted before a probe has looked for death, and only where the configuration allows it', () => {
    fc.assert(
      fc.property(anyCircumstances, (c) => {
        const order = verbs(planOf(c));
        const revoke = order.indexOf('revoke');
        if (revoke < 0) return;
        expect(order.slice(0, revoke)).toContain('probe death');
        expect(c.binding.deleteProvenDead).toBe(true);
      }),
    );
  });

  test('observe never acts', () => {
    fc.assert(
      fc.property(anyCircumstances, (c) => {
        const plan = planOf({ ...c, configuration: { ...configuration, mode: 'observe' } });
        expect(plan.decision === 'act' && verbs(plan).some((verb) => !verb.startsWith('probe'))).toBe(false);
      }),
    );
  });
});

describe('a credential that was lent', () => {
  const lent = { ...circumstances(), proof: 'lease' as const, abilities: { contain: true, revoke: true, rotate: true, probe: true } };
  const report = { ...lent.reports[0], trigger: 'JobEnded' as const };

  test('is revoked and looked at, whatever gentler way there is', () => {
    expect(verbs(planOf({ ...lent, reports: [{ ...report, opening: 'ended' }] as never }))).toEqual(['revoke', 'probe death']);
  });

  test('is not touched again once its lease was released: somebody else may have it by now', () => {
    expect(verbs(planOf({ ...lent, reports: [{ ...report, opening: 'ended' }, { ...report, opening: 'released' }] as never }))).toEqual(['probe death']);
  });
});
