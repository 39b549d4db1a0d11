/** A secret whose name the roster gives to another user: what its versions hold stays the former one's. */
import { printSecretValue } from '../../../../lambda/domain/secret-value';
import { settled } from '../../settled';
import { ACCOUNT, ANN, sliceOf, type World } from '../../world';

/** The roster gives ann's secret to bea, who exists and has no key. */
async function handedOver() {
  const { world, key, secret } = await settled();
  await world.reconcile();
  Object.assign(world, { userId: 'AIDABEA', keys: [] });
  world.keysOfOthers.set(key.id, ANN.name);
  world.slice = { ...sliceOf({ ...ANN, name: 'bea', email: 'bea@example.com' }), generation: 2 };
  return { world, key, secret };
}

const unknown = (world: World) => world.report!.unknown.map(({ code }) => code);
const bea = 'user/people/bea';

describe('a secret that is given to another user', () => {
  test('is not handed over while it holds the former one, and nothing in it is touched', async () => {
    const { world, secret } = await handedOver();
    await world.reconcile();
    expect(unknown(world)).toEqual(['SECRET_VALUE_FOREIGN']);
    expect(secret.policy).not.toContain(bea);
  });

  test('and was deleted stays deleted, however often reconcile runs', async () => {
    const { world, secret } = await handedOver();
    Object.assign(secret, { deletedAt: world.now, rotationEnabled: false });
    for (let run = 0; run < 3; run++) await world.reconcile();
    expect(secret.deletedAt).toBeDefined();
    expect(unknown(world)).toEqual(['SECRET_VALUE_FOREIGN']);
    expect(world.notices.at(-1)!.nextStep).toContain('delete the secret without recovery');
  });

  test('and was deleted before secrets named their users is restored, and neither disowned nor handed over', async () => {
    const { world, secret } = await handedOver();
    delete secret.tags['access-keys:user-name'];
    Object.assign(secret, { deletedAt: world.now, rotationEnabled: false });
    for (let run = 0; run < 3; run++) await world.reconcile();
    expect(secret.tags['access-keys:user-id']).toBe('AIDAANN');
    expect(secret.policy).not.toContain(bea);
    expect(unknown(world)).toEqual(['SECRET_VALUE_FOREIGN']);
  });

  test.each(['AWSPREVIOUS', 'KEY_RETIRING', 'KEY_LEASE', 'mine'])(
    'is not handed over while the version with the label %s holds a key of the former one',
    async (stage) => {
      const { world, secret } = await handedOver();
      const [first] = [...secret.versions.values()];
      first!.stages = new Set([stage]);
      const value = printSecretValue({ userName: 'bea', accountId: ACCOUNT });
      secret.versions.set('by-hand-000000000000000000000000', { value, stages: new Set(['AWSCURRENT']) });
      secret.tags = { 'access-keys:user-id': 'AIDABEA', 'access-keys:generation': '1' };
      await world.reconcile();
      expect(unknown(world)).toEqual(['SECRET_VALUE_FOREIGN']);
      expect(secret.policy).not.toContain(bea);
    },
  );

  test("is not handed over on a tag's word that what it holds is a former user's of the same name", async () => {
    const { world, secret } = await handedOver();
    secret.tags = {
      'access-keys:user-id': 'AIDABEA',
      'access-keys:generation': '1',
      'access-keys:former': [...secret.versions.keys()][0]!,
    };
    await world.reconcile();
    expect(unknown(world)).toEqual(['SECRET_VALUE_FOREIGN']);
    expect(secret.policy).not.toContain(bea);
  });

  test('is made anew once it was deleted without recovery', async () => {
    const { world } = await handedOver();
    world.secrets.clear();
    await world.reconcile();
    expect(world.secret.tags['access-keys:user-name']).toBe('bea');
    expect(world.secret.policy).toContain(bea);
  });
});
