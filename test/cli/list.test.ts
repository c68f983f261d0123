import { afterEach, describe, expect, it } from 'vitest';
import type { LeaseRow } from '../../cli/leases/answers.ts';
import { openApi, type Api, type Asked, type Reply } from './api.ts';
import { call, type Called, type Setting } from './call.ts';
import { idOf, rowOf } from './made-up.ts';

let api: Api | undefined;
afterEach(async () => {
  const wrongs = api?.wrongs ?? [];
  await api?.close();
  api = undefined;
  expect(wrongs).toEqual([]);
});

const list = async (answer: (asked: Asked, nth: number) => Reply, args: string[] = [], setting: Setting = {}): Promise<Called> => {
  api = await openApi(answer);
  return call(['leases', ...args, '--url', api.url], setting);
};

const leases = (...rows: LeaseRow[]) => (): Reply => ({ body: { leases: rows } });

const pending = rowOf(2, { status: 'pending-revocation', pendingSeconds: 750, registeredAt: new Date(Date.now() - 3 * 86_400_000).toISOString() });
const released = rowOf(3, { status: 'released', endedAt: new Date(Date.now() - 90_000).toISOString(), run: { platform: 'aws-batch', run: 'job-3', attempt: '2', job: 'array-1' } });

describe('rescind leases', () => {
  it('shows id, status, credential, run, age and expiry in the order in which the API gives them', async () => {
    const { code, out, err } = await list(leases(rowOf(1), pending, released));
    const [head = '', ...rows] = out.trimEnd().split('\n').map((line) => line.split(/ {2,}/));
    expect(head).toEqual(['ID', 'STATUS', 'CREDENTIAL', 'RUN', 'AGE', 'EXPIRES']);
    expect(rows).toEqual([
      [idOf(1), 'active', 'vault:token/accessor-1', 'github-actions 4242/1', '2h 5m', 'in 30m'],
      [idOf(2), 'pending-revocation', 'vault:token/accessor-2', 'github-actions 4242/2', '3d, pending 12m', 'in 30m'],
      [idOf(3), 'released', 'vault:token/accessor-3', 'aws-batch job-3 attempt 2 job array-1', '2h 5m', 'ended 1m ago'],
    ]);
    expect([code, err]).toEqual([0, '']);
    expect(api?.asked).toMatchObject([{ method: 'GET', path: '/leases', query: {} }]);
  });

  it('asks for a status, a number and a place as the API knows them', async () => {
    await list(leases(rowOf(1)), ['list', '--status', 'pending-revocation', '--limit', '7', '--cursor', 'abc_-1']);
    expect(api?.asked[0]?.query).toEqual({ status: 'pending-revocation', limit: '7', cursor: 'abc_-1' });
  });

  it('says on standard error that more may remain, and how to see it', async () => {
    const { out, err } = await list(() => ({ body: { leases: [rowOf(1)], cursor: 'next_1' } }), ['--limit', '1']);
    expect(out).not.toContain('next_1');
    expect(err).toContain('--cursor next_1');
    expect(err).toContain('--all');
  });

  const pages = ({ query }: Asked): Reply => {
    const from = Number(query.cursor ?? 1);
    return { body: { leases: [rowOf(from), rowOf(from + 1)], ...(from < 5 ? { cursor: String(from + 2) } : {}) } };
  };

  it('reads every page with --all', async () => {
    const { out, err } = await list(pages, ['--all', '--limit', '2']);
    expect(out.match(/^l-\S+/gm)).toEqual([1, 2, 3, 4, 5, 6].map(idOf));
    expect(err).toBe('');
    expect(api?.asked.map(({ query }) => query)).toEqual([{ limit: '2' }, { limit: '2', cursor: '3' }, { limit: '2', cursor: '5' }]);
  });

  it('prints one JSON object with the leases of every page for --all --json', async () => {
    const { out } = await list(pages, ['--all', '--json']);
    expect((JSON.parse(out) as { leases: LeaseRow[] }).leases.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6].map(idOf));
    expect(api?.asked[0]?.query).toEqual({ limit: '200' });
  });

  it('gives up on a list that never ends', async () => {
    const { code, err } = await list(() => ({ body: { leases: [rowOf(1)], cursor: 'same' } }), ['--all']);
    expect(code).toBe(1);
    expect(err).toContain('has no end');
  });

  it("prints exactly the API's answer for --json, also what it does not know itself", async () => {
    const body = { leases: [{ ...rowOf(1), news: ['x'] }, pending], cursor: 'next', more: null };
    const { code, out, err } = await list(() => ({ body }), ['--json']);
    expect(JSON.parse(out)).toEqual(body);
    expect([code, err]).toEqual([0, '']);
  });

  it('says that there is nothing, and prints no table', async () => {
    expect(await list(leases(), ['--status', 'shared'])).toEqual({ code: 0, out: '', err: 'no lease is shared\n' });
  });

  it('says that there are no more behind a cursor, and not that there never was any', async () => {
    expect(await list(leases(), ['--limit', '1', '--cursor', 'abc'])).toEqual({ code: 0, out: '', err: 'no more leases\n' });
    await api?.close();
    expect(await list(leases(), ['--status', 'refused', '--cursor', 'abc'])).toEqual({ code: 0, out: '', err: 'no more leases are refused\n' });
    await api?.close();
    expect((await list(leases())).err).toBe('no lease was ever registered\n');
  });

  const emptyUntil = (last: number) => ({ query }: Asked): Reply => {
    const nth = Number(query.cursor ?? 0);
    return { body: nth < last ? { leases: [], cursor: String(nth + 1) } : { leases: [rowOf(nth)] } };
  };

  it('goes on behind a page without a lease while it has a cursor', async () => {
    const { code, out, err } = await list(emptyUntil(20), ['--status', 'refused']);
    expect([code, out.match(/^l-\S+/gm), err]).toEqual([0, [idOf(20)], '']);
    expect(api?.asked.map(({ query }) => query.cursor)).toEqual([undefined, ...Array.from({ length: 20 }, (_, n) => String(n + 1))]);
    await api?.close();
    const json = await list(emptyUntil(3), ['--status', 'refused', '--json']);
    expect((JSON.parse(json.out) as { leases: LeaseRow[] }).leases.map(({ id }) => id)).toEqual([idOf(3)]);
  });

  it('stops after twenty such pages, says how to go on, and with --all does not stop', async () => {
    const { code, out, err } = await list(emptyUntil(21), ['--status', 'refused']);
    expect([code, out, api?.asked.length]).toEqual([0, '', 21]);
    expect(err).toMatch(/^no lease is refused among those that were looked at, .*--all .*--cursor 21 /);
    expect(err).not.toContain('ever registered');
    await api?.close();
    expect((await list(emptyUntil(21), ['--status', 'refused', '--cursor', '21'])).out).toContain(idOf(21));
    await api?.close();
    expect((await list(emptyUntil(50), ['--status', 'refused', '--all'])).out).toContain(idOf(50));
  });

  it.each([['--limit', '0'], ['--limit', '201'], ['--limit', 'many'], ['--status', 'dead'], ['--cursor', 'a b'], ['--nonsense'], ['revoke']])('refuses %s %s before it asks anybody', async (...args) => {
    const { code, out, err } = await list(leases(), args.filter((arg) => arg !== undefined));
    expect([code, out, api?.asked]).toEqual([2, '', []]);
    expect(err).toMatch(/^(error|rescind): /);
  });
});

