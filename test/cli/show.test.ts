import { afterEach, expect, it } from 'vitest';
import { openApi, type Api } from './api.ts';
import { call } from './call.ts';
import { idOf, viewOf } from './made-up.ts';

let api: Api | undefined;
afterEach(async () => {
  const wrongs = api?.wrongs ?? [];
  await api?.close();
  api = undefined;
  expect(wrongs).toEqual([]);
});

const lease = viewOf(7, 'pending-revocation', {
  endedAt: '2026-05-01T10:00:00.000Z', pendingSeconds: 750, tries: 2, dueAt: '2026-05-01T10:03:00.000Z', note: 'its issuer could not be asked (ECONNREFUSED)', case: 'c-17', with: ['l-other'],
  ending: { kind: 'run-ended', at: '2026-05-01T10:00:00.000Z', state: 'failure', source: 'github-actions' },
  timeline: [
    { n: 1, at: '2026-05-01T09:00:00.000Z', what: 'registered', text: 'lent to github-actions 4242/7', hash: '1'.repeat(64) },
    { n: 2, at: '2026-05-01T10:00:01.000Z', what: 'tried', text: `it could not be asked ${'and so on '.repeat(20)}`, hash: '2'.repeat(64) },
  ],
});

it('shows everything about a lease, with its timeline', async () => {
  api = await openApi(() => ({ body: lease }));
  const { code, out, err } = await call(['leases', 'show', idOf(7), '--url', api.url]);
  expect([code, err]).toEqual([0, '']);
  expect(out.split('\n')[0]).toBe(`${idOf(7)}  pending-revocation`);
  const facts = ['vault:token/accessor-7', 'github-actions 4242/7', 'platform', 'deploys the shop', 'repo:acme/shop', 'https://token.example', 'repository acme/shop', 'from 192.0.2.7', 'its run ended, state failure, says github-actions', 'for 12m', '2 times', 'c-17', 'l-other', 'its issuer could not be asked', '2'.repeat(64)];
  for (const fact of facts) expect(out).toContain(fact);
  expect(out).toMatch(/2026-05-01 09:00:00 UTC +registered +lent to github-actions 4242\/7\n +2026-05-01 10:00:01 UTC +tried +it could not be asked/);
  expect(api.asked).toMatchObject([{ method: 'GET', path: `/leases/${idOf(7)}`, query: {} }]);
});

it('wraps at the width of the terminal and loses nothing', async () => {
  api = await openApi(() => ({ body: lease }));
  const { out } = await call(['leases', 'show', idOf(7), '--url', api.url], { columns: 80, environment: { NO_COLOR: '1' } });
  for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(out.match(/and so on|and +so +on|and\s+so\s+on/g)).toHaveLength(20);
});

it("prints exactly the API's answer for --json", async () => {
  api = await openApi(() => ({ body: lease }));
  const { out } = await call(['--json', '--url', api.url, 'leases', 'show', idOf(7)]);
  expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(lease)));
});

it('says what to do where there is no such lease', async () => {
  api = await openApi(() => ({ status: 404, body: { error: 'there is no such lease' } }));
  const { code, out, err } = await call(['leases', 'show', idOf(8), '--url', api.url]);
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain(`there is no lease ${idOf(8)}`);
  expect(err).toContain('"rescind leases" lists');
});

it.each(['../cases', 'a/b', 'l-1?x=1', '%2e%2e', '', '.', '..'])('never makes a path of what is no id: %s', async (id) => {
  api = await openApi(() => ({ body: lease }));
  const { code, err } = await call(['leases', 'show', '--url', api.url, '--', id]);
  expect([code, api.asked]).toEqual([2, []]);
  expect(err).toContain('no id of a lease');
});
