import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test, vi } from 'vitest';
import type { CaseView } from '../../functions/core/case-view.ts';
import { clockOf, type Clock } from '../../local/clock.ts';
import type { World } from '../../local/world/world.ts';
import { gitleaksFinding, trufflehogFinding, type Delivery, type Town } from '../town.ts';
import { worldOf, type Wanted } from '../world-of.ts';
import { alive, asWorld, expectConfirmed, inTown, onePair, whats } from '../scenarios/telling.ts';

// on a busy machine everything takes longer, and is as true
vi.setConfig({ testTimeout: 90_000 });

const careful: Wanted = { pair: { copies: 1, approval: true } };

/** The one case of a delivery, when it has ended or waits. */
const caseOf = async (town: Town, delivery: Delivery): Promise<CaseView> => {
  const cases = await town.ended(delivery, 60);
  expect(cases).toHaveLength(1);
  return cases[0] as CaseView;
};

/** One case, when it has that status. */
const when = (town: Town, id: string, status: CaseView['status']): Promise<CaseView> =>
  town.until(async () => {
    const found = await town.view(id);
    return found.status === status && (status === 'waiting' || found.ended) && found;
  }, `the case is ${status}`, 60);

const reasons = ({ plan }: CaseView): string => (plan?.reasons ?? []).join('; ');

/** Nothing was done to any credential in this case. */
const expectUntouched = (found: CaseView): void => {
  for (const what of ['contain…', 'contained', 'rotate…', 'rotated', 'revoke…', 'revoked']) expect(whats(found)).not.toContain(what);
};

interface OpenTask {
  id: string;
  case: string;
  kind: string;
}

const openQuestions = async (town: Town): Promise<OpenTask[]> => (await town.get<{ tasks: OpenTask[] }>('/tasks?status=open')).tasks.filter(({ kind }) => kind === 'approve');

const questionOf = async (town: Town, { id }: { id: string }): Promise<OpenTask> => {
  const found = (await openQuestions(town)).filter((task) => task.case === id);
  expect(found).toHaveLength(1);
  return found[0] as OpenTask;
};

const answer = (town: Town, task: OpenTask, word: string) => town.ask('POST', `/tasks/${task.id}`, { answer: word, reason: 'looked at it' });

/** One AWS finding of TruffleHog: the key's id, and what stands beside it. */
const beside = (id: string, secret: string, more: object = {}): object => trufflehogFinding(id, { DetectorName: 'AWS', DetectorType: 2, RawV2: `${id}:${secret}`, ...more }, `${id}.env`);

/** All that the providers hold; who read what and when is left out. */
const provided = (town: Town): string => {
  const { users, keys, secrets, policies, sessions, roles, everKeys } = town.providers.aws.state();
  const vendors = [...town.providers.vendors.values()].map((vendor) => vendor.credentials());
  return JSON.stringify({ users, keys, secrets, policies, sessions, roles, everKeys, vendors }, (name, inner: unknown) => (['accessedAt', 'lastUsed', 'lastAccessed'].includes(name) ? undefined : inner));
};

describe.concurrent('over the limit', () => {
  test('Rescind asks before the first action, and acts when a person agrees', () =>
    inTown(worldOf({ ...onePair, vendor: {}, alerts: { 42: '${secret}', 43: '${vendorA}' }, limits: { perSource: 1, perOwner: 500, overall: 500, reserve: 0 } }), async (town) => {
      expectConfirmed(await caseOf(town, await town.github(42)));
      const second = await caseOf(town, await town.github(43));
      expect(second.status).toBe('waiting');
      expectUntouched(second);
      expect(reasons(second)).toContain('more than 1 credentials an hour');
      expect(await alive(town, second.credential)).toBe(true);
      await answer(town, await questionOf(town, second), 'approve');
      expectConfirmed(await when(town, second.id, 'contained'));
    }));

  test('a credential that is proven by its value still has the reserve when names have used up the limit', () => {
    const loose = ['one', 'two'];
    const values = Object.fromEntries(loose.flatMap((user) => [[`${user}Id`, { kind: 'aws-key-id' as const }], [`${user}Secret`, { kind: 'aws-secret' as const }]]));
    const users = loose.map((name) => ({ name, keys: [{ id: `\${${name}Id}`, secret: `\${${name}Secret}`, status: 'Active' as const }] }));
    return inTown(worldOf({ ...onePair, values, aws: { users }, limits: { perSource: 500, perOwner: 500, overall: 1, reserve: 3 } }), async (town) => {
      const first = await caseOf(town, await town.trufflehog([beside(town.value('oneId'), town.value('oneSecret'))]));
      expect([first.proof, first.status]).toEqual(['name', 'contained']);
      const [second] = await town.ended(await town.health([town.value('twoId')]), 60);
      expect(second?.status).toBe('waiting');
      expectConfirmed(await caseOf(town, await town.github(42)));
      expect(await alive(town, second?.credential)).toBe(true);
    });
  });
});

