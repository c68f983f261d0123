import type { Context, Credential, Issuer, Probed, Store, Verb } from '../../functions/core/connector.ts';
import type { Behaviour, Behaviours } from '../../local/fakes/behaviour.ts';
import type { Asking } from './house.ts';

/** One credential that lives at its provider, and what a test may do to it. */
export interface IssuerSubject {
  issuer: Issuer;
  credential: Credential;
  /** The value that opens the door now; absent where the credential is known by its issuer's record alone. */
  value?: string;
  /** On what its probes rest; absent: the value. */
  basis?: Probed['basis'];
  behaviours: Behaviours;
  context(asking?: Asking): Context;
  /** Where the replacement goes. */
  stores?: Store;
  /** Whether the value opens the door at this moment, in truth. */
  alive(): boolean;
  /** All that the provider has about the credential, without times at which something was read. */
  snapshot?(): unknown;
  /** Makes it dead in truth by another way than the connector's. */
  kill(): Promise<void>;
  /** Removes it from its provider, as if somebody had been faster. */
  remove?(): Promise<void>;
  /** Every secret value of this world, those made meanwhile included. */
  values(): string[];
  /** Keys of the credential's principal that exist, where rotation makes more. */
  keys?(): string[];
  /** Until what was changed has reached everybody. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** How one connector is put to the test. */
export interface IssuerCase {
  make(): Promise<IssuerSubject>;
  /** The call by which the door is asked, for behaviours. */
  door: Pick<Behaviour, 'service' | 'operation'> & { ofValue: (subject: IssuerSubject) => string | undefined; ofControl?: (subject: IssuerSubject) => string | undefined };
  /** Operations that change something, by verb, for lost answers. */
  changes: Partial<Record<Verb, { service: string; operation: string }[]>>;
  /** Whether its record knows which credentials exist. */
  knows: boolean;
}
