import { ConfigurationError, readConfiguration } from './configuration.ts';

/** `npx node infra/check.ts [file]`: says whether an installation's configuration may be deployed, and what is wrong if not. */
const check = (file: string): number => {
  try {
    const { installation, mode, owners, secrets, probes, sources } = readConfiguration(file);
    console.log(`${file} is fine: installation ${installation}, mode ${mode}; owners ${owners.length}, bound secrets ${secrets.length}, probes ${probes.length}, sources ${sources.length}`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    return 1;
  }
};

process.exitCode = check(process.argv[2] ?? 'infra/installation/example.json');