describe.concurrent('where a person must agree', () => {
  test('the case waits, an approval makes Rescind act, and another answer comes too late', () =>
    inTown(worldOf(careful), async (town) => {
      const waiting = await caseOf(town, await town.github(42));
      expect(waiting.status).toBe('waiting');
      expectUntouched(waiting);
      expect(await alive(town, waiting.credential)).toBe(true);
      const task = await questionOf(town, waiting);
      expect((await answer(town, task, 'approve')).status).toBe(200);
      expect((await answer(town, task, 'reject')).status).toBe(409);
      expectConfirmed(await when(town, waiting.id, 'contained'));
    }));

  test('a rejection closes the case with that reason and nothing was touched', () =>
    inTown(worldOf(careful), async (town) => {
      const before = provided(town);
      const waiting = await caseOf(town, await town.github(42));
      const task = await questionOf(town, waiting);
      expect((await answer(town, task, 'reject')).status).toBe(200);
      const closed = await when(town, waiting.id, 'closed');
      expect(reasons(closed)).toContain('a person said no');
      expect(closed.timeline.find(({ what }) => what === 'answered')?.text).toBe('reject by tester: looked at it');
      expectUntouched(closed);
      expect(provided(town)).toBe(before);
      expect((await answer(town, task, 'approve')).status).toBe(409);
    }));

  test('an approval of another plan does not count: a copy that came meanwhile is asked about again', () => {
    const base = worldOf({ ...careful, aws: { secrets: [{ name: 'orders/late', value: 'to be filled in' }] } });
    const world: World = { ...base, configuration: { ...base.configuration, secrets: [...base.configuration.secrets, { secret: 'orders/late', owner: 'orders' }] } };
    return inTown(world, async (town) => {
      const waiting = await caseOf(town, await town.github(42));
      const first = await questionOf(town, waiting);
      await asWorld(town)(SecretsManagerClient).send(new PutSecretValueCommand({ SecretId: 'orders/late', SecretString: JSON.stringify({ accessKeyId: town.value('key'), secretAccessKey: town.value('secret') }) }));
      await town.until(async () => (await town.get<{ credentials?: { copies: unknown[] }[] }>(`/credentials?id=${encodeURIComponent(waiting.credential ?? '')}`)).credentials?.[0]?.copies.length === 2, 'the copy is indexed', 60);
      await answer(town, first, 'approve');
      const second = await town.until(async () => (await openQuestions(town)).find(({ id }) => id !== first.id), 'it is asked again', 60);
      const again = await when(town, waiting.id, 'waiting');
      expectUntouched(again);
      expect(again.copies?.bound).toHaveLength(2);
      expect(await alive(town, waiting.credential)).toBe(true);
      await answer(town, second, 'approve');
      expectConfirmed(await when(town, waiting.id, 'contained'));
    });
  });

  test('a report of the value wakes a case that waits on a name, and its question is withdrawn', () =>
    inTown(worldOf(onePair), async (town) => {
      const waiting = await caseOf(town, await town.trufflehog([beside(town.value('key'), town.value('invented'))]));
      expect(waiting.status).toBe('waiting');
      expectUntouched(waiting);
      const task = await questionOf(town, waiting);
      const joined = await caseOf(town, await town.gitleaks([gitleaksFinding(town.value('secret'))]));
      expect(joined.id).toBe(waiting.id);
      expectConfirmed(await when(town, waiting.id, 'contained'));
      expect(await openQuestions(town)).toEqual([]);
      expect((await answer(town, task, 'reject')).status).toBe(409);
    }));

  test('a report of the value changes the plan that a person is asked about: the first question is withdrawn, and the answer to the second counts', () =>
    inTown(worldOf(careful), async (town) => {
      const named = await caseOf(town, await town.trufflehog([beside(town.value('key'), town.value('invented'))]));
      expect([named.status, named.proof]).toEqual(['waiting', 'name']);
      const first = await questionOf(town, named);
      await town.gitleaks([gitleaksFinding(town.value('secret'))]);
      const second = await town.until(async () => {
        const open = await openQuestions(town);
        return open.length === 1 && open[0]?.id !== first.id && open[0];
      }, 'the first question is withdrawn and another one is put', 60);
      const { tasks } = await town.get<{ tasks: (OpenTask & { answer: string; answeredBy: string; reason: string })[] }>('/tasks?status=answered');
      expect(tasks.find(({ id }) => id === first.id)).toMatchObject({ answer: 'withdrawn', answeredBy: 'rescind', reason: expect.stringMatching(/another question/) });
      expect((await answer(town, first, 'approve')).status).toBe(409);
      const asked = await when(town, named.id, 'waiting');
      expectUntouched(asked);
      expect(await alive(town, asked.credential)).toBe(true);
      expect((await answer(town, second, 'approve')).status).toBe(200);
      expectConfirmed(await when(town, named.id, 'contained'));
    }));

  test('an exemption asks while it lasts and ends by itself', () => {
    const base = worldOf(onePair);
    const passing = clockOf(15);
    let ahead = 0;
    const clock: Clock = { ...passing, now: () => new Date(passing.now().getTime() + ahead) };
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const world: World = { ...base, configuration: { ...base.configuration, exemptions: [{ credential: 'aws-iam-key:${key}', until, reason: 'the night of the move' }] } };
    return inTown(world, async (town) => {
      const waiting = await caseOf(town, await town.github(42));
      expect(waiting.status).toBe('waiting');
      expect(reasons(waiting)).toContain('the night of the move');
      expectUntouched(waiting);
      ahead = 3_600_000;
      await town.gitleaks([gitleaksFinding(town.value('secret'))]);
      expectConfirmed(await when(town, waiting.id, 'contained'));
      expect(await openQuestions(town)).toEqual([]);
    }, { clock });
  });
});

