import { afterEach, describe, expect, it } from 'vitest';
import type { LeaseView } from '../../functions/core/lease-view.ts';
import { openApi, type Api } from './api.ts';
import { call, type Called, type Setting } from './call.ts';
import { idOf, viewOf } from './made-up.ts';

let api: Api | undefined;
afterEach(async () => {
  const wrongs = api?.wrongs ?? [];
  await api?.close();
  api = undefined;
  expect(wrongs).toEqual([]);
});

const active = viewOf(1, 'active');
const waitingFor = viewOf(1, 'pending-revocation', { note: 'death is looked for again when it has settled', tries: 1, dueAt: '2026-05-01T10:00:00.000Z', pendingSeconds: 1 });
const released = viewOf(1, 'released', { note: 'looked up and gone', endedAt: '2026-05-01T10:00:00.000Z', basis: 'record' });

/** Ends lease 1; looks after that see these, one after the other, the last for ever. */
const end = async (looks: LeaseView[], args: string[], setting: Setting = {}, asked = active): Promise<Called> => {
  let n = 0;
  api = await openApi(({ method }) => (method === 'POST' ? { status: 202, body: asked } : { body: looks[Math.min(n++, looks.length - 1)] }));
  return call(['leases', 'end', idOf(1), '--url', api.url, ...args], { sleep: () => Promise.resolve(), ...setting });
};
const because = ['--reason', 'the runner was lost'];
const methods = (): string[] => (api?.asked ?? []).map(({ method }) => method);

/** A clock that moves when somebody waits. */
const waited = (): Pick<Setting, 'now' | 'sleep'> & { seconds: () => number } => {
  let milliseconds = 0;
  const start = Date.now();
  return { now: () => start + milliseconds, sleep: (more) => Promise.resolve(void (milliseconds += more)), seconds: () => milliseconds / 1000 };
};

describe('rescind leases end', () => {
  it('asks once, with the reason, and does not wait', async () => {
    const { code, out } = await end([], ['--reason', '  the runner was lost ']);
    expect(api?.asked).toMatchObject([{ method: 'POST', path: `/leases/${idOf(1)}/revoke`, body: { reason: 'the runner was lost' } }]);
    expect(code).toBe(0);
    expect(out).toContain(`asked to end ${idOf(1)}: vault:token/accessor-1`);
  });

  it.each([[], ['--reason', ' '], ['--reason', 'x'.repeat(501)]])('wants a reason that can be kept: %j', async (...args) => {
    const { code, out, err } = await end([], args);
    expect([code, out, api?.asked]).toEqual([2, '', []]);
    expect(err).toContain('--reason');
  });

  it('says how a reason is given where there is none', async () => {
    expect((await end([], [])).err).toContain(`rescind leases end ${idOf(1)} --reason "`);
  });

  it('says that a lease is over already', async () => {
    const { code, out } = await end([], because, {}, released);
    expect([code, methods()]).toEqual([0, ['POST']]);
    expect(out).toContain('released (over since 2026-05-01 10:00:00 UTC): dead: looked up and gone');
  });

  it("prints exactly the API's answer for --json", async () => {
    const { code, out, err } = await end([], [...because, '--json']);
    expect([code, JSON.parse(out), err]).toEqual([0, JSON.parse(JSON.stringify(active)), '']);
  });
});

describe('rescind leases end --wait', () => {
  it('ends with 0 once the lease is released, and tells on standard error how it goes', async () => {
    const { code, out, err } = await end([active, waitingFor, waitingFor, released], [...because, '--wait']);
    expect([code, methods()]).toEqual([0, ['POST', 'GET', 'GET', 'GET', 'GET']]);
    expect(out).toBe('released (over since 2026-05-01 10:00:00 UTC): dead: looked up and gone\n');
    expect(err.match(/pending-revocation: death is looked for again/g)).toHaveLength(1);
  });

  it('prints the last look and nothing else on standard output for --json', async () => {
    const { code, out } = await end([waitingFor, released], [...because, '--wait', '--json']);
    expect([code, JSON.parse(out)]).toEqual([0, JSON.parse(JSON.stringify(released))]);
  });

  it('stops after as many seconds as it was given, and says that it is not dead', async () => {
    const clock = waited();
    const { code, out } = await end([waitingFor], [...because, '--wait', '30'], clock);
    expect(code).toBe(3);
    expect(clock.seconds()).toBeCloseTo(30, 1);
    expect(out).toContain('not dead yet: death is looked for again when it has settled. It is tried again at 2026-05-01 10:00:00 UTC');
  });

  it('waits for a minute unless told otherwise', async () => {
    const clock = waited();
    const { code, out } = await end([active], [...because, '--wait'], clock);
    expect(code).toBe(3);
    expect(clock.seconds()).toBeCloseTo(60, 1);
    expect(out).toContain('nobody has taken it up yet');
  });

  it.each([
    [viewOf(1, 'handed-on', { with: [idOf(2)] }), `also lent under ${idOf(2)}`],
    [viewOf(1, 'shared', { note: 'others have the role' }), 'others have the role'],
    [viewOf(1, 'observed'), 'The credential is alive'],
    [viewOf(1, 'refused', { note: 'its run was over' }), 'never lent: its run was over'],
  ])('ends with 3 at once where the lease is $status', async (last, words) => {
    const { code, out } = await end([last], [...because, '--wait']);
    expect([code, methods()]).toEqual([3, ['POST', 'GET']]);
    expect(out).toContain(words);
  });

  it('ends with 3 where it was over before, and not by being seen dead', async () => {
    const { code } = await end([], [...because, '--wait'], {}, viewOf(1, 'observed'));
    expect([code, methods()]).toEqual([3, ['POST']]);
  });

  it.each(['0', '-5', '1.5', 'soon', '86401'])('refuses to wait for %s seconds', async (seconds) => {
    expect((await end([], [...because, `--wait=${seconds}`])).code).toBe(2);
    expect(api?.asked).toEqual([]);
  });

  it('ends with 130 when it is stopped', async () => {
    const stopping = new AbortController();
    const { code, out, err } = await end([active], [...because, '--wait'], {
      signal: stopping.signal,
      sleep: () => {
        stopping.abort(new Error('stopped'));
        return Promise.reject(new DOMException('aborted', 'AbortError'));
      },
    });
    expect([code, out]).toEqual([130, '']);
    expect(err).toMatch(/asked to end .*\nrescind: stopped\n$/);
  });
});

describe('a person at the terminal', () => {
  it('is asked first, and is told what will be lost', async () => {
    const { code, err } = await end([active], because, { answers: 'y' });
    expect([code, methods()]).toEqual([0, ['GET', 'POST']]);
    expect(err).toContain('vault:token/accessor-1, lent to github-actions 4242/1 until');
    expect(err).toContain('[y/N]');
  });

  it.each(['', 'n', 'yesterday'])('ends nothing by answering "%s"', async (answers) => {
    const { code, out, err } = await end([active], because, { answers });
    expect([code, out, methods()]).toEqual([1, '', ['GET']]);
    expect(err).toContain('nothing was done');
  });

  it('is not asked with --yes', async () => {
    const { err } = await end([active], [...because, '--yes'], { answers: 'n' });
    expect(methods()).toEqual(['POST']);
    expect(err).not.toContain('[y/N]');
  });

  it('is not asked about what is over', async () => {
    const { code } = await end([released], because, { answers: 'n' }, released);
    expect([code, methods()]).toEqual([0, ['GET', 'POST']]);
  });
});
