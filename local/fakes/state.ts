import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Where a fake keeps what it knows. `save` has happened before the answer goes out, so a killed process forgets nothing. */
export interface StateStore<State> {
  load(): State | undefined;
  save(state: State): void;
}

/** Kept nowhere: for tests and for runs without a data folder. */
export const inMemory = <State>(): StateStore<State> => ({ load: () => undefined, save: () => undefined });

/** Kept in one JSON file, replaced as a whole. */
export const inFile = <State>(path: string): StateStore<State> => ({
  load: () => (existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as State) : undefined),
  save: (state) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, JSON.stringify(state));
    renameSync(`${path}.new`, path);
  },
});
