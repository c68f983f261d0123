import { expect, it } from 'vitest';
import { heard, silentSeconds, unlessSilent } from '../../functions/aws/silence.ts';

const at = (seconds: number): Date => new Date(Date.UTC(2026, 4, 1) + seconds * 1000);
const idle = async (): Promise<void> => undefined;
const silent = (): Map<string, never> => {
  const issuers = new Map<string, never>();
  for (let n = 0; n < 2; n += 1) heard(issuers, 'vault', false, at(0));
  return issuers;
};

it('one unanswered attempt is none that counts, nor are two with an answer between', async () => {
  const issuers = new Map<string, never>();
  for (const isAnswered of [false, true, false]) heard(issuers, 'vault', isAnswered, at(0));
  expect(await unlessSilent(issuers, 'vault', at(1), idle)).toBe(true);
});

it('a silent issuer is not asked, another one is', async () => {
  const issuers = silent();
  expect(await Promise.all(['vault', 'aws-role-session'].map((issuer) => unlessSilent(issuers, issuer, at(silentSeconds - 1), idle)))).toEqual([false, true]);
});

it('then one at a time sees whether it is back, and the others follow when it is', async () => {
  const issuers = silent();
  const later = at(silentSeconds);
  let answer = (): void => undefined;
  const first = unlessSilent(issuers, 'vault', later, () => new Promise((resolve) => (answer = resolve)));
  expect(await unlessSilent(issuers, 'vault', later, idle)).toBe(false);
  heard(issuers, 'vault', true, later);
  answer();
  expect([await first, await unlessSilent(issuers, 'vault', later, idle)]).toEqual([true, true]);
});

it('it is left in peace for as long again where it is not, and one that broke on the way holds up nobody', async () => {
  const issuers = silent();
  await expect(unlessSilent(issuers, 'vault', at(silentSeconds), () => Promise.reject(new Error('the table is down')))).rejects.toThrow();
  expect(await unlessSilent(issuers, 'vault', at(silentSeconds), async () => heard(issuers, 'vault', false, at(silentSeconds)))).toBe(true);
  expect(await unlessSilent(issuers, 'vault', at(2 * silentSeconds - 1), idle)).toBe(false);
  expect(await unlessSilent(issuers, 'vault', at(2 * silentSeconds), idle)).toBe(true);
});
