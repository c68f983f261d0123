import type { AwsCredentials } from './sign.ts';

/** Where text is written. */
export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** Asks the person at the terminal; '' where nothing was answered. */
export type Ask = (question: string, signal: AbortSignal) => Promise<string>;

/** Everything that a command touches besides the network. */
export interface Surroundings {
  environment: Readonly<Record<string, string | undefined>>;
  /** The answer, and nothing else. */
  out: Output;
  /** Progress, hints, questions and errors. */
  err: Output;
  /** Absent where nobody sits at a terminal. */
  ask?: Ask;
  /** The name under which the operating system knows the user. */
  userName: () => string | undefined;
  /** What the AWS default credential chain finds. Throws as the chain does. */
  credentials: (region: string) => Promise<AwsCredentials>;
  /** The region of the AWS configuration files; undefined where they tell none. */
  profileRegion: () => Promise<string | undefined>;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** Milliseconds since 1970. */
  now: () => number;
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  /** From 0 to below 1. */
  random: () => number;
  /** How long one answer is waited for; ten seconds unless told. */
  patienceMilliseconds?: number;
}
