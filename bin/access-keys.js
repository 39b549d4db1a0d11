#!/usr/bin/env node
// Runs the command from its sources. swc is what the tests use too, and it makes `import()` a `require`; with tsx each
// `import()` would go to Node's ESM loader, whose hooks take longer to start than the command itself.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const { transformFileSync } = require('@swc/core');

const debug = process.argv.includes('--debug');
process.setSourceMapsEnabled(debug);
const options = {
  swcrc: false,
  sourceMaps: debug && 'inline',
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  module: { type: 'commonjs' },
};
require.extensions['.ts'] = (module, path) => module._compile(transformFileSync(path, options).code, path);
require('./access-keys.ts');
