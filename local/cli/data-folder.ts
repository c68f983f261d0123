import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from './options.ts';

const kindOf = (path: string): 'folder' | 'file' | undefined => {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file';
  } catch {
    return undefined;
  }
};

const isWritable = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

/** Makes one folder in one that is there. Where it cannot: whether something else has its name. */
const made = (path: string): 'made' | 'taken' | 'refused' => {
  try {
    mkdirSync(path);
    return 'made';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return 'refused';
    return kindOf(path) === 'folder' ? 'made' : 'taken';
  }
};

/** Makes a folder and those above it that are missing; throws what `refused` makes of a folder that is none or cannot be written to. */
const make = (path: string, refused: (folder: string, why: string) => Error): void => {
  const missing: string[] = [];
  let there = path;
  for (; kindOf(there) === undefined && dirname(there) !== there; there = dirname(there)) missing.unshift(there);
  if (kindOf(there) !== 'folder') throw refused(there, 'is a file, not a folder');
  // one by one: in a file system that takes no folders (/proc) the recursive way tries for ever
  for (const folder of missing) {
    const how = made(folder);
    if (how === 'taken') throw refused(folder, 'is a link that leads nowhere, not a folder');
    if (how === 'refused') throw refused(dirname(folder), 'cannot be written to');
  }
  if (!isWritable(path)) throw refused(path, 'cannot be written to');
};

/** Makes the folder of `--data`, with the two in it. Throws a `UsageError` that says why where that cannot be. */
export const makeDataFolder = (data: string): void => {
  const root = resolve(data);
  const refused = (folder: string, why: string): UsageError => {
    if (folder === root) return new UsageError(`--data ${data} ${why}`);
    return new UsageError(`--data ${data}: ${folder === dirname(root) ? 'its parent folder' : folder} ${why}`);
  };
  for (const folder of [root, join(root, 'world'), join(root, 'rescind')]) make(folder, refused);
};
