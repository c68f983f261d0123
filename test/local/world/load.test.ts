import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { defaultWorld } from '../../../local/cli/options.ts';
import { clockOf } from '../../../local/clock.ts';
import { awsOperations } from '../../../local/fakes/aws/index.ts';
import { createPlatform } from '../../../local/platform.ts';
import { platformServices } from '../../../local/world/checks.ts';
import { checkedWorld, loadWorld, WorldError } from '../../../local/world/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'rescind-world-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Json = Record<string, unknown>;

/** The default world's file with something in it changed. */
const changed = (change: (world: Json) => void): Json => {
  const world = JSON.parse(readFileSync(defaultWorld, 'utf8')) as Json;
  change(world);
  return world;
};

/** What is said about a world that is wrong. */
const saidOf = (world: unknown): string[] => {
  try {
    checkedWorld(world, 'house.json');
  } catch (error) {
    if (error instanceof WorldError) return error.message.split('\n');
    throw error;
  }
  return [];
};

const at = (node: unknown, ...path: (string | number)[]): Json => path.reduce<unknown>((found, part) => (found as Record<string | number, unknown>)[part], node) as Json;

test('the default world is read, its samples named by their whole path, objects in secrets as JSON text', () => {
  const world = loadWorld(defaultWorld);
  expect(world.reports).toHaveLength(10);
  expect(world.samples?.[0]?.file).toMatch(/^\/.*acme-sample\.json$/);
  expect(JSON.parse(world.aws.secrets?.[0]?.value ?? '')).toHaveProperty('secretAccessKey');
  expect(world.aws.account).toBe('111122223333');
});

test('placeholders in the configuration outlive its schema', () => {
  const { configuration } = loadWorld(defaultWorld);
  expect(configuration.probes[0]?.request.url).toBe('${vendor.acmepay.url}/v1/whoami');
  expect(configuration.sources[0]?.api?.url).toBe('${github.url}');
  expect([configuration.vault?.address, configuration.leases?.issuers[0]?.issuer, configuration.leases?.subjects[0]?.issuer]).toEqual(['${vault.url}', '${oidc.gitlab.url}', '${oidc.gitlab.url}']);
});

test('the default world holds no value: every secret of it is made up at the start', () => {
  const text = readFileSync(defaultWorld, 'utf8');
  expect(text).not.toMatch(/A[KS]IA[A-Z0-9]{16}|ghp_[A-Za-z0-9]{20}|whsec_[A-Za-z0-9]|hvs\.[A-Za-z0-9]/);
});

test('a file that is not there, and one that is not JSON, are named with what was expected', () => {
  const path = join(folder, 'broken.json');
  const broken: [string, string][] = [['{\n  "name": "x",\n  oops\n}', 'line 3 column 3'], ['{ "name": \n}', 'line 2 column 1'], ['{"name": "x",}', 'line 1 column 14'], ['', 'line 1 column 1']];
  for (const [text, place] of broken) {
    writeFileSync(path, text);
    expect(() => loadWorld(path)).toThrow(`${path}: the file is not JSON at ${place}; expected an object with "name", "configuration" and "aws"`);
  }
  expect(() => loadWorld(join(folder, 'none.json'))).toThrow('the file cannot be read; expected a world\'s file');
});

