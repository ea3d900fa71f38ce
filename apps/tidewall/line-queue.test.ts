import { expect, test } from 'vitest';
import { LineQueue } from './line-queue.ts';

const limit = { lines: 3, characters: 100 };

test('whoever puts in more than fits waits until some is taken', async () => {
  const queue = new LineQueue(limit);
  await queue.put('1');
  await queue.put('2');
  let free = false;
  const third = queue.put('3').then(() => {
    free = true;
  });
  await Promise.resolve();
  expect(free).toBe(false);
  expect(await queue.take(10, 100)).toEqual(['1', '2', '3']);
  await third;
  expect(free).toBe(true);
});

test('what is taken is bounded, but never nothing', async () => {
  const queue = new LineQueue(limit);
  void queue.put('x'.repeat(200));
  void queue.put('2');
  expect(await queue.take(10, 100)).toEqual(['x'.repeat(200)]);
  expect(await queue.take(10, 100)).toEqual(['2']);
});

test('a reader waits for the first line, and learns of the end', async () => {
  const queue = new LineQueue(limit);
  const first = queue.take(10, 100);
  void queue.put('late');
  expect(await first).toEqual(['late']);
  const last = queue.take(10, 100);
  queue.end();
  expect(await last).toBeUndefined();
});
