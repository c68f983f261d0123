import { defineConfig } from 'vitest/config';

/** `npm run test:openbao`: the vault connector, and leases as a whole, against a real OpenBao. */
export default defineConfig({
  test: {
    include: ['test/openbao/**/*.test.ts'],
    globalSetup: ['test/openbao/install.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
