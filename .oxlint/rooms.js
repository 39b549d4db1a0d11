/**
 * The rooms of the product, from top to bottom: what the files below each path may import besides one another. A room
 * imports only rooms below it, so that no circle can arise; a file belongs to the row with the longest path.
 */
const DOMAIN = [
  'lambda/domain',
  'lambda/domain/ports',
  'lambda/domain/errors',
  'lambda/domain/time',
  'lambda/contract',
];
const WITHOUT_SIMULATOR = [
  'lib/sender',
  'lib/publish',
  'lib/plan',
  'lib/operator',
  'lib/stacks/app',
  'lib/stacks/pipeline',
  'lib/stacks/central',
  'lib/stacks/member',
  'lib/stacks',
  'lib/cloud-assembly',
  'lib/org-bucket',
  'lib/roster',
  'lib/names',
  'lib/terminal',
  'lambda/contract',
];
/** From top to bottom, the whole of it first. */
const REHEARSAL = [
  'lib/simulator/rehearsal',
  'lib/simulator/rehearsal/page',
  'lib/simulator/rehearsal/output',
  'lib/simulator/rehearsal/operations',
  'lib/simulator/rehearsal/people',
  'lib/simulator/rehearsal/observation',
  'lib/simulator/rehearsal/environment',
  'lib/simulator/rehearsal/scenario',
  'lib/simulator/rehearsal/history',
];

