import { defineConfig } from 'vitest/config';

/** `npm run test:faults`: crashes at every call, two hundred seeds, and a killed process. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    testTimeout: 400_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // one of the files mostly waits for processes that it killed
    maxWorkers: 3,
  },
});
