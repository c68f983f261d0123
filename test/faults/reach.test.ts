import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gitleaksFinding, openTown, trufflehogFinding, type Delivery, type Town } from '../town.ts';
import { pairsWorld, replacedOf } from '../scenarios/pairs.ts';

describe('how far one value reaches', () => {
  const five = ['orders', 'platform', 'search', 'mail', 'billing'];
  let town: Town;

  beforeAll(async () => {
    const world = pairsWorld([
      { user: 'wide', owners: Array.from({ length: 40 }, () => 'orders') },
      { user: 'common', owners: Array.from({ length: 40 }, (_, n) => five[n % 5] ?? '') },
      { user: 'rescind', owners: ['platform'] },
    ]);
    const { configuration } = world;
    town = await openTown({ ...world, configuration: { ...configuration, own: ['${rescindId}'] } }, { speed: 25 });
  });
  afterAll(() => town.close());

  /** Everything at IAM and in Secrets Manager that could have been touched. */
  const standing = (): unknown => {
    const { keys, secrets, users } = town.providers.aws.state();
    const stages = Object.values(secrets).map(({ name, versions }) => [name, Object.entries(versions).map(([id, { stages: labels }]) => [id, [...labels]])]);
    return JSON.parse(JSON.stringify([Object.values(keys).map(({ id, status }) => [id, status]), stages, users]));
  };

  test('forty bound secrets of one owner are one case, and all forty are replaced', async () => {
    const [found, ...others] = await town.ended(await town.gitleaks([gitleaksFinding(town.value('wideSecret'))]));
    expect([others, found?.status, found?.outcomes[0]?.outcome]).toEqual([[], 'contained', 'confirmed']);
    expect(found?.copies?.replaced).toHaveLength(40);
    expect(replacedOf(town, 'wide')).toEqual({ old: 'Inactive', successors: ['Active'], versions: Array.from({ length: 40 }, () => 2) });
  });

  test('forty secrets of five owners: a common value is no identity, so a person is asked and nothing is touched', async () => {
    const before = standing();
    const [found, ...others] = await town.ended(await town.gitleaks([gitleaksFinding(town.value('commonSecret'))]));
    expect([others, found?.status, found?.plan?.decision]).toEqual([[], 'waiting', 'ask']);
    expect(found?.remaining).toMatchObject([{ kind: 'approve', what: expect.stringContaining('5 unrelated owners') as string }]);
    expect(standing()).toEqual(before);
  });

  const own: [string, () => object, string][] = [
    ['by its value', () => gitleaksFinding(town.value('rescindSecret')), 'value'],
    ['that signs what GitHub sends', () => gitleaksFinding(town.value('githubHook')), 'value'],
    ['with which GitHub is asked', () => gitleaksFinding(town.value('githubToken')), 'value'],
  ];

  test.each(own)("a report that names Rescind's own key %s asks, and nothing is touched", async (_, finding, proof) => {
    const before = standing();
    const [found, ...others] = await town.ended(await town.gitleaks([finding()]));
    expect([others, found?.status, found?.plan?.decision, found?.proof]).toEqual([[], 'waiting', 'ask', proof]);
    expect(found?.remaining).toMatchObject([{ kind: 'approve', what: expect.stringContaining("Rescind's own") as string }]);
    expect(standing()).toEqual(before);
  });

  test("a report from AWS that names Rescind's own key asks, and nothing is touched", async () => {
    const before = standing();
    const [found] = await town.ended(await town.health([town.value('rescindId')]));
    expect([found?.status, found?.plan?.decision]).toEqual(['waiting', 'ask']);
    expect(standing()).toEqual(before);
  });

  test('after all of it nothing is green that lives and no value is to be seen', async () => {
    expect(await town.wrongs()).toEqual([]);
  });
});

describe('decoys', () => {
  const [reports, findings, valued] = [5, 1_000, 60];

  // most say nothing that could be matched; each of the others is fingerprinted, held and looked for
  const decoy = (report: number, n: number): object => trufflehogFinding(n < valued ? `zz_${randomUUID().replaceAll('-', '')}` : 'REDACTED', {}, `decoy/${report}/${n}.env`);

  // a sender that is told to come again does so
  const posted = (town: Town, lines: readonly object[]): Promise<Delivery> =>
    town.until(async () => {
      const answer = await town.trufflehog(lines);
      return answer.status !== 503 && answer;
    }, 'the report is taken', 20);

  test('five thousand decoys before one real leak neither hide it nor hold it up for long', async () => {
    const town = await openTown(pairsWorld([{ user: 'calm', owners: ['orders', 'orders'] }, { user: 'real', owners: ['orders', 'orders'] }]), { speed: 4 });
    try {
      const [calm] = await town.ended(await town.gitleaks([gitleaksFinding(town.value('calmSecret'))]), 30);
      const answers = await Promise.all(Array.from({ length: reports }, (_, report) => posted(town, Array.from({ length: findings }, (__, n) => decoy(report, n)))));
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
      const [real, ...others] = await town.ended(await town.gitleaks([gitleaksFinding(town.value('realSecret'))]), 30);
      expect([others, real?.status, real?.outcomes[0]?.outcome]).toEqual([[], 'contained', 'confirmed']);
      expect(real?.seconds.dead).toBeLessThan(2 * (calm?.seconds.dead ?? 0) + 30);
      expect(replacedOf(town, 'real')).toEqual({ old: 'Inactive', successors: ['Active'], versions: [2, 2] });

      for (const answer of answers) {
        const [found, ...more] = await town.ended(answer);
        expect([more, found?.status, found?.timeline.at(-1)?.text]).toEqual([[], 'unmatched', expect.stringContaining('1000 findings match nothing') as string]);
      }
      expect(town.platform.deadLetters()).toEqual([]);
      expect(await town.wrongs()).toEqual([]);
    } finally {
      await town.close();
    }
  }, 80_000);
});
