// Runs a program of this folder. A checkout runs its sources, whatever was built before: through swc, which the tests
// use too and which makes `import()` a `require`, or compiled in memory where the development dependencies are left
// out. A package has no sources; its programs were compiled when it was packed.
const { existsSync } = require('node:fs');
const path = require('node:path');

exports.run = (name) => {
  const source = path.join(__dirname, `${name}.ts`);
  if (!existsSync(source)) runFile(path.join(__dirname, `../build/bin/${name}.js`));
  else if (hasSwc()) runSource(source);
  else runCompiled(name);
};

// oxlint-disable-next-line rooms/imports -- the program's name is known only here; what it imports is checked there
const runFile = (file) => require(file);

function runSource(source) {
  const { transformFileSync } = require('@swc/core');
  const debug = process.argv.includes('--debug');
  process.setSourceMapsEnabled(debug);
  const options = {
    swcrc: false,
    sourceMaps: debug && 'inline',
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  };
  require.extensions['.ts'] = (module, file) => module._compile(transformFileSync(file, options).code, file);
  runFile(source);
}

function runCompiled(name) {
  const { outputFiles } = require('./compile').compile([name]);
  const [file] = outputFiles;
  const program = new module.constructor(file.path, module);
  program.paths = module.paths;
  program._compile(file.text, file.path);
}

function hasSwc() {
  try {
    return require.resolve('@swc/core') !== '';
  } catch {
    return false;
  }
}
