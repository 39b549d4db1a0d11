/** The lists of SPEC.md, made of the tables that the tests use, so that it cannot say more than what is tested. */
import { CLAIMS, NESTED_CLAIMS } from '../../../lib/simulator/local-organization/claims';
import type { ServiceId } from '../../../lib/simulator/local-organization/service';
import { MOTO_TESTS, type FailureClass } from '../../suites/conformance/moto-tests/verdict';

const BEGIN = '<!-- begin of what `UPDATE_SPEC=1 npx jest spec.test` writes -->';
const END = '<!-- end of it -->';

/** @returns SPEC.md as it should be */
export function withLists(spec: string): string {
  const [before = '', rest = ''] = spec.split(BEGIN);
  const [, after = ''] = rest.split(END);
  return `${before}${BEGIN}\n${lists()}\n${END}${after}`;
}

const lists = (): string =>
  [
    'Operations, each with the parameters that have their effect; a request with any other is refused.',
    '',
    '| service | operation | parameters |',
    '| --- | --- | --- |',
    ...(Object.keys(CLAIMS) as ServiceId[]).flatMap(rows),
    '',
    "What moto's own tests of these operations ask for and is refused, or not done:",
    '',
    ...reasons('not claimed'),
    '',
    "What they find otherwise, because AWS's documentation does not say it:",
    '',
    ...reasons('AWS undocumented'),
  ].join('\n');

const rows = (service: ServiceId): readonly string[] =>
  Object.entries(CLAIMS[service]).map(
    ([operation, parameters]) =>
      `| ${service} | ${operation} | ${parameters.map((name) => withMembers(service, name)).join(', ')} |`,
  );

function withMembers(service: ServiceId, parameter: string): string {
  const members = NESTED_CLAIMS[service]?.[parameter];
  return members ? `${parameter} (${members.map((name) => withMembers(service, name)).join(', ')})` : parameter;
}

const reasons = (wanted: FailureClass): readonly string[] =>
  [
    ...new Set(MOTO_TESTS.failing.flatMap(({ class: found, reason }) => (found === wanted ? `- ${reason}` : []))),
  ].sort();
