import { defineConfig } from 'vitest/config';

/** `npm test`: everything that needs Node only and is over within two minutes on two cores. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/faults/**', 'test/deploy/**', 'test/openbao/**', 'node_modules/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 5,
    // nothing of ours keeps state in a module: files of one worker may share what they import
    isolate: false,
  },
});
