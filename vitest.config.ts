import { defineConfig } from 'vitest/config'

const results = process.env.TEST_RESULTS

// Suites: `unit` is npm test; `integration` needs Python and minutes; .ci/run runs both.
export default defineConfig({
  test: {
    // Where .ci/run wants the counts.
    reporters: results ? ['default', ['json', { outputFile: results }]] : ['default'],
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/integration/**'], testTimeout: 30_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
})
