import { describe, expect, test } from 'vitest';
import { bindingOf, bySecret, identify, type Leaf } from '../../functions/core/identify.ts';
import { configuration as base } from './circumstances.ts';

const configuration = { ...base, secrets: [{ secret: 'prod/one', owner: 'orders' }, { secret: 'prod/two', owner: 'orders' }, { secret: 'prod/pay', owner: 'orders', probe: 'pay', rotation: 'alternating-users' as const }] };
const leaf = (name: string, more: Partial<Leaf> = {}): Leaf => ({ fingerprint: 'v1:0123456789abcdef0123', place: `arn:${name}`, name, path: 'secret', version: 'v', current: true, names: [], ...more });
const key = (id: string) => ({ names: [`aws-iam-key:${id}`] });

describe('which credential a value belongs to', () => {
  test('nothing known, no credential', () => {
    expect(identify([], configuration)).toEqual([]);
  });

  test('one key in three places is one credential with three copies', () => {
    const [found, ...more] = identify([leaf('prod/one', key('A')), leaf('prod/two', key('A')), leaf('stray', key('A'))], configuration);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ certain: true, credential: { id: 'aws-iam-key:A', owner: 'orders' } });
    expect(found?.credential.copies.map(({ name, bound }) => [name, bound])).toEqual([['prod/one', true], ['prod/two', true], ['stray', false]]);
  });

  test("a value planted beside somebody else's key id does not lead to that key", () => {
    const found = identify([leaf('prod/one', key('OURS')), leaf('planted', key('INNOCENT'))], configuration);
    expect(found.map(({ credential }) => credential.id)).toEqual(['aws-iam-key:OURS']);
    expect(found[0]?.credential.copies.map(({ name }) => name)).toContain('planted');
  });

  test('where only unvouched places name a key, it must be proven first', () => {
    expect(identify([leaf('planted', key('INNOCENT'))], configuration)).toMatchObject([{ certain: false, credential: { id: 'aws-iam-key:INNOCENT' } }]);
  });

  test('two keys beside the value in vouched places must be proven first', () => {
    expect(identify([leaf('prod/one', { names: ['aws-iam-key:A', 'aws-iam-key:B'] })], configuration).map(({ certain }) => certain)).toEqual([false, false]);
  });

  test('a declared probe names the issuer of a value without a name', () => {
    const [found] = identify([leaf('prod/pay', { first: true })], configuration);
    expect(found?.credential.id).toBe('declared-probe:pay/0123456789abcdef');
    expect(found && bindingOf(found.credential, configuration).binding).toMatchObject({ probe: 'pay', rotation: 'alternating-users' });
  });

  test('else nobody knows the issuer', () => {
    expect(identify([leaf('prod/one')], configuration)[0]?.credential.id).toBe('unknown:0123456789abcdef');
  });

  const bound = (...secrets: typeof base.secrets) => ({ ...base, secrets });
  const pay = { secret: 'prod/pay', owner: 'orders', probe: 'pay' };
  const ids = (leaves: Leaf[], ...secrets: typeof base.secrets) => identify(leaves, bound(...secrets)).map(({ credential }) => credential.id);
  const short = '0123456789abcdef';

  test("the probe is for the leaf that the configuration names, and for none beside it", () => {
    const named = { ...pay, leaf: 'db.key' };
    expect(ids([leaf('prod/pay', { path: 'db.key' })], named)).toEqual([`declared-probe:pay/${short}`]);
    expect(ids([leaf('prod/pay', { path: 'db.password', first: true })], named)).toEqual([`unknown:${short}`]);
  });

  test('where it names none, the probe is for the first secret-like leaf', () => {
    expect(ids([leaf('prod/pay', { path: 'db.password', first: true })], pay)).toEqual([`declared-probe:pay/${short}`]);
    expect(ids([leaf('prod/pay', { path: 'db.key' })], pay)).toEqual([`unknown:${short}`]);
  });

  test("a value in two places, of which one is the probe's leaf, is one credential with both copies", () => {
    const [found, ...more] = identify([leaf('prod/pay', { path: 'backup' }), leaf('prod/pay', { path: 'key' }), leaf('prod/one', { path: 'key' })], bound({ ...pay, leaf: 'key' }, { secret: 'prod/one', owner: 'orders' }));
    expect(more).toEqual([]);
    expect(found?.credential.id).toBe(`declared-probe:pay/${short}`);
    expect(found?.credential.copies.map(({ name, path }) => `${name} ${path}`)).toEqual(['prod/one key', 'prod/pay backup', 'prod/pay key']);
  });

  test('a value that is kept for two doors is two credentials, each with its own door', () => {
    const two = identify([leaf('prod/pay', { first: true }), leaf('prod/one', { first: true })], bound(pay, { secret: 'prod/one', owner: 'orders', probe: 'eu/gate' }));
    expect(two.map(({ credential }) => credential.id)).toEqual([`declared-probe:pay/${short}`, `declared-probe:eu/gate/${short}`]);
    expect(two.map(({ credential }) => bindingOf(credential, configuration).binding.probe)).toEqual(['pay', 'eu/gate']);
  });

  test('a place that nobody vouched for brings no probe', () => {
    expect(ids([leaf('planted', { first: true })], pay)).toEqual([`unknown:${short}`]);
  });

  test('a spelling of a password has the id of the password, and its place', () => {
    const spelling = leaf('prod/pay', { path: 'url#password:encoded', fingerprint: 'v1:ffffffffffffffffffff', spells: 'v1:0123456789abcdef0123' });
    expect(ids([spelling], { ...pay, leaf: 'url#password' })).toEqual([`declared-probe:pay/${short}`]);
  });
});

describe('which leaves are of one secret', () => {
  const place = (fingerprint: string, more: Partial<Leaf> = {}) => leaf('prod/pay', { path: 'key', fingerprint, ...more });

  test('the previous and the present value of one place are two', () => {
    const [previous, present] = [place('v1:old', { version: 'a', current: false }), place('v1:new', { version: 'b' })];
    expect(bySecret([previous, present], [['v1:old'], ['v1:new']])).toEqual([[previous], [present]]);
  });

  test('a key that an object has twice with two values is two', () => {
    expect(bySecret([place('v1:one'), place('v1:two')], [['v1:one'], ['v1:two']])).toHaveLength(2);
  });

  test('a password and its spelling are one, in whichever order they were met', () => {
    const [plain, spelling] = [place('v1:plain', { path: '#password' }), place('v1:cut', { path: '#password:encoded', spells: 'v1:plain' })];
    for (const met of [[plain, spelling], [spelling, plain]]) expect(bySecret(met, [['v1:cut'], ['v1:plain']])).toEqual([met]);
  });

  test('a text that is a spelling in one place and itself a secret in another is two', () => {
    const [spelling, itself] = [place('v1:cut', { path: '#password:encoded', spells: 'v1:plain' }), place('v1:cut', { place: 'arn:other' })];
    expect(bySecret([spelling, itself], [['v1:cut']])).toEqual([[spelling], [itself]]);
  });

  test('one value under two versions of the key is one, and its place is named once, as the newest knows it', () => {
    const [newest, older, elsewhere] = [place('v2:b', { version: 'b' }), place('v1:a', { version: 'a' }), place('v1:a', { place: 'arn:other' })];
    expect(bySecret([newest, older, elsewhere], [['v2:b', 'v1:a']])).toEqual([[newest, elsewhere]]);
  });
});
