/** The day after which a version gets no security fixes: https://github.com/nodejs/release#release-schedule */
const LAST_DAYS = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
};

/** @returns one line about a Node that is past its end of life, or undefined */
function pastItsLife(version, now) {
  const major = Number.parseInt(version, 10);
  const lastDay = LAST_DAYS[major];
  if (lastDay === undefined || now.toISOString().slice(0, 10) <= lastDay) return undefined;
  return `warning: Node.js ${major} gets no security fixes since ${lastDay}; use Node.js 24`;
}

/** Says so on stderr, once; the AWS SDK, which would say the same in a paragraph, then need not. */
function warnOfOldNode() {
  const line = pastItsLife(process.versions.node, new Date());
  if (line === undefined) return;
  process.stderr.write(`${line}\n`);
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
}

module.exports = { pastItsLife, warnOfOldNode };