const wrong: [string, (world: Json) => void, string][] = [
  ['a key that nobody knows', (w) => Object.assign(w, { secrets: [] }), 'house.json: the file has the unknown key "secrets"'],
  ['a part that is missing', (w) => delete w.aws, 'house.json: aws is missing; expected object'],
  ['a kind that is no kind', (w) => (at(w, 'values', 'payKeyA').kind = 'apikey'), 'house.json: values.payKeyA.kind is something else; expected one of "aws-key-id"'],
  ['another account', (w) => (at(w, 'aws').account = '999988887777'), 'house.json: aws.account is something else; expected one of "111122223333"'],
  ['a third key', (w) => (at(w, 'aws', 'users', 0).keys = [1, 2, 3].map(() => ({ id: 'x', secret: 'y', status: 'Active' }))), 'house.json: aws.users[0].keys has more than two keys'],
  ['an effect that no fake has', (w) => (at(w, 'behaviours', 0).effect = 'explode'), 'house.json: behaviours[0].effect is something else; expected one of "delay"'],
  ['a behaviour of a service that no fake is', (w) => (at(w, 'behaviours', 0).service = 'nonsense'), 'house.json: behaviours[0].service names "nonsense", which is no service of this world; expected one of: "secretsmanager", "kms", "iam", "sts", "cloudtrail", "github", "vendor:acmepay", "vault", "oidc", "vault:database", "dynamodb", "sqs", "states", "sns", "events", "s3", "scheduler"'],
  ['a behaviour of a vendor that is not there', (w) => (at(w, 'behaviours', 0).service = 'vendor:stripe'), 'house.json: behaviours[0].service names "vendor:stripe", which is no service of this world'],
  ['a behaviour of an operation that its fake does not know', (w) => (at(w, 'behaviours', 0).operation = 'Nope'), 'house.json: behaviours[0].operation names "Nope", which is no operation of iam; expected one of: "ListUsers", '],
  ['a behaviour of an operation of another fake', (w) => (at(w, 'behaviours', 0).service = 'secretsmanager'), 'house.json: behaviours[0].operation names "UpdateAccessKey", which is no operation of secretsmanager'],
  ['a behaviour of an operation where there are paths', (w) => (at(w, 'behaviours', 0).service = 'github'), 'house.json: behaviours[0].operation names "UpdateAccessKey", and github speaks plain HTTP; expected a method and the beginning of a path'],
  ['a report without a body', (w) => delete at(w, 'reports', 0).body, 'house.json: reports[0] needs what is sent'],
  ['a time that is none', (w) => (at(w, 'reports', 1).after = -1), 'house.json: reports[1].after is negative; expected seconds'],
  ['something wrong in the configuration', (w) => (at(w, 'configuration', 'secrets', 1).owner = 'nobody'), 'house.json: configuration.secrets[1].owner names "nobody", which is no owner'],
  ['a part of the configuration that is missing', (w) => delete at(w, 'configuration').owners, 'house.json: configuration.owners is missing; expected array'],
  ['a placeholder that is made up nowhere', (w) => (at(w, 'aws', 'secrets', 8, 'value').secretAccessKey = '${billingSecre}'), 'house.json: aws.secrets[8].value names ${billingSecre}, which is made up nowhere'],
  ['an address where there are none yet', (w) => (at(w, 'aws', 'secrets', 8, 'value').url = '${github.url}'), 'house.json: aws.secrets[8].value names ${github.url}, which is made up nowhere'],
  ['a rotation function that is not there', (w) => delete at(w, 'rotations')['rotate-generated'], 'house.json: aws.secrets[7].rotation.functionArn names "rotate-generated", which is no rotation'],
  ['a vendor that is not there', (w) => (at(w, 'rotations', 'rotate-acmepay-single').vendor = 'stripe'), 'house.json: rotations.rotate-acmepay-single.vendor names "stripe", which is no vendor'],
  ['a signing secret that is not there', (w) => (at(w, 'configuration', 'sources', 1).secrets = ['rescind/none']), 'house.json: configuration.sources[1].secrets[0] names "rescind/none", which is no secret of this world'],
  ['a report from a source that is not connected', (w) => (at(w, 'reports', 0).source = 'gitlab'), 'house.json: reports[0].source names "gitlab", which is no source of this world'],
  ['a report that waits for a later one', (w) => (at(w, 'reports', 0).when = 'vendor key in a build'), 'house.json: reports[0].when names "vendor key in a build", which is no earlier report'],
  ['two reports of one name', (w) => (at(w, 'reports', 1).name = 'key pair on GitHub'), 'house.json: reports[1].name names "key pair on GitHub" again, after reports[0]'],
  ['a lease without anybody who registers it', (w) => delete at(w, 'reports', 7).as, 'house.json: reports[7].as is missing; expected who registers the lease'],
  ['a lease of somebody who is neither', (w) => (at(w, 'reports', 7).as = { user: 'dana' }), 'house.json: reports[7].as is neither; expected {"issuer", "claims"}'],
  ['a token of an issuer that is not there', (w) => (at(w, 'reports', 8, 'as').issuer = 'github'), 'house.json: reports[8].as.issuer names "github", which is no OIDC issuer of this world; expected one of: "gitlab"'],
  ['a signed report with a token', (w) => (at(w, 'reports', 0).as = { principal: 'x' }), 'house.json: reports[0].as is for reports whose source is "leases"'],
  ['a lease where nobody may lease anything', (w) => delete at(w, 'configuration').leases, 'house.json: reports[7] registers a lease, and configuration.leases is missing'],
  ['a lease in lines', (w) => Object.assign(at(w, 'reports', 7), { body: undefined, lines: [1] }), 'house.json: reports[7].lines are no request for a lease'],
  ['a subject without the ids that nobody can take over', (w) => delete at(w, 'configuration', 'leases', 'subjects', 0, 'claims').project_id, 'house.json: configuration.leases.subjects[0].claims.project_id is missing'],
  ['an issuer whose name is none', (w) => (w.oidc = ['Git Lab']), 'house.json: oidc[0] is no name of an issuer'],
  ['an address of an issuer that is not there', (w) => delete w.oidc, 'house.json: configuration.leases.issuers[0].issuer names ${oidc.gitlab.url}, which is made up nowhere'],
  ['an address of a vault that is not there', (w) => delete w.vault, 'house.json: configuration.vault.address names ${vault.url}, which is made up nowhere'],
  ['the time of sending where nothing is sent', (w) => (at(w, 'aws', 'secrets', 8, 'value').made = '${now}'), 'house.json: aws.secrets[8].value names ${now}, which is made up nowhere'],
  ['a vault token of a maker that is not there', (w) => (at(w, 'vault', 'tokens', 2).parent = 'nobody'), 'house.json: vault.tokens[2].parent names "nobody", which is no other token of this vault'],
  ['a vault lease of no engine', (w) => (at(w, 'vault', 'leases', 0).id = 'kv/creds/x/1'), 'house.json: vault.leases[0].id is at no engine of this vault; expected it to begin with one of: "database/"'],
  ['a vault token with a key that nobody knows', (w) => (at(w, 'vault', 'tokens', 0).acessor = 'x'), 'house.json: vault.tokens[0] has the unknown key "acessor"'],
  ["a secret for Rescind's own vault token that is not there", (w) => (at(w, 'configuration', 'vault').token = 'rescind/none'), 'house.json: configuration.vault.token names "rescind/none", which is no secret of this world'],
  ['an ending that is none', (w) => delete at(w, 'expect', 0).status, 'house.json: expect[0] needs an ending: expected either "status", of a case, or "lease", the status of a lease'],
  ['a status that no lease has', (w) => (at(w, 'expect', 7).lease = 'dead'), 'house.json: expect[7].lease is something else; expected one of "active", "pending-revocation", "released"'],
  ['an outcome of a lease', (w) => (at(w, 'expect', 7).outcome = 'attested'), 'house.json: expect[7] is about a lease, which has neither "credential" nor "outcome"'],
  ['a lease of a report that registers none', (w) => (at(w, 'expect', 7).report = 'deploy key in history'), 'house.json: expect[7].report names a report of trufflehog, which registers no lease'],
  ['a behaviour of a database that is asked for something else', (w) => Object.assign(at(w, 'behaviours', 0), { service: 'vault:database', operation: 'POST /v1' }), 'house.json: behaviours[0].operation names "POST /v1", and what the vault asks of vault:database is REVOKE'],
  ['an expectation of no report', (w) => (at(w, 'expect', 0).report = 'rumour'), 'house.json: expect[0].report names "rumour", which is no report'],
];

