import { defineConfig } from 'vitest/config'

/** The longest test takes half a minute on two free cores: what runs into this hangs. */
const limits = { testTimeout: 120_000, hookTimeout: 120_000 }

const LONG_SEARCHES = ['test/feeds/recovery.test.ts', 'test/feeds/requests.test.ts']

// Suites: `unit` is npm test; `lakes` audits, damages and repairs whole lakes, and lets feeds fetch what hours have missed; `api` asks the web application; `page` looks at it in a real browser; `infra` makes the deployment's templates; `command` runs the real command; `integration` needs
// Python, Java and minutes; `campaigns` simulates for long; .ci/run runs all.
export default defineConfig({
  test: {
    // Where .ci/run wants the counts.
    reporters: process.env.TEST_RESULTS ? ['default', './.ci/counts.js'] : ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/api/**',
            'test/cli/*.test.ts',
            'test/page/**',
            'test/operations/**',
            'test/embedded/**',
            'test/infra/**',
            'test/integration/**',
            'test/campaigns/**',
            ...LONG_SEARCHES,
          ],
          ...limits,
        },
      },
      {
        test: {
          name: 'lakes',
          include: ['test/operations/**/*.test.ts', 'test/embedded/**/*.test.ts', ...LONG_SEARCHES],
          ...limits,
        },
      },
      {
        test: { name: 'api', include: ['test/api/**/*.test.ts'], ...limits },
      },
      {
        test: {
          ...{ name: 'page', include: ['test/page/**/*.test.ts'], globalSetup: 'test/page/prepare.ts' },
          ...limits,
        },
      },
      {
        test: {
          ...{ name: 'infra', include: ['test/infra/**/*.test.ts'], globalSetup: 'test/infra/prepare.ts' },
          ...limits,
        },
      },
      {
        test: { name: 'command', include: ['test/cli/*.test.ts'], ...limits },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: 'test/integration/prepare.ts',
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      { test: { name: 'campaigns', include: ['test/campaigns/**/*.test.ts'], testTimeout: 3_600_000 } },
    ],
  },
})
