const { randomInt } = require('node:crypto');

process.env.CDK_VALIDATION ??= 'false';
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
process.env.TZ = 'UTC';
process.env.TEST_SEED ??= String(randomInt(1_000_000));

const IN_A_BROWSER = '<rootDir>/test/suites/browser/';

const project = {
  testEnvironment: 'node',
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
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
  testTimeout: 120_000,
  maxWorkers: '100%',
  reporters: ['default', '<rootDir>/test/closing-line.js'],
};
