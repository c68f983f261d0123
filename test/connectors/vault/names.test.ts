import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { namespaceDoubt, namespaceOf, pathOf, spellingOf, vaultNameOf, type VaultName } from '../../../functions/connectors/vault/names.ts';
import { openVault, ownPolicy, type VaultHouse } from './subject.ts';

let house: VaultHouse | undefined;
afterEach(async () => {
  await house?.close();
  house = undefined;
});

const read: [string, string | undefined, object][] = [
  ['token/7sFZkl3VGxJHx0MFMFjBRpOL', undefined, { kind: 'token', accessor: '7sFZkl3VGxJHx0MFMFjBRpOL', namespace: '' }],
  ['token/8o6IQuuqH1zeUiNocBpmU2tM.VW8TYw@team-a', undefined, { kind: 'token', accessor: '8o6IQuuqH1zeUiNocBpmU2tM.VW8TYw', namespace: 'team-a' }],
  ['token/abc@team-a/inner/', undefined, { kind: 'token', accessor: 'abc', namespace: 'team-a/inner' }],
  ['token/abc', 'team-b', { kind: 'token', accessor: 'abc', namespace: 'team-b' }],
  ['token/abc@root', 'team-b', { kind: 'token', accessor: 'abc', namespace: '' }],
  ['lease/pki/issue/svc/6A2Un27AEErF3XuSiRDl5PWM', undefined, { kind: 'lease', lease: 'pki/issue/svc/6A2Un27AEErF3XuSiRDl5PWM', namespace: '' }],
  ['lease/auth/userpass/login/mira@acme.example/h1@root', undefined, { kind: 'lease', lease: 'auth/userpass/login/mira@acme.example/h1', namespace: '' }],
  ['prefix/database/creds', undefined, { kind: 'prefix', prefix: 'database/creds', namespace: '' }],
  ['secret-id/approle/deploy/33298fd1-b8fd', undefined, { kind: 'secret-id', mount: 'approle', role: 'deploy', accessor: '33298fd1-b8fd', namespace: '' }],
  ['secret-id/ci/approle/deploy/33298fd1@a', undefined, { kind: 'secret-id', mount: 'ci/approle', role: 'deploy', accessor: '33298fd1', namespace: 'a' }],
  ['entity/4e0a96e3-3e11-d6f8-773b-8e1116063324', undefined, { kind: 'entity', entity: '4e0a96e3-3e11-d6f8-773b-8e1116063324', namespace: '' }],
];

describe('a name behind `vault:`', () => {
  for (const [text, preset, name] of read) it(`is read from ${text}${preset ? ` in ${preset}` : ''}`, () => expect(vaultNameOf(text, preset)).toEqual(name));

  const hostile = [
    '', 'token', 'token/', 'token/a/b', 'token/..', 'token/a%2fb', 'token/a b', 'token/a\r\nx-vault-token: b', 'token/a?b', 'token/a#b', 'token/ä', `token/${'a'.repeat(256)}`, 'TOKEN/a', 'tokens/a',
    'lease/a', 'lease//a', 'lease/a//b', 'lease/a/../b', 'lease/../a/b', 'lease/a/./b', 'lease/a/%2e%2e/b', 'lease/a/b?force=true', 'lease/a\\b/c', `lease/${'a/'.repeat(600)}b`,
    'prefix/', 'prefix/..', 'prefix/a/../..', 'prefix/*', 'secret-id/a/b', 'secret-id/approle/../b', 'secret-id/../deploy/a', 'secret-id/auth/approle/deploy/a', 'secret-id/approle/a b/c', 'entity/../../sys/seal', 'entity/a/b',
    'token/a@..', 'token/a@a/../b', 'token/a@b c', 'token/a@b\r\nc', 'token/a@//', 'sys/seal',
  ];
  for (const text of hostile) it(`is refused as ${JSON.stringify(text.slice(0, 40))}`, () => expect(vaultNameOf(text, undefined)).toHaveProperty('refused'));

  it('that is refused sends nothing, whatever is asked', async () => {
    house = await openVault();
    for (const text of hostile) {
      expect(await house.find(text)).toMatchObject({ exists: false });
      expect(await house.probe(text)).toMatchObject({ verdict: 'unknown', control: false });
      expect((await house.revoke(text)).result).toBe('refused');
      expect((await house.contain(text)).result).toBe('refused');
      expect((await house.restore(text, { entity: text, disabled: false })).result).toBe('refused');
    }
    expect(house.requests).toEqual([]);
    expect(house.house.calls).toEqual([]);
  });

  it('is encoded segment by segment', () => {
    expect(pathOf('auth/a b', 'role', 'x?y#z')).toBe('auth/a%20b/role/x%3Fy%23z');
    expect([namespaceOf('/a/b/'), namespaceOf(undefined), namespaceOf('root'), namespaceOf('a b')]).toEqual(['a/b', '', '', undefined]);
  });
});

