const path = require('node:path');

/**
 * Each program as one file for the folder `build/bin`, as deep below the root as the sources that look for it from
 * their own place. Packages are imported as before; what the simulator needs is not there, and it is left out.
 * @returns esbuild's result; nothing is written
 */
exports.compile = (names) =>
  require('esbuild').buildSync({
    absWorkingDir: path.join(__dirname, '..'),
    entryPoints: names.map((name) => `bin/${name}.ts`),
    outdir: 'build/bin',
    bundle: true,
    packages: 'external',
    external: ['./play-rehearsal'],
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    legalComments: 'none',
    logLevel: 'error',
    metafile: true,
    write: false,
  });
