import { SingleBar } from 'cli-progress';

/** Of nothing but numbers, and only where a person watches. */
export function progressBar(total: number): { update(value: number): void; stop(): void } {
  const bar = new SingleBar({
    format: 'rehearsing {bar} day {value} of {total}',
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
    noTTYOutput: false,
  });
  if (process.stderr.isTTY) bar.start(total, 0);
  return bar;
}
