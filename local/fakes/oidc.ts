import type { Clock } from '../clock.ts';
import { Behaviours } from './behaviour.ts';
import type { IssuerKeys, KeySet } from './oidc/keys.ts';
import { algorithms, keptKeys, newKeySet, publicPart } from './oidc/keys.ts';
import type { TokenOptions } from './oidc/token.ts';
import { claimsOf, signed } from './oidc/token.ts';
import type { PlainAnswer, PlainRequest } from './platform/plain-http.ts';
import { startPlain } from './platform/plain-http.ts';

export type { TokenOptions } from './oidc/token.ts';

export interface OidcOptions {
  clock: Clock;
  /** Those of the service `oidc`; a path such as `/gitlab` as the resource holds for that issuer. */
  behaviours?: Behaviours;
  /** 0 or absent: any free port. The issuer's name changes with it. */
  port?: number;
  /** Where keys survive a restart; absent: in memory. */
  folder?: string;
  onCall?: (call: { service: string; operation: string; status: number }) => void;
}

/** Issuers of OIDC tokens on one loopback port. */
export interface Oidc {
  /** The issuer at the root, for instance `http://127.0.0.1:4444`. */
  url: string;
  /** An issuer of its own keys under a path: `github-actions`, `gitlab`, `spiffe` or any other name. */
  issuer(name: string): string;
  /** A token with these claims; `options.issuer` names one of the issuers under a path, absent: the root. */
  token(claims: Record<string, unknown>, options?: TokenOptions & { issuer?: string }): Promise<string>;
  /** The issuer's keys are replaced by new ones; the old are no longer published. */
  rotate(issuer?: string): void;
  close(): Promise<void>;
}

const NAME = /^[a-z0-9-]{1,40}$/;

const problem = (status: number, error: string, description: string): PlainAnswer => ({ status, body: { error, error_description: description } });

const keysOf = (issuerKeys: IssuerKeys, options: TokenOptions, foreign: () => Promise<KeySet>): KeySet | Promise<KeySet> => {
  if (options.key === 'foreign') return foreign();
  if (options.key !== 'rotated') return issuerKeys.current;
  const last = issuerKeys.rotated.at(-1);
  if (last === undefined) throw new Error('this issuer never rotated its keys');
  return last;
};

/** Starts the issuers. They publish a discovery document and their keys (RS256 and ES256), and sign what a test or a story asks for. */
export const startOidc = async (options: OidcOptions): Promise<Oidc> => {
  const { clock } = options;
  const kept = keptKeys(options.folder);
  const known = new Map<string, Promise<IssuerKeys>>();
  let foreign: Promise<KeySet> | undefined;

  const made = async (name: string): Promise<IssuerKeys> => {
    const keys = kept.load(name) ?? { current: await newKeySet(), rotated: [] };
    kept.save(name, keys);
    return keys;
  };
  const keysFor = (name: string): Promise<IssuerKeys> => {
    const keys = known.get(name) ?? made(name);
    known.set(name, keys);
    return keys;
  };
  const urlOf = (origin: string, name: string): string => (name === '' ? origin : `${origin}/${name}`);

  const answer = async ({ method, path, origin }: PlainRequest): Promise<PlainAnswer> => {
    const [, name = '', document] = /^(?:\/([a-z0-9-]+))?\/\.well-known\/(openid-configuration|jwks)$/.exec(path) ?? [];
    if (document === undefined || (name !== '' && !known.has(name))) return problem(404, 'not_found', 'there is no such document');
    if (method !== 'GET' && method !== 'HEAD') return problem(405, 'method_not_allowed', 'this document can only be read');
    const issuer = urlOf(origin, name);
    if (document === 'openid-configuration')
      return {
        status: 200,
        body: {
          issuer,
          jwks_uri: `${issuer}/.well-known/jwks`,
          subject_types_supported: ['public', 'pairwise'],
          response_types_supported: ['id_token'],
          claims_supported: ['sub', 'aud', 'exp', 'iat', 'iss', 'jti', 'nbf'],
          id_token_signing_alg_values_supported: algorithms,
          scopes_supported: ['openid'],
        },
      };
    const { current } = await keysFor(name);
    return { status: 200, body: { keys: algorithms.map((alg) => publicPart(current[alg])) } };
  };

  await keysFor('');
  const server = await startPlain({
    service: 'oidc',
    behaviours: options.behaviours ?? new Behaviours(),
    clock,
    port: options.port,
    answer,
    throttled: () => ({ ...problem(429, 'slow_down', 'too many requests'), headers: { 'retry-after': '1' } }),
    refused: problem,
    onCall: options.onCall,
  });
  const checked = (name: string): string => {
    if (name !== '' && !NAME.test(name)) throw new Error(`an issuer's name is of small letters, digits and hyphens`);
    return name;
  };
  return {
    url: server.url,
    issuer: (name) => {
      void keysFor(checked(name));
      return urlOf(server.url, name);
    },
    token: async (claims, given = {}) => {
      const name = checked(given.issuer ?? '');
      const keys = await keysFor(name);
      const signing = await keysOf(keys, given, () => (foreign ??= newKeySet()));
      return signed(claimsOf(urlOf(server.url, name), Math.floor(clock.now().getTime() / 1000), claims, given), signing, keys.current, given);
    },
    rotate: (issuer = '') => {
      const before = keysFor(checked(issuer));
      const after = before.then(async ({ current, rotated }): Promise<IssuerKeys> => {
        const keys = { current: await newKeySet(), rotated: [...rotated, current].slice(-2) };
        kept.save(issuer, keys);
        return keys;
      });
      known.set(issuer, after);
    },
    close: () => server.close(),
  };
};
