import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What a signature is computed over. Header names in lower case; `path` is as it came on the request line, without the query. */
export interface SignedRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  raw: Buffer;
}

/** What the request says about its own signature, from the Authorization header or from the query. */
export interface Claim {
  accessKeyId: string;
  /** `20260102`. */
  day: string;
  region: string;
  service: string;
  signedHeaders: string[];
  signature: string;
  /** `20260102T030405Z`. */
  time: string;
  sessionToken?: string;
  from: 'header' | 'query';
}

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer | string, data: string) => createHmac('sha256', key).update(data).digest();
const encoded = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** Reads the claim; undefined when the request carries no signature, `'incomplete'` when it carries a broken one. */
export const claimOf = (request: Pick<SignedRequest, 'headers' | 'query'>): Claim | 'incomplete' | undefined => {
  const header = request.headers.authorization;
  const field = (name: string) => new RegExp(`(?:^|[\\s,])${name}=([^\\s,]+)`).exec(header ?? '')?.[1];
  const query = (name: string) => request.query.get(name) ?? undefined;
  const inQuery = header === undefined && request.query.has('X-Amz-Signature');
  if (header === undefined && !inQuery) return undefined;
  if (header !== undefined && !header.startsWith('AWS4-HMAC-SHA256')) return 'incomplete';
  const credential = (inQuery ? query('X-Amz-Credential') : field('Credential'))?.split('/');
  const signedHeaders = inQuery ? query('X-Amz-SignedHeaders') : field('SignedHeaders');
  const signature = inQuery ? query('X-Amz-Signature') : field('Signature');
  const time = inQuery ? query('X-Amz-Date') : request.headers['x-amz-date'];
  if (credential === undefined || credential.length < 5 || signedHeaders === undefined || signature === undefined || time === undefined) return 'incomplete';
  const [day, region, service] = credential.slice(-4) as [string, string, string];
  const sessionToken = inQuery ? query('X-Amz-Security-Token') : request.headers['x-amz-security-token'];
  return {
    accessKeyId: credential.slice(0, -4).join('/'),
    day, region, service, signature, time, sessionToken,
    signedHeaders: signedHeaders.split(';'),
    from: inQuery ? 'query' : 'header',
  };
};

const canonicalQuery = (query: URLSearchParams) =>
  [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

const payloadHash = (request: SignedRequest, claim: Claim) => {
  const declared = request.headers['x-amz-content-sha256'];
  if (claim.service !== 's3') return sha256(request.raw);
  if (claim.from === 'query') return declared ?? 'UNSIGNED-PAYLOAD';
  // S3 streams in chunks or leaves the body unsigned; only a plain hash can be held against the body.
  return declared === undefined || /^[0-9a-f]{64}$/.test(declared) ? sha256(request.raw) : declared;
};

const signingKeys = new Map<string, Buffer>();

const signingKey = (secret: string, { day, region, service }: Claim) => {
  const name = sha256([secret, day, region, service].join('\n'));
  const known = signingKeys.get(name);
  if (known) return known;
  if (signingKeys.size > 10_000) signingKeys.clear();
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), 'aws4_request');
  signingKeys.set(name, key);
  return key;
};

/** Whether this secret made this signature over these very bytes. Says nothing about the time: clocks here may run fast. */
export const signedWith = (secret: string, request: SignedRequest, claim: Claim): boolean => {
  // S3 signs the path as sent; everybody else encodes it once more.
  const path = claim.service === 's3' ? request.path : request.path.split('/').map(encoded).join('/');
  const headers = claim.signedHeaders.map((name) => `${name}:${(request.headers[name] ?? '').trim().replace(/\s+/g, ' ')}\n`).join('');
  const canonical = [request.method, path, canonicalQuery(request.query), headers, claim.signedHeaders.join(';'), payloadHash(request, claim)].join('\n');
  const scope = `${claim.day}/${claim.region}/${claim.service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', claim.time, scope, sha256(canonical)].join('\n');
  const expected = hmac(signingKey(secret, claim), toSign).toString('hex');
  return expected.length === claim.signature.length && timingSafeEqual(Buffer.from(expected), Buffer.from(claim.signature));
};
