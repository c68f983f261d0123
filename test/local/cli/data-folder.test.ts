import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeDataFolder } from '../../../local/cli/data-folder.ts';
import { UsageError } from '../../../local/cli/options.ts';

const folder = mkdtempSync(join(tmpdir(), 'rescind-data-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const saidOf = (data: string): string => {
  try {
    makeDataFolder(data);
    return '';
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
};

test('the folder is made with those above it and the two in it, and is taken as it is when it is there', () => {
  const data = join(folder, 'a', 'b', 'c');
  makeDataFolder(data);
  makeDataFolder(data);
  expect([join(data, 'world'), join(data, 'rescind')].map((path) => existsSync(path))).toEqual([true, true]);
});

test('a file in its place, above it or in it is named', () => {
  const file = join(folder, 'file');
  const holed = join(folder, 'holed');
  writeFileSync(file, '');
  mkdirSync(holed);
  writeFileSync(join(holed, 'rescind'), '');
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
  expect(saidOf(file)).toBe(`--data ${file} is a file, not a folder`);
  expect(saidOf(join(file, 'x'))).toBe(`--data ${file}/x: its parent folder is a file, not a folder`);
  expect(saidOf(join(file, 'x', 'y'))).toBe(`--data ${file}/x/y: ${file} is a file, not a folder`);
  expect(saidOf(holed)).toBe(`--data ${holed}: ${holed}/rescind is a file, not a folder`);
  expect(saidOf(join(folder, 'dangling'))).toBe(`--data ${folder}/dangling is a link that leads nowhere, not a folder`);
});

test('a file system that takes no folders is named at once', () => {
  expect(saidOf('/proc/rescind')).toMatch(/^--data \/proc\/rescind: (its parent folder|\/) cannot be written to$/);
  expect(saidOf('/proc/rescind/deep')).toMatch(/^--data \/proc\/rescind\/deep: \/(proc)? cannot be written to$/);
  expect(saidOf('/proc')).toMatch(/^--data \/proc.* cannot be written to$/);
});
