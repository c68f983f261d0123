import type { Configuration } from '../../functions/core/configuration.ts';
import type { OutcomeKind, Status } from '../../functions/core/case.ts';
import type { AwsWorld } from '../fakes/aws/world.ts';
import type { Behaviour } from '../fakes/behaviour.ts';
import type { GithubWorld } from '../fakes/github/state.ts';
import type { LeaseStatus } from '../../functions/core/lease.ts';
import type { VaultWorld } from '../fakes/vault/world.ts';
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
  /** An OpenBao or Vault server; `${vault.url}` is its address. */
  vault?: VaultWorld;
  /** OIDC issuers by name; `${oidc.NAME.url}` is the `iss` of each. */
  oidc?: string[];
  /** The rotation functions by name: a secret's rotation names one as `arn:aws:lambda:...:function:NAME`. */
  rotations?: Record<string, { strategy: 'alternating-users' | 'single-user' | 'generated'; vendor?: string }>;
  behaviours?: Behaviour[];
  reports?: WorldReport[];
  /** Reports that nobody sends by itself: `npm start` prints how to send them by hand. */
  samples?: WorldSample[];
  /** How each case and each lease should end. Where it is given, every one of them must be named by exactly one. */
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
  /**
   * Waits for an earlier report (by its `name`): until its case has ended; where it registers a lease, until that is lent;
   * where it tells of a run, until nothing that was lent to the run is left to end.
   */
  when?: string;
  name: string;
  /** `/triggers/{source}`; `aws-events` for what EventBridge delivers; `leases` for a run that registers a lease. */
  source: string;
  /** A JSON value, or a text as it is. `${now}` in it is the time at which it is sent, in ISO 8601. */
  body?: unknown;
  /** Instead of `body`: JSON values, one a line (NDJSON). */
  lines?: unknown[];
  headers?: Record<string, string>;
  /** Who registers a lease (`source` is `leases`): an issuer of this world with the token's claims, or an AWS principal. */
  as?: { issuer: string; claims: Record<string, unknown> } | { principal: string };
}

/** A report in a file of its own, without any value in it, for a person to send. */
export interface WorldSample {
  source: string;
  /** From the world file's folder; absolute once the world was loaded. */
  file: string;
  about: string;
}

export type Expectation = CaseExpectation | LeaseExpectation;

/**
 * How the lease that a report registers should end; a report of `aws-events` means the lease on its run's role. `refused` also
 * means that the request was answered 4xx.
 */
export interface LeaseExpectation {
  report: string;
  lease: LeaseStatus;
  story?: string;
}

export interface CaseExpectation {
  /** The report that opens (or joins) the case. */
  report: string;
  /** Which of the report's cases is meant, by its credential, where the report opens several. */
  credential?: string;
  status: Status;
  outcome?: OutcomeKind;
  /** For the table and for a person. */
  story?: string;
}
