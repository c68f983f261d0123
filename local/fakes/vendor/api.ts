import { randomBytes, randomUUID } from 'node:crypto';
import type { PlainAnswer, PlainRequest } from '../platform/plain-http.ts';
import { jsonObject } from '../platform/plain-http.ts';
import type { VendorChange, VendorKey, VendorState, VendorWorld } from './state.ts';

/** What a request is decided upon: the vendor's own records, and what its doors and readers see. */
export interface VendorView {
  control: VendorState;
  seen: VendorState;
  world: VendorWorld;
  now: Date;
}

export interface Decision {
  answer: PlainAnswer;
  changes: VendorChange[];
  /** Set where the caller's key was wrong, for whoever counts. */
  wrongKey?: true;
}

const say = (status: number, body?: unknown): Decision => ({ answer: { status, ...(body === undefined ? {} : { body }) }, changes: [] });
const refuse = (status: number, error: string, message: string): Decision => say(status, { error, message });
const change = (status: number, body: unknown, ...changes: VendorChange[]): Decision => ({ answer: { status, body }, changes });

const shown = ({ id, user, createdAt }: VendorKey) => ({ id, user, created_at: createdAt });
const given = (key: VendorKey) => ({ ...shown(key), key: key.value });

const bearerOf = (request: PlainRequest): string | undefined => /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];

const living = (state: VendorState, user: string): VendorKey[] => state.keys.filter((key) => key.alive && key.user === user);

const whoami = (bearer: string | undefined, { seen }: VendorView): Decision => {
  const key = bearer === undefined ? undefined : seen.keys.find(({ value, alive }) => alive && value === bearer);
  if (key === undefined) return { ...refuse(401, 'invalid_api_key', 'the API key is not valid'), wrongKey: true };
  return say(200, { user: key.user, key_id: key.id });
};

const valueOf = (request: PlainRequest): string | undefined | Decision => {
  const body = request.body.length === 0 ? {} : jsonObject(request.body);
  if (body === undefined) return refuse(400, 'bad_request', 'the body is not a JSON object');
  if (body.key === undefined) return undefined;
  if (typeof body.key !== 'string' || !/^[\x21-\x7e]{16,256}$/.test(body.key)) return refuse(422, 'weak_key', 'a key has 16 to 256 printable characters');
  return body.key;
};

const newKey = (user: string, value: string | undefined, now: Date): VendorKey => ({
  id: `key_${randomUUID().slice(0, 13).replace('-', '')}`,
  user,
  value: value ?? `apk_${randomBytes(24).toString('hex')}`,
  alive: true,
  createdAt: now.toISOString(),
});

const createKey = (user: string, request: PlainRequest, view: VendorView): Decision => {
  const value = valueOf(request);
  if (typeof value === 'object') return value;
  const mine = living(view.control, user);
  const existing = mine.find((key) => key.value === value);
  if (existing !== undefined) return say(200, given(existing));
  if (view.control.keys.some((key) => key.value === value)) return refuse(409, 'key_in_use', 'this key was used before');
  if (mine.length >= (view.world.maxKeys ?? 2)) return refuse(409, 'key_limit_reached', `a user holds at most ${view.world.maxKeys ?? 2} keys`);
  const key = newKey(user, value, view.now);
  return change(201, given(key), { op: 'add-key', key });
};

const replaceKey = (user: string, request: PlainRequest, view: VendorView): Decision => {
  const value = valueOf(request);
  if (typeof value === 'object') return value;
  const existing = living(view.control, user).find((key) => key.value === value);
  if (existing !== undefined) return change(200, given(existing), { op: 'replace-keys', key: existing });
  if (view.control.keys.some((key) => key.value === value)) return refuse(409, 'key_in_use', 'this key was used before');
  const key = newKey(user, value, view.now);
  return change(200, given(key), { op: 'replace-keys', key });
};

const deleteKey = (id: string, user: string | undefined, { control }: VendorView): Decision => {
  const key = control.keys.find((one) => one.id === id && one.alive && (user === undefined || one.user === user));
  if (key === undefined) return refuse(404, 'key_not_found', 'no such key');
  return { answer: { status: 204 }, changes: [{ op: 'kill-key', id }] };
};

const createUser = (request: PlainRequest, { control }: VendorView): Decision => {
  const name = jsonObject(request.body)?.name;
  if (typeof name !== 'string' || !/^[\w.@-]{1,64}$/.test(name)) return refuse(422, 'bad_name', 'a user has a name of letters, digits and ._@-');
  if (control.users.some((user) => user.name === name)) return refuse(409, 'user_exists', 'there is a user of that name');
  return change(201, { name }, { op: 'add-user', name });
};

const admin = (request: PlainRequest, view: VendorView): Decision => {
  const parts = request.path.split('/').slice(2).map(decodeURIComponent);
  const [collection, name, sub, id] = parts;
  const route = `${request.method} ${parts.map((part, index) => (index % 2 === 0 ? part : '*')).join('/')}`;
  if (route === 'DELETE keys/*') return deleteKey(name ?? '', undefined, view);
  if (route === 'GET users') return say(200, { users: view.seen.users });
  if (route === 'POST users') return createUser(request, view);
  if (collection !== 'users') return refuse(404, 'not_found', 'no such page');
  const isWrite = request.method !== 'GET';
  const user = (isWrite ? view.control : view.seen).users.find((one) => one.name === name)?.name;
  if (user === undefined) return refuse(404, 'user_not_found', 'no such user');
  switch (route) {
    case 'GET users/*':
      return say(200, { name: user });
    case 'GET users/*/keys':
      return say(200, { keys: living(view.seen, user).map(shown) });
    case 'POST users/*/keys':
      return createKey(user, request, view);
    case 'PUT users/*/key':
      return replaceKey(user, request, view);
    case 'DELETE users/*/keys/*':
      return deleteKey(id ?? '', user, view);
    default:
      return refuse(sub === 'key' || sub === 'keys' ? 405 : 404, 'not_found', 'no such page');
  }
};

/** What a vendor answers to a request and what changes by it; pure but for new ids and values. */
export const decideVendor = (request: PlainRequest, view: VendorView): Decision => {
  const bearer = bearerOf(request);
  if (request.path === '/v1/whoami') return request.method === 'GET' ? whoami(bearer, view) : refuse(405, 'not_found', 'ask with GET');
  if (!/^\/v1\/(users|keys)(\/|$)/.test(request.path)) return refuse(404, 'not_found', 'no such page');
  if (bearer === view.world.adminKey) {
    try {
      return admin(request, view);
    } catch {
      return refuse(400, 'bad_request', 'the path cannot be read');
    }
  }
  const isKey = bearer !== undefined && view.seen.keys.some(({ value, alive }) => alive && value === bearer);
  return isKey ? refuse(403, 'forbidden', 'this needs an admin key') : { ...refuse(401, 'invalid_api_key', 'the API key is not valid'), wrongKey: true };
};
