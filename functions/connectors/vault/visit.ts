import type { Context } from '../../core/connector.ts';
import { tokenFrom } from '../api-token.ts';
import type { Edges } from '../edges.ts';
import { inFlight } from '../in-flight.ts';
import type { Door } from './address.ts';
import { isElsewhere, textOf, VaultFailed, type Answer } from './answer.ts';
import { ask, type Asked } from './ask.ts';
import { boundTo, serverOf, whoAnswers, type Server } from './server.ts';
import { namespaceOf } from './names.ts';
import { fetchTrusting } from './trusting.ts';

/** Our own token as the vault knows it. */
export interface Own {
  /** '' for a batch token, which has none. */
  accessor: string;
  namespace: string;
  /** The path it was issued at, such as `auth/token/create`. */
  path: string;
  entity: string;
}

/** One verb's dealings with the vault; all of them together take ten seconds at most, those of its control six more, and what is asked `anew` its own. */
export interface Visit {
  signal: AbortSignal;
  /** The secret that holds our token. */
  secret: string;
  ask(asked: Asked): Promise<Answer>;
  /** Asks with so many milliseconds from now on, however few the visit has left. */
  anew(milliseconds: number): Pick<Visit, 'ask'>;
  /** Who we are there; undefined where the vault does not take our token. */
  own(): Promise<Own | undefined>;
  /** Asks what others may be asking at this moment: they share one request. */
  shared(asked: Asked): Promise<Answer>;
  /** Which server answers: asked now, or known from half a minute ago at most. */
  server(when: 'now' | 'lately'): Promise<Server>;
  /** Where the credential was bound when it was lent; empty for one that was not. */
  bound: ReturnType<typeof boundTo>;
}

/** Begins a visit at that door, for a credential that is bound there. */
export type Visiting = (door: Door, account: string | undefined, context: Pick<Context, 'signal' | 'sleep'>) => Visit;

const visitMilliseconds = 10_000;
const sharedMilliseconds = 6_000;
const freshMilliseconds = 5 * 60_000;
const latelyMilliseconds = 30_000;

interface Asker {
  ask: Visit['ask'];
  token(): Promise<string>;
}

/** How the vault is visited by one process: with one token, read once for all, and one knowledge of who we are. */
export const visitingOf = (edges: Edges): Visiting => {
  const tokens = tokenFrom(edges, 'the vault');
  const flights = inFlight<Answer>();
  const introductions = inFlight<Own | undefined>();
  let known: { token: string; own: Own; until: number } | undefined;
  let met: { base: string; server: Server; until: number } | undefined;
  let trusting: { ca: string; fetch: typeof fetch } | undefined;

  const fetchTo = ({ settings: { ca } }: Door): typeof fetch => {
    if (ca === undefined) return edges.fetch;
    if (trusting?.ca !== ca) trusting = { ca, fetch: fetchTrusting(ca) };
    return trusting.fetch;
  };

  const tokenAt = async (secret: string, signal: AbortSignal): Promise<string> => {
    let token: string;
    try {
      token = await tokens.read(secret, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new VaultFailed(error instanceof Error ? error.message : `the secret ${secret} could not be read`);
    }
    // what cannot be a header would be quoted in the error of fetch
    if (!/^[\x21-\x7e]{1,4096}$/.test(token)) throw new VaultFailed(`the secret ${secret} holds something that no vault issues as a token: put a token there`);
    return token;
  };

  const sharing = (door: Door, asked: Asked, sleep: Context['sleep'], signal: AbortSignal): Promise<Answer> =>
    flights.share(JSON.stringify(asked), signal, (during) => asker(door, sleep, during, performance.now() + sharedMilliseconds).ask(asked));

  const serverAt = async (door: Door, when: 'now' | 'lately', sleep: Context['sleep'], signal: AbortSignal): Promise<Server> => {
    if (when === 'lately' && met && met.base === door.base && met.until > performance.now()) return met.server;
    const server = serverOf(await sharing(door, whoAnswers, sleep, signal));
    // one that did not say who it is may say so the next time
    met = server.cluster === undefined ? undefined : { base: door.base, server, until: performance.now() + latelyMilliseconds };
    return server;
  };

  const asker = (door: Door, sleep: Context['sleep'], signal: AbortSignal, until: number): Asker => {
    const { base, settings } = door;
    let isTokenFresh = false;
    const token = (): Promise<string> => tokenAt(settings.token, signal);
    const askAs = async (text: string, asked: Asked): Promise<Answer> => {
      const headers = asked === whoAnswers ? {} : (await serverAt(door, 'lately', sleep, signal)).toActive;
      return ask(asked, { fetch: fetchTo(door), base, token: text, headers, sleep, signal, until });
    };
    return {
      token,
      ask: async (asked) => {
        const first = await token();
        const answer = await askAs(first, asked);
        if (answer.status !== 403 || isTokenFresh) return answer;
        // it may have been replaced since it was read
        isTokenFresh = true;
        tokens.forget(settings.token);
        const second = await token();
        return second === first ? answer : askAs(second, asked);
      },
    };
  };

  const introduce = async (door: Door, { ask: put, token }: Asker): Promise<Own | undefined> => {
    const preset = namespaceOf(door.settings.namespace) ?? '';
    // a token of a namespace is none in the namespace above, and ends in its namespace's id
    const isOfRoot = (await token()).split('.').length < 3;
    for (const namespace of new Set(isOfRoot ? ['', preset] : [preset, ''])) {
      const answer = await put({ method: 'GET', path: 'auth/token/lookup-self', namespace });
      const { status, data } = answer;
      if (status === 403 || isElsewhere(answer)) continue;
      if (status !== 200 || typeof data?.accessor !== 'string') throw new VaultFailed(`status ${status}: the vault did not say who we are`, status);
      const own: Own = { accessor: data.accessor, namespace: namespaceOf(textOf(data.namespace_path)) ?? '', path: textOf(data.path) ?? '', entity: textOf(data.entity_id) ?? '' };
      known = { token: await token(), own, until: performance.now() + freshMilliseconds };
      return own;
    }
    return undefined;
  };

  return (door, account, { signal, sleep }) => {
    const mine = asker(door, sleep, signal, performance.now() + visitMilliseconds);
    const forAll = (during: AbortSignal): Asker => asker(door, sleep, during, performance.now() + sharedMilliseconds);
    return {
      signal,
      secret: door.settings.token,
      ask: mine.ask,
      anew: (milliseconds) => ({ ask: asker(door, sleep, signal, performance.now() + milliseconds).ask }),
      own: async () => {
        const token = await mine.token();
        if (known && known.token === token && known.until > performance.now()) return known.own;
        return introductions.share('own', signal, (during) => introduce(door, forAll(during)));
      },
      shared: (asked) => sharing(door, asked, sleep, signal),
      server: (when) => serverAt(door, when, sleep, signal),
      bound: boundTo(account),
    };
  };
};
