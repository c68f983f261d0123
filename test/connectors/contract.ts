import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Called } from '../../functions/aws/clients.ts';
import type { Acted, Context, Copy, Credential, Issuer, Permission, Probed, Store, Verb } from '../../functions/core/connector.ts';
import type { Behaviour, Behaviours } from '../../local/fakes/behaviour.ts';
import type { Asking, Notes } from './house.ts';

/**
 * What every connector promises, as tests. One connector's test file says how its world is set up and what stands at
 * which door; these suites do the rest.
 */

/** All that came out of a connector and all that it called, over one suite. */
export class Watch {
  readonly outputs: string[] = [];
  readonly values = new Set<string>();
  private verb: Verb | undefined;
  private readonly used = new Map<string, Set<Verb>>();

  /** To be called for each call that goes out. */
  readonly onCall = ({ service, operation }: Called): void => {
    const action = `${service.toLowerCase()}:${operation}`;
    if (this.verb) this.used.set(action, (this.used.get(action) ?? new Set()).add(this.verb));
  };

  /** From now on calls are made for this verb. */
  begin(verb: Verb): void {
    this.verb = verb;
  }

  /** Runs one verb; keeps what it says or throws. */
  async run<T>(verb: Verb, work: () => Promise<T>): Promise<T> {
    this.verb = verb;
    try {
      const result = await work();
      this.outputs.push(JSON.stringify(result) ?? '');
      return result;
    } catch (error) {
      this.outputs.push(error instanceof Error ? `${error.name} ${error.message} ${error.stack ?? ''} ${JSON.stringify(error)}` : String(error));
      throw error;
    }
  }

  /** The first value of which eight characters in a row came out; undefined where none did. */
  leaked(): string | undefined {
    const all = [...new Set(this.outputs)].join('\n');
    const pieces = new Set<string>();
    for (let at = 0; at + 8 <= all.length; at += 1) pieces.add(all.slice(at, at + 8));
    for (const value of this.values) {
      for (const text of [value, Buffer.from(value).toString('base64'), encodeURIComponent(value)]) {
        for (let at = 0; at + 8 <= text.length; at += 1) if (pieces.has(text.slice(at, at + 8))) return `a value from its character ${at} on`;
      }
    }
    return undefined;
  }

  undeclared(permissions: readonly Permission[]): string[] {
    return [...this.used].flatMap(([action, verbs]) => [...verbs].filter((verb) => !permissions.some((one) => one.verb === verb && one.actions.includes(action))).map((verb) => `${verb} ${action}`));
  }

  /** What KMS does for another service on our behalf makes no call of ours. */
  unused(permissions: readonly Permission[]): string[] {
    return permissions
      .filter(({ conditions }) => !JSON.stringify(conditions ?? {}).includes('kms:ViaService'))
      .flatMap(({ verb, actions }) => actions.filter((action) => !this.used.get(action)?.has(verb)).map((action) => `${verb} ${action}`));
  }
}

/** The last suite of a connector's test file: what came out and what was called in all tests before it. */
export const describeWatched = (title: string, watch: Watch, permissions: readonly Permission[]): void => {
  describe(`all that ${title} did in these tests`, () => {
    it('put no value into any output, error or note', () => {
      expect(watch.outputs.length).toBeGreaterThan(0);
      expect(watch.values.size).toBeGreaterThan(0);
      expect(watch.leaked()).toBeUndefined();
    });

    it('is covered by the permissions that each verb declares', () => {
      expect(watch.undeclared(permissions)).toEqual([]);
    });

    it('used every permission that is declared', () => {
      expect(watch.unused(permissions)).toEqual([]);
    });
  });
};

