import { randomUUID } from 'node:crypto';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientsOf } from '../../functions/aws/clients.ts';
import { bodiesBucket } from '../../local/platform.ts';
import { credentialsOf, region } from '../../local/roles.ts';
import { gitleaksFinding, openTown, trufflehogFinding, type Delivery, type Town } from '../town.ts';
import { pairsWorld, replacedOf } from '../scenarios/pairs.ts';

const users = ['replayed', 'crowded', 'shared', 'scanned', 'closed', 'reopened', 'bulky'] as const;
type User = (typeof users)[number];

let town: Town;

beforeAll(async () => {
  const world = pairsWorld(users.map((user) => ({ user, owners: ['orders', 'orders'] })), { vendor: {} });
  const { configuration } = world;
  town = await openTown({ ...world, configuration: { ...configuration, secrets: [...configuration.secrets, { secret: 'orders/new', owner: 'orders' }] } }, { speed: 25 });
});
afterAll(() => town.close());

const alertOf = (user: User): number => users.indexOf(user) + 1;
const idOf = (user: User): string => town.value(`${user}Id`);
const secretOf = (user: User): string => town.value(`${user}Secret`);

/** The cases that a credential ever had, newest first. */
const casesOf = async (credential: string): Promise<{ id: string; status: string }[]> => (await town.get<{ cases: { id: string; status: string }[] }>(`/cases?credential=${encodeURIComponent(credential)}`)).cases;

/** What stands at IAM and in the copies after exactly one rotation of a user's key. */
const expectOneRotation = (user: User): void => expect(replacedOf(town, user)).toEqual({ old: 'Inactive', successors: ['Active'], versions: [2, 2] });

/** Waits until no delivery is left that nobody has read. */
const allRead = (): Promise<boolean> => town.until(() => town.platform.sqs.queues.queue('rescind-deliveries').messages.size === 0, 'all deliveries are read');

const countOf = async (id: string, what: string): Promise<number> => (await town.view(id)).timeline.filter((entry) => entry.what === what).length;

describe('one credential has one case', () => {
  test('a valid body replayed under another delivery id is the same delivery, in the middle of the work and after it', async () => {
    const first = await town.github(alertOf('replayed'));
    const meanwhile = await town.github(alertOf('replayed'), { headers: { 'x-github-delivery': randomUUID() } });
    const [found, ...others] = await town.ended(first);
    const afterwards = await town.github(alertOf('replayed'), { headers: { 'x-github-delivery': randomUUID() } });
    expect([meanwhile, afterwards]).toEqual([first, first]);
    await allRead();
    const view = await town.view(found?.id ?? '');
    expect([others, view.status, view.attempt, view.trigger.reports.length]).toEqual([[], 'contained', 1, 1]);
    expect(view.timeline).toEqual(found?.timeline);
    expect(await casesOf(`aws-iam-key:${idOf('replayed')}`)).toHaveLength(1);
    expectOneRotation('replayed');
  });

  test('the same delivery five times at once is one case and one rotation', async () => {
    const deliveries = await Promise.all(Array.from({ length: 5 }, () => town.github(alertOf('crowded'))));
    expect(new Set(deliveries.map(({ status, body }) => `${status} ${body.delivery ?? ''}`)).size).toBe(1);
    const [found, ...others] = await town.ended(deliveries[0]);
    expect([others, found?.status]).toEqual([[], 'contained']);
    await allRead();
    expect(await casesOf(`aws-iam-key:${idOf('crowded')}`)).toHaveLength(1);
    expect([await countOf(found?.id ?? '', 'rotated'), await countOf(found?.id ?? '', 'contained')]).toEqual([1, 1]);
    expectOneRotation('crowded');
  });

  test('the same vendor key five times at once is rotated twice, as its two users need, and not ten times', async () => {
    const finding = trufflehogFinding(town.value('vendorA'));
    const deliveries = await Promise.all(Array.from({ length: 5 }, () => town.trufflehog([finding])));
    const [found, ...others] = await town.ended(deliveries[0]);
    expect([others, found?.status, found?.outcomes[0]?.outcome]).toEqual([[], 'contained', 'confirmed']);
    // the old version that no label names any more is gone by now
    expect(await countOf(found?.id ?? '', 'rotated')).toBe(2);
  });

  const meets = async (user: User, send: () => Promise<Delivery[]>, sources: string[]): Promise<void> => {
    const deliveries = await send();
    for (const delivery of deliveries) await town.ended(delivery);
    const cases = await casesOf(`aws-iam-key:${idOf(user)}`);
    expect(cases.map(({ status }) => status)).toEqual(['contained']);
    const view = await town.view(cases[0]?.id ?? '');
    expect(view.trigger.reports.map(({ source }) => source).sort()).toEqual(sources);
    // every sender finds the case by its own delivery
    for (const { body } of deliveries) expect((await town.get<{ cases: { id: string }[] }>(`/cases?delivery=${body.delivery ?? ''}`)).cases.map(({ id }) => id)).toContain(view.id);
    expect(view.timeline.filter(({ what }) => what === 'rotated')).toHaveLength(1);
    expectOneRotation(user);
  };

  test('GitHub and Gitleaks that name one credential at once meet in one case with two reports', async () => {
    await meets('shared', () => Promise.all([town.github(alertOf('shared')), town.gitleaks([gitleaksFinding(secretOf('shared'))])]), ['github-secret-scanning', 'gitleaks']);
  });

  test('Gitleaks and TruffleHog that name one credential at once meet in one case with two reports', async () => {
    const pair = trufflehogFinding(idOf('scanned'), { DetectorName: 'AWS', DetectorType: 2, RawV2: `${idOf('scanned')}:${secretOf('scanned')}` });
    await meets('scanned', () => Promise.all([town.gitleaks([gitleaksFinding(secretOf('scanned'))]), town.trufflehog([pair])]), ['gitleaks', 'trufflehog']);
  });
});

