import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { nearestRegion, partitionOf, REGIONS } from '../../lib/roster/regions';

interface Partitions {
  readonly partitions: readonly { readonly id: string; readonly regions: Readonly<Record<string, unknown>> }[];
}

/** The SDK exports a function of its partition data, but not the data. */
function partitionData(): Partitions {
  const sdk = dirname(require.resolve('@aws-sdk/core/package.json'));
  const file = join(sdk, 'dist-es/submodules/client/util-endpoints/lib/aws/partitions.js');
  const [, literal = ''] = /partitionsInfo = ([^]+?);\s*$/.exec(readFileSync(file, 'utf8')) ?? [];
  return JSON.parse(JSON.stringify(runInNewContext(`(${literal})`))) as Partitions;
}

test("the regions are those of the SDK's partition data, without the global ones", () => {
  const sdk = partitionData().partitions.map(({ id, regions }) => [
    id,
    Object.keys(regions)
      .filter((name) => !name.includes('global'))
      .sort(),
  ]);
  expect(sdk.length).toBeGreaterThan(2);
  expect(REGIONS).toEqual(Object.fromEntries(sdk));
});

test.each([
  ['us-est-1', 'us-east-1'],
  ['useast1', 'us-east-1'],
  ['eu-centrall-1', 'eu-central-1'],
  ['ap-south-east-2', 'ap-southeast-2'],
])('the nearest region to %s is %s', (name, nearest) => {
  expect(partitionOf(name)).toBeUndefined();
  expect(nearestRegion(name)).toBe(nearest);
});
