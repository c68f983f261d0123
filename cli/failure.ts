/** What the process ends with. */
export const exitCodes = {
  done: 0,
  /** It was refused, could not be reached, or was declined. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** `leases end --wait`: the lease is not released. */
  notReleased: 3,
  interrupted: 130,
  terminated: 143,
} as const;

/** Why a command cannot do what it was asked, in words that say what to do about it. Holds no credential. */
export class Failure extends Error {
  /** One of `exitCodes`. */
  readonly code: number;
  constructor(message: string, code: number = exitCodes.failed) {
    super(message);
    this.name = 'Failure';
    this.code = code;
  }
}

/** A command line that cannot be followed. */
export const wrongUsage = (message: string): Failure => new Failure(message, exitCodes.usage);
