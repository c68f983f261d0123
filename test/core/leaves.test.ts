import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidatesOf, leavesOf, MAX_CANDIDATES, MAX_LEAVES, replaceLeaf, valueAt } from '../../functions/core/leaves.ts';
import { isIndexable } from '../../functions/core/shape.ts';

const keyId = ['AK', 'IAQ7X2M5N8P3R6T9W1'].join('');
const otherId = ['AK', 'IAZ4B6D8F2H5J7L9N3'].join('');
const awsSecret = ['wJ4lrXUtnF3MI/K7MD9N', 'G/bPxRfiCYzzQw1kKEYs'].join('');
const [one, two] = ['k7Qzm2vX9pLw4', 'Tz7qLm2Vx9pRk'];
const names = [{ issuer: 'aws-iam-key', id: keyId }];

/** Paths and values of the leaves. */
const found = (text: string): Record<string, string> => Object.fromEntries(leavesOf(text).map(({ path, value }) => [path, value]));

describe('the leaves of a secret', () => {
  it('are the whole text where it is plain, without the space around it', () => {
    expect(leavesOf(`${one}\n`)).toEqual([{ path: '', value: one, names: [] }]);
    expect(leavesOf(awsSecret)).toEqual([{ path: '', value: awsSecret, names: [] }]);
  });

  it('are the secret-like strings of JSON, with the key ids beside them', () => {
    const text = JSON.stringify({ accessKeyId: keyId, secretAccessKey: awsSecret, region: 'us-east-1', vendor: { token: one, list: ['short', [two]] } });
    expect(leavesOf(text)).toEqual([
      { path: 'secretAccessKey', value: awsSecret, names },
      { path: 'vendor.token', value: one, names: [] },
      { path: 'vendor.list[1][0]', value: two, names: [] },
    ]);
    expect(leavesOf(JSON.stringify({ [keyId]: awsSecret, other: otherId }))).toEqual([{ path: `${keyId}`, value: awsSecret, names }]);
  });

  it('are not the names, hosts, ports and defaults beside them', () => {
    expect(leavesOf(JSON.stringify({ engine: 'postgres', username: 'application_user', password: 'changeme', host: 'db.nimbus.example', port: 5432, dbInstanceIdentifier: 'production-database-1' }))).toEqual([]);
  });

  it('include a UUID or a phrase only in a field that holds secrets by its name', () => {
    const phrase = 'correct-horse-battery-staple';
    expect(found(JSON.stringify({ password: phrase, description: phrase, apiKey: '123e4567-e89b-12d3-a456-426614174000', apiKeyId: '223e4567-e89b-12d3-a456-426614174000', tenant: '323e4567-e89b-12d3-a456-426614174000' }))).toEqual({ password: phrase, apiKey: '123e4567-e89b-12d3-a456-426614174000' });
  });

  it.each([
    ['a URL', `postgres://app:${one}@db:5432/app`], ['a URL without a user', `redis://:${one}@cache:6379/0`], ['several hosts', `mongodb+srv://app:${one}@a.example,b.example/app?w=majority`], ['a queue', `amqps://app:${one}@mq.example/vhost`],
    ['a query', `jdbc:postgresql://db/app?user=app&password=${one}&ssl=true`], ['ADO.NET', `Server=tcp:db,1433;User Id=app;Password=${one};Encrypt=True`], ['ODBC with the password first', `PWD=${one};UID=app;SERVER=db`], ['ODBC', `Driver={PostgreSQL};Uid=app;Pwd=${one}`], ['JDBC for SQL Server', `jdbc:sqlserver://db:1433;user=app;password=${one}`],
    ['a storage account', `DefaultEndpointsProtocol=https;AccountName=app;AccountKey=${one}`], ['libpq', `host=db user=app password=${one} dbname=app`], ['Oracle', `jdbc:oracle:thin:app/${one}@//db:1521/app`], ['Go', `app:${one}@tcp(db:3306)/app`], ['a token alone', `https://${one}@git.example/a/b.git`], ['a token as user', `https://${one}:@git.example/a/b.git`],
  ])('are the password alone of a connection string: %s', (_, text) => {
    expect(leavesOf(text)).toEqual([{ path: '#password', value: one, names: [] }]);
    expect(found(JSON.stringify({ url: text }))).toEqual({ 'url#password': one });
    expect(found(replaceLeaf(text, '#password', two)!)).toEqual({ '#password': two });
    expect(replaceLeaf(replaceLeaf(text, '#password', two)!, '#password', one)).toBe(text);
  });

  it('are a password as the server sees it and as it is spelled', () => {
    expect(found('postgres://app:k7%23Qz%21m2vX9p@db/app')).toEqual({ '#password': 'k7#Qz!m2vX9p', '#password:encoded': 'k7%23Qz%21m2vX9p' });
    expect(found('postgres://app:k7#Qz/m2vX9p@db/app')).toEqual({ '#password': 'k7#Qz/m2vX9p' });
    expect(found('Server=db;Password="k7;Qz""m2vX9p";X=1')).toMatchObject({ '#password': 'k7;Qz"m2vX9p' });
    expect(found(String.raw`host=db password='k7\'Qz m2vX9p' user=a`)).toMatchObject({ '#password': "k7'Qz m2vX9p" });
    expect(found('postgres://app:k7%ZZQzm2vX9p@db/app')).toEqual({ '#password': 'k7%ZZQzm2vX9p' });
  });

  it('are no spelling of a password that is itself too plain to be one', () => {
    expect(found('postgres://app:a%40b%23c%21d%24@db/app')).toEqual({});
    expect(found(JSON.stringify({ url: 'postgres://app:Password%40%401@db/app', password: one }))).toEqual({ password: one });
  });

  it('are no address and no port of a URL without a password', () => {
    for (const url of ['https://api.example.com:8443/a?b=c@d.example', 'postgres://db.example:5432/app', 'ssh://git@git.example:22/a/b.git', 's3://bucket/a:b@c']) expect(leavesOf(url)).toEqual([]);
  });

  it('are looked for in environment files and in the AWS credentials file', () => {
    expect(found(`# settings\nexport API_KEY="${one}"\nDB=postgres://a:${two}@h/db # main\n\nPORT=5432\n`)).toEqual({ API_KEY: one, 'DB#password': two });
    const file = (first: string, second: string) => `[default]\naws_access_key_id = ${first}\naws_secret_access_key = ${awsSecret}\n\n[other]\naws_access_key_id=${second}\naws_secret_access_key=${awsSecret.slice(1)}a\n`;
    expect(leavesOf(file(keyId, otherId)).map((leaf) => leaf.names[0]?.id)).toEqual([keyId, otherId]);
    expect(found(`API_KEY=${one}`)).toEqual({ API_KEY: one });
    expect(found(`PASSWORD=${one};x`)).toEqual({ PASSWORD: `${one};x` });
    expect(found('abc=Zx9kQ2mV7pLt')).toEqual({ '': 'abc=Zx9kQ2mV7pLt' });
  });

  it('are looked for in JSON and lines inside a string, one level deep', () => {
    const inner = JSON.stringify({ token: one });
    expect(found(JSON.stringify({ config: inner, env: `A=1\nTOKEN=${two}` }))).toEqual({ 'config>token': one, 'env>TOKEN': two });
    expect(found(JSON.stringify({ config: JSON.stringify({ config: inner }) }))).toEqual({});
  });

  it('know the secret half beside its id in plain text', () => {
    for (const text of [`${keyId}:${awsSecret}`, `User name,Access key ID,Secret access key\ndeploy,${keyId},${awsSecret}`, `id ${keyId} secret "${awsSecret}"`]) {
      expect(leavesOf(text)).toEqual([{ path: '#secret', value: awsSecret, names }]);
      expect(leavesOf(replaceLeaf(text, '#secret', awsSecret.replace('wJ', 'Xq'))!)).toMatchObject([{ value: awsSecret.replace('wJ', 'Xq') }]);
    }
  });

  it('are bounded in number and depth', () => {
    const many = JSON.stringify(Array.from({ length: 500 }, (_, index) => `${one}${index}xQ`));
    expect(leavesOf(many)).toHaveLength(MAX_LEAVES);
    const deep = (levels: number) => `${'{"a":'.repeat(levels)}"${one}"${'}'.repeat(levels)}`;
    expect([10, 11, 20_000].map((levels) => leavesOf(deep(levels)).length)).toEqual([1, 0, 0]);
  });

  it('have paths that tell awkward keys apart', () => {
    const text = JSON.stringify({ a: { b: one }, 'a.b': two, 'a[0]': `${one}x`, a2: [`${two}x`], 'url#password': `${one}y`, '': `${two}y`, __proto__x: `${one}z` });
    expect(new Set(Object.keys(found(text))).size).toBe(7);
    for (const [path, value] of Object.entries(found(text))) expect(JSON.parse(replaceLeaf(text, path, 'new')!)).toEqual(JSON.parse(text.replace(`"${value}"`, '"new"')));
  });
});

