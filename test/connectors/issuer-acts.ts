import { expect, it } from 'vitest';
import type { Acted, Issuer, Probed, Store } from '../../functions/core/connector.ts';
import type { Asking, Notes } from './house.ts';
import type { IssuerCase, IssuerSubject } from './issuer-subject.ts';
import { aborted, done, finish } from './repeat.ts';

/** The subject and the issuer of the test that runs at this moment. */
export interface Handle {
  subject(): IssuerSubject;
  issuer(): Issuer;
}

const restorable = (of: Handle): Required<Pick<Issuer, 'contain' | 'restore'>> | undefined => {
  const { contain, restore } = of.issuer();
  return contain && restore ? { contain, restore } : undefined;
};

const probe = (of: Handle, value: string | undefined): Promise<Probed> => of.issuer().probe(of.subject().credential, value, of.subject().context());

const evidenceOf = (acted: Acted): Record<string, unknown> => ('evidence' in acted ? (acted.evidence ?? {}) : {});

/** What is contained is closed, and what is restored is exactly as before. */
export const describeContain = (of: Handle, suite: IssuerCase): void => {
  it('closes the door, and gives back exactly what was there', async () => {
    const verbs = restorable(of);
    const before = of.subject().snapshot?.();
    const contained = await verbs?.contain(of.subject().credential, of.subject().context());
    expect(contained?.result).toBe('done');
    await of.subject().settle();
    expect(of.subject().alive()).toBe(false);
    expect(await probe(of, of.subject().value)).toMatchObject({ verdict: 'dead' });
    expect(of.subject().snapshot?.()).not.toEqual(before);
    const restored = await verbs?.restore(of.subject().credential, evidenceOf(contained as Acted), of.subject().context());
    expect(restored?.result).toBe('done');
    expect(of.subject().snapshot?.()).toEqual(before);
    expect(of.subject().alive()).toBe(true);
  });

  it('does each twice without harm', async () => {
    const verbs = restorable(of);
    const before = of.subject().snapshot?.();
    const first = await verbs?.contain(of.subject().credential, of.subject().context());
    const contained = of.subject().snapshot?.();
    expect((await verbs?.contain(of.subject().credential, of.subject().context({ round: 1 })))?.result).toBe('already');
    expect(of.subject().snapshot?.()).toEqual(contained);
    await verbs?.restore(of.subject().credential, evidenceOf(first as Acted), of.subject().context());
    expect((await verbs?.restore(of.subject().credential, evidenceOf(first as Acted), of.subject().context()))?.result).toBe('already');
    expect(of.subject().snapshot?.()).toEqual(before);
  });

  it('finds nothing to do where it is gone', async () => {
    await of.subject().remove?.();
    for (const credential of [of.subject().credential, { ...of.subject().credential, principal: undefined }]) {
      expect((await restorable(of)?.contain(credential, of.subject().context()))?.result).toBe('already');
    }
  });

  for (const change of suite.changes.contain ?? []) {
    it(`survives an answer lost after ${change.operation}, and still restores what was there`, { timeout: 60_000 }, async () => {
      const verbs = restorable(of);
      const before = of.subject().snapshot?.();
      const notes: Notes = [];
      of.subject().behaviours.add({ ...change, effect: 'drop', times: 5 });
      await verbs?.contain(of.subject().credential, of.subject().context({ notes })).catch(() => undefined);
      of.subject().behaviours.set([]);
      const acted = await finish((kept) => verbs?.contain(of.subject().credential, of.subject().context({ notes: kept })) as Promise<Acted>, notes);
      expect(done(acted)).toBe(true);
      expect(of.subject().alive()).toBe(false);
      await verbs?.restore(of.subject().credential, evidenceOf(acted), of.subject().context());
      expect(of.subject().snapshot?.()).toEqual(before);
    });
  }

  for (const change of suite.changes.restore ?? []) {
    it(`survives an answer to restore lost after ${change.operation}`, { timeout: 60_000 }, async () => {
      const verbs = restorable(of);
      const before = of.subject().snapshot?.();
      const acted = await verbs?.contain(of.subject().credential, of.subject().context());
      of.subject().behaviours.add({ ...change, effect: 'drop', times: 5 });
      await verbs?.restore(of.subject().credential, evidenceOf(acted as Acted), of.subject().context()).catch(() => undefined);
      of.subject().behaviours.set([]);
      await finish(() => verbs?.restore(of.subject().credential, evidenceOf(acted as Acted), of.subject().context()) as Promise<Acted>);
      expect(of.subject().snapshot?.()).toEqual(before);
    });
  }

  it('stops on the abort signal before it touches anything', async () => {
    const before = of.subject().snapshot?.();
    await expect(restorable(of)?.contain(of.subject().credential, of.subject().context({ signal: aborted() }))).rejects.toThrow('stopped by the test');
    await expect(restorable(of)?.restore(of.subject().credential, {}, of.subject().context({ signal: aborted() }))).rejects.toThrow('stopped by the test');
    expect(of.subject().snapshot?.()).toEqual(before);
  });
};

