import { expect } from 'vitest';
import { clientsOf } from '../../functions/aws/clients.ts';
import type { CaseView } from '../../functions/core/case-view.ts';
import { credentialsOf, region } from '../../local/roles.ts';
import type { ServiceOptions } from '../../local/service.ts';
import type { World } from '../../local/world/world.ts';
import { openTown, type Town } from '../town.ts';
import type { Wanted } from '../world-of.ts';

export const onePair: Wanted = { pair: { copies: 1 } };

/** Plays a story in a world of its own; at its end nothing that is called dead may be alive. */
export const inTown = async (world: World, story: (town: Town) => Promise<void>, options: Partial<ServiceOptions> & { speed?: number } = {}): Promise<void> => {
  const town = await openTown(world, { speed: 15, ...options });
  try {
    await story(town);
    expect(await town.wrongs()).toEqual([]);
  } finally {
    await town.close();
  }
};

/** The one case that alert 42 leads to, when it has ended. */
export const caseOf42 = async (town: Town): Promise<CaseView> => {
  const cases = await town.ended(await town.github(42), 60);
  expect(cases).toHaveLength(1);
  return cases[0] as CaseView;
};

export const whats = ({ timeline }: CaseView): string[] => timeline.map(({ what }) => what);

/** What each probe said, in order. */
export const probes = ({ timeline }: CaseView): string[] => timeline.filter(({ what }) => what === 'probed').map(({ text }) => text.split(' ')[0] ?? '');

/** Whether the credential of a case opens its door at this moment. It must be on the truth list, or nothing is proven. */
export const alive = async (town: Town, credential: string | undefined): Promise<boolean> => {
  const found = (await town.truth()).find(({ id }) => id === credential);
  if (!found) throw new Error('the truth does not know this credential');
  return found.alive;
};

export const expectRed = (found: CaseView): void => {
  expect(found.status).toBe('not-contained');
  expect(found.outcomes.map(({ green }) => green)).toEqual([false]);
};

export const expectConfirmed = (found: CaseView): void => {
  expect([found.status, found.outcomes[0]?.outcome, found.outcomes[0]?.green]).toEqual(['contained', 'confirmed', true]);
};

/** Whoever built the world: everything is allowed. */
export const asWorld = (town: Town) => clientsOf({ region, endpoint: town.providers.aws.url, credentials: credentialsOf('world') });