describe('the table on a terminal', () => {
  const long = rowOf(1, { credential: `vault:token/${'x'.repeat(90)}end`, run: { platform: 'github-actions', run: `${'4'.repeat(60)}/7`, attempt: '1' } });
   
  const unpainted = (text: string): string => text.replaceAll(/\u001b\[\d+m/g, '');

  it.each([200, 140, 120, 100, 80])('fits into %i columns and keeps every id whole', async (columns) => {
    const { out } = await list(leases(long, pending, released), [], { columns });
    const lines = unpainted(out).trimEnd().split('\n');
    for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(columns);
    for (const n of [1, 2, 3]) expect(unpainted(out)).toContain(idOf(n));
    expect(unpainted(out)).toMatch(/vault:token(\/x+|…x+|\/x+…x+)end/);
    expect(unpainted(out)).toMatch(/4(…4+)?\/7\b/);
    expect(unpainted(out)).toMatch(/2h 5m\s+(expires )?in 30m/);
    expect(unpainted(out)).toContain('aws-batch');
  });

  it('has colours, and none with NO_COLOR, and none in a pipe', async () => {
    expect((await list(leases(pending), [], { columns: 120 })).out).toContain('\u001b[');
    await api?.close();
    expect((await list(leases(pending), [], { columns: 120, environment: { NO_COLOR: '1' } })).out).not.toContain('\u001b');
    await api?.close();
    const piped = await list(leases(long));
    expect(piped.out).not.toContain('\u001b');
    expect(piped.out).toContain('x'.repeat(90));
  });

  it('lets no text of the API move the cursor, in a table and in JSON', async () => {
    const evil = rowOf(1, { credential: 'vault:\u001b[2Jtoken\r\n\u009b31m\u202eabc', run: { platform: 'x\u0007', run: '\u001b]0;title\u0007', attempt: '1' } });
     
    const moves = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
    const table = await list(leases(evil));
    expect(table.out).not.toMatch(moves);
    expect(table.out.trimEnd().split('\n')).toHaveLength(2);
    await api?.close();
    const json = await list(leases(evil), ['--json']);
    expect(json.out).not.toMatch(moves);
    expect((JSON.parse(json.out) as { leases: LeaseRow[] }).leases[0]?.credential).toBe(evil.credential);
  });
});
