import { describe, expect, it } from 'vitest';
import { caseOf, type Case } from '../../functions/core/case.ts';
import { valueFor } from '../../functions/core/held-value.ts';

const found = (fingerprint?: string): Case => ({ ...caseOf('c-1', []), fingerprint });
const credential = (issuer: string) => ({ id: `${issuer}:x`, issuer, name: 'x', copies: [] });
const half = Buffer.from('thirty bytes of any plain text').toString('base64');

describe('the held value with which a credential is tried', () => {
  it('is the one by which it was matched', () => {
    expect(valueFor(credential('declared-probe'), found('v1:b'), { 'v1:a': 'first', 'v1:b': 'second' })).toBe('second');
  });

  it('is never another one: its refusal would pass for the death of this one', () => {
    expect(valueFor(credential('declared-probe'), found('v1:b'), { 'v1:a': 'first' })).toBeUndefined();
    expect(valueFor(credential('aws-iam-key'), found('v1:b'), { 'v1:a': half })).toBeUndefined();
  });

  it('is what stands beside a name that was reported without a match', () => {
    expect(valueFor(credential('aws-iam-key'), found(), { 'v1:a': 'no half of a key', 'v1:b': half })).toBe(half);
    expect(valueFor(credential('declared-probe'), found(), { 'v1:a': 'first' })).toBe('first');
    expect(valueFor(credential('declared-probe'), found(), {})).toBeUndefined();
  });
});
