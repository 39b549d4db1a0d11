import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { VirtualClock } from '../../../lib/simulator/local-organization/clock';
import type { FaultPlan } from '../../../lib/simulator/local-organization/faults';
import {
  IamDirectory,
  NO_DELAY,
  type Credentials,
  type Propagation,
} from '../../../lib/simulator/local-organization/iam/directory';
import { iamService } from '../../../lib/simulator/local-organization/iam/iam-service';
import { stsService } from '../../../lib/simulator/local-organization/iam/sts-service';
import { seededRandom } from '../../../lib/simulator/local-organization/random';
import { Gateway, type CallRecord } from '../../../lib/simulator/local-organization/wire/gateway';
import { inProcessHandler } from '../../../lib/simulator/local-organization/wire/in-process';

export const ALICE_ACCOUNT = '333333333333';
export const OTHER_ACCOUNT = '444444444444';
export const START = new Date('2027-01-04T09:00:00Z');

/** Two accounts with IAM and STS only, and SDK clients that are signed for whoever asks. */
export function smallOrganization({
  propagation = NO_DELAY,
  faults,
}: { readonly propagation?: Propagation; readonly faults?: FaultPlan } = {}) {
  const clock = new VirtualClock(START);
  const random = seededRandom('test');
  const directory = new IamDirectory({ clock, random, organizationId: 'o-a1b2c3d4e5', propagation });
  directory.addAccount(ALICE_ACCOUNT);
  directory.addAccount(OTHER_ACCOUNT);
  const records: CallRecord[] = [];
  const gateway = new Gateway({
    services: [iamService(directory), stsService(directory)],
    directory,
    clock,
    random,
    faults,
    onCall: (record) => records.push(record),
  });
  const config = (credentials: Credentials, origin?: string) => ({
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
    requestHandler: inProcessHandler(gateway, origin) as never,
  });
  return {
    clock,
    directory,
    gateway,
    records,
    iam: (credentials: Credentials, origin?: string) => new IAMClient(config(credentials, origin)),
    sts: (credentials: Credentials, origin?: string) => new STSClient(config(credentials, origin)),
  };
}
