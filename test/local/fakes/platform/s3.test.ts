import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, expect, test } from 'vitest';
import { clockOf } from '../../../../local/clock.ts';
import { Behaviours } from '../../../../local/fakes/behaviour.ts';
import type { Objects } from '../../../../local/fakes/platform/s3-objects.ts';
import { objectsInFolder, objectsInMemory } from '../../../../local/fakes/platform/s3-objects.ts';
import { addressOf, createS3 } from '../../../../local/fakes/platform/s3.ts';
import { served } from './server.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const start = async (objects: Objects = objectsInMemory(), behaviours = new Behaviours(), clock = clockOf()) => {
  const { close, config, url } = await served({ s3: createS3({ buckets: ['bodies'], objects, clock }) }, behaviours, clock);
  ends.push(close);
  return { url, client: new S3Client({ ...config, forcePathStyle: true }) };
};
const at = { Bucket: 'bodies', Key: 'a folder/ä.json' };

test.each(['memory', 'a folder'])('an object kept in %s comes back as it was put, with its checksum, and is gone when deleted', async (where) => {
  const folder = mkdtempSync(join(tmpdir(), 's3-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const { client } = await start(where === 'memory' ? objectsInMemory() : objectsInFolder(folder));
  const put = await client.send(new PutObjectCommand({ ...at, Body: 'content', ContentType: 'application/json', Metadata: { case: '7' } }));
  const got = await client.send(new GetObjectCommand({ ...at, ChecksumMode: 'ENABLED' }));
  expect(await got.Body?.transformToString()).toBe('content');
  expect(got).toMatchObject({ ContentType: 'application/json', Metadata: { case: '7' }, ContentLength: 7, ETag: put.ETag, ChecksumCRC32: put.ChecksumCRC32 });
  expect(await client.send(new HeadObjectCommand(at))).toMatchObject({ ContentLength: 7, ETag: put.ETag });
  expect((await client.send(new ListObjectsV2Command({ Bucket: 'bodies', Prefix: 'a ' }))).Contents?.map(({ Key }) => Key)).toEqual([at.Key]);
  await client.send(new DeleteObjectCommand(at));
  await client.send(new DeleteObjectCommand(at));
  await expect(client.send(new GetObjectCommand(at))).rejects.toMatchObject({ name: 'NoSuchKey' });
  await expect(client.send(new HeadObjectCommand(at))).rejects.toMatchObject({ name: 'NotFound' });
  await expect(client.send(new GetObjectCommand({ Bucket: 'not-there', Key: 'x' }))).rejects.toMatchObject({ name: 'NoSuchBucket' });
});

test('a streamed body in chunks with a trailing checksum is put together again', async () => {
  const { client } = await start();
  const content = Buffer.alloc(300_000, 'abc\r\n0');
  await client.send(new PutObjectCommand({ ...at, Body: Readable.from([content.subarray(0, 100_000), content.subarray(100_000)]), ContentLength: content.length, ContentEncoding: 'gzip' }));
  const got = await client.send(new GetObjectCommand(at));
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(content)).toBe(true);
  expect(got.ContentEncoding).toBe('gzip');
  const range = await client.send(new GetObjectCommand({ ...at, Range: 'bytes=0-4' }));
  expect(await range.Body?.transformToString()).toBe('abc\r\n');
});

test('a wrong checksum is refused, and a lie keeps nothing', async () => {
  const { client } = await start(objectsInMemory(), new Behaviours([{ service: 's3', operation: 'PutObject', resource: 'lied', effect: 'lie' }]));
  await expect(client.send(new PutObjectCommand({ ...at, Body: 'x', ChecksumSHA256: Buffer.alloc(32).toString('base64') }))).rejects.toMatchObject({ name: 'BadDigest' });
  await client.send(new PutObjectCommand({ Bucket: 'bodies', Key: 'lied', Body: 'x' }));
  await expect(client.send(new HeadObjectCommand({ Bucket: 'bodies', Key: 'lied' }))).rejects.toMatchObject({ name: 'NotFound' });
});

test('a bucket is found in the path and in the host name', () => {
  const here = { bucket: 'bodies', key: 'a b/c' };
  expect(addressOf({ path: '/bodies/a%20b/c', headers: { host: '127.0.0.1:4000' } })).toEqual(here);
  expect(addressOf({ path: '/bodies/a%20b/c', headers: { host: 'localhost:4000' } })).toEqual(here);
  expect(addressOf({ path: '/a%20b/c', headers: { host: 'bodies.localhost:4000' } })).toEqual(here);
  expect(addressOf({ path: '/a%20b/c', headers: { host: 'bodies.s3.eu-west-1.amazonaws.com' } })).toEqual(here);
});
