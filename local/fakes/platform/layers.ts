import type { Clock } from '../../clock.ts';
import type { Behaviour } from '../behaviour.ts';
import type { StateStore } from '../state.ts';

/** One change as data. Applying it twice gives the same as once. */
export type Apply<State, Op> = (state: State, op: Op) => void;

interface Pending<Op> {
  /** Milliseconds since 1970 on the fake's clock. */
  at: number;
  op: Op;
  /** Whether the provider's own records change only then too (`later`), or only what readers and doors see (`lag`). */
  both: boolean;
}

/** What is kept of a layered state between runs. */
export interface LayeredState<State, Op> {
  control: State;
  seen: State;
  pending: Pending<Op>[];
}

const REMEMBERED = 1000;

/**
 * A provider's state in two layers: what its own records say (on which it decides about changes) and what readers
 * and doors see, which may lag. Every change is saved before its answer goes out.
 */
export class Layers<State extends object, Op> {
  private state: LayeredState<State, Op>;
  private past: State;
  private readonly log: { at: number; op: Op }[] = [];
  private readonly apply: Apply<State, Op>;
  private readonly clock: Clock;
  private readonly store: StateStore<LayeredState<State, Op>>;

  constructor(options: { initial: State; apply: Apply<State, Op>; clock: Clock; store: StateStore<LayeredState<State, Op>> }) {
    this.apply = options.apply;
    this.clock = options.clock;
    this.store = options.store;
    const initial = options.initial;
    this.state = options.store.load() ?? { control: structuredClone(initial), seen: structuredClone(initial), pending: [] };
    this.past = structuredClone(this.state.seen);
  }

  /** What the provider's own records say now. */
  control(): State {
    this.settle();
    return this.state.control;
  }

  /** What readers and doors see now. */
  seen(): State {
    this.settle();
    return this.state.seen;
  }

  /** What readers saw that many seconds ago, as far back as a thousand changes. */
  seenBefore(seconds: number): State {
    this.settle();
    const until = this.clock.now().getTime() - seconds * 1000;
    const state = structuredClone(this.past);
    for (const { at, op } of this.log) if (at <= until) this.apply(state, op);
    return state;
  }

  /** Makes the changes as the behaviours of this call say: now, later, behind, or not at all. */
  commit(ops: readonly Op[], effects: readonly Behaviour[] = []): void {
    if (ops.length === 0 || effects.some(({ effect }) => effect === 'lie')) return;
    const now = this.clock.now().getTime();
    const after = (name: string) => effects.filter(({ effect }) => effect === name).reduce((sum, { seconds }) => sum + (seconds ?? 1), 0) * 1000;
    const later = after('later');
    // A change that lags must not overtake, in the readers' eyes, an earlier one that lags longer.
    const queue = this.state.pending.reduce((latest, { at, both }) => (both ? latest : Math.max(latest, at)), 0);
    const lagging = after('lag') > 0 ? now + after('lag') : queue > now ? queue : 0;
    for (const op of ops) {
      if (later > 0) this.state.pending.push({ at: now + later, op, both: true });
      else {
        this.apply(this.state.control, op);
        if (lagging > 0) this.state.pending.push({ at: Math.max(lagging, queue), op, both: false });
        else this.see(op, now);
      }
    }
    this.store.save(this.state);
  }

  private settle(): void {
    const now = this.clock.now().getTime();
    const due = this.state.pending.filter(({ at }) => at <= now);
    if (due.length === 0) return;
    this.state.pending = this.state.pending.filter(({ at }) => at > now);
    for (const { at, op, both } of due.sort((a, b) => a.at - b.at)) {
      if (both) this.apply(this.state.control, op);
      this.see(op, at);
    }
    this.store.save(this.state);
  }

  private see(op: Op, at: number): void {
    this.apply(this.state.seen, op);
    this.log.push({ at, op });
    const oldest = this.log.length > REMEMBERED ? this.log.shift() : undefined;
    if (oldest !== undefined) this.apply(this.past, oldest.op);
  }
}
