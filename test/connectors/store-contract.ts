import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Acted, Context, Copy, Probed, Store } from '../../functions/core/connector.ts';
import type { Behaviours } from '../../local/fakes/behaviour.ts';
import type { Asking, Notes } from './house.ts';
import { aborted, done, finish } from './repeat.ts';
import type { Watch } from './watch.ts';

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

/** How one store is put to the test. */
export interface StoreCase {
  make(): Promise<StoreSubject>;
  changes: { rotate: { service: string; operation: string }[]; replace: { service: string; operation: string }[] };
  binding: { rotation: 'single-user' | 'alternating-users' };
}

/** What every store promises, as tests. */
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
