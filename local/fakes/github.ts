import type { Clock } from '../clock.ts';
import type { Behaviours } from './behaviour.ts';
import type { GithubChange, GithubState, GithubWorld } from './github/state.ts';
import { applyGithubChange, initialGithub } from './github/state.ts';
import { decideGithub, documented } from './github/api.ts';
import { rateCounter } from './github/rate.ts';
import type { LayeredState } from './platform/layers.ts';
import { Layers } from './platform/layers.ts';
import type { PlainAnswer, PlainRequest } from './platform/plain-http.ts';
import { startPlain } from './platform/plain-http.ts';
import type { StateStore } from './state.ts';

export type { GithubAlert, GithubToken, GithubWorld } from './github/state.ts';
export type GithubStored = LayeredState<GithubState, GithubChange>;

export interface GithubOptions {
  world: GithubWorld;
  behaviours: Behaviours;
  clock: Clock;
  store: StateStore<GithubStored>;
  port?: number;
  onCall?: (call: { service: string; operation: string; status: number }) => void;
}

export interface Github {
  url: string;
  /** Which tokens open the door at this moment. For the local world's truth list; holds values. */
  credentials(): { id: string; login: string; value: string; alive: boolean }[];
  close(): Promise<void>;
}

const secondaryLimit = (): PlainAnswer => ({
  ...documented(429, 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'),
  headers: { 'retry-after': '1' },
});

/** Starts GitHub's REST API, as far as leaked secrets need it, on a loopback port. Only tokens of its world that are alive open it. */
export const startGithub = async (options: GithubOptions): Promise<Github> => {
  const { world, clock } = options;
  const layers = new Layers({ initial: initialGithub(world, clock.now()), apply: applyGithubChange, clock, store: options.store });
  const rates = rateCounter(world.limits);
  let staleReads = 0;

  const answer = (request: PlainRequest): PlainAnswer => {
    const now = clock.now();
    const stale = request.method === 'GET' ? request.effects.find(({ effect }) => effect === 'stale') : undefined;
    if (stale !== undefined) staleReads += 1;
    const seen = stale !== undefined && staleReads % 2 === 1 ? layers.seenBefore(stale.seconds ?? 1) : layers.seen();
    const decision = decideGithub(request, { control: layers.control(), seen, now });
    const rate = rates.count(decision.login ?? request.from, decision.login !== undefined, now);
    if (rate.exceeded) return { ...documented(403, `API rate limit exceeded for ${decision.login === undefined ? 'this address' : 'this user'}.`), headers: rate.headers };
    // GitHub takes revocations in and works them off afterwards, in every world.
    const isRevocation = request.path === '/credentials/revoke' && !request.effects.some(({ effect }) => effect === 'later');
    const effects = isRevocation ? [...request.effects, { effect: 'later' as const, seconds: world.revokeSeconds ?? 2 }] : request.effects;
    layers.commit(decision.changes, effects);
    return { ...decision.answer, headers: { ...rate.headers, ...decision.answer.headers } };
  };

  const server = await startPlain({
    service: 'github',
    behaviours: options.behaviours,
    clock,
    port: options.port,
    onCall: options.onCall,
    answer,
    throttled: secondaryLimit,
    refused: (status, _code, message) => documented(status, message),
  });
  return {
    url: server.url,
    credentials: () => layers.seen().tokens.map(({ id, login, value, alive }) => ({ id, login, value, alive })),
    close: () => server.close(),
  };
};
