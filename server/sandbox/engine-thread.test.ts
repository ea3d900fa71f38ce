import { systemClock } from '@tidewall/base';
import { expect, test } from 'vitest';
import { EngineThread } from './engine-thread.ts';
import { SANDBOX_LIMITS } from './limits.ts';
import type { Call } from './messages.ts';
import { workerCode } from './worker-code.ts';

const LIMITS = { ...SANDBOX_LIMITS, hardMs: 1000 };
const call = (code: string): Call => ({ kind: 'script', code, data: 'null', limits: LIMITS });

test('[X2] [X7] a call that cannot be interrupted ends with its thread, which is gone then', async () => {
  const thread = await EngineThread.start(workerCode(), systemClock, LIMITS);
  expect(await thread.run(call('return 1'))).toMatchObject({ json: '1' });
  expect(thread.gone).toBeUndefined();
  const outcome = await thread.run(call('return new Array(2 ** 32 - 1).join("")'));
  expect(outcome).toMatchObject({ failure: 'killed', message: 'did not stop and was ended after 1000 ms' });
  expect(thread.gone).toBe('a call did not stop within 1000 ms');
  await thread.exited;
});

test('[X9] a thread that is closed ends its call, and is gone then', async () => {
  const thread = await EngineThread.start(workerCode(), systemClock, { ...LIMITS, hardMs: 60_000 });
  const running = thread.run(call('return new Array(2 ** 32 - 1).join("")'));
  await thread.close();
  expect(await running).toMatchObject({ failure: 'engine', message: 'was lost with its thread: closed' });
  await thread.exited;
});

test('[X7] a thread whose program fails does not start, and says why', async () => {
  const start = (text: string) => EngineThread.start({ text }, systemClock, LIMITS);
  await expect(start('throw new RangeError("no engine")')).rejects.toThrow('no engine');
  await expect(start('process.exit(3)')).rejects.toThrow('it exited with 3');
});
