/** CloudTrail shows the operator's session by the name of who became it. */
import { sessionNameOf } from '../../lib/operator/operator';

test.each([
  ['arn:aws:iam::222222222222:user/people/kim', 'access-keys-kim'],
  ['arn:aws:sts::222222222222:assumed-role/duty/kim@example.com', 'access-keys-kim@example.com'],
  ['arn:aws:iam::222222222222:root', 'access-keys-root'],
  [`arn:aws:sts::222222222222:assumed-role/duty/${'x'.repeat(64)}`, `access-keys-${'x'.repeat(52)}`],
])('%s becomes the session %s', (caller, name) => expect(sessionNameOf(caller)).toBe(name));
