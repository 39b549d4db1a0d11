/**
 * The import rule of the rooms, for every way of importing: `import`, `export from`, `import()`, `require`,
 * `require.resolve`, `import x = require()` and the types `import('…')`. The built-in `no-restricted-imports` sees
 * neither `require` nor those types, and compares texts, not the files they name.
 */
const { builtinModules } = require('node:module');
const path = require('node:path');
const { rooms, exceptions, advice } = require('./rooms.js');

const ROOT = path.dirname(__dirname);
const TABLE = '.oxlint/rooms.js';

const isBelow = (file, room) => file === room || file.startsWith(`${room}/`);
const withoutExtension = (file) => file.replace(/\.(?:[cm]?[jt]s|css)$/, '');
const byLength = rooms.toSorted((one, other) => other.room.length - one.room.length);
const roomOf = (file) => byLength.find(({ room }) => isBelow(file, room));
const packageFits = (name, pattern) =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : isBelow(name, pattern);

/** @returns what is wrong with the import, or undefined */
function judge(file, specifier) {
  const from = roomOf(withoutExtension(file));
  const allowed = specifier.startsWith('.') ? judgeFile(from, file, specifier) : judgePackage(from, specifier);
  if (allowed === undefined) return undefined;
  const { text } = advice.find(({ files }) => isBelow(file, files));
  return `${allowed}; ${text} (${TABLE})`;
}

function judgeFile(from, file, specifier) {
  const target = withoutExtension(path.posix.join(path.posix.dirname(file), specifier));
  const to = roomOf(target);
  if (from === to || (to && from.rooms.includes(to.room))) return undefined;
  if (exceptions.some((exception) => exception.file === file && exception.imports === target)) return undefined;
  return `${from.room} may not import ${target}: it may import ${from.rooms.join(', ') || 'no other room'}`;
}

function judgePackage(from, specifier) {
  const name = builtinModules.includes(specifier) ? `node:${specifier}` : specifier;
  if (name !== 'node:module' && from.packages.some((pattern) => packageFits(name, pattern))) return undefined;
  return `${from.room} may not import ${name}: of packages it may import ${from.packages.join(', ') || 'none'}`;
}

/** The text of a literal; of a template its beginning, when that says it is one of Node's own. */
function specifierOf(node) {
  if (node?.type === 'TSLiteralType') return specifierOf(node.literal);
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  const [head] = node?.type === 'TemplateLiteral' ? node.quasis : [];
  return head && (node.quasis.length === 1 || head.value.cooked.startsWith('node:')) ? head.value.cooked : undefined;
}

function isDeclared(scope, name) {
  for (let around = scope; around; around = around.upper) if (around.set.get(name)?.defs.length > 0) return true;
  return false;
}

function create(context) {
  const file = path.relative(ROOT, context.filename).split(path.sep).join('/');
  const check = (node, source) => {
    const specifier = specifierOf(source);
    const message =
      specifier === undefined
        ? `name the module in the import itself: one that is computed cannot be checked (${TABLE})`
        : judge(file, specifier);
    if (message) context.report({ node, message });
  };
  const isRequire = (node) =>
    node.type === 'Identifier' && node.name === 'require' && !isDeclared(context.sourceCode.getScope(node), 'require');
  if (!roomOf(withoutExtension(file)))
    return { Program: (node) => context.report({ node, message: `${file} is in no room: give it a row in ${TABLE}` }) };
  return {
    ImportDeclaration: (node) => check(node, node.source),
    ImportExpression: (node) => check(node, node.source),
    ExportAllDeclaration: (node) => check(node, node.source),
    ExportNamedDeclaration: (node) => node.source && check(node, node.source),
    TSImportType: (node) => check(node, node.source ?? node.argument),
    TSExternalModuleReference: (node) => check(node, node.expression),
    CallExpression(node) {
      const { callee } = node;
      const called =
        callee.type === 'MemberExpression' && callee.object.name !== 'module'
          ? callee.object
          : (callee.property ?? callee);
      if (isRequire(called)) check(node, node.arguments[0]);
    },
    Identifier(node) {
      const { parent } = node;
      const isCalled = parent.callee === node || parent.type === 'MemberExpression';
      const isKey = parent.key === node && !parent.shorthand;
      if (!isCalled && !isKey && isRequire(node))
        context.report({
          node,
          message: 'call require with the name of a module: under another name its imports cannot be checked',
        });
    },
  };
}

module.exports = { meta: { name: 'rooms' }, rules: { imports: { create } } };
