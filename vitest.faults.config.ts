import { defineConfig } from 'vitest/config';

/** `npm run test:faults`: what takes longer: the whole service as a process, crashes at every call, two hundred seeds, and kills. */
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