describe('the one spelling of a name', () => {
  const spelled = (text: string, preset?: string): string => spellingOf(vaultNameOf(text, preset) as VaultName, preset);

  it('leaves the preset namespace out and says every other', () => {
    expect(['token/abc', 'token/abc@', 'token/abc@/', 'token/abc@root', 'token/abc@root/'].map((text) => spelled(text))).toEqual(Array.from({ length: 5 }, () => 'token/abc'));
    expect(['token/abc', 'token/abc@team-b', 'token/abc@/team-b/'].map((text) => spelled(text, '/team-b/'))).toEqual(Array.from({ length: 3 }, () => 'token/abc'));
    expect(['token/abc@', 'token/abc@root'].map((text) => spelled(text, 'team-b'))).toEqual(['token/abc@root', 'token/abc@root']);
    expect(['entity/e@team-a', 'entity/e@/team-a/'].map((text) => spelled(text))).toEqual(['entity/e@team-a', 'entity/e@team-a']);
    expect(['secret-id/ci/approle/Deploy/ABC', 'secret-id/ci/approle/deploy/ABC@root'].map((text) => spelled(text))).toEqual(Array.from({ length: 2 }, () => 'secret-id/ci/approle/deploy/ABC'));
  });

  it('reads as the same name again, although an @ may stand inside it', () => {
    for (const preset of [undefined, 'team-b', 'root']) {
      for (const [text] of read) {
        const name = vaultNameOf(text, preset);
        expect(vaultNameOf(spelled(text, preset), preset), text).toEqual(name);
        expect(spelled(spelled(text, preset), preset)).toBe(spelled(text, preset));
      }
    }
    expect(spelled('lease/auth/userpass/login/mira@acme.example/h1@root')).toBe('lease/auth/userpass/login/mira@acme.example/h1@root');
  });
});

describe('a namespace', () => {
  it('is doubted where the end of an id says another', () => {
    expect([namespaceDoubt('abc', ''), namespaceDoubt('abc.VW8TYw', 'team-a'), namespaceDoubt('a.b/creds/x/abc', '')]).toEqual([undefined, undefined, undefined]);
    expect(namespaceDoubt('abc', 'team-a')).toContain('@root');
    expect(namespaceDoubt('db/creds/x/abc.VW8TYw', '')).toContain('@<namespace>');
  });
});

describe('the policy in docs/connectors.md', () => {
  it('is the one with which all these tests pass', () => {
    const page = readFileSync(new URL('../../../docs/connectors.md', import.meta.url), 'utf8');
    const [, block = ''] = /```hcl\n([\s\S]*?)```/.exec(page) ?? [];
    const told = [...block.matchAll(/^path "([^"]+)" +\{ capabilities = (\[[^\]]*\]) \}$/gm)].map(([, path, can]) => [path, JSON.parse(can ?? '[]') as string[]]);
    expect(Object.fromEntries(told)).toEqual(ownPolicy);
  });
});