const rooms = [
  { room: 'bin/access-keys', rooms: ['bin/node-version', 'bin/run', 'lib/cli'], packages: [] },
  { room: 'bin/app', rooms: ['bin/run', 'cdk.json', ...WITHOUT_SIMULATOR], packages: ['aws-cdk-lib', 'cdk-nag'] },
  { room: 'bin/pack', rooms: ['bin/compile', 'lib/stacks', 'package.json'], packages: ['node:*', 'esbuild'] },
  { room: 'bin/run', rooms: ['bin/compile'], packages: ['node:*', '@swc/core'] },
  { room: 'bin/node-version', rooms: [], packages: [] },
  { room: 'bin/compile', rooms: [], packages: ['node:*', 'esbuild'] },
  {
    room: 'lib/cli',
    rooms: ['lib/doctor', ...REHEARSAL, 'lib/simulator/local-organization', ...WITHOUT_SIMULATOR, 'package.json'],
    packages: ['node:*', '@aws-sdk/*', 'cli-progress', 'commander', 'picocolors'],
  },
  {
    room: 'lib/simulator/rehearsal',
    rooms: [...REHEARSAL.slice(1), 'lib/simulator/local-organization', 'lib/stacks/app', 'lib/roster'],
    packages: ['node:*'],
  },
  {
    room: 'lib/simulator/rehearsal/page',
    rooms: ['lib/simulator/rehearsal/output', 'lib/simulator/rehearsal/history'],
    packages: ['node:*', 'echarts', 'esbuild'],
  },
  {
    room: 'lib/simulator/rehearsal/output',
    rooms: [
      'lib/simulator/rehearsal/operations',
      'lib/simulator/rehearsal/environment',
      'lib/simulator/rehearsal/history',
      'lib/roster',
      'lib/terminal',
      'lambda/contract',
    ],
    packages: ['node:*', 'cli-table3'],
  },
  {
    room: 'lib/simulator/rehearsal/operations',
    rooms: [
      'lib/simulator/rehearsal/people',
      'lib/simulator/rehearsal/observation',
      'lib/simulator/rehearsal/environment',
      'lib/simulator/rehearsal/scenario',
      'lib/simulator/local-organization',
      ...WITHOUT_SIMULATOR,
    ],
    packages: ['node:*', '@aws-sdk/*'],
  },
  {
    room: 'lib/simulator/rehearsal/people',
    rooms: [
      'lib/simulator/rehearsal/observation',
      'lib/simulator/rehearsal/environment',
      'lib/simulator/rehearsal/scenario',
      'lib/simulator/rehearsal/history',
      'lib/simulator/local-organization',
      'lambda/contract',
    ],
    packages: [],
  },
  {
    room: 'lib/simulator/rehearsal/observation',
    rooms: ['lib/simulator/rehearsal/environment', 'lib/simulator/rehearsal/history', 'lambda/contract'],
    packages: ['node:*'],
  },
  {
    room: 'lib/simulator/rehearsal/environment',
    rooms: [
      'lib/simulator/rehearsal/scenario',
      'lib/simulator/rehearsal/history',
      'lib/simulator/local-organization',
      'lib/stacks/pipeline',
      'lib/cloud-assembly',
      'lib/roster',
      'lib/names',
      'lambda/contract',
      'docs',
    ],
    packages: ['node:*', '@aws-sdk/*'],
  },
  {
    room: 'lib/simulator/rehearsal/scenario',
    rooms: ['lib/simulator/rehearsal/history', 'lib/simulator/local-organization', 'config'],
    packages: ['node:*', 'ajv', 'yaml'],
  },
  { room: 'lib/simulator/rehearsal/history', rooms: ['lambda/contract'], packages: [] },
  {
    room: 'lib/simulator/local-organization',
    rooms: WITHOUT_SIMULATOR,
    packages: [
      'node:*',
      '@aws-sdk/*',
      '@cloud-copilot/iam-simulate',
      '@cloud-copilot/iam-policy',
      '@smithy/*',
      'ajv',
      'fflate',
    ],
  },
  { room: 'lib/doctor', rooms: ['lib/roster', 'lambda/contract'], packages: ['@aws-sdk/*', 'fflate'] },
  { room: 'lib/sender', rooms: ['lib/roster', 'lib/names'], packages: ['@aws-sdk/client-ses'] },
  {
    room: 'lib/publish',
    rooms: ['lib/plan', 'lib/stacks/member', 'lib/org-bucket', 'lib/roster', 'lib/names', 'lambda/contract'],
    packages: ['@aws-sdk/*', 'fflate'],
  },
  {
    room: 'lib/plan',
    rooms: ['lib/org-bucket', 'lib/roster', 'lib/names', 'lib/terminal', 'lambda/contract'],
    packages: ['node:crypto', '@aws-sdk/*', 'picocolors'],
  },
  {
    room: 'lib/operator',
    rooms: ['lib/org-bucket', 'lib/roster', 'lib/names', 'lambda/contract'],
    packages: ['@aws-sdk/*'],
  },
  {
    room: 'lib/stacks/app',
    rooms: [
      'lib/stacks/pipeline',
      'lib/stacks/central',
      'lib/stacks/member',
      'lib/stacks',
      'lib/roster',
      'lib/names',
      'cdk.json',
    ],
    packages: ['node:*', 'aws-cdk-lib', 'constructs'],
  },
  {
    room: 'lib/stacks/pipeline',
    rooms: [
      'lib/stacks/central',
      'lib/stacks/member',
      'lib/stacks',
      'lib/roster',
      'lib/names',
      'lambda/contract',
      'docs',
      'package.json',
    ],
    packages: ['node:*', 'aws-cdk-lib', 'constructs'],
  },
  {
    room: 'lib/stacks/central',
    rooms: ['lib/stacks/member', 'lib/stacks', 'lib/roster', 'lib/names', 'lambda/contract'],
    packages: ['aws-cdk-lib', 'constructs'],
  },
  {
    room: 'lib/stacks/member',
    rooms: ['lib/stacks', 'lib/roster', 'lib/names', 'lambda/contract', 'cdk.json'],
    packages: ['node:*', 'aws-cdk-lib', 'constructs'],
  },
  {
    room: 'lib/stacks',
    rooms: ['lib/cloud-assembly', 'lib/names', 'lambda/contract'],
    packages: ['node:*', 'aws-cdk-lib', 'constructs', 'esbuild'],
  },
  { room: 'lib/cloud-assembly', rooms: ['lib/names'], packages: ['node:*'] },
  {
    room: 'lib/org-bucket',
    rooms: ['lib/roster', 'lib/names', 'lib/terminal', 'lambda/contract', 'config'],
    packages: ['node:crypto', '@aws-sdk/client-s3', 'ajv'],
  },
  {
    room: 'lib/roster',
    rooms: ['lib/names', 'lib/terminal', 'lambda/contract', 'config'],
    packages: ['node:*', 'ajv', 'fastest-levenshtein', 'yaml'],
  },
  { room: 'lib/names', rooms: ['lambda/contract'], packages: [] },
  { room: 'lib/terminal', rooms: [], packages: ['node:crypto', 'picocolors'] },

  { room: 'lambda/rotate', rooms: ['lambda/aws', 'lambda/domain/rotation', ...DOMAIN], packages: ['aws-lambda'] },
  { room: 'lambda/reconcile', rooms: ['lambda/aws', 'lambda/domain/reconcile', ...DOMAIN], packages: ['aws-lambda'] },
  { room: 'lambda/operate', rooms: ['lambda/aws', 'lambda/domain/operate', ...DOMAIN], packages: ['aws-lambda'] },
  { room: 'lambda/mailer', rooms: ['lambda/aws', 'lambda/domain/mail', ...DOMAIN], packages: ['aws-lambda'] },
  {
    room: 'lambda/aws',
    rooms: ['lambda/domain/mail', 'lambda/domain/notices', 'lambda/domain/roster', 'lambda/domain/ledger', ...DOMAIN],
    packages: ['node:*', '@aws-lambda-powertools/*', '@aws-sdk/*', 'aws-lambda'],
  },
  {
    room: 'lambda/domain/reconcile',
    rooms: [
      'lambda/domain/operate',
      'lambda/domain/rotation',
      'lambda/domain/notices',
      'lambda/domain/keys',
      'lambda/domain/secrets',
      'lambda/domain/roster',
      'lambda/domain/ledger',
      ...DOMAIN,
    ],
    packages: [],
  },
  {
    room: 'lambda/domain/operate',
    rooms: [
      'lambda/domain/rotation',
      'lambda/domain/notices',
      'lambda/domain/keys',
      'lambda/domain/secrets',
      'lambda/domain/roster',
      'lambda/domain/ledger',
      ...DOMAIN,
    ],
    packages: [],
  },
  {
    room: 'lambda/domain/rotation',
    rooms: [
      'lambda/domain/notices',
      'lambda/domain/keys',
      'lambda/domain/secrets',
      'lambda/domain/roster',
      'lambda/domain/ledger',
      ...DOMAIN,
    ],
    packages: [],
  },
  {
    room: 'lambda/domain/notices',
    rooms: ['lambda/domain/keys', 'lambda/domain/roster', 'lambda/domain/ledger', ...DOMAIN],
    packages: [],
  },
  {
    room: 'lambda/domain/mail',
    rooms: [
      'lambda/domain/roster',
      'lambda/domain/ports',
      'lambda/domain/errors',
      'lambda/domain/time',
      'lambda/contract',
    ],
    packages: ['handlebars'],
  },
  { room: 'lambda/domain/keys', rooms: ['lambda/domain/secrets', 'lambda/domain/ledger', ...DOMAIN], packages: [] },
  { room: 'lambda/domain/secrets', rooms: ['lambda/domain/ledger', ...DOMAIN], packages: [] },
  { room: 'lambda/domain/roster', rooms: ['lambda/domain/ledger', ...DOMAIN], packages: [] },
  { room: 'lambda/domain/ledger', rooms: DOMAIN, packages: [] },
  {
    room: 'lambda/domain',
    rooms: ['lambda/domain/ports', 'lambda/domain/errors', 'lambda/domain/time', 'lambda/contract'],
    packages: ['node:crypto'],
  },
  {
    room: 'lambda/domain/ports',
    rooms: ['lambda/domain/errors', 'lambda/domain/time', 'lambda/contract'],
    packages: [],
  },
  { room: 'lambda/domain/errors', rooms: ['lambda/contract'], packages: [] },
  { room: 'lambda/domain/time', rooms: ['lambda/contract'], packages: [] },
  { room: 'lambda/contract', rooms: [], packages: [] },

  { room: 'config', rooms: [], packages: [] },
  { room: 'docs', rooms: [], packages: [] },
  { room: 'cdk.json', rooms: [], packages: [] },
  { room: 'package.json', rooms: [], packages: [] },
];

