import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Undo } from './undo.ts';

export const root = join(import.meta.dirname, '../..');
/** The only place where something stays between two runs; git ignores it. */
export const cache = join(root, '.cache');
/** What the emulator and the functions say; stays, for whoever looks for the reason of a failure. */
export const logFile = join(cache, 'test-deploy.log');

/** A folder for this run that is gone at its end, with a home and a temporary folder for what is started. */
export interface Places {
  folder: string;
  home: string;
  temporary: string;
  /** For what holds values by its nature, such as a detector's report: apart, so that the rest can be searched for them. */
  planted: string;
}

/** Makes the folder of this run. */
export const makePlaces = (undo: Undo): Places => {
  mkdirSync(cache, { recursive: true });
  const [folder, planted] = ['rescind-deploy-', 'rescind-planted-'].map((name) => mkdtempSync(join(tmpdir(), name))) as [string, string];
  undo.add(() => [folder, planted].forEach((place) => rmSync(place, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })));
  const places = { folder, planted, home: join(folder, 'home'), temporary: join(folder, 'tmp') };
  for (const place of Object.values(places)) mkdirSync(place, { recursive: true });
  return places;
};

/** Node 24 comes first: MiniStack runs functions on the `node` of its PATH, and the CDK its app. */
const path = `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`;

/** What every command gets: no credentials and no settings of whoever runs this, and nothing written into their home. */
export const plainEnvironment = ({ home, temporary }: Places): Record<string, string | undefined> => ({
  PATH: path,
  HOME: home,
  TMPDIR: temporary,
  LANG: 'C.UTF-8',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
});

const network = /^(?:(?:https?|no|all)_proxy|pip_.*|go(?:proxy|sumdb|noproxy|private|flags|toolchain)|ssl_cert_(?:file|dir)|requests_ca_bundle)$/i;

/** What commands get that fetch something: how to reach the network as well, and the home in which mirrors may be named. */
export const fetchingEnvironment = (places: Places): Record<string, string | undefined> => ({
  ...plainEnvironment(places),
  HOME: process.env.HOME,
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => network.test(name))),
});
