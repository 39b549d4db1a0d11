/** Users whose rotations rest: exempt, or in a freeze. */
import { become, codes, DAY, live } from '../life';
import { settled } from '../settled';
import { ANN } from '../world';

describe('exemptions', () => {
  const exempt = { reason: 'vendor appliance', approvedBy: 'ciso@example.com', until: '2026-12-31' };

  test('are told two weeks before their end, once, and rotation resumes after it with the old key kept', async () => {
    const { world, key } = await settled({ ...ANN, exempt });
    await live(world, 23 * DAY);
    expect(codes(world)).toEqual([]);
    expect(world.report!.users[0]).toMatchObject({ exempt });
    await live(world, 10 * DAY);
    expect(codes(world)).toEqual(['attention EXEMPTION_ENDS']);
    expect(world.secret.rotationEnabled).toBe(false);
    await live(world, 6 * DAY, () => world.use(key));
    expect(world.secret.rotationEnabled).toBe(true);
    expect(key.status).toBe('Active');
    expect(codes(world)).toEqual(['attention EXEMPTION_ENDS', 'resolved EXEMPTION_ENDS']);
  });
});

describe('a freeze', () => {
  const freeze = [{ from: '2026-12-20', to: '2027-01-03' }];

  test('calls the schedule off before it begins and puts it back after it, without an alarm', async () => {
    const { world, secret } = await settled();
    become(world, { limits: { maxFirstRotationsPerRun: 20, freeze } });
    await live(world, 25 * DAY);
    expect(secret.rotationEnabled).toBe(true);
    await live(world, 2 * DAY);
    expect(secret.rotationEnabled).toBe(false);
    await live(world, 15 * DAY);
    expect(secret.rotationEnabled).toBe(true);
    expect(codes(world)).toEqual([]);
  });

  test('lets a rotation that has begun finish', async () => {
    const { world, secret } = await settled();
    become(world, { limits: { maxFirstRotationsPerRun: 20, freeze: [{ from: '2026-11-24', to: '2026-12-24' }] } });
    const token = world.startRotation();
    await world.step('createSecret', token);
    await world.reconcile();
    expect(secret.rotationEnabled).toBe(true);
    expect(await world.rotate(token)).toBeUndefined();
  });

  test('does not stop an emergency', async () => {
    const { world } = await settled();
    become(world, { limits: { maxFirstRotationsPerRun: 20, freeze: [{ from: '2026-11-24', to: '2026-12-24' }] } });
    await world.reconcile();
    expect(await world.operate({ command: 'rotate', secretName: ANN.secretName })).toContain('has started');
    expect(await world.rotate()).toBeUndefined();
  });
});
