import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';
import { bundlingOf } from '../infra/rescind-function.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A bundle as Lambda would get it. */
export interface Bundle {
  path: string;
  bytes: number;
  /** Files of ours in it, relative to the root. */
  ours: string[];
}

/** esbuild's own options for what the stack tells `NodejsFunction`. */
export const optionsOf = (): BuildOptions => {
  const { format, target, minify, keepNames, sourceMap, externalModules, mainFields, banner } = bundlingOf('configuration.json');
  return { bundle: true, platform: 'node', format: format === 'esm' ? 'esm' : 'cjs', target, minify, keepNames, sourcemap: sourceMap, external: externalModules, mainFields, banner: banner === undefined ? undefined : { js: banner } };
};

/** Bundles one entry, a path or a text, into the folder. */
export const bundled = async (folder: string, name: string, entry: { path: string } | { text: string }): Promise<Bundle> => {
  const path = join(folder, `${name}.mjs`);
  const input: BuildOptions = 'path' in entry ? { entryPoints: [join(root, entry.path)] } : { stdin: { contents: entry.text, resolveDir: root, sourcefile: `${name}.ts`, loader: 'ts' } };
  const { metafile } = await build({ ...optionsOf(), ...input, outfile: path, metafile: true, write: true, absWorkingDir: root, logLevel: 'error' });
  const [output] = Object.values(metafile.outputs);
  const ours = Object.entries(output?.inputs ?? {}).filter(([file, { bytesInOutput }]) => bytesInOutput > 0 && !file.includes('node_modules')).map(([file]) => file);
  return { path, bytes: output?.bytes ?? 0, ours };
};

const imported = /^import \{([^}]+)\} from '((?!node:|\.)[^']+)';$/gm;

/** The names that the files import from packages: clients, the commands that they send, and other libraries. */
export const clientsIn = (files: readonly string[]): Map<string, Set<string>> => {
  const found = new Map<string, Set<string>>();
  for (const file of files) {
    for (const [, names = '', from = ''] of readFileSync(join(root, file), 'utf8').matchAll(imported)) {
      const values = names.split(',').map((name) => name.trim()).filter((name) => name !== '' && !name.startsWith('type '));
      found.set(from, new Set([...(found.get(from) ?? []), ...values]));
    }
  }
  return found;
};

/** An empty handler in the shell of `functions/aws/lambda.ts`, with the same clients, commands and libraries and nothing else of ours. */
export const emptyHandler = (shell: 'lambda' | 'httpLambda' | 'queueLambda', clients: Map<string, Set<string>>): string => {
  const imports = [...clients].map(([from, names]) => `import { ${[...names].join(', ')} } from '${from}';`);
  const names = [...new Set([...clients.values()].flatMap((some) => [...some]))];
  return [...imports, `import { ${shell} } from './functions/aws/lambda.ts';`, `export const handler = ${shell}(async () => ({}) as never, () => ({ clients: [${names.join(', ')}] }));`].join('\n');
};

/** The script that a fresh process runs to import a bundle and tell how many milliseconds that took. */
export const importScript = (folder: string): string => {
  const path = join(folder, 'import.mjs');
  writeFileSync(path, "const start = performance.now();\nawait import(process.argv[2]);\nprocess.stdout.write(String(performance.now() - start));\n");
  return path;
};
