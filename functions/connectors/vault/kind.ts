import type { Acted, Context, Found, Probed } from '../../core/connector.ts';
import { isElsewhere, meaningOf, VaultFailed, type Answer } from './answer.ts';
import type { VaultName } from './names.ts';
import type { Visit } from './visit.ts';

/** A name of one kind. */
export type NameOf<K extends VaultName['kind']> = Extract<VaultName, { kind: K }>;

/** What can be done with one kind of credential. `wasSeen`: whether this process saw it in the vault before. */
export interface Kind<N extends VaultName> {
  find(name: N, visit: Visit): Promise<Found>;
  revoke(name: N, visit: Visit, context: Context): Promise<Acted>;
  probe(name: N, visit: Visit, wasSeen: boolean): Promise<Probed>;
}

/** What a look at a record says about it, and what stands in it. `elsewhere`: it cannot be judged in the namespace that was named. */
export type Look = { told: 'there'; data: Record<string, unknown> } | { told: 'gone'; note: string } | { told: 'elsewhere'; note: string } | { told: 'unknown'; status: number; note: string };

/** The same where there is no record. */
export type Missed = Exclude<Look, { told: 'there' }>;

/** What an answer says that is neither a record nor the vault's word that there is none. */
export const untold = (answer: Answer): Missed => (isElsewhere(answer) ? { told: 'elsewhere', note: meaningOf(answer) } : { told: 'unknown', status: answer.status, note: meaningOf(answer) });

/** A record about something else than was asked for. */
export const another: Missed = { told: 'unknown', status: 200, note: 'status 200, but about something else' };

/** What is not there, for `find`. Throws where that could not be told. */
export const absent = (seen: Missed): Found => {
  if (seen.told === 'unknown') throw new VaultFailed(`it could not be looked up: ${seen.note}`, seen.status);
  return { exists: false, note: seen.note };
};

/** Nothing of ours constrains whoever has it. */
export const nothing = 'nothing of ours: it opens what it opens until it expires';

export const unknown = (note: string): Probed => ({ verdict: 'unknown', basis: 'record', control: false, note });
export const alive = (note: string): Probed => ({ verdict: 'alive', basis: 'record', control: false, note });

/** An act that the vault did not do, with what to do about it. */
export const refusedBy = (status: number, { secret }: Pick<Visit, 'secret'>, what: string): Acted => ({
  result: 'refused',
  reason: status === 403 ? `status 403: the vault does not let us ${what}: give the token in the secret ${secret} the policy for it, or put a valid token there` : `status ${status}: the vault did not ${what}`,
  meanwhile: nothing,
});

/** Said of what is dead and was never seen there by us. */
export const neverSeen = (wasSeen: boolean): string => (wasSeen ? '' : '; this process did not see it alive there, so it may never have been in this vault');
