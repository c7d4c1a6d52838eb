import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { TaskQueue } from '../../../src/run/task-queue.js';

/** A queue with a record of what happens. */
function newQueue() {
  const log: string[] = [];
  const queue: TaskQueue = new TaskQueue(() => log.push('idle'));
  return { queue, log, push: (name: string) => queue.add(() => void log.push(name)) };
}

/** Work that ends when the test says so. */
function work(): { promise: Promise<void>; end(): void } {
  let end = () => {};
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { promise, end };
}

test('tasks are performed one after another, and the end of the last one is reported', async () => {
  const { queue, log, push } = newQueue();
  const first = work();
  queue.add(async () => {
    await first.promise;
    log.push('first');
  });
  push('second');
  await setImmediate();
  expect(log).toEqual([]);
  expect(queue.idle).toBe(false);
  first.end();
  await queue.settled();
  expect(log).toEqual(['first', 'second', 'idle']);
  expect(queue.idle).toBe(true);
});

test('work beside the queue does not hold tasks up, but is pending', async () => {
  const { queue, log, push } = newQueue();
  const beside = work();
  void queue.beside(beside.promise);
  push('task');
  await queue.settled();
  expect(log).toEqual(['task']);
  expect(queue.idle).toBe(false);
  beside.end();
  await setImmediate();
  expect(log).toEqual(['task', 'idle']);
});

test('work beside the queue that fails is no longer pending', async () => {
  const { queue, log } = newQueue();
  await expect(queue.beside(Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(log).toEqual(['idle']);
});

describe('a pause', () => {
  test('holds tasks that have not begun until it is over', async () => {
    const { queue, log, push } = newQueue();
    queue.pause();
    push('first');
    push('second');
    await setImmediate();
    expect(log).toEqual([]);
    expect(queue.idle).toBe(false);
    queue.resume();
    await queue.settled();
    expect(log).toEqual(['first', 'second', 'idle']);
  });

  test('that begins during a task holds the next one', async () => {
    const { queue, log, push } = newQueue();
    queue.add(() => queue.pause());
    push('next');
    await setImmediate();
    expect(log).toEqual([]);
    queue.resume();
    await queue.settled();
    expect(log).toEqual(['next', 'idle']);
  });

  test('ends with the run, and does not begin after it', async () => {
    const { queue, log } = newQueue();
    queue.pause();
    queue.add(() => void log.push(`stopped: ${queue.stopped}`));
    queue.stop();
    await queue.settled();
    queue.pause();
    queue.add(() => void log.push('after'));
    await queue.settled();
    expect(log).toEqual(['stopped: true', 'idle', 'after', 'idle']);
  });
});

test('parts of a task are pending until all of them wait', async () => {
  const { queue, log } = newQueue();
  const [first, second] = [work(), work()];
  queue.add(() => queue.together([() => queue.waiting(first.promise), () => second.promise]));
  await setImmediate();
  expect(log).toEqual([]);
  second.end();
  await setImmediate();
  // One part is left, which waits.
  expect({ log, idle: queue.idle }).toEqual({ log: ['idle'], idle: true });
  first.end();
  await queue.settled();
  expect(queue.idle).toBe(true);
});