/** What is revoked is gone for good. */
export const describeRevoke = (of: Handle, suite: IssuerCase): void => {
  it('takes it back for good, and is fine with doing so again', async () => {
    expect((await of.issuer().revoke?.({ ...of.subject().credential, principal: undefined }, of.subject().context()))?.result).toBe('done');
    expect(of.subject().alive()).toBe(false);
    expect((await of.issuer().revoke?.(of.subject().credential, of.subject().context({ round: 1 })))?.result).toBe('already');
    expect((await probe(of, of.subject().value)).verdict).toBe('dead');
  });

  for (const change of suite.changes.revoke ?? []) {
    it(`survives an answer lost after ${change.operation}`, { timeout: 60_000 }, async () => {
      of.subject().behaviours.add({ ...change, effect: 'drop', times: 5 });
      await of.issuer().revoke?.(of.subject().credential, of.subject().context()).catch(() => undefined);
      of.subject().behaviours.set([]);
      expect(done(await finish(() => of.issuer().revoke?.(of.subject().credential, of.subject().context()) as Promise<Acted>))).toBe(true);
      expect(of.subject().alive()).toBe(false);
    });
  }

  it('stops on the abort signal before it touches anything', async () => {
    await expect(of.issuer().revoke?.(of.subject().credential, of.subject().context({ signal: aborted() }))).rejects.toThrow('stopped by the test');
    expect(of.subject().alive()).toBe(true);
  });
};

/** What is rotated has one successor, wherever it is interrupted. */
export const describeRotate = (of: Handle, suite: IssuerCase): void => {
  const rotate = (asking?: Asking): Promise<Acted> => of.issuer().rotate?.(of.subject().credential, of.subject().stores as Store, of.subject().context(asking)) as Promise<Acted>;

  it('says what becomes of the old value, and a probe of it agrees', async () => {
    const acted = await rotate();
    expect(acted.result).toBe('done');
    const { old } = of.issuer().facts({});
    expect((await probe(of, of.subject().value)).verdict).toBe(old === 'dies-at-once' ? 'dead' : 'alive');
  });

  it('makes one successor, however often it is repeated', async () => {
    const before = of.subject().keys?.().length ?? 0;
    const notes: Notes = [];
    await rotate({ notes });
    const after = of.subject().keys?.();
    expect(after?.length).toBe(before + 1);
    expect(done(await rotate({ notes }))).toBe(true);
    expect(done(await rotate({ round: 1 }))).toBe(true);
    expect(of.subject().keys?.()).toEqual(after);
  });

  for (const change of suite.changes.rotate ?? []) {
    it(`leaves no orphan and loses no copy where the answer to ${change.operation} is lost`, { timeout: 60_000 }, async () => {
      const before = of.subject().keys?.().length ?? 0;
      const notes: Notes = [];
      of.subject().behaviours.add({ ...change, effect: 'drop', times: 5 });
      await rotate({ notes }).catch(() => undefined);
      of.subject().behaviours.set([]);
      expect((await finish((kept) => rotate({ notes: kept }), notes)).result).toBe('done');
      expect(of.subject().keys?.().length).toBe(before + 1);
    });
  }

  it('stops on the abort signal before it touches anything', async () => {
    const before = of.subject().keys?.();
    await expect(rotate({ signal: aborted() })).rejects.toThrow('stopped by the test');
    expect(of.subject().keys?.()).toEqual(before);
  });
};
