import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CaseView } from '../../functions/core/case-view.ts';
import type { LeaseRow } from '../../local/stories/lease-rows.ts';
import type { Row } from '../../local/stories/table.ts';
import { withoutIds, withSample } from '../docs/sample.ts';
import { leaksIn } from '../hygiene.ts';
import { folderForAll, parsed, start, until, type Run, type Told } from '../local/process.ts';

const patience = 60_000;
const folder = folderForAll();

describe('the default world', () => {
  const data = join(folder, 'data');
  let run: Run;
  let told: Told;
  let code: number | null;
  beforeAll(async () => {
    run = start('--once', '--json', '--port', '0', '--data', data);
    code = await run.ended;
    told = parsed(run.out()) as Told;
  }, patience);

  const rowOf = (story: RegExp): Row => told.table.find((row) => story.test(row.story ?? '')) as Row;
  const caseOf = ({ case: id }: Row): CaseView => told.cases.find((one) => one.id === id) as CaseView;
  const isAlive = (id: string | undefined): boolean | undefined => told.credentials.find((one) => one.id === id)?.alive;
  const tasksOf = ({ case: id }: Row) => told.remaining.filter((task) => task.case === id);

  test('ends well, with JSON alone on standard output and the timeline on standard error', () => {
    expect(told.mismatches).toEqual([]);
    expect(code).toBe(0);
    expect(told.ok).toBe(true);
    for (const word of ['received', 'matched', 'planned', 'contained', 'rotated', 'probed', 'closed']) expect(run.err()).toMatch(new RegExp(` s  c-[0-9a-f]{6}  ${word} `));
    for (const word of ['lent', 'released']) expect(run.err()).toMatch(new RegExp(` s  l…[0-9a-f]{6}  ${word} `));
    expect(run.err()).toContain('✔ Every case and every lease ended as its world expects');
    expect(run.err()).not.toContain('\u001b');
  });

  test('README.md shows what is printed, word for word up to ids and seconds', () => {
    const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
    expect(withoutIds(readme), 'run: npx node test/docs/sample.ts').toBe(withoutIds(withSample(readme, run.err())));
  });

  test('story 1: the leaked key is deactivated, refused, deleted; three copies get the new one; the fourth and the other key stay', () => {
    const row = rowOf(/secret half/);
    expect(row).toMatchObject({ status: 'contained', outcome: 'confirmed', done: ['contained', 'revoked', 'rotated'], left: ['sandbox/dana/copy'] });
    expect([...row.replaced].sort()).toEqual(['prod/orders/export', 'prod/orders/thumbnails', 'prod/orders/uploads']);
    expect(isAlive(row.credential)).toBe(false);
    expect(row.seconds.contained).toBeLessThan(5);
    expect(row.seconds.dead).toBeGreaterThan(row.seconds.contained ?? Infinity);
    expect(tasksOf(row).map(({ what }) => what).join()).toContain('sandbox/dana/copy');
    // backup's is dead too; of the uploader's the successor and the untouched one live
    expect(told.credentials.filter(({ issuer, alive }) => issuer === 'aws-iam-key' && alive)).toHaveLength(4);
  });

  test('story 2: alive after the first rotation, dead after the second; reported again nothing is rotated', () => {
    const row = rowOf(/alternating/);
    expect(row).toMatchObject({ status: 'contained', outcome: 'confirmed', done: ['rotated', 'rotated'], replaced: ['prod/payments/acmepay'] });
    const story = caseOf(row).timeline.filter(({ what }) => what === 'rotated' || what === 'probed').map(({ what, text }) => (what === 'probed' ? text.split(' ')[0] : what));
    expect(story).toEqual(['rotated', 'alive', 'rotated', 'dead', 'dead']);
    const again = rowOf(/again/);
    expect(again).toMatchObject({ credential: row.credential, status: 'contained', done: ['recorded'], replaced: [] });
    expect(isAlive(row.credential)).toBe(false);
  });

  test('story 3: what AWS Health names by its id is deactivated and attested', () => {
    const row = rowOf(/AWS Health/);
    expect(row).toMatchObject({ status: 'contained', outcome: 'attested', done: ['contained'] });
    expect(isAlive(row.credential)).toBe(false);
  });

  test('story 4: what its provider refuses is irrevocable and red, with reason, owner and deadline', () => {
    const row = rowOf(/refuses/);
    expect(row).toMatchObject({ status: 'not-contained', outcome: 'irrevocable', green: false, done: ['refused'] });
    expect(row.how).toContain('service control policy');
    expect(tasksOf(row)).toMatchObject([{ kind: 'act', owner: 'platform' }]);
    expect(Date.parse(tasksOf(row)[0]?.deadline ?? '')).toBeGreaterThan(Date.now());
    expect(isAlive(row.credential)).toBe(true);
  });

  test('story 5: where nobody knows the issuer it is rotated, unconfirmed and not green, with a task for its owner', () => {
    const row = rowOf(/nobody knows/);
    expect(row).toMatchObject({ status: 'not-contained', outcome: 'unconfirmed', green: false, done: ['rotated'], replaced: ['prod/checkout/cookies'] });
    expect(tasksOf(row)).toMatchObject([{ kind: 'act', owner: 'orders' }]);
  });

  test('story 6: a real key id beside invented characters touches nothing and asks', () => {
    const row = rowOf(/invented/);
    expect(row).toMatchObject({ status: 'waiting', done: ['asked'], replaced: [] });
    expect(tasksOf(row)).toMatchObject([{ kind: 'approve', owner: 'payments' }]);
    expect(isAlive(row.credential)).toBe(true);
  });

  const leaseRowOf = (story: RegExp): LeaseRow => told.leaseTable.find((row) => story.test(row.story ?? '')) as LeaseRow;

  test('story 7: the token of the pipeline and what it made are dead with the pipeline, and nobody else of that vault', () => {
    const row = leaseRowOf(/CI runner/);
    expect(row).toMatchObject({ status: 'released', basis: 'record', green: true, run: 'gitlab 380/2366', ended: 'gitlab-jobs says that the run ended (success)' });
    expect(row.seconds).toBeLessThan(30);
    expect(row.made.map(({ id, alive }) => [id.split('/')[0], alive])).toEqual([['vault:token', false], ['vault:lease', false]]);
    expect(isAlive(row.credential)).toBe(false);
    // Rescind's own and another pipeline's; the job's of story 8 is dead as well
    expect(told.credentials.filter(({ issuer, alive }) => issuer === 'vault' && alive)).toHaveLength(2);
  });

  test('story 8: nobody says that the job ended, and its token dies by its timer', () => {
    const row = leaseRowOf(/crashes/);
    expect(row).toMatchObject({ status: 'released', green: true, ended: 'its time was over and no end had come' });
    expect(isAlive(row.credential)).toBe(false);
    expect(told.leases.find(({ id }) => id === row.lease)).toMatchObject({ ending: { kind: 'expired' }, by: { issuer: 'aws-iam' } });
    expect(run.err()).not.toMatch(/sent +"[^"]*nightly[^"]*" to \/(triggers|aws-events)/);
  });

  test('no secret value and no token is on the screen or in the JSON, and every line is narrow enough', () => {
    const values = JSON.parse(readFileSync(join(data, 'world', 'values.json'), 'utf8')) as Record<string, string>;
    const secret = Object.entries(values).filter(([name]) => !/(Id|Accessor|Login)$/.test(name)).map(([, value]) => value);
    expect(secret.length).toBeGreaterThan(20);
    expect(leaksIn([['screen', run.err()], ['JSON', run.out()]], secret)).toEqual([]);
    expect(`${run.err()}${run.out()}`).not.toMatch(/eyJ[\w-]{8,}\.|Bearer /);
    expect(run.err().split('\n').filter(({ length }) => length > 110)).toEqual([]);
  });

  test('a restart knows all of it, sends nothing again and rotates nothing; Ctrl-C ends it with 0', async () => {
    expect(existsSync(join(data, 'world', 'aws.json')) && existsSync(join(data, 'rescind'))).toBe(true);
    const second = start('--json', '--port', '0', '--data', data);
    const now = await until(() => parsed(second.out()));
    expect(now.mismatches).toEqual([]);
    expect(now.table.map(({ case: id, status, done }) => [id, status, done])).toEqual(told.table.map(({ case: id, status, done }) => [id, status, done]));
    expect(now.credentials).toEqual(told.credentials);
    expect(now.leaseTable).toEqual(told.leaseTable);
    expect(second.err()).not.toContain('  sent  ');
    const third = start('--once', '--port', '0', '--data', data);
    expect(await third.ended).toBe(1);
    expect(third.err()).toContain(`${data} is in use by another process`);
    await until(() => (second.err().includes('curl') ? true : undefined));
    const answer = await fetch(`${now.url}/health`);
    expect(answer.status).toBe(200);
    await answer.text();
    const sample = readFileSync(fileURLToPath(new URL('../../local/world/acme-sample.json', import.meta.url)));
    const post = async (path: string, headers: Record<string, string> = {}) => (await fetch(`${now.url}${path}`, { method: 'POST', body: sample, headers })).text();
    const source = 'github-secret-scanning';
    const headers = Object.fromEntries((await post(`/world/sign/${source}`)).split('\n').flatMap((line) => { const [, name = '', value = ''] = /^([^:]+): *(.*?)\r?$/.exec(line) ?? []; return name ? [[name, value]] : []; }));
    const first = await post(`/triggers/${source}`, headers);
    const id = await until(() => / (c-[0-9a-f]{6}) {2}received /.exec(second.err())?.[1]);
    expect(second.err()).not.toContain('sent again');
    expect(await post(`/triggers/${source}`, headers)).toBe(first);
    expect(await until(() => / →  +sent again +known already: (\S+)/.exec(second.err())?.[1])).toBe(id);
    second.child.kill('SIGINT');
    expect(await second.ended).toBe(0);
  }, patience);

  test('a folder belongs to one world', async () => {
    const path = join(folder, 'other.json');
    writeFileSync(path, JSON.stringify({ name: 'other', configuration: { installation: 'other', owners: [{ name: 'a', contact: 'b' }], fallbackOwner: 'a' }, aws: {} }));
    const other = start('--once', '--port', '0', '--data', data, '--world', path);
    expect(await other.ended).toBe(1);
    expect(other.err()).toContain('this folder holds the world acme, and not other');
  }, patience);
});

test('a world that expects another end of a lease ends with 1 and says which', async () => {
  const world = JSON.parse(readFileSync(fileURLToPath(new URL('../../local/world/acme.json', import.meta.url)), 'utf8')) as { reports: { name: string }[]; expect: object[]; samples: object[] };
  const path = join(folder, 'wrong-lease.json');
  const kept = ['pipeline takes a Vault token', 'pipeline is over, says GitLab'];
  writeFileSync(path, JSON.stringify({ ...world, samples: [], reports: world.reports.filter(({ name }) => kept.includes(name)), expect: [{ report: kept[0], lease: 'handed-on' }] }));
  const run = start('--once', '--port', '0', '--world', path);
  expect(await run.ended).toBe(1);
  expect(run.out().replace(/\s+/g, ' ')).toMatch(/✘ lease l-[0-9a-f]{20}- ?[0-9a-f]{16} \(vault:token\/[0-9a-f]{24}\) of the report "pipeline takes a Vault token" should be handed-on, and is released/);
  expect(run.out()).toContain('✔ released');
}, patience);
