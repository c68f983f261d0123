import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientOf } from '../../functions/aws/clients.ts';
import { fingerprintsOf, type FingerprintKey } from '../../functions/aws/fingerprints.ts';
import { indexSecret, type IndexDeps } from '../../functions/aws/index-secret.ts';
import type { Report } from '../../functions/core/case.ts';
import type { Credential } from '../../functions/core/connector.ts';
import { configurationOf, edgesElsewhere, newKey, startHouse, type House } from '../connectors/house.ts';
import { startTables } from './tables.ts';

const [v1, v2]: [FingerprintKey, FingerprintKey] = [{ version: 'v1', key: 'alias/one' }, { version: 'v2', key: 'alias/two' }];
const material = (byte: number): string => Buffer.alloc(32, byte).toString('base64');
const signal = new AbortController().signal;
const password = `${newKey()}#1`;
const names = ['app/stable', 'app/moved', 'app/copy', 'app/denied', 'app/watched', 'app/awaited'];
const values = new Map(names.map((name) => [name, newKey()]));
const valueIn = (name: string): string => values.get(name) ?? '';

let house: House;
let tables: Awaited<ReturnType<typeof startTables>>;
const sent: string[] = [];
let isQueueDown = false;
beforeAll(async () => {
  tables = await startTables();
  house = await startHouse({
    world: {
      kmsKeys: [{ id: 'one', alias: 'one', usage: 'GENERATE_VERIFY_MAC', material: material(1) }, { id: 'two', alias: 'two', usage: 'GENERATE_VERIFY_MAC', material: material(2) }],
      secrets: [
        ...names.map((name) => ({ name, value: JSON.stringify({ user: 'app', key: valueIn(name) }) })),
        { name: 'app/empty', value: JSON.stringify({ host: 'db.nimbus.example' }) },
        { name: 'app/url', value: `postgres://app:${encodeURIComponent(password)}@db/app` },
        { name: 'app/bare', value: JSON.stringify({ password }) },
      ],
    },
  });
});
afterAll(async () => {
  await house.close();
  await tables.close();
});

const clientOf: ClientOf = (client) =>
  (client as unknown) === SQSClient
    ? ({ send: ({ input }: { input: { MessageBody: string } }) => (isQueueDown ? Promise.reject(new Error('the queue is down')) : Promise.resolve(void sent.push(input.MessageBody))) } as never)
    : house.edges.clientOf(client);

const depsOf = (fingerprintKeys: FingerprintKey[]): IndexDeps => ({
  configuration: configurationOf(), registry: tables.registry, ledger: tables.ledger, clientOf, issuers: new Map(), fingerprintKeys, deliveriesQueue: 'deliveries', indexQueue: 'index',
  now: house.clock.now, sleep: house.clock.sleep, log: { info: () => undefined, warn: () => undefined, error: () => undefined }, count: () => undefined,
});
const index = (name: string, ...keys: FingerprintKey[]) => indexSecret({ place: house.arn(name) }, depsOf(keys), signal);
const put = (name: string, text: object) => edgesElsewhere(house).clientOf(SecretsManagerClient).send(new PutSecretValueCommand({ SecretId: name, SecretString: JSON.stringify(text) }));
const reads = (): number => house.calls.filter(({ operation }) => operation === 'GetSecretValue').length;
const fingerprints = (value: string, ...keys: FingerprintKey[]): Promise<string[]> => fingerprintsOf(clientOf, keys, value);
const matched = async (value: string, ...keys: FingerprintKey[]): Promise<Credential[]> =>
  (await tables.registry.match(await fingerprints(value, ...keys), configurationOf())).map(({ credential }) => credential);
/** Puts a report of a secret's value on watch, under the old key. */
const onWatch = async (name: string): Promise<string> => {
  const [fingerprint = ''] = await fingerprints(valueIn(name), v1);
  await tables.registry.putAll([{ pk: `fingerprint#${fingerprint}`, sk: 'watch#c-1', report: { delivery: name, fingerprints: [fingerprint] } satisfies Partial<Report> }]);
  return fingerprint;
};
const copiesOf = (credentials: Credential[]): string[] => credentials.flatMap(({ copies }) => copies.map(({ name }) => name));