describe('replacing a leaf', () => {
  it('changes nothing else, neither numbers nor spaces nor doubled keys', () => {
    const text = `{ "n": 12345678901234567890, "f": 1.0,\n  "password" : "${one}", "x": "${two}", "x": "${two}" }\n`;
    expect(replaceLeaf(text, 'password', 'a"b\\c')).toBe(text.replace(one, 'a\\"b\\\\c'));
    expect(replaceLeaf(` ${one}\n`, '', two)).toBe(` ${two}\n`);
  });

  it('encodes as the place demands', () => {
    expect(replaceLeaf(`{"url":"postgres://a:${one}@h/db"}`, 'url#password', 'a/b@c"d%e')).toBe('{"url":"postgres://a:a%2Fb%40c%22d%25e@h/db"}');
    expect(replaceLeaf(`A=1\nTOKEN=${one} # mine\n`, 'TOKEN', 'it is $5')).toBe("A=1\nTOKEN='it is $5' # mine\n");
    expect(replaceLeaf(JSON.stringify({ config: JSON.stringify({ token: one }) }), 'config>token', two)).toBe(JSON.stringify({ config: JSON.stringify({ token: two }) }));
    expect(replaceLeaf('postgres://app:k7%23Qz%21m2vX9p@db/app', '#password:encoded', '@')).toBe('postgres://app:%40@db/app');
  });

  it('reaches places that are no leaves, such as the id beside a secret', () => {
    const text = JSON.stringify({ id: keyId, password: 'changeme', n: { url: 'postgres://a:app@h/db' } });
    expect(['id', 'password', 'n.url#password', 'x'].map((path) => valueAt(text, path))).toEqual([keyId, 'changeme', 'app', undefined]);
    expect(valueAt(replaceLeaf(text, 'id', otherId)!, 'id')).toBe(otherId);
  });

  it('says so where there is no such leaf', () => {
    expect([replaceLeaf('{"a":"b"}', 'c', 'x'), replaceLeaf('', '', 'x'), replaceLeaf(one, '#password', 'x')]).toEqual([undefined, undefined, undefined]);
  });
});