/** The issuer with everything that it says and calls kept by the watch. */
export const watchedIssuer = (issuer: Issuer, watch: Watch): Issuer => {
  const { contain, restore, revoke, rotate, list } = issuer;
  return {
    ...issuer,
    list: list && (async function* (context) {
      watch.begin('find');
      yield* list(context);
    }),
    find: (credential, context) => watch.run('find', () => issuer.find(credential, context)),
    contain: contain && ((credential, context) => watch.run('contain', () => contain(credential, context))),
    restore: restore && ((credential, evidence, context) => watch.run('restore', () => restore(credential, evidence, context))),
    revoke: revoke && ((credential, context) => watch.run('revoke', () => revoke(credential, context))),
    rotate: rotate && ((credential, stores, context) => watch.run('rotate', () => rotate(credential, stores, context))),
    probe: (credential, value, context) => watch.run('probe', () => issuer.probe(credential, value, context)),
  };
};

/** One credential that lives at its provider, and what a test may do to it. */
export interface IssuerSubject {
  issuer: Issuer;
  credential: Credential;
  /** The value that opens the door now. */
  value: string;
  behaviours: Behaviours;
  context(asking?: Asking): Context;
  /** Where the replacement goes. */
  stores?: Store;
  /** Whether the value opens the door at this moment, in truth. */
  alive(): boolean;
  /** All that the provider has about the credential, without times at which something was read. */
  snapshot?(): unknown;
  /** Makes it dead in truth by another way than the connector's. */
  kill(): Promise<void>;
  /** Removes it from its provider, as if somebody had been faster. */
  remove?(): Promise<void>;
  /** Every secret value of this world, those made meanwhile included. */
  values(): string[];
  /** Keys of the credential's principal that exist, where rotation makes more. */
  keys?(): string[];
  /** Until what was changed has reached everybody. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface IssuerCase {
  make(): Promise<IssuerSubject>;
  /** The call by which the door is asked, for behaviours. */
  door: Pick<Behaviour, 'service' | 'operation'> & { ofValue: (subject: IssuerSubject) => string | undefined; ofControl?: (subject: IssuerSubject) => string | undefined };
  /** Operations that change something, by verb, for lost answers. */
  changes: Partial<Record<Verb, { service: string; operation: string }[]>>;
  /** Whether its record knows which credentials exist. */
  knows: boolean;
}

const done = (acted: Acted): boolean => acted.result === 'done' || acted.result === 'already';

/** Repeats an act as the core does: after a crash with what was noted, and while it is under way. */
const finish = async (act: (notes: Notes) => Promise<Acted>, notes: Notes = []): Promise<Acted> => {
  let failure: unknown;
  for (let tries = 0; tries < 8; tries += 1) {
    try {
      const acted = await act(notes);
      if (acted.result !== 'pending') return acted;
    } catch (error) {
      failure = error;
    }
  }
  throw failure ?? new Error('it stays pending');
};

const aborted = (): AbortSignal => AbortSignal.abort(new Error('stopped by the test'));

