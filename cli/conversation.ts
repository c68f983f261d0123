import type { Connection } from './connection.ts';
import type { Screen } from './screen.ts';
import type { Surroundings } from './surroundings.ts';

/** What a command needs: whom to ask, and where to answer. */
export interface Conversation {
  ask: Connection;
  /** The installation's address. */
  base: string;
  /** Whether the answer is for a machine: JSON on standard output and nothing else there. */
  json: boolean;
  around: Surroundings;
  /** For the answer. */
  out: Screen;
  /** For progress, hints and questions. */
  err: Screen;
}