describe('the candidates of a leaked value', () => {
  it.each([
    ['the value itself', one, one], ['the password of a connection string', `postgres://app:${one}@db/app`, one], ['the decoded password', 'postgres://app:k7%23Qz%21m2vX9p@db/app', 'k7#Qz!m2vX9p'], ['a password cut out of a URL as it is spelled there', 'k7%23Qz%21m2vX9p', 'k7#Qz!m2vX9p'], ['a lone percent sign as it is', `${one}%ZZ%41`, `${one}%ZZ%41`], ['the second half of a pair', `user:${one}`, one], ['the first half of a pair', `${one}:x`, one],
    ['a half with a colon in it', `user:ab:${one}`, `ab:${one}`], ['the secret half of a key pair', `${keyId}:${awsSecret}`, awsSecret], ['a leaf of JSON', JSON.stringify({ a: { b: [one] } }), one], ['a line of an environment file', `A=1\nB=${one}`, one], ['a UUID', '123e4567-e89b-12d3-a456-426614174000', '123e4567-e89b-12d3-a456-426614174000'], ['a value with space around it', ` ${one}\n`, one],
  ])('hold %s', (_, value, expected) => {
    expect(candidatesOf(value)).toContain(expected);
  });

  it('hold a private key however its line ends are written', () => {
    const key = ['-----BEGIN PRIVATE', 'KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----'].join(' ');
    for (const stored of [key, `${key}\n`, key.replaceAll('\n', '\r\n'), JSON.stringify({ key })]) {
      const [leaf] = leavesOf(stored);
      for (const leaked of [key, `${key}\n`, key.replaceAll('\n', '\\n'), key.replaceAll('\n', '\r\n')]) expect(candidatesOf(leaked)).toContain(leaf?.value);
    }
  });

  it('hold no name, no default and no more than can be looked up', () => {
    expect(['', 'changeme1234', keyId, 'db.nimbus.example', '5432'].flatMap(candidatesOf)).toEqual([]);
    expect(candidatesOf(JSON.stringify(Array.from({ length: 300 }, (_, index) => `${one}${index}xQ`)))).toHaveLength(MAX_CANDIDATES);
  });
});