export const describeIssuer = (title: string, watch: Watch, suite: IssuerCase): void => {
  describe(`the issuer ${title} keeps its contract`, () => {
    let subject: IssuerSubject;
    let issuer: Issuer;
    beforeEach(async () => {
      subject = await suite.make();
      issuer = watchedIssuer(subject.issuer, watch);
    });
    afterEach(async () => {
      for (const value of subject.values()) watch.values.add(value);
      await subject.close();
    });

    const restorable = (): Required<Pick<Issuer, 'contain' | 'restore'>> | undefined => {
      const { contain, restore } = issuer;
      return contain && restore ? { contain, restore } : undefined;
    };
    const probe = (value: string | undefined, asking?: Asking): Promise<Probed> => issuer.probe(subject.credential, value, subject.context(asking));
    const evidenceOf = (acted: Acted): Record<string, unknown> => ('evidence' in acted ? (acted.evidence ?? {}) : {});

    describe('find', () => {
      it('finds the credential, by its principal or without', async () => {
        expect((await issuer.find(subject.credential, subject.context())).exists).toBe(true);
        expect((await issuer.find({ ...subject.credential, principal: undefined }, subject.context())).exists).toBe(true);
      });

      it('matches nothing for an empty target', async () => {
        expect((await issuer.find({ ...subject.credential, name: '', principal: undefined }, subject.context())).exists).toBe(false);
      });

      if (suite.knows) {
        it('says so where the credential is gone', async () => {
          await subject.remove?.();
          expect((await issuer.find(subject.credential, subject.context())).exists).toBe(false);
          expect((await issuer.find({ ...subject.credential, principal: undefined }, subject.context())).exists).toBe(false);
        });
      }
    });

    describe('probe', () => {
      it('says alive, then dead with its control accepted', async () => {
        expect(await probe(subject.value)).toMatchObject({ verdict: 'alive', basis: 'value' });
        await subject.kill();
        expect(await probe(subject.value)).toMatchObject({ verdict: 'dead', basis: 'value', control: true });
        expect(subject.alive()).toBe(false);
      });

      const troubles: [string, Partial<Behaviour>][] = [
        ['there is no answer', { effect: 'down' }],
        ['the provider answers 500', { effect: 'down', status: 500 }],
        ['the provider answers 503', { effect: 'down', status: 503 }],
        ['it is asked too often', { effect: 'throttle' }],
      ];
      for (const [trouble, behaviour] of troubles) {
        it(`says unknown where ${trouble}, though the value is dead`, { timeout: 60_000 }, async () => {
          await subject.kill();
          const { service, operation } = suite.door;
          subject.behaviours.add({ service, operation, resource: suite.door.ofValue(subject), ...behaviour } as Behaviour);
          expect((await probe(subject.value)).verdict).toBe('unknown');
        });
      }

      it('says unknown where everything at that address is refused, the control included', { timeout: 60_000 }, async () => {
        await subject.kill();
        const { service, operation } = suite.door;
        subject.behaviours.add({ service, operation, effect: 'refuse', status: 401, code: 'InvalidClientTokenId', message: 'no' });
        expect(await probe(subject.value)).toMatchObject({ verdict: 'unknown', control: false });
      });

      it('says unknown where the control gets no answer', { timeout: 60_000 }, async () => {
        await subject.kill();
        const { service, operation, ofControl } = suite.door;
        subject.behaviours.add({ service, operation, resource: ofControl?.(subject), effect: 'down' });
        expect((await probe(subject.value)).verdict).toBe('unknown');
      });

      it('is asked twice and says the same', async () => {
        await subject.kill();
        const first = await probe(subject.value);
        const second = await probe(subject.value);
        expect([first.verdict, second.verdict]).toEqual(['dead', 'dead']);
      });

      it('stops on the abort signal', async () => {
        await expect(probe(subject.value, { signal: aborted() })).rejects.toThrow('stopped by the test');
        const { service, operation } = suite.door;
        subject.behaviours.add({ service, operation, effect: 'delay', seconds: 60 });
        const stop = new AbortController();
        setTimeout(() => stop.abort(new Error('stopped by the test')), 50);
        await expect(probe(subject.value, { signal: stop.signal })).rejects.toThrow('stopped by the test');
      });
    });

    if (suite.changes.contain) {
      describe('contain and restore', () => {
        it('closes the door, and gives back exactly what was there', async () => {
          const verbs = restorable();
          const before = subject.snapshot?.();
          const contained = await verbs?.contain(subject.credential, subject.context());
          expect(contained?.result).toBe('done');
          await subject.settle();
          expect(subject.alive()).toBe(false);
          expect(await probe(subject.value)).toMatchObject({ verdict: 'dead' });
          expect(subject.snapshot?.()).not.toEqual(before);
          const restored = await verbs?.restore(subject.credential, evidenceOf(contained as Acted), subject.context());
          expect(restored?.result).toBe('done');
          expect(subject.snapshot?.()).toEqual(before);
          expect(subject.alive()).toBe(true);
        });

        it('does each twice without harm', async () => {
          const verbs = restorable();
          const before = subject.snapshot?.();
          const first = await verbs?.contain(subject.credential, subject.context());
          const contained = subject.snapshot?.();
          expect((await verbs?.contain(subject.credential, subject.context({ round: 1 })))?.result).toBe('already');
          expect(subject.snapshot?.()).toEqual(contained);
          await verbs?.restore(subject.credential, evidenceOf(first as Acted), subject.context());
          expect((await verbs?.restore(subject.credential, evidenceOf(first as Acted), subject.context()))?.result).toBe('already');
          expect(subject.snapshot?.()).toEqual(before);
        });

        it('finds nothing to do where it is gone', async () => {
          await subject.remove?.();
          for (const credential of [subject.credential, { ...subject.credential, principal: undefined }]) {
            expect((await restorable()?.contain(credential, subject.context()))?.result).toBe('already');
          }
        });

        for (const change of suite.changes.contain ?? []) {
          it(`survives an answer lost after ${change.operation}, and still restores what was there`, { timeout: 60_000 }, async () => {
            const verbs = restorable();
            const before = subject.snapshot?.();
            const notes: Notes = [];
            subject.behaviours.add({ ...change, effect: 'drop', times: 5 });
            await verbs?.contain(subject.credential, subject.context({ notes })).catch(() => undefined);
            subject.behaviours.set([]);
            const acted = await finish((kept) => verbs?.contain(subject.credential, subject.context({ notes: kept })) as Promise<Acted>, notes);
            expect(done(acted)).toBe(true);
            expect(subject.alive()).toBe(false);
            await verbs?.restore(subject.credential, evidenceOf(acted), subject.context());
            expect(subject.snapshot?.()).toEqual(before);
          });
        }

        for (const change of suite.changes.restore ?? []) {
          it(`survives an answer to restore lost after ${change.operation}`, { timeout: 60_000 }, async () => {
            const verbs = restorable();
            const before = subject.snapshot?.();
            const acted = await verbs?.contain(subject.credential, subject.context());
            subject.behaviours.add({ ...change, effect: 'drop', times: 5 });
            await verbs?.restore(subject.credential, evidenceOf(acted as Acted), subject.context()).catch(() => undefined);
            subject.behaviours.set([]);
            await finish(() => verbs?.restore(subject.credential, evidenceOf(acted as Acted), subject.context()) as Promise<Acted>);
            expect(subject.snapshot?.()).toEqual(before);
          });
        }

        it('stops on the abort signal before it touches anything', async () => {
          const before = subject.snapshot?.();
          await expect(restorable()?.contain(subject.credential, subject.context({ signal: aborted() }))).rejects.toThrow('stopped by the test');
          await expect(restorable()?.restore(subject.credential, {}, subject.context({ signal: aborted() }))).rejects.toThrow('stopped by the test');
          expect(subject.snapshot?.()).toEqual(before);
        });
      });
    }

    if (suite.changes.revoke) {
      describe('revoke', () => {
        it('takes it back for good, and is fine with doing so again', async () => {
          expect((await issuer.revoke?.({ ...subject.credential, principal: undefined }, subject.context()))?.result).toBe('done');
          expect(subject.alive()).toBe(false);
          expect((await issuer.revoke?.(subject.credential, subject.context({ round: 1 })))?.result).toBe('already');
          expect((await probe(subject.value)).verdict).toBe('dead');
        });

        for (const change of suite.changes.revoke ?? []) {
          it(`survives an answer lost after ${change.operation}`, { timeout: 60_000 }, async () => {
            subject.behaviours.add({ ...change, effect: 'drop', times: 5 });
            await issuer.revoke?.(subject.credential, subject.context()).catch(() => undefined);
            subject.behaviours.set([]);
            expect(done(await finish(() => issuer.revoke?.(subject.credential, subject.context()) as Promise<Acted>))).toBe(true);
            expect(subject.alive()).toBe(false);
          });
        }

        it('stops on the abort signal before it touches anything', async () => {
          await expect(issuer.revoke?.(subject.credential, subject.context({ signal: aborted() }))).rejects.toThrow('stopped by the test');
          expect(subject.alive()).toBe(true);
        });
      });
    }

    if (suite.changes.rotate) {
      describe('rotate', () => {
        const rotate = (asking?: Asking): Promise<Acted> => issuer.rotate?.(subject.credential, subject.stores as Store, subject.context(asking)) as Promise<Acted>;

        it('says what becomes of the old value, and a probe of it agrees', async () => {
          const acted = await rotate();
          expect(acted.result).toBe('done');
          const { old } = issuer.facts({});
          expect((await probe(subject.value)).verdict).toBe(old === 'dies-at-once' ? 'dead' : 'alive');
        });

        it('makes one successor, however often it is repeated', async () => {
          const before = subject.keys?.().length ?? 0;
          const notes: Notes = [];
          await rotate({ notes });
          const after = subject.keys?.();
          expect(after?.length).toBe(before + 1);
          expect(done(await rotate({ notes }))).toBe(true);
          expect(done(await rotate({ round: 1 }))).toBe(true);
          expect(subject.keys?.()).toEqual(after);
        });

        for (const change of suite.changes.rotate ?? []) {
          it(`leaves no orphan and loses no copy where the answer to ${change.operation} is lost`, { timeout: 60_000 }, async () => {
            const before = subject.keys?.().length ?? 0;
            const notes: Notes = [];
            subject.behaviours.add({ ...change, effect: 'drop', times: 5 });
            await rotate({ notes }).catch(() => undefined);
            subject.behaviours.set([]);
            expect((await finish((kept) => rotate({ notes: kept }), notes)).result).toBe('done');
            expect(subject.keys?.().length).toBe(before + 1);
          });
        }

        it('stops on the abort signal before it touches anything', async () => {
          const before = subject.keys?.();
          await expect(rotate({ signal: aborted() })).rejects.toThrow('stopped by the test');
          expect(subject.keys?.()).toEqual(before);
        });
      });
    }
  });
};

