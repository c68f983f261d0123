import { createHash } from 'node:crypto';
import type { Digest } from '../core/ids.ts';

/** SHA-256 in lower-case hex. */
export const digest: Digest = (text) => createHash('sha256').update(text, 'utf8').digest('hex');