describe.concurrent('what is left alone', () => {
  test('in mode observe every kind of report is recorded and no provider is changed', () =>
    inTown(
      worldOf({ pair: { copies: 2, unbound: 1, deleteProvenDead: true }, vendor: {}, unknownIssuer: true, alerts: { 42: '${secret}', 43: '${vendorA}', 44: '${ftp}' } }),
      async (town) => {
        const before = provided(town);
        const deliveries = [
          await town.github(42), await town.github(43), await town.github(44), await town.health([town.value('other')]),
          await town.trufflehog([beside(town.value('key'), town.value('invented'))]), await town.gitleaks([gitleaksFinding(town.value('secret')), gitleaksFinding(town.value('ftp'), 'other.env')]),
        ];
        for (const delivery of deliveries) {
          for (const found of await town.ended(delivery, 60)) {
            expect(found.status).toBe('observed');
            expect(found.plan?.decision).toBe('observe');
            expectUntouched(found);
          }
        }
        const [stranger] = await town.ended(await town.gitleaks([gitleaksFinding(town.value('stranger'))]), 60);
        expect(stranger?.status).toBe('unmatched');
        expect(provided(town)).toBe(before);
        expect(await openQuestions(town)).toEqual([]);
      },
      { mode: 'observe' },
    ));

  test('a canary of the configuration is recorded and never acted upon, even by its value', () => {
    const base = worldOf(onePair);
    return inTown({ ...base, configuration: { ...base.configuration, canaries: ['${key}'] } }, async (town) => {
      const before = provided(town);
      const found = await caseOf(town, await town.github(42));
      expect(found.status).toBe('closed');
      expect(reasons(found)).toContain('canary');
      expectUntouched(found);
      expect(provided(town)).toBe(before);
    });
  });

  test("a sender's mark is enough for a name and not for a value of ours", () =>
    inTown(worldOf(onePair), async (town) => {
      const mark = { ExtraData: { is_canary: 'true' } };
      const name = await caseOf(town, await town.trufflehog([beside(town.value('other'), town.value('invented'), mark)]));
      expect(name.status).toBe('closed');
      expect(reasons(name)).toContain('its sender marks it as canary');
      expectUntouched(name);
      const value = await caseOf(town, await town.trufflehog([beside(town.value('key'), town.value('secret'), mark)]));
      expect(value.status).toBe('waiting');
      expect(reasons(value)).toContain('yet the value is one of ours');
      await answer(town, await questionOf(town, value), 'approve');
      expectConfirmed(await when(town, value.id, 'contained'));
    }));
});

describe.concurrent('a red case', () => {
  test('is closed only with a reason, and then its credential is free for a new case', () =>
    inTown(worldOf(onePair), async (town) => {
      town.behaviours.set([{ service: 'iam', operation: 'UpdateAccessKey', effect: 'lie' }]);
      const red = await caseOf(town, await town.github(42));
      expect(red.status).toBe('not-contained');
      expect((await town.ask('POST', `/cases/${red.id}/close`, {})).status).toBe(400);
      expect((await town.ask('POST', `/cases/${red.id}/close`, { reason: 'IAM is mended' })).status).toBe(200);
      expect((await town.view(red.id)).status).toBe('closed');
      town.behaviours.set([]);
      const fresh = await caseOf(town, await town.gitleaks([gitleaksFinding(town.value('secret'))]));
      expect(fresh.id).not.toBe(red.id);
      expectConfirmed(fresh);
      expect((await town.view(red.id)).timeline.at(-1)?.text).toBe('by tester: IAM is mended');
    }));
});
