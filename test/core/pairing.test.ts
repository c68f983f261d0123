import { describe, expect, test } from 'vitest';
import { leavesOf } from '../../functions/core/leaves.ts';
import { paired } from '../../functions/core/pairing.ts';

const id = `AK${'IA'}${'QWERTYUIOPASDFGH'}`;
const half = 'aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0eF+hI/kL5n';
const otherHalf = 'zY9xW7vU5tS3rQ1pO2nM4lK6jI8hG0fE+dC/bA5z';
const namesOf = (text: object): Record<string, number> => Object.fromEntries(paired(leavesOf(JSON.stringify(text))).map(({ path, names }) => [path, names.length]));

describe('which value a key id belongs to', () => {
  test('the secret half beside it, and nothing else in the same object', () => {
    expect(namesOf({ accessKeyId: id, secretAccessKey: half, adminPassword: 'Xk29-fjs8-Qpl1-zzRt' })).toEqual({ secretAccessKey: 1, adminPassword: 0 });
  });

  test('of two that could be it, the one whose field says so', () => {
    expect(namesOf({ accessKeyId: id, secretAccessKey: half, apiToken: otherHalf })).toEqual({ secretAccessKey: 1, apiToken: 0 });
  });

  test('neither, where no field tells', () => {
    expect(namesOf({ accessKeyId: id, primary: half, fallback: otherHalf })).toEqual({ primary: 0, fallback: 0 });
    expect(namesOf({ accessKeyId: id, secretOne: half, secretTwo: otherHalf })).toEqual({ secretOne: 0, secretTwo: 0 });
  });

  test('the same half written twice is one half', () => {
    expect(namesOf({ accessKeyId: id, secretAccessKey: half, AWS_SECRET_ACCESS_KEY: half })).toEqual({ secretAccessKey: 1, AWS_SECRET_ACCESS_KEY: 1 });
  });
});
