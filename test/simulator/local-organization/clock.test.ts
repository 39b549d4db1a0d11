import { VirtualClock } from '../../../lib/simulator/local-organization/clock';

const START = new Date('2026-01-01T00:00:00Z');
const after = (ms: number): Date => new Date(START.getTime() + ms);

test('tasks run in time order, ties in the order they were added', async () => {
  const clock = new VirtualClock(START);
  const ran: string[] = [];
  const note = (name: string) => () => void ran.push(`${name} ${clock.now().getTime() - START.getTime()}`);
  clock.at(after(30), note('c'));
  clock.at(after(10), note('a'));
  clock.at(after(20), note('b1'));
  clock.at(after(20), note('b2'));
  clock.at(after(41), note('late'));
  await clock.advanceTo(after(40));
  expect(ran).toEqual(['a 10', 'b1 20', 'b2 20', 'c 30']);
  expect(clock.now()).toEqual(after(40));
});

test('a thousand tasks added in any order run sorted', async () => {
  const clock = new VirtualClock(START);
  const ran: number[] = [];
  for (let index = 0; index < 1_000; index++) {
    const ms = (index * 7_919) % 1_009;
    clock.at(after(ms), () => void ran.push(ms));
  }
  await clock.advanceTo(after(2_000));
  expect(ran).toHaveLength(1_000);
  expect(ran).toEqual([...ran].sort((a, b) => a - b));
});

test('a task may sleep while others run', async () => {
  const clock = new VirtualClock(START);
  const ran: string[] = [];
  clock.at(after(10), async () => {
    ran.push('sleeper starts');
    await clock.sleep(20);
    ran.push('sleeper ends');
  });
  clock.at(after(20), () => void ran.push('other'));
  await clock.advanceTo(after(25));
  expect(ran).toEqual(['sleeper starts', 'other']);
  await clock.advanceTo(after(30));
  expect(ran).toEqual(['sleeper starts', 'other', 'sleeper ends']);
});

test('a cancelled task never runs', async () => {
  const clock = new VirtualClock(START);
  const task = jest.fn();
  clock.at(after(10), task).cancel();
  await clock.advanceTo(after(20));
  expect(task).not.toHaveBeenCalled();
});

test('an instant already past is taken as the current one', async () => {
  const clock = new VirtualClock(START);
  const seen: Date[] = [];
  clock.at(after(-5), () => void seen.push(clock.now()));
  await clock.advanceTo(START);
  expect(seen).toEqual([START]);
});

test('a failing task ends the advance with its error, and later tasks still run next time', async () => {
  const clock = new VirtualClock(START);
  const later = jest.fn();
  clock.at(after(1), () => Promise.reject(new Error('boom')));
  clock.at(after(2), later);
  await expect(clock.advanceTo(after(5))).rejects.toThrow('boom');
  await clock.advanceTo(after(5));
  expect(later).toHaveBeenCalledTimes(1);
});

test('finish lets exactly the time pass that the promise needs', async () => {
  const clock = new VirtualClock(START);
  const late = jest.fn();
  clock.at(after(500), late);
  const work = async (): Promise<string> => {
    await clock.sleep(100);
    return 'done';
  };
  await expect(clock.finish(work())).resolves.toBe('done');
  expect(clock.now()).toEqual(after(100));
  expect(late).not.toHaveBeenCalled();
});

test('finish says so when nothing will ever settle the promise', async () => {
  await expect(new VirtualClock(START).finish(new Promise(() => {}))).rejects.toThrow(
    'no task of the clock will bring',
  );
});

test('the clock cannot be advanced twice at once', async () => {
  const clock = new VirtualClock(START);
  const first = clock.advanceTo(after(10));
  await expect(clock.advanceTo(after(20))).rejects.toThrow('being advanced already');
  await first;
});