/** A secret with a rotation that really changes the issuer, seen by a store. */
export interface StoreSubject {
  store: Store;
  copies: Copy[];
  behaviours: Behaviours;
  context(asking?: Asking): Context;
  /** The current text of the first copy's place, in truth. */
  text(): string | undefined;
  /** All versions with their labels. */
  versions(): string[];
  /** Asks the issuer about a value. */
  opens(value: string): Promise<Probed>;
  /** The value at the copy's path that leaked. */
  value: string;
  values(): string[];
  remove(): Promise<void>;
  close(): Promise<void>;
}

export interface StoreCase {
  make(): Promise<StoreSubject>;
  changes: { rotate: { service: string; operation: string }[]; replace: { service: string; operation: string }[] };
  binding: { rotation: 'single-user' | 'alternating-users' };
}

export const describeStore = (title: string, watch: Watch, suite: StoreCase): void => {
  describe(`the store ${title} keeps its contract (${suite.binding.rotation})`, () => {
    let subject: StoreSubject;
    beforeEach(async () => {
      subject = await suite.make();
    });
    afterEach(async () => {
      for (const value of subject.values()) watch.values.add(value);
      await subject.close();
    });

    const rotate = (asking: Asking = {}): Promise<Acted> =>
      watch.run('rotate', () => subject.store.rotate(subject.copies, subject.opens, subject.context({ binding: suite.binding, ...asking })));
    const replace = (edit: (text: string) => string, token: string): Promise<Acted> =>
      watch.run('rotate', () => subject.store.replace(subject.copies[0]?.place ?? '', edit, token, subject.context()));
    const token = '00000000-0000-4000-8000-000000000001';

    it('rotates, says what becomes of the old value, and a probe of it agrees', async () => {
      const before = subject.text();
      expect(await finish((notes) => rotate({ notes }))).toMatchObject({ result: 'done', replaced: [{ path: subject.copies[0]?.path }] });
      expect(subject.text()).not.toBe(before);
      const { old } = subject.store.facts(suite.binding);
      expect((await subject.opens(subject.value)).verdict).toBe(old === 'dies-at-once' ? 'dead' : 'alive');
      expect(done(await finish((notes) => rotate({ notes, round: 1 })))).toBe(true);
      expect((await subject.opens(subject.value)).verdict).toBe('dead');
    });

    it('rotates once, however often one act is repeated', async () => {
      const notes: Notes = [];
      await finish((kept) => rotate({ notes: kept }), notes);
      const versions = subject.versions();
      expect((await rotate({ notes })).result).toBe('done');
      expect((await rotate()).result).toBe('done');
      expect(subject.versions()).toEqual(versions);
    });

    it('leaves what is gone with its reason', async () => {
      await subject.remove();
      const acted = await rotate();
      expect(acted).toMatchObject({ result: 'done', replaced: [], left: [{ copy: subject.copies[0], reason: expect.stringMatching(/gone|deleted/) as string }] });
    });

    it('touches no copy that is not bound', async () => {
      const before = subject.text();
      const unbound = subject.copies.map((copy) => ({ ...copy, bound: false }));
      expect((await watch.run('rotate', () => subject.store.rotate(unbound, subject.opens, subject.context()))).result).toBe('already');
      expect(subject.text()).toBe(before);
    });

    for (const change of suite.changes.rotate) {
      it(`survives an answer lost after ${change.operation}`, { timeout: 60_000 }, async () => {
        const versions = subject.versions().length;
        const notes: Notes = [];
        subject.behaviours.add({ ...change, effect: 'drop', times: 5 });
        await rotate({ notes }).catch(() => undefined);
        subject.behaviours.set([]);
        expect((await finish((kept) => rotate({ notes: kept }), notes)).result).toBe('done');
        expect(subject.versions().length).toBe(versions + 1);
      });
    }

    it('replaces a text once under its token, and reads it back', async () => {
      const edited = `${subject.text() ?? ''} `;
      expect((await replace(() => edited, token)).result).toBe('done');
      expect(subject.text()).toBe(edited);
      expect((await replace((text) => `${text}x`, token)).result).toBe('already');
      expect(subject.text()).toBe(edited);
      expect(await subject.store.read(subject.copies[0]?.place ?? '', token, subject.context())).toBe(edited);
      expect(await subject.store.read(subject.copies[0]?.place ?? '', '00000000-0000-4000-8000-000000000002', subject.context())).toBeUndefined();
    });

    it('writes nothing where the edit changes nothing', async () => {
      const versions = subject.versions();
      expect((await replace((text) => text, token)).result).toBe('already');
      expect(subject.versions()).toEqual(versions);
    });

    it('refuses to replace what is gone', async () => {
      await subject.remove();
      expect((await replace((text) => `${text}x`, token)).result).toBe('refused');
    });

    for (const change of suite.changes.replace) {
      it(`survives an answer to replace lost after ${change.operation}`, { timeout: 60_000 }, async () => {
        const edited = `${subject.text() ?? ''} `;
        subject.behaviours.add({ ...change, effect: 'drop', times: 5 });
        await replace(() => edited, token).catch(() => undefined);
        subject.behaviours.set([]);
        expect(done(await replace(() => edited, token))).toBe(true);
        expect(subject.text()).toBe(edited);
      });
    }

    it('stops on the abort signal before it touches anything', async () => {
      const versions = subject.versions();
      const signal = aborted();
      await expect(rotate({ signal })).rejects.toThrow('stopped by the test');
      await expect(subject.store.replace(subject.copies[0]?.place ?? '', (text) => `${text}x`, token, { signal })).rejects.toThrow('stopped by the test');
      await expect(subject.store.read(subject.copies[0]?.place ?? '', undefined, { signal })).rejects.toThrow('stopped by the test');
      expect(subject.versions()).toEqual(versions);
    });
  });
};
