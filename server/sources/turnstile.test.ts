import { expect, it } from 'vitest';
import { Turnstile } from './turnstile.ts';

const never = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('lets so many through at once, and the others in the order in which they came', async () => {
  const turnstile = new Turnstile(2);
  const through: number[] = [];
  const leave: (() => void)[] = [];
  for (const n of [1, 2, 3, 4]) {
    void turnstile.enter(never).then((done) => {
      through.push(n);
      leave.push(done);
    });
  }
  await turn();
  expect(through).toEqual([1, 2]);
  leave[1]?.();
  leave[1]?.();
  await turn();
  expect(through).toEqual([1, 2, 3]);
  leave[0]?.();
  await turn();
  expect(through).toEqual([1, 2, 3, 4]);
});

it('who does not want to wait any more takes no place', async () => {
  const turnstile = new Turnstile(1);
  const leave = await turnstile.enter(never);
  const abort = new AbortController();
  const waiting = turnstile.enter(abort.signal);
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  leave();
  (await turnstile.enter(never))();
  await expect(turnstile.enter(AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
});
