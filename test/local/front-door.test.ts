import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFrontDoor } from '../../local/front-door.ts';

let door: Awaited<ReturnType<typeof openFrontDoor>>;
beforeAll(async () => {
  door = await openFrontDoor(async ({ path, body }) => {
    if (path === '/throws') throw new Error('with a text that nobody shall read');
    return { status: 200, body: { path, bytes: body.byteLength } };
  }, 0);
});
afterAll(() => door.close());

test('a body far over every limit is answered 413, and not by a connection that is cut', async () => {
  const response = await fetch(door.url, { method: 'POST', body: new Uint8Array(12 * 1024 * 1024) });
  expect([response.status, await response.json()]).toEqual([413, { error: 'the body is larger than 10 MiB' }]);
});

test('what goes wrong inside is a 500 without its text', async () => {
  const response = await fetch(`${door.url}/throws`);
  expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('nobody shall read') as string]);
});

test('a port that is taken is said to be, with what to do', async () => {
  await expect(openFrontDoor(async () => ({ status: 200, body: '' }), Number(new URL(door.url).port))).rejects.toThrow(/is taken: choose another with --port/);
});
