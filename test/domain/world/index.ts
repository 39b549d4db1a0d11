/**
 * A stateful fake of one AWS account behind the domain's ports. `account` has what there is and what people do, `iam` and
 * `secrets-manager` answer the calls, `faults` lets calls fail, and `invocations` runs the functions.
 */
export { isRead, Killed, type Fault, type Journaled } from './faults';
export { World } from './invocations';
export { ACCOUNT, ANN, REGION, sliceOf } from './roster';
