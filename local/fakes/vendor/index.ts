import type { Clock } from '../../clock.ts';
import type { Behaviours } from '../behaviour.ts';
import type { LayeredState } from '../platform/layers.ts';
import { Layers } from '../platform/layers.ts';
import type { PlainAnswer, PlainRequest } from '../platform/plain-http.ts';
import { startPlain } from '../platform/plain-http.ts';
import type { StateStore } from '../state.ts';
import { decideVendor } from './api.ts';
import type { VendorChange, VendorState, VendorWorld } from './state.ts';
import { applyVendorChange, initialVendor } from './state.ts';

export type { VendorWorld } from './state.ts';
export type VendorStored = LayeredState<VendorState, VendorChange>;

export interface VendorOptions {
  name: string;
  world: VendorWorld;
  behaviours: Behaviours;
  clock: Clock;
  store: StateStore<VendorStored>;
  port?: number;
  onCall?: (call: { service: string; operation: string; status: number }) => void;
}

export interface Vendor {
  name: string;
  url: string;
  /** Which keys open the door at this moment. For the local world's truth list; holds values. */
  credentials(): { id: string; user: string; value: string; alive: boolean }[];
  close(): Promise<void>;
}

const tooMany = (seconds: number): PlainAnswer => ({
  status: 429,
  headers: { 'retry-after': String(Math.max(1, Math.ceil(seconds))) },
  body: { error: 'rate_limited', message: 'too many requests' },
});

/** Starts a vendor that sells an API by keys, on a loopback port. Only keys that it gave out and that are alive open it. */
export const startVendor = async (options: VendorOptions): Promise<Vendor> => {
  const { name, world, clock } = options;
  const layers = new Layers({ initial: initialVendor(world, clock.now()), apply: applyVendorChange, clock, store: options.store });
  const wrong = new Map<string, number[]>();
  let second = { at: 0, calls: 0 };
  let staleReads = 0;

  const banned = (from: string, now: number): boolean => {
    if (world.ban === undefined) return false;
    const recent = (wrong.get(from) ?? []).filter((at) => at > now - (world.ban?.seconds ?? 0) * 1000);
    wrong.set(from, recent);
    return recent.length >= world.ban.wrongKeys;
  };
  const overRate = (now: number): boolean => {
    const at = Math.floor(now / 1000);
    second = second.at === at ? { at, calls: second.calls + 1 } : { at, calls: 1 };
    return second.calls > (world.perSecond ?? Infinity);
  };

  const answer = (request: PlainRequest): PlainAnswer => {
    const now = clock.now();
    if (banned(request.from, now.getTime())) return { status: 403, body: { error: 'banned', message: 'too many wrong keys from this address' } };
    if (overRate(now.getTime())) return tooMany(1);
    const stale = request.method === 'GET' ? request.effects.find(({ effect }) => effect === 'stale') : undefined;
    if (stale !== undefined) staleReads += 1;
    const seen = stale !== undefined && staleReads % 2 === 1 ? layers.seenBefore(stale.seconds ?? 1) : layers.seen();
    const decision = decideVendor(request, { control: layers.control(), seen, world, now });
    if (decision.wrongKey) wrong.set(request.from, [...(wrong.get(request.from) ?? []).slice(-99), now.getTime()]);
    layers.commit(decision.changes, request.effects);
    const isLater = decision.changes.length > 0 && request.effects.some(({ effect }) => effect === 'later');
    return isLater ? { ...decision.answer, status: 202 } : decision.answer;
  };

  const server = await startPlain({
    service: `vendor:${name}`,
    behaviours: options.behaviours,
    clock,
    port: options.port,
    onCall: options.onCall,
    answer,
    throttled: () => tooMany(1),
    refused: (status, error, message) => ({ status, body: { error, message } }),
  });
  return {
    name,
    url: server.url,
    credentials: () => layers.seen().keys.map(({ id, user, value, alive }) => ({ id, user, value, alive })),
    close: () => server.close(),
  };
};
