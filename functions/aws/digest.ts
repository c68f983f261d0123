import { createHash, createHmac } from 'node:crypto';
import type { Digest } from '../core/ids.ts';

/** SHA-256 in lower-case hex. */
export const digest: Digest = (text) => createHash('sha256').update(text, 'utf8').digest('hex');

/** HMAC-SHA256 in lower-case hex: for ids made from texts that hold values. */
export const keyedDigest = (key: string): Digest => (text) => createHmac('sha256', key).update(text, 'utf8').digest('hex');
