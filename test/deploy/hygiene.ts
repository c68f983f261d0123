import { readFileSync } from 'node:fs';
import { expect, type Checks } from './checks.ts';
import type { Deployed } from './deployed.ts';
import { found, leftoversIn } from './leftovers.ts';
import { logFile } from './places.ts';

/** Every value of the world: what was planted, and what came into being when keys and secrets were replaced. */
const valuesOf = ({ world, house }: Deployed): string[] => {
  const { secrets, keys } = house.aws.state();
  const made = Object.values(secrets).flatMap(({ versions }) => Object.values(versions).flatMap(({ value }) => value ?? []));
  const leaves = made.flatMap((text) => (text.startsWith('{') ? [(JSON.parse(text) as { secretAccessKey?: string }).secretAccessKey ?? ''] : [text]));
  const planted = [...Object.values(world.uploaders).map(({ secret }) => secret), ...Object.values(world.signing), world.githubToken, ...Object.values(world.vault)];
  const bare = [...planted, ...leaves, ...Object.values(keys).map(({ secret }) => secret)].map((value) => value.replace(/^(?:whsec_|ghp_|s\.)/, ''));
  return [...new Set(bare)].filter((value) => value.length >= 8);
};

/** The search itself is put to the test: it has to find each value in each form in which one could be left. */
const searchWorks = (values: readonly string[]): void => {
  for (const value of values) {
    const piece = value.slice(3, 15);
    const forms = [piece.slice(0, 8), ...['', 'a', 'ab'].map((before) => Buffer.from(`${before}${piece}, and more`).toString('base64')), encodeURIComponent(piece), Buffer.from(piece).toString('base64url')];
    const missed = forms.filter((text) => found([{ file: '', text: `said: ${text} and no more` }], [value]).length === 0);
    expect(missed.length === 0, `the search misses ${missed.length} of ${forms.length} forms in which a value could be left`);
  }
  expect(found([{ file: '', text: values.map((value) => value.slice(0, 7)).join(' ') }], values).length === 0, 'the search finds what is no value');
};

/**
 * Stops the emulator, which writes its whole state down, and looks for the values there, in every request that was sent to
 * its services (KMS apart), in its log, in what the functions left behind and in what this script printed. The ids of the cases must be found in the same places, else the search proves nothing.
 */
export const noValueIsLeft = async (deployed: Deployed, { said }: Checks, caseIds: readonly string[]): Promise<string> => {
  await deployed.ministack.stop();
  const leftovers = [...leftoversIn(deployed.places.folder), { file: logFile, text: readFileSync(logFile, 'latin1') }, { file: 'what this script printed', text: said.join('\n') }];
  const seen = (name: RegExp): boolean => leftovers.some(({ file, text }) => name.test(file) && caseIds.some((id) => text.includes(id)));
  for (const name of [/requests\.log$/, /dynamodb\.json$/, /stepfunctions\.json$/, /cloudwatch_logs\.json$/]) {
    expect(seen(name), `the emulator's state holds no case in ${name.source}: its form must have changed, and a search there would prove nothing.`);
  }
  const values = valuesOf(deployed);
  searchWorks(values);
  const places = found(leftovers, values);
  expect(places.length === 0, `a value, or eight characters of one, was left in\n${places.join('\n')}`);
  const bytes = leftovers.reduce((sum, { text }) => sum + text.length, 0);
  return `${values.length} values, ${leftovers.length} files, ${(bytes / 1e6).toFixed(1)} MB`;
};
