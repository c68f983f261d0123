import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Behaviour } from '../behaviour.ts';
import type { StateStore } from '../state.ts';
import { named } from './errors.ts';
import { noteChange, seenBehind } from './journal.ts';
import type { AwsAnswer, AwsRequest, AwsService } from './server.ts';
import type { AwsState, Collection } from './state.ts';

/** The house that all five services live in: one state, one clock. */
export interface House {
  state: AwsState;
  store: StateStore<AwsState>;
  clock: Clock;
  /** Calls per second are counted and throttled. */
  quotas: boolean;
  /** Starts the rotation of that secret in the background, or goes on with it. */
  rotate(secretName: string): void;
  /** Delivers an event as EventBridge would. */
  emit(event: object): void;
  /** How many milliseconds behind the reader of this request is. */
  behindMs(effects: readonly Behaviour[]): number;
  /** Counts secrets made and gone, so that a sorted list of their names can be kept. */
  secretsEpoch: number;
}

/** One operation being carried out. */
export interface Run {
  house: House;
  request: AwsRequest;
  /** What is true, to be changed; a copy that is thrown away when the provider lies. */
  state: AwsState;
  /** What this caller sees. Equal to `state` for writes. */
  view: AwsState;
  now: Date;
  /** How far behind this reader is, in milliseconds. */
  behind: number;
  /** Random bytes; the same again when the same request is carried out later. */
  random(bytes: number): Buffer;
  /** To be called before an entry changes, is added or is removed. */
  touch(collection: Collection, id: string): void;
  /** Runs once the state is saved, and not at all when the provider lies. */
  after(effect: () => void): void;
}

/** What an operation does. It returns the parameters of the answer; `AwsError` is thrown for an error. */
export interface Operation {
  kind: 'read' | 'write';
  run(run: Run): object | undefined;
}

const seeded = (seed: Buffer) => {
  let turn = 0;
  return (bytes: number) => {
    const blocks = Array.from({ length: Math.ceil(bytes / 64) }, () => createHmac('sha512', seed).update(String(turn++)).digest());
    return Buffer.concat(blocks).subarray(0, bytes);
  };
};

const carryOut = (house: House, request: AwsRequest, operation: Operation, seed: Buffer, onCopy: boolean, delayed: boolean): object => {
  const now = house.clock.now();
  const lag = request.effects.filter(({ effect }) => effect === 'lag');
  const hiddenMs = delayed ? 0 : Math.max(0, ...lag.map(({ seconds }) => (seconds ?? 10) * 1000));
  const isRead = operation.kind === 'read';
  const behind = isRead ? house.behindMs(request.effects) : 0;
  const state = onCopy ? structuredClone(house.state) : house.state;
  const effects: (() => void)[] = [];
  const run: Run = {
    house, request, state, now, behind,
    view: isRead ? seenBehind(state, now.getTime(), behind) : state,
    random: seeded(seed),
    touch: (collection, id) => noteChange(state, collection, id, now.getTime(), hiddenMs),
    after: (effect) => effects.push(effect),
  };
  const result = operation.run(run) ?? {};
  if (!isRead && !onCopy) {
    house.store.save(house.state);
    for (const effect of effects) effect();
  }
  return result;
};

/** Makes a service of a table of operations; `wrap` puts an operation's result into the protocol's form. */
export const serviceOf = (
  house: House,
  operations: Record<string, Operation>,
  wrap: (request: AwsRequest, result: object) => AwsAnswer,
  before?: (request: AwsRequest) => void,
): AwsService => {
  const answer = async (request: AwsRequest): Promise<AwsAnswer> => {
    const operation = Object.hasOwn(operations, request.operation) ? operations[request.operation] : undefined;
    if (!operation) throw named.noSuchOperation(request.protocol, request.operation);
    before?.(request);
    const seed = randomBytes(32);
    const later = request.effects.find(({ effect }) => effect === 'later');
    const lies = request.effects.some(({ effect }) => effect === 'lie');
    const onCopy = operation.kind === 'write' && (later !== undefined || lies);
    const result = carryOut(house, request, operation, seed, onCopy, false);
    if (operation.kind === 'write' && later !== undefined && !lies) {
      void house.clock
        .sleep((later.seconds ?? 10) * 1000)
        .then(() => carryOut(house, request, operation, seed, false, true))
        // What was promised can have become impossible meanwhile; nobody is there to be told.
        .catch(() => undefined);
    }
    return wrap(request, result);
  };
  return Object.assign(answer, { operations: Object.keys(operations) });
};

/** Calls per second of the clock, by group; throws `ThrottlingException` for what is over. */
export const quotaOf = (house: House, groups: Record<string, { group: string; perSecond: number }>) => {
  const counts = new Map<string, { second: number; calls: number }>();
  return (request: AwsRequest): void => {
    const quota = groups[request.operation];
    if (!house.quotas || quota === undefined) return;
    const second = Math.floor(house.clock.now().getTime() / 1000);
    const count = counts.get(quota.group);
    const calls = count?.second === second ? count.calls + 1 : 1;
    if (calls > quota.perSecond) throw named.throttled(request.protocol);
    counts.set(quota.group, { second, calls });
  };
};
