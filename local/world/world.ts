import type { Configuration } from '../../functions/core/configuration.ts';
import type { OutcomeKind, Status } from '../../functions/core/case.ts';
import type { AwsWorld } from '../fakes/aws/world.ts';
import type { Behaviour } from '../fakes/behaviour.ts';
import type { GithubWorld } from '../fakes/github/state.ts';
import type { VendorWorld } from '../fakes/vendor/state.ts';

/** A house to try Rescind in: what exists, how providers behave, which reports arrive, and how each case should end. */
export interface World {
  name: string;
  /** For a person: what this world shows. */
  about?: string;
  /**
   * Values that are made up at the start, so that none stands in a file: wherever a text says `${name}` it is put in.
   * They stay the same over a restart with a data folder.
   */
  values?: Record<string, MadeUp>;
  configuration: Configuration;
  aws: Omit<AwsWorld, 'callers' | 'kmsKeys'>;
  github?: GithubWorld;
  /** Vendors by name; `${vendor.NAME.url}` is the address of each, `${github.url}` that of GitHub. */
  vendors?: Record<string, VendorWorld & { /** Which declared probe is its door, for the truth list. */ probe?: string }>;
  /** The rotation functions by name: a secret's rotation names one as `arn:aws:lambda:...:function:NAME`. */
  rotations?: Record<string, { strategy: 'alternating-users' | 'single-user' | 'generated'; vendor?: string }>;
  behaviours?: Behaviour[];
  reports?: WorldReport[];
  /** Reports that nobody sends by itself: `npm start` prints how to send them by hand. */
  samples?: WorldSample[];
  /** How each case should end. Where it is given, every case must be named by exactly one. */
  expect?: Expectation[];
}

export interface MadeUp {
  kind: 'aws-key-id' | 'aws-secret' | 'token' | 'password' | 'webhook-secret' | 'hex';
  /** Stands before a token. */
  prefix?: string;
  length?: number;
}

/** One report as its sender would send it. */
export interface WorldReport {
  /** Seconds after the start, or after `when` came true. */
  after: number;
  /** Waits until the case of this earlier report (by its `name`) has ended. */
  when?: string;
  name: string;
  /** `/triggers/{source}`, or `aws-events` for what EventBridge delivers. */
  source: string;
  /** A JSON value, or a text as it is. */
  body?: unknown;
  /** Instead of `body`: JSON values, one a line (NDJSON). */
  lines?: unknown[];
  headers?: Record<string, string>;
}

/** A report in a file of its own, without any value in it, for a person to send. */
export interface WorldSample {
  source: string;
  /** From the world file's folder; absolute once the world was loaded. */
  file: string;
  about: string;
}

export interface Expectation {
  /** The report that opens (or joins) the case. */
  report: string;
  /** Which of the report's cases is meant, by its credential, where the report opens several. */
  credential?: string;
  status: Status;
  outcome?: OutcomeKind;
  /** For the table and for a person. */
  story?: string;
}