describe('whatever the text', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9]{14,30}$/).filter(isIndexable);
  const password = fc.string({ minLength: 14, maxLength: 30 }).filter((text) => isIndexable(text));
  const json = fc.jsonValue({ maxDepth: 5 });

  it('nothing throws, and the same text has the same leaves', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json(), fc.stringMatching(/^[a-z:/@;="'{}?&%\\ \nPASSWORD]*$/)), fc.string(), (text, path) => {
      expect(leavesOf(text)).toEqual(leavesOf(text));
      candidatesOf(text);
      replaceLeaf(text, path, 'x');
    }), { numRuns: 1_000 });
  });

  it('every identifying string of JSON is found where it stands', () => {
    const tree = fc.letrec<{ node: unknown }>((tie) => ({ node: fc.oneof({ maxDepth: 4 }, secret, json, fc.array(tie('node'), { maxLength: 4 }), fc.dictionary(fc.string(), tie('node'), { maxKeys: 4 })) })).node;
    const strings = (value: unknown): string[] => (typeof value === 'string' ? [value] : typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : []);
    fc.assert(fc.property(fc.array(tree, { minLength: 1, maxLength: 4 }), (value) => {
      const text = JSON.stringify(value);
      const leaves = leavesOf(text).map((leaf) => leaf.value);
      for (const one of strings(JSON.parse(text)).filter(isIndexable).slice(0, MAX_LEAVES)) expect(leaves).toContain(one);
    }), { numRuns: 500 });
  });

  it('a replaced leaf is found at its path, and every other leaf stays', () => {
    const texts = (value: string) => [value, JSON.stringify({ a: [{ 'b c': value }], n: 1 }), JSON.stringify({ c: JSON.stringify({ t: value }) }), `postgres://a:${encodeURIComponent(value)}@h/db`, JSON.stringify({ url: `amqp://a:${encodeURIComponent(value)}@h`, p: two }),
      `Server=h;Password=${value};X=1`, `host=h password=${value} user=a`, `A=1\nTOKEN=${value}\nB=${two}\n`, JSON.stringify({ env: `TOKEN=${value}\nB=${two}` })];
    fc.assert(fc.property(secret, password, fc.nat(8), (before, after, form) => {
      // both are made up, and may be the same
      fc.pre(before !== after);
      const text = texts(before)[form]!;
      for (const { path, value } of leavesOf(text)) {
        const replaced = replaceLeaf(text, path, after)!;
        const place = path.replace(':encoded', '');
        expect(found(replaced)).toMatchObject({ [place]: after });
        const others = (all: string) => leavesOf(all).filter((leaf) => leaf.path.replace(':encoded', '') !== place);
        expect(others(replaced)).toEqual(others(text));
        expect(value).not.toBe(after);
      }
      expect(leavesOf(text).length).toBeGreaterThan(0);
    }), { numRuns: 1_000 });
  });

  it('a report of a value meets the index of any form in which it is stored', () => {
    fc.assert(fc.property(secret, (value) => {
      const forms = [value, `postgres://a:${value}@h/db`, JSON.stringify({ token: value }), `user:${value}`, `A=1\nB=${value}`];
      for (const stored of forms.filter((form) => !form.startsWith('user:'))) {
        const indexed = leavesOf(stored).map((leaf) => leaf.value);
        for (const reported of forms) expect(candidatesOf(reported).some((candidate) => indexed.includes(candidate))).toBe(true);
      }
    }));
  });
});
