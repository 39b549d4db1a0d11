/** What must hold at every instant of a schedule, and when it has come to rest. */
import { hoursToMs } from '../../lambda/domain/keys';
import type { World } from '../domain/world';

type Key = World['keys'][number];

/** Watches a world; problems are sentences. */
export class Promises {
  readonly problems: string[] = [];
  /** AWSCURRENT has held a working key: from then on it always must. */
  private settled: boolean;
  private anyFailed = false;
  private before: readonly Pick<Key, 'id' | 'status'>[];
  private held: ReadonlySet<string>;

  constructor(private readonly world: World) {
    this.settled = world.works(world.keyOf('AWSCURRENT'));
    this.before = this.snapshot();
    this.held = this.named();
    world.watch = () => this.look();
  }

  /** Once the rotation is done and reconcile has passed. */
  afterwards(): void {
    const { world } = this;
    for (const { id } of world.keys) this.demand(!world.made.has(id) || this.isStored(id), `${id}, which we made and did not store, was still there after the rotation`);
  }

  /**
   * An attempt failed, and reconcile has heard of it.
   * @param record whether the rotate function told of it itself, and recorded that
   * @param since notices before reconcile heard
   */
  failed(record: boolean, since: number): void {
    const { notices } = this.world;
    this.anyFailed = true;
    this.demand(!record || !notices.slice(since).some(({ code }) => code === 'ROTATION_FAILED'), 'the admins were told that the function had left no record');
  }

  /** Whatever differs now was done by a person. */
  accept(): void {
    this.before = this.snapshot();
    this.held = this.named();
  }

  /** Once faults have stopped and time has gone by. */
  atRest(): void {
    const { world } = this;
    this.demand(world.works(world.keyOf('AWSCURRENT')), 'at rest AWSCURRENT names no working key');
    this.demand(![...world.secret.versions.values()].some(({ stages }) => stages.has('AWSPENDING')), 'at rest a version is AWSPENDING');
    this.afterwards();
    this.demand(!this.anyFailed || world.notices.some(({ audience }) => audience.includes('admin')), 'a failure reached no admin');
    this.notices();
    this.secrets();
  }

  private notices(): void {
    const { world } = this;
    const rotated = world.notices.filter(({ type, audience }) => (type === 'rotated' || type === 'rotation-partial') && audience.includes('owner'));
    const versions = rotated.map(({ versionId }) => versionId);
    this.demand(new Set(versions).size === versions.length, 'an owner was told twice of one version');
    const current = world.keyOf('AWSCURRENT');
    const told = world.notices.some(({ type, currentKeyId, audience }) => (type === 'rotated' || type === 'rotation-partial' || type === 'rolled-back') && audience.includes('owner') && currentKeyId === current?.id);
    this.demand(!world.made.has(current?.id ?? '') || told, 'the owner was not told of the current key');
  }

  private secrets(): void {
    const { world } = this;
    const said = [...world.logLines, ...world.notices, ...world.recorded, world.report, world.secret.tags].map((item) => JSON.stringify(item)).join('\n');
    for (const { secret } of world.keys) for (const form of [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)]) this.demand(!said.includes(form), 'a secret access key was said');
  }

  private look(): void {
    const { world } = this;
    const works = world.works(world.keyOf('AWSCURRENT'));
    this.demand(works || !this.settled, 'AWSCURRENT names a key that does not work');
    this.settled ||= works;
    this.demand(world.keys.length <= 2, 'more than two keys');
    for (const count of world.creations.values()) this.demand(count === 1, 'CreateAccessKey was called twice in one invocation');
    for (const former of this.before) this.compare(former, world.keys.find(({ id }) => id === former.id));
    this.before = this.snapshot();
    this.held = this.named();
  }

  private compare(former: Pick<Key, 'id' | 'status'>, key: Key | undefined): void {
    if (key?.status === former.status || (former.status === 'Inactive' && key)) return;
    const orphan = this.world.made.has(former.id) && !this.isStored(former.id);
    this.demand(!this.held.has(former.id), `${former.id} was ${key ? 'deactivated' : 'deleted'} while a version named it`);
    if (!key) this.demand(former.status === 'Inactive' || orphan, `${former.id} was deleted while it was Active`);
    else this.demand(this.isQuiet(key), `${former.id} was deactivated while it was used`);
  }

  private isStored(keyId: string): boolean {
    return [...this.world.secret.versions.values()].some(({ value }) => value?.includes(keyId));
  }

  private isQuiet({ lastUse, createdAt }: Key): boolean {
    const seen = lastUse.used ? lastUse.at : createdAt;
    return this.world.now.getTime() - seen.getTime() >= hoursToMs(this.world.user.quietForHours);
  }

  private snapshot(): readonly Pick<Key, 'id' | 'status'>[] {
    return this.world.keys.map(({ id, status }) => ({ id, status }));
  }

  private named(): ReadonlySet<string> {
    return new Set((['AWSCURRENT', 'AWSPENDING'] as const).flatMap((stage) => this.world.keyOf(stage)?.id ?? []));
  }

  private demand(holds: boolean, problem: string): void {
    if (!holds && !this.problems.includes(problem)) this.problems.push(problem);
  }
}