/** What `lib` needs of the functions' code beyond the contract. */
const exceptions = [
  {
    file: 'lib/doctor/trials/secret-policy.ts',
    imports: 'lambda/domain/reconcile/secret/secret-policy',
    reason: 'the probe has AWS judge the very policy that the functions put',
  },
  {
    file: 'lib/simulator/rehearsal/environment/local-environment.ts',
    imports: 'lambda/domain/ledger/tags',
    reason: 'which key is compromised is read from the tag that the functions write',
  },
  {
    file: 'lib/simulator/rehearsal/environment/local-environment.ts',
    imports: 'lambda/domain/secret-value',
    reason: 'owners read their key from the secret as the functions write it',
  },
];

/** The first that fits the file says what to do instead. */
const advice = [
  {
    files: 'lambda/domain',
    text: 'domain code is pure: declare a port in lambda/domain/ports.ts and implement it in lambda/aws; what two rooms need belongs to a room below both',
  },
  { files: 'lambda', text: 'the program never knows the deployer: what both need belongs to lambda/contract' },
  {
    files: 'lib',
    text: 'functions are bundled, not imported, and only lib/cli knows the simulator: what both sides need belongs to lambda/contract',
  },
  { files: 'bin', text: 'bin parses, wires and calls: the command is in lib/cli, the stacks in lib/stacks' },
];

module.exports = { rooms, exceptions, advice };