describe('when the fingerprint key changes', () => {
  test.each(['app/stable', 'app/empty', 'app/url'])('%s, which never changed, is read again once', async (name) => {
    await index(name, v1);
    expect(await index(name, v1)).toBe(false);
    const before = reads();
    expect([await index(name, v2, v1), await index(name, v2, v1), await index(name, v2)]).toEqual([true, false, false]);
    expect(reads() - before).toBe(1);
  });

  test('its value is found under the new key alone', async () => {
    await index('app/stable', v1);
    await index('app/stable', v2, v1);
    expect(copiesOf(await matched(valueIn('app/stable'), v2))).toEqual(['app/stable']);
  });

  test('so are the values of versions that have lost their labels meanwhile', async () => {
    await index('app/moved', v1);
    for (const turn of [1, 2]) {
      await put('app/moved', { turn: `turn ${turn}`, key: newKey() });
      await index('app/moved', v1);
    }
    await index('app/moved', v2, v1);
    const [old] = await matched(valueIn('app/moved'), v2);
    expect(old?.copies).toMatchObject([{ name: 'app/moved', current: false }]);
  });

  test('a place that is known under both keys is one copy of one credential', async () => {
    await index('app/copy', v1);
    await index('app/copy', v2, v1);
    expect(copiesOf(await matched(valueIn('app/copy'), v2, v1))).toEqual(['app/copy']);
  });

  test('what cannot be read at that moment stays known under the old key, and is read when it can be', async () => {
    await index('app/denied', v1);
    house.behaviours.set([{ service: 'secretsmanager', operation: 'GetSecretValue', effect: 'refuse', status: 400, code: 'AccessDeniedException' }]);
    await index('app/denied', v2, v1);
    house.behaviours.set([]);
    expect(await matched(valueIn('app/denied'), v2)).toEqual([]);
    expect(copiesOf(await matched(valueIn('app/denied'), v2, v1))).toEqual(['app/denied']);
    await index('app/denied', v2, v1);
    expect(copiesOf(await matched(valueIn('app/denied'), v2))).toEqual(['app/denied']);
  });

  test('a report that has been on watch under the old key is still called back', async () => {
    const fingerprint = await onWatch('app/watched');
    await index('app/watched', v2, v1);
    expect(sent.map((body) => JSON.parse(body) as unknown)).toMatchObject([{ kind: 'met', fingerprint, report: { delivery: 'app/watched' } }]);
  });
});

test('a report on watch is called back though the first try to do so failed', async () => {
  await onWatch('app/awaited');
  isQueueDown = true;
  await expect(index('app/awaited', v1)).rejects.toThrow('the queue is down');
  isQueueDown = false;
  await index('app/awaited', v1);
  expect(sent.filter((body) => body.includes('app/awaited'))).toHaveLength(1);
});

describe('a password that is spelled differently inside a URL', () => {
  test('is one credential with the same password elsewhere, whichever way it was reported', async () => {
    for (const name of ['app/url', 'app/bare']) await index(name, v1);
    const [bare] = await matched(password, v1);
    const [cut, ...more] = await matched(encodeURIComponent(password), v1);
    expect(more).toEqual([]);
    expect(cut?.id).toBe(bare?.id);
    expect(new Set(copiesOf(cut ? [cut] : []))).toEqual(new Set(['app/url', 'app/bare']));
  });

  test('leads to the fingerprint of the password itself, since its spelling is refused at every door', async () => {
    await index('app/url', v1);
    const [secret] = await fingerprints(password, v1);
    const found = await tables.registry.match(await fingerprints(encodeURIComponent(password), v1), configurationOf());
    expect(found.map(({ fingerprint }) => fingerprint)).toEqual([secret]);
  });
});
