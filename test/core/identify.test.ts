import { describe, expect, test } from 'vitest';
import { bindingOf, identify, type Leaf } from '../../functions/core/identify.ts';
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
    const [found] = identify([leaf('prod/pay')], configuration);
    expect(found?.credential.id).toBe('declared-probe:pay/0123456789abcdef');
    expect(found && bindingOf(found.credential, configuration).binding).toMatchObject({ probe: 'pay', rotation: 'alternating-users' });
  });

  test('else nobody knows the issuer', () => {
    expect(identify([leaf('prod/one')], configuration)[0]?.credential.id).toBe('unknown:0123456789abcdef');
  });
});
