import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import type { defaultProvider } from '@aws-sdk/credential-provider-node';
import { SignatureV4 } from '@smithy/signature-v4';

/** An AWS access key, with the session's token where it has one, and a note of where it was found. */
export type AwsCredentials = Awaited<ReturnType<ReturnType<typeof defaultProvider>>>;

/** A request as it will be sent. */
export interface Outgoing {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: string;
}

type Bytes = string | ArrayBuffer | ArrayBufferView;

const bytesOf = (data: Bytes): string | Uint8Array =>
  typeof data === 'string' ? data : ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);

/** SHA-256, or its HMAC where there is a secret, as the signer wants it. */
class Sha256 {
  private readonly hash: Hash | Hmac;

  constructor(secret?: Bytes) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: Bytes): void {
    this.hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.hash.digest()));
  }
}

/** The service that AWS knows API Gateway's APIs as. */
export const signedService = 'execute-api';

/** The headers with which a request is sent: its own, and those of its SigV4 signature. */
export const signedHeaders = async ({ method, url, headers, body }: Outgoing, credentials: AwsCredentials, region: string, at: Date): Promise<Record<string, string>> => {
  const signer = new SignatureV4({ credentials, region, service: signedService, sha256: Sha256 });
  const request = {
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    port: url.port === '' ? undefined : Number(url.port),
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { ...headers, host: url.host },
    body,
  };
  const { headers: { host: _, ...signed } } = await signer.sign(request, { signingDate: at });
  return signed;
};
