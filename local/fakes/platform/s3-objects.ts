import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/** What is kept of an object beside its content. */
export interface ObjectFacts {
  bucket: string;
  key: string;
  etag: string;
  /** ISO 8601. */
  modified: string;
  /** Headers that are given back as they came: content type, metadata, checksums. */
  headers: Record<string, string>;
}

export interface StoredObject extends ObjectFacts {
  content: Buffer;
}

/** Where objects are kept. */
export interface Objects {
  get(bucket: string, key: string): StoredObject | undefined;
  put(object: StoredObject): void;
  delete(bucket: string, key: string): void;
  list(bucket: string): ObjectFacts[];
}

/** Objects kept in memory. */
export const objectsInMemory = (): Objects => {
  const objects = new Map<string, StoredObject>();
  const name = (bucket: string, key: string) => `${bucket}/${key}`;
  return {
    get: (bucket, key) => objects.get(name(bucket, key)),
    put: (object) => void objects.set(name(object.bucket, object.key), object),
    delete: (bucket, key) => void objects.delete(name(bucket, key)),
    list: (bucket) => [...objects.values()].filter((object) => object.bucket === bucket),
  };
};

/** Objects kept in a folder, two files each, named by a hash so that no key can leave the folder. */
export const objectsInFolder = (folder: string): Objects => {
  mkdirSync(folder, { recursive: true });
  const path = (bucket: string, key: string) => join(folder, createHash('sha256').update(`${bucket}/${key}`).digest('hex'));
  const facts = (file: string): ObjectFacts => JSON.parse(readFileSync(file, 'utf8')) as ObjectFacts;
  const write = (file: string, content: string | Buffer) => {
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  };
  return {
    get: (bucket, key) => {
      const file = path(bucket, key);
      return existsSync(`${file}.json`) ? { ...facts(`${file}.json`), content: readFileSync(`${file}.bin`) } : undefined;
    },
    put: ({ content, ...rest }) => {
      const file = path(rest.bucket, rest.key);
      write(`${file}.bin`, content);
      write(`${file}.json`, JSON.stringify(rest));
    },
    delete: (bucket, key) => {
      const file = path(bucket, key);
      rmSync(`${file}.json`, { force: true });
      rmSync(`${file}.bin`, { force: true });
    },
    list: (bucket) => readdirSync(folder).filter((name) => name.endsWith('.json')).map((name) => facts(join(folder, name))).filter((object) => object.bucket === bucket),
  };
};
