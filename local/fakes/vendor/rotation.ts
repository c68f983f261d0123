import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { sameKind, sameShape } from './new-value.ts';
import type { RotationEvent, RotationSteps } from './rotation-steps.ts';
import { runRotationStep } from './rotation-steps.ts';

export type { RotationEvent } from './rotation-steps.ts';

/** What a rotation function of this vendor needs. */
export interface RotationDeps {
  secretsManager: SecretsManagerClient;
  /** The vendor's address, without a slash at the end. */
  vendorUrl: string;
  adminKey: string;
  fetch: typeof fetch;
}

export type Rotation<Deps = RotationDeps> = (event: RotationEvent, deps: Deps) => Promise<void>;

interface VendorSecret {
  user: string;
  key: string;
  [other: string]: unknown;
}

const secretOf = (text: string): VendorSecret => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Said below: the text itself must not be quoted.
  }
  const { user, key } = (parsed ?? {}) as { user?: unknown; key?: unknown };
  if (typeof user !== 'string' || typeof key !== 'string') throw new Error('the secret must be a JSON object with "user" and "key"');
  return parsed as VendorSecret;
};

/** The other of two users: `orders_a` and `orders_b`, or `orders` and `orders_clone`. */
export const otherUser = (user: string): string => {
  if (user.endsWith('_a')) return `${user.slice(0, -2)}_b`;
  if (user.endsWith('_b')) return `${user.slice(0, -2)}_a`;
  return user.endsWith('_clone') ? user.slice(0, -6) : `${user}_clone`;
};

const opens = async ({ vendorUrl, fetch }: RotationDeps, { user, key }: VendorSecret): Promise<boolean> => {
  const answer = await fetch(`${vendorUrl}/v1/whoami`, { headers: { authorization: `Bearer ${key}` } });
  if (answer.status === 200) return ((await answer.json()) as { user?: unknown }).user === user;
  await answer.body?.cancel();
  if (answer.status === 401) return false;
  throw new Error(`the vendor answered ${answer.status} to a login: try again`);
};

const askAdmin = async ({ vendorUrl, adminKey, fetch }: RotationDeps, method: string, path: string, body: object): Promise<number> => {
  const answer = await fetch(`${vendorUrl}${path}`, { method, headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
  await answer.body?.cancel();
  return answer.status;
};

const setKey = async (deps: RotationDeps, { user, key }: VendorSecret): Promise<void> => {
  const path = `/v1/users/${encodeURIComponent(user)}/key`;
  let status = await askAdmin(deps, 'PUT', path, { key });
  if (status === 404) {
    const created = await askAdmin(deps, 'POST', '/v1/users', { name: user });
    if (created >= 300 && created !== 409) throw new Error(`the vendor answered ${created} when the user was to be made`);
    status = await askAdmin(deps, 'PUT', path, { key });
  }
  if (status >= 300) throw new Error(`the vendor answered ${status} when the key was to be set`);
};

const steps = (deps: RotationDeps, userOf: (current: string) => string): RotationSteps => ({
  create: (current) => {
    const secret = secretOf(current);
    return JSON.stringify({ ...secret, user: userOf(secret.user), key: sameKind(secret.key) });
  },
  set: async (pendingText, currentText) => {
    const pending = secretOf(pendingText);
    const current = secretOf(currentText);
    if (pending.user !== userOf(current.user)) throw new Error('the pending secret is for another user than this rotation sets');
    if (await opens(deps, pending)) return;
    if (!(await opens(deps, current))) throw new Error('unable to log in with current credentials');
    await setKey(deps, pending);
  },
  test: async (pending) => {
    if (!(await opens(deps, secretOf(pending)))) throw new Error('unable to log in with pending credentials');
  },
});

/** Sets a new key for the other of two users, so that the current one lives until the rotation after this. */
export const alternatingUsers: Rotation = (event, deps) => runRotationStep(event, deps.secretsManager, steps(deps, otherUser));

/** Replaces the key of the same user; the old one dies when it is set. */
export const singleUser: Rotation = (event, deps) => runRotationStep(event, deps.secretsManager, steps(deps, (user) => user));

/** Makes a new random value in the same shape and tells nobody: for a secret whose issuer is not known. */
export const generated: Rotation<Pick<RotationDeps, 'secretsManager'>> = (event, deps) =>
  runRotationStep(event, deps.secretsManager, { create: sameShape, set: async () => undefined, test: async () => undefined });
