import type { Probed } from '../../core/connector.ts';
import { isElsewhere, meaningOf, textOf } from './answer.ts';
import { unknown } from './kind.ts';
import { namespaceName, pathOf } from './names.ts';
import type { Visit } from './visit.ts';

/** Whether something that lives was found in the same run, in words. */
export type Control = { lives: string } | { fails: string };

const ofOther = (own: string, asked: string): string => (own === asked ? '' : `, in ${namespaceName(own)}`);

/**
 * Our own token is looked up by its accessor, at the door at which other tokens are looked up: a vault that does not find it
 * (another cluster, a dead token of ours, no policy) says nothing about anything else.
 */
export const ownTokenControl = async (visit: Visit, namespace: string): Promise<Control> => {
  const own = await visit.own();
  if (!own) return { fails: 'the vault refuses our own token as well' };
  if (own.accessor === '') return { fails: 'our own token is a batch token, which cannot be looked up by an accessor: give Rescind a service token' };
  const answer = await visit.shared({ method: 'POST', path: 'auth/token/lookup-accessor', namespace: own.namespace, body: { accessor: own.accessor } });
  if (answer.status === 200 && answer.data?.accessor === own.accessor) return { lives: `our own token was found${ofOther(own.namespace, namespace)}` };
  return { fails: `our own token is not found by its accessor either (${meaningOf(answer)})` };
};

/**
 * A path's mount is known in that namespace: a lease of a mount that was mistyped is unknown to every vault. What was lent here
 * was seen, so its mount was there: an engine's mount that is gone from that very namespace has taken back its leases first, or it
 * would not have gone.
 */
export const mountControl = async (visit: Visit, namespace: string, path: string): Promise<Control> => {
  const isAuth = path.startsWith('auth/');
  const inside = `${isAuth ? path.slice('auth/'.length) : path}/`;
  const list = await visit.shared({ method: 'GET', path: isAuth ? 'sys/auth' : 'sys/mounts', namespace });
  if (list.status === 200 && list.data) {
    const mount = Object.keys(list.data).find((one) => one.endsWith('/') && inside.startsWith(one));
    if (mount) return { lives: `the mount ${isAuth ? 'auth/' : ''}${mount} is there` };
    if (visit.bound.cluster !== undefined && !isAuth) return { lives: 'its mount is gone since it was lent, which a vault does not let go before its leases' };
    return { fails: `${namespaceName(namespace)} has no such mount` };
  }
  const answer = await visit.shared({ method: 'GET', path: `sys/internal/ui/mounts/${pathOf(path)}`, namespace });
  if (answer.status === 200 && textOf(answer.data?.type)) return { lives: 'its mount is there' };
  const why = isElsewhere(answer) ? meaningOf(answer) : `status ${answer.status}`;
  return { fails: `whether its mount is in ${namespaceName(namespace)} could not be seen (${why}): let our token read sys/mounts and sys/auth` };
};

/** Dead, if all controls live; what they say is part of the note. */
export const deadIf = (controls: readonly Control[], note: string, rest: string): Probed => {
  const failed = controls.flatMap((control) => ('fails' in control ? [control.fails] : []));
  if (failed.length > 0) return unknown(`${note}; but ${failed.join('; ')}`);
  const lives = controls.flatMap((control) => ('lives' in control ? [control.lives] : []));
  return { verdict: 'dead', basis: 'record', control: true, note: `${note}, while ${lives.join(' and ')}${rest}` };
};
