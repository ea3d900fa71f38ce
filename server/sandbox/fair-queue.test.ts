import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FairQueue } from './fair-queue.ts';

function drain(queue: FairQueue<string>): string[] {
  const out: string[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) out.push(item);
  return out;
}

test('[X6] each caller has its turn before any has a second one', () => {
  const queue = new FairQueue<string>();
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) queue.push(item[0] ?? '', item);
  expect([queue.size, queue.sizeOf('a'), queue.sizeOf('z')]).toEqual([6, 3, 0]);
  expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  expect([queue.size, queue.sizeOf('a')]).toEqual([0, 0]);
});

test('[X6] a caller that comes again at once waits for those who came meanwhile', () => {
  const queue = new FairQueue<string>();
  queue.push('a', 'a1');
  expect(queue.shift()).toBe('a1');
  for (const item of ['a2', 'b1', 'c1', 'a3']) queue.push(item[0] ?? '', item);
  expect(drain(queue)).toEqual(['b1', 'c1', 'a2', 'a3']);
});

test('[X6] nothing is lost or comes twice, and one caller is served in order', () => {
  const caller = fc.constantFrom('a', 'b', 'c');
  fc.assert(
    fc.property(fc.array(fc.oneof(caller, fc.constant('take'))), (acts) => {
      const queue = new FairQueue<string>();
      const out: string[] = [];
      acts.forEach((act, at) => {
        if (act !== 'take') queue.push(act, `${act}${at}`);
        else out.push(...[queue.shift()].filter((item) => item !== undefined));
      });
      out.push(...drain(queue));
      for (const one of ['a', 'b', 'c']) {
        const put = acts.flatMap((act, at) => (act === one ? [`${act}${at}`] : []));
        expect(out.filter((item) => item.startsWith(one))).toEqual(put);
      }
    }),
  );
});