test.each(wrong)('%s is refused with its place', (_, change, said) => {
  const lines = saidOf(changed(change));
  expect(lines.filter((line) => line.startsWith(said)), lines.join('\n')).toHaveLength(1);
});

test('behaviours of every fake are accepted', async () => {
  const platform = createPlatform({ clock: clockOf(), definitions: {}, onEvent: () => undefined });
  await platform.close();
  expect([...platformServices].sort()).toEqual([...Object.keys(platform.services), 'dynamodb'].sort());
  const calls = [
    ...platformServices.map((service) => ({ service, operation: 'Whatever' })),
    ...Object.entries(awsOperations()).flatMap(([service, operations]) => operations.map((operation) => ({ service, operation }))),
    { service: 'github', operation: 'GET /repos/acme' }, { service: 'vendor:acmepay', operation: 'PUT /v1/users' }, { service: 'vault', operation: 'POST /v1/auth/token/revoke-accessor' }, { service: 'vault', operation: 'LIST /v1' }, { service: 'vault:database', operation: 'REVOKE database/creds' }, { service: 'oidc', operation: 'GET /gitlab' }, { service: 'iam' }, { operation: 'GetSecretValue' }, {},
  ];
  expect(calls.length).toBeGreaterThan(50);
  expect(saidOf(changed((world) => (world.behaviours = calls.map((call) => ({ ...call, effect: 'throttle' })))))).toEqual([]);
});

test('a lease may be expected of an event that tells of a run, and an address may stand in what is expected', () => {
  expect(saidOf(changed((world) => {
    at(world, 'expect', 7).report = 'key exposed, says AWS Health';
    at(world, 'expect', 3).credential = '${oidc.gitlab.url}';
  }))).toEqual([]);
});

test('everything that is wrong is said at once', () => {
  const lines = saidOf(changed((world) => {
    at(world, 'reports', 0).source = 'gitlab';
    at(world, 'expect', 0).report = 'rumour';
  }));
  expect(lines).toHaveLength(2);
});

test('what stands in a wrong place is never quoted where it may be a value', () => {
  const value = 'hunter' + '2hunter2hunter2';
  const lines = saidOf(changed((world) => (at(world, 'aws', 'secrets', 0).value = { nested: [value] })) && { name: 'x', configuration: {}, aws: { secrets: [{ name: 'a', value: 7 }], users: [{ name: 'u', keys: [{ id: value, secret: value, status: value }] }] } });
  expect(lines.join('\n')).toContain('aws.users[0].keys[0].status');
  expect(lines.join('\n')).not.toContain(value);
});
