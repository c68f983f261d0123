import { readFileSync } from 'node:fs';
import { expect } from './checks.ts';
import type { Deployed } from './deployed.ts';
import { logFile } from './places.ts';

/** No policy refused anything to a function: each role was allowed what its function did here, under the boundary and the policies of keys, queues and the topic. */
export const nothingWasRefused = async ({ house }: Deployed): Promise<number> => {
  const refused = readFileSync(logFile, 'utf8').split('\n').flatMap((line) => /refused \S*assumed-role\/(Rescind-\S+ .*)/.exec(line)?.[1] ?? []);
  expect(refused.length === 0, `policies of the stack refused what functions did:\n${[...new Set(refused)].join('\n')}`);
  const roles = new Set(house.calls.flatMap(({ caller }) => /assumed-role\/(Rescind-[^/]+)/.exec(caller)?.[1] ?? []));
  expect(roles.size > 3, `only ${roles.size} roles of functions called the fakes: not each function signs as its own role`);
  return roles.size;
};
