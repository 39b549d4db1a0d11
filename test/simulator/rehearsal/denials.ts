import type { Assembly } from '../../../lib/cloud-assembly/assembly';
import { LocalOrganization } from '../../../lib/simulator/local-organization/organization';
import type { CallRecord } from '../../../lib/simulator/local-organization/wire/gateway';

/** What is denied from the deployment on. */
export function listenForDenials(): readonly CallRecord[] {
  const denied: CallRecord[] = [];
  const listen = jest.spyOn(LocalOrganization.prototype, 'deploy').mockImplementation(function (
    this: LocalOrganization,
    assembly: Assembly,
  ) {
    listen.mockRestore();
    this.onCall((record) => /AccessDenied|AuthorizationError/.test(record.outcome) && denied.push(record));
    this.deploy(assembly);
  });
  return denied;
}
