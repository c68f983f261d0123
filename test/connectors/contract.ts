import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Issuer, Probed } from '../../functions/core/connector.ts';
import type { Behaviour } from '../../local/fakes/behaviour.ts';
import type { Asking } from './house.ts';
import { describeContain, describeRevoke, describeRotate, type Handle } from './issuer-acts.ts';
import type { IssuerCase, IssuerSubject } from './issuer-subject.ts';
import { aborted } from './repeat.ts';
import { watchedIssuer, type Watch } from './watch.ts';

export type { IssuerCase, IssuerSubject } from './issuer-subject.ts';
export { describeStore, type StoreCase, type StoreSubject } from './store-contract.ts';
export { Watch, describeWatched, watchedIssuer } from './watch.ts';

/**
 * What every connector promises, as tests. One connector's test file says how its world is set up and what stands at
 * which door; these suites do the rest. What came out and was called is judged at the end by `describeWatched`.
 */
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

    const probe = (value: string | undefined, asking?: Asking): Promise<Probed> => issuer.probe(subject.credential, value, subject.context(asking));

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
        const { basis = 'value' } = subject;
        expect(await probe(subject.value)).toMatchObject({ verdict: 'alive', basis });
        await subject.kill();
        expect(await probe(subject.value)).toMatchObject({ verdict: 'dead', basis, control: true });
        expect(subject.alive()).toBe(false);
      });

      const troubles: [string, Partial<Behaviour>][] = [
        ['there is no answer', { effect: 'down' }],
        ['the provider answers 500', { effect: 'down', status: 500 }],
        ['the provider answers 503', { effect: 'down', status: 503 }],
        ['it is asked too often', { effect: 'throttle' }],
      ];
      for (const [trouble, behaviour] of troubles) {
        it(`says unknown where ${trouble}, though it is dead`, { timeout: 60_000 }, async () => {
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

    const of: Handle = { subject: () => subject, issuer: () => issuer };
    if (suite.changes.contain) describe('contain and restore', () => describeContain(of, suite));
    if (suite.changes.revoke) describe('revoke', () => describeRevoke(of, suite));
    if (suite.changes.rotate) describe('rotate', () => describeRotate(of, suite));
  });
};
