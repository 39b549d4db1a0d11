import { createHash } from 'node:crypto';
import type { OrgStore } from '../../lib/org-bucket/store';

/** A bucket in memory, that refuses lost races as S3 does. */
export class MemoryStore implements OrgStore {
  readonly objects = new Map<string, Buffer>();
  readonly writes: string[] = [];
  /** Called before each write is judged: what somebody else does in between. */
  meanwhile: (key: string) => void = () => {};

  async read(key: string) {
    const body = this.objects.get(key);
    return body && { text: body.toString('utf8'), etag: etagOf(body) };
  }

  async has(key: string) {
    return this.objects.has(key);
  }

  async writtenAt(key: string) {
    return this.objects.has(key) ? new Date(0) : undefined;
  }

  async write(key: string, body: string | Uint8Array, former: string | undefined) {
    this.meanwhile(key);
    const there = this.objects.get(key);
    if ((there && etagOf(there)) !== former) throw new Error(`${key} was written by somebody else`);
    this.objects.set(key, Buffer.from(body));
    this.writes.push(key);
  }

  async keys(prefix: string) {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix));
  }

  async remove(key: string) {
    this.objects.delete(key);
  }

  json<T>(key: string): T {
    return JSON.parse(this.objects.get(key)!.toString('utf8')) as T;
  }
}

const etagOf = (body: Buffer): string => createHash('md5').update(body).digest('hex');
