const { randomInt, randomUUID } = require('node:crypto');
const { tmpdir } = require('node:os');
const path = require('node:path');

process.env.CDK_VALIDATION ??= 'false';
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
process.env.TZ = 'UTC';
process.env.TEST_SEED ??= String(randomInt(1_000_000));
process.env.TEST_RUN_FOLDER = path.join(tmpdir(), `access-keys-tests-${randomUUID()}`);

const IN_A_BROWSER = '<rootDir>/test/suites/browser/';

const project = {
  testEnvironment: 'node',
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  moduleNameMapper: { '^esbuild$': '<rootDir>/test/esbuild-once-a-run.ts' },
  modulePathIgnorePatterns: ['<rootDir>/build', '<rootDir>/cdk.out', '<rootDir>/rehearsal'],
};

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    { ...project, testMatch: ['<rootDir>/test/**/*.test.ts'], testPathIgnorePatterns: [IN_A_BROWSER] },
    {
      ...project,
      displayName: 'browser',
      testMatch: [`${IN_A_BROWSER}**/*.test.ts`],
      globalSetup: '<rootDir>/test/suites/browser/global-setup.ts',
    },
  ],
  testTimeout: 300_000,
  maxWorkers: '100%',
  reporters: ['default', '<rootDir>/test/closing-line.js'],
};
