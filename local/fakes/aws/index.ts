import { clockOf, type Clock } from '../../clock.ts';
import type { Behaviours } from '../behaviour.ts';
import { inMemory, type StateStore } from '../state.ts';
import { doorOf, isOpen, isSessionAlive } from './access.ts';
import { buildState } from './build-state.ts';
import { cloudtrail } from './cloudtrail.ts';
import { iam } from './iam/index.ts';
import { replicas } from './journal.ts';
import { kms } from './kms.ts';
import { lentIn } from './lent.ts';
import type { House } from './operations.ts';
import { secretsManager } from './secrets-manager/index.ts';
import { rotatorOf, type RotationEvent } from './secrets-manager/rotator.ts';
import { startAws, type AwsService, type ServerOptions } from './server.ts';
import type { AwsState } from './state.ts';
import { sts } from './sts.ts';
import type { AwsWorld } from './world.ts';

export type { RotationEvent } from './secrets-manager/rotator.ts';
export type { AwsAnswer, AwsRequest, AwsService, Caller } from './server.ts';
export { AwsError } from './errors.ts';
export type { AwsState } from './state.ts';
export type { AwsWorld } from './world.ts';

export interface AwsOptions {
  /** What there is when the store holds no state yet. */
  world: AwsWorld;
  store?: StateStore<AwsState>;
  behaviours: Behaviours;
  clock: Clock;
  /** Calls the rotation function for one step; a rejection is a failed step. */
  invokeRotation?(functionArn: string, event: RotationEvent): Promise<void>;
  /** Hears each `Secret Label Updated` event, in EventBridge's envelope. */
  onLabelUpdated?(event: object): void;
  /** More services on the same server, by their name in the credential scope. */
  extraServices?: Record<string, AwsService>;
  /** Whether calls per second are limited as AWS limits them. */
  quotas?: boolean;
  /** 0 or absent: any free port. */
  port?: number;
  onCall?: ServerOptions['onCall'];
}

/** The AWS fakes of one world, listening. */
export interface Aws {
  url: string;
  close(): Promise<void>;
  /** Whether that key, long-lived or of a session, would open the door at this moment. */
  isOpen(accessKeyId: string): boolean;
  /** Every access key that ever existed, as `aws-iam-key:ID`. The truth, not what readers see. */
  credentials(): { id: string; alive: boolean }[];
  /** Every session minted, as `aws-session:ID`: alive while it can do anything but ask who it is. */
  sessions(): { id: string; byKey?: string; alive: boolean }[];
  /** What may be lent to jobs, under its issuer's ids: sessions of roles by their names (alive while any of that name is), and secrets with the tag. */
  lent(): { id: string; issuer: string; alive: boolean }[];
  /** Everything that is true. For reading in tests: hold secret values in nothing that is printed. */
  state(): AwsState;
}

const servicesOf = (house: House): Record<string, AwsService> => ({ secretsmanager: secretsManager(house), kms: kms(house), iam: iam(house), sts: sts(house), cloudtrail: cloudtrail(house) });

/** What each of these services can be asked: the names of its operations by its name. */
export const awsOperations = (): Record<string, readonly string[]> => {
  const clock = clockOf();
  const empty: House = { state: buildState({ account: '', region: '' }, clock.now()), store: inMemory<AwsState>(), clock, quotas: false, secretsEpoch: 0, behindMs: replicas(), emit: () => undefined, rotate: () => undefined };
  return Object.fromEntries(Object.entries(servicesOf(empty)).map(([name, { operations = [] }]) => [name, operations]));
};

/** Starts Secrets Manager, KMS, IAM, STS and CloudTrail on one loopback port, with rotations that were under way going on. */
export const createAws = async (options: AwsOptions): Promise<Aws> => {
  const { behaviours, clock, store = inMemory<AwsState>() } = options;
  const stop = new AbortController();
  const fresh = buildState(options.world, clock.now());
  const kept = store.load();
  const house: House = {
    // Our own functions' keys are the installation's of this start, not of the one before.
    state: kept ? { ...kept, callers: fresh.callers } : fresh,
    store, clock,
    quotas: options.quotas ?? false,
    secretsEpoch: 0,
    behindMs: replicas(),
    emit: (event) => options.onLabelUpdated?.(event),
    rotate: (name) => rotate(name),
  };
  const noFunction = () => Promise.reject(new Error('no rotation function is there to call'));
  const rotate = rotatorOf(house, options.invokeRotation ?? noFunction, stop.signal);
  const server = await startAws({
    services: { ...servicesOf(house), ...options.extraServices },
    authenticate: doorOf(house),
    behaviours, clock,
    port: options.port,
    onCall: options.onCall,
  });
  for (const { name, rotation } of Object.values(house.state.secrets)) if (rotation?.running) rotate(name);
  return {
    url: server.url,
    close: () => {
      stop.abort(new Error('the fakes are closing'));
      return server.close();
    },
    isOpen: (accessKeyId) => isOpen(house, accessKeyId),
    credentials: () => house.state.everKeys.map((id) => ({ id: `aws-iam-key:${id}`, alive: isOpen(house, id) })),
    sessions: () => Object.entries(house.state.sessions).map(([id, { byKey }]) => ({ id: `aws-session:${id}`, byKey, alive: isSessionAlive(house, id) })),
    lent: () => lentIn(house),
    state: () => house.state,
  };
};
