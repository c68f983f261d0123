import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { awsKeyIdsIn, isIndexable, isSecretInItsField, shapeOf } from '../../functions/core/shape.ts';

const keyId = ['AK', 'IAQ7X2M5N8P3R6T9W1'].join('');
const awsSecret = ['wJ4lrXUtnF3MI/K7MD9N', 'G/bPxRfiCYzzQw1kKEYs'].join('');
const pem = (kind: string): string => `-----BEGIN ${kind}-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END ${kind}-----`;
const begin = (words: string): string => [...words].join('');

describe('what identifies a credential', () => {
  it.each([
    ['an AWS secret', awsSecret, 'aws-secret'], ['a GitHub token', ['ghp', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join('_'), 'github-token'], ['a private key', pem(begin('RSA PRIVATE KEY')), 'private-key'],
    ['a vendor key', ['vk', 'live', '8Zq2Lm5Xp9Rt3Wv6Kc1N'].join('_'), 'opaque'], ['hex', '9f86d081884c7d659a2feaa0c55ad015', 'opaque'], ['a generated password', 'k7#Qz!m2vX9p$L', 'opaque'],
    ['base64 that begins with a slash', '/9jx4AAQSkZJRgABAQEASAB7Q2k5/m3w==', 'opaque'], ['base32 with its padding', 'MFRGGZDFMZTWQ2LK====', 'opaque'], ['random letters', 'kJhXfDsQqWzRtYvB', 'opaque'],
    ['the address of a web hook with a token', 'https://hooks.example.com/services/T0001/B0001/x8Kq2mZ7pL1vT9wQ4nRs', 'opaque'],
  ])('%s does', (_, value, shape) => {
    expect([shapeOf(value), isIndexable(value)]).toEqual([shape, true]);
  });

  it.each([
    'postgres', 'changeme', 'changemechangeme', 'password123', 'Password1234', 'P@ssw0rd2024!', 'your_api_key_here', 'REPLACE_ME_PLEASE', 'admin@123456', '5432', '000000000000', '111122223333', 'aaaaaaaaaaaaaaaa', 'abababababababab', '12345678901234567890', 'abcdefghijklmnop',
    '2026-03-02T08:15:00Z', 'true', '', ' ', '${DATABASE_PASSWORD}', '{{ vault.password }}', '<your password 7>', '%DATABASE_PASSWORD%',
    'arn:aws:iam::111122223333:user/deploy-7f3', 'deploy.user7@nimbus-works.example', 'db-1.cluster-c9x8a7.us-east-1.rds.amazonaws.com', 'db.nimbus.example:5432', '10.20.30.40:5432', '2001:db8:85a3::8a2e:370:7334', 'us-gov-west-1',
    'https://api.example.com/v1/things?limit=10', 'jdbc:oracle:thin:@db.nimbus.example:1521/x', '/var/lib/app/config.json', './deploy/run-all.sh', 'sg-0a9b3c7d5e1f2a4b6', 'my-service-production-db-01', 'AmazonRDSFullAccess', 'a description of the database, 2024', 'correct horse battery staple',
    '123e4567-e89b-12d3-a456-426614174000', keyId, keyId.replace('AK', 'AS'), pem('CERTIFICATE'), pem('PUBLIC KEY'), `ssh-ed25519 ${awsSecret}`, 'Server=db;Database=x;Integrated Security=true',
  ])('%j does not', (value) => {
    expect(isIndexable(value)).toBe(false);
  });

  it.each([
    ['a connection string', 'postgres://app:k7Qzm2vX9pLw@db/app', 'connection-string'], ['JSON', '{"password":"k7Qzm2vX9pLw"}', 'json'], ['lines', 'API_KEY=k7Qzm2vX9pLw', 'lines'], ['a key pair', `${keyId}:${awsSecret}`, 'key-pair'],
  ])('%s does not as a whole: its parts do', (_, value, shape) => {
    expect([shapeOf(value), isIndexable(value), isSecretInItsField(value)]).toEqual([shape, false, false]);
  });

  it('a UUID or a phrase does where the field is known to hold a secret, a default or a name never does', () => {
    expect(['123e4567-e89b-12d3-a456-426614174000', 'correct horse battery staple'].map(isSecretInItsField)).toEqual([true, true]);
    expect(['changeme1234', 'db.nimbus.example', keyId, 'arn:aws:s3:::bucket-name'].map(isSecretInItsField)).toEqual([false, false, false, false]);
  });

  it('random tokens nearly always do', () => {
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'];
    const token = fc.array(fc.integer({ min: 0, max: 61 }).map((index) => alphabet[index]!), { minLength: 32, maxLength: 32 }).map((characters) => characters.join(''));
    const tokens = fc.sample(token.filter((text) => new Set(text).size >= 15), { numRuns: 500, seed: 7 });
    expect(tokens.filter((text) => !isIndexable(text))).toEqual([]);
  });

  it('is decided for any text without an error, and quickly', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
      expect(isIndexable(text) && !isSecretInItsField(text)).toBe(false);
    }));
    const started = performance.now();
    for (const piece of ['a', ' ', 'a.', '@a', 'key=', ';', 'passpassword', '-----BEGIN ', 'x:', 'A1 ', '/', '%', "'\\", 'Aa']) shapeOf(piece.repeat(65_536 / piece.length));
    for (const head of ['KEY=', 'password=', 'https://a:', 'host=a password=\'', 'jdbc:oracle:thin:']) shapeOf(head + ' a'.repeat(4_000));
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('names in a text', () => {
  it('are ids of AWS keys that stand alone, each once', () => {
    expect(awsKeyIdsIn(`x=${keyId}, "${keyId}" x${keyId} ${keyId}7 ${keyId.toLowerCase()}`)).toEqual([keyId]);
  });
});