describe('after its case', () => {
  test('the same finding again is recorded and nothing is done', async () => {
    const finding = { ...gitleaksFinding(secretOf('closed'), 'closed.env'), Commit: 'c0ffee'.repeat(6) };
    const [found] = await town.ended(await town.gitleaks([finding]));
    expect([found?.status, found?.closed?.by]).toEqual(['contained', 'rescind']);
    const again = await town.gitleaks([finding, gitleaksFinding(`zz_${randomUUID()}`, 'other.env')]);
    await allRead();
    const cases = await town.ended(again);
    expect(cases.map(({ id, status }) => (id === found?.id ? 'the same' : status)).sort()).toEqual(['the same', 'unmatched']);
    expect((await town.view(found?.id ?? '')).timeline).toEqual(found?.timeline);
    expect(await casesOf(`aws-iam-key:${idOf('closed')}`)).toHaveLength(1);
    expectOneRotation('closed');
  });

  test('its value in a place that no commit fixes is tried again, and nothing is done', async () => {
    const [again] = await town.ended(await town.gitleaks([gitleaksFinding(secretOf('closed'), 'elsewhere.env')]));
    expect([again?.status, again?.plan?.decision, again?.outcomes[0]?.outcome]).toEqual(['contained', 'record', 'confirmed']);
    expectOneRotation('closed');
  });

  test('a reopened finding whose value is dead is tried again, and nothing is done', async () => {
    const [first] = await town.ended(await town.github(alertOf('reopened')));
    expect(first?.status).toBe('contained');
    const [second] = await town.ended(await town.github(alertOf('reopened'), { action: 'reopened', at: '2026-06-01T10:00:00Z' }));
    expect(second?.id).not.toBe(first?.id);
    expect([second?.status, second?.plan?.decision, second?.outcomes[0]?.outcome]).toEqual(['contained', 'record', 'confirmed']);
    expect(second?.timeline.filter(({ what }) => ['contained', 'rotated', 'revoked'].includes(what))).toEqual([]);
    expect(second?.timeline.some(({ what }) => what === 'probed')).toBe(true);
    expectOneRotation('reopened');
  });
});

describe('what comes late or large', () => {
  test('an unmatched report opens a case when its secret is made and indexed afterwards', async () => {
    const [unmatched] = await town.ended(await town.trufflehog([trufflehogFinding(town.value('stranger'))]));
    expect(unmatched?.status).toBe('unmatched');
    const asWorld = clientsOf({ region, endpoint: town.providers.aws.url, credentials: credentialsOf('world') });
    await asWorld(SecretsManagerClient).send(new CreateSecretCommand({ Name: 'orders/new', SecretString: JSON.stringify({ user: 'new', password: town.value('stranger') }) }));
    // a new secret moves no label: the next walk meets it
    town.platform.sqs.queues.send('rescind-index', { body: JSON.stringify({ kind: 'tick' }) });
    const delivery = unmatched?.trigger.reports[0]?.delivery ?? '';
    const opened = await town.until(async () => (await town.ended({ status: 202, body: { delivery } })).find(({ id }) => id !== unmatched?.id), 'the case of the new secret is there');
    expect([opened.credential, opened.owner, opened.proof]).toEqual([expect.stringMatching(/^unknown:/), 'orders', 'value']);
    // nobody knows its issuer: never green
    expect(opened.status).toBe('not-contained');
  });

  test('a report of more than 200 KB arrives through the bucket', async () => {
    const bucket = async (): Promise<number> => (await town.clientOf(S3Client).send(new ListObjectsV2Command({ Bucket: bodiesBucket }))).Contents?.length ?? 0;
    const before = await bucket();
    // three bytes each where it is kept, and every line a place of its own
    const long = '\u6f22'.repeat(450);
    const decoys = Array.from({ length: 80 }, (_, n) => gitleaksFinding('REDACTED', `${n}/${long}`, long));
    const delivery = await town.gitleaks([...decoys, gitleaksFinding(secretOf('bulky'))]);
    expect(delivery.status).toBe(202);
    expect(await bucket()).toBe(before + 1);
    await allRead();
    const cases = await town.ended(delivery);
    expect(cases.map(({ status, credential }) => [status, credential]).sort()).toEqual([['contained', `aws-iam-key:${idOf('bulky')}`], ['unmatched', undefined]]);
    expectOneRotation('bulky');
  });
});

test('after all of it nothing is green that lives, no value is to be seen, and nothing was given up', async () => {
  expect(await town.wrongs()).toEqual([]);
  expect(town.platform.deadLetters()).toEqual([]);
});
