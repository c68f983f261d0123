import type { Edges } from '../edges.ts';
import { isOwnRole } from '../own-roles.ts';
import { ourselves } from './iam.ts';
import { onceAtATime } from './shared-work.ts';

/** Why the sessions of a role of our account, by its name, must not be ended: it is Rescind's own. Undefined where it is not. */
export type KeptByUs = (role: string, signal: AbortSignal) => Promise<string | undefined>;

const reason = "it is a role of Rescind's own: denied everything, Rescind could take nothing back any more";

/** Knows our own roles by the names that the edges give; where they give none, by who we are at this moment, which is asked once. */
export const keptByUs = (edges: Edges): KeptByUs => {
  let running: string | undefined;
  const once = onceAtATime<string | undefined>();
  return async (role, signal) => {
    if (edges.ownRoles === undefined) running ??= await once('', signal, async (shared) => (await ourselves(edges, shared)).role);
    return isOwnRole(edges, role, running) ? reason : undefined;
  };
};
