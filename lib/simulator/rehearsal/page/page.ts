import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RehearsalReport } from '../output/report';
import { pageDataOf } from './page-data';

/**
 * The page as one file that needs no network: its content security policy allows nothing but the styles and
 * the script inside it. The chart library is bundled with what the page uses of it.
 * @param bundled may be begun while there is nothing to render yet
 */
export async function renderPage(report: RehearsalReport, bundled = bundleScript()): Promise<string> {
  const [script, style] = [await bundled, readFileSync(join(__dirname, 'style.css'), 'utf8')];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '${fingerprint(script)}'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Access key rotation, rehearsed</title>
<style>
${style}</style>
</head>
<body>
<main><noscript>This page draws with JavaScript. The same events are in <a href="report.json">report.json</a>.</noscript></main>
<script type="application/json" id="data">${embeddable(pageDataOf(report))}</script>
<script>${script}</script>
</body>
</html>
`;
}

export async function bundleScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, 'client.ts')],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
    logLevel: 'silent',
  });
  const script = outputFiles[0]?.text;
  if (script === undefined) throw new Error('esbuild made no script of the page');
  return script.replaceAll('</script', '<\\/script');
}

/** JSON that cannot end the script element it stands in, whatever the names in it are. */
function embeddable(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

const fingerprint = (script: string): string => `sha256-${createHash('sha256').update(script).digest('base64')}`;
