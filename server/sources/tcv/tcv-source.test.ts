import type { JsonObject } from '@tidewall/base';
import { FakeClock, TcpProxy } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { parseSourceConfig } from '../source-config.ts';
import { testContext } from '../source-context.contract.ts';
import { definition } from './index.ts';
import { BACKEND_KEY, startTcvBackend, type TcvBackend } from './tcv-backend.contract.ts';

let backend: TcvBackend;
let sink: RecordingSink;
let clock: FakeClock;
let abort: AbortController;
let running: Promise<void> | undefined;

beforeEach(async () => {
  backend = await startTcvBackend();
  sink = new RecordingSink();
  clock = new FakeClock(1_700_000_000_000);
  abort = new AbortController();
  running = undefined;
});

afterEach(async () => {
  abort.abort();
  await clock.advance(5_000);
  await running?.catch(() => {});
  await backend.close();
});

function run(config: JsonObject = {}): Promise<void> {
  const settings = { url: backend.url, ...BACKEND_KEY, screen: 'hall', ...config };
  running = definition
    .create(parseSourceConfig('probe', definition, settings), testContext({ clock }))
    .run(sink, abort.signal);
  running.catch(() => {});
  return running;
}

async function until(cameAbout: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!cameAbout()) {
    if (performance.now() > deadline) throw new Error('it did not come about in 10 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a backend', () => {
  test('that takes the signature is asked at once, and its answer is the first sign of life', async () => {
    run();
    await backend.signedIn();
    await until(() => sink.healthyCalls === 1);
    expect(backend.heard).toMatchObject([{ action: 'Connect', from: 'tidewall' }, { action: 'Ping' }]);
  });

  test('drives the elements of the screen, by both forms of their ids, and its variables', async () => {
    run();
    await backend.signedIn();
    backend.tell('UpdateComponentData', [
      { id: 'ChartColumnBasic_1_0_0_2_1700000000000', data: [{ x: 'a', y: 1 }] },
      { id: 'component/CardStat_1_0_0_3_1700000000000', data: { value: 7 } },
    ]);
    backend.tell('UpdateGlobalField', { region: 'sh', year: 2026 });
    await until(() => sink.publications.length === 3);
    expect(sink.publications).toMatchObject([
      {
        topic: 'screens/hall/elements/ChartColumnBasic_1_0_0_2_1700000000000',
        op: 'replace',
        data: [{ x: 'a', y: 1 }],
      },
      { topic: 'screens/hall/elements/CardStat_1_0_0_3_1700000000000', op: 'replace', data: { value: 7 } },
      { topic: 'screens/hall/variables', op: 'merge', data: { region: 'sh', year: 2026 } },
    ]);
  });

  test('has what cannot be used refused, each by itself', async () => {
    run();
    const socket = await backend.signedIn();
    backend.tell('UpdateComponentData', [
      { id: 'A_1', data: 1 },
      { id: 'a/../b', data: 1 },
      { data: 1 },
      { id: 'B_1' },
      5,
    ]);
    backend.tell('UpdateComponentData', { id: 'A_1', data: 1 });
    backend.tell('UpdateGlobalField', [1]);
    backend.tell('Dance', {});
    for (const frame of ['nonsense', '[]']) socket.send(frame);
    await until(() => sink.refusals.length === 9);
    expect(sink.publications.map(({ topic }) => topic)).toEqual(['screens/hall/elements/A_1']);
    expect(sink.refusals).toEqual([
      '"a/../b" is no id of a component',
      'a part of UpdateComponentData has no id',
      'the part of B_1 has no data',
      'a part of UpdateComponentData has no id',
      'UpdateComponentData has no list as its body',
      'UpdateGlobalField has no object as its body',
      'there is no action "Dance"',
      expect.stringContaining('a frame is not JSON'),
      'a frame is no object',
    ]);
  });

  test('that refuses the key fails with what it says, and without the key', async () => {
    const over = run({ secretKey: 'P4ssw0rd-planted' });
    await expect(over).rejects.toThrow(/closed the connection with 1008 and says: the signature is wrong$/);
    await over.catch(({ message }) => expect(message).not.toContain('P4ssw0rd'));
  });

  test('that never answers fails, with what to look at', async () => {
    await backend.close();
    const proxy = await TcpProxy.start((await restarted()).port);
    const over = run({ url: `ws://127.0.0.1:${proxy.port}` });
    await backend.signedIn();
    await until(() => sink.healthyCalls === 1);
    proxy.stall();
    await clock.advance(31_000 + 10_000 + 31_000);
    await expect(over).rejects.toThrow(/has said nothing for 41000 ms/);
    await proxy.close();
  });

  test('that is silent is asked after the heartbeat, and lives when it answers', async () => {
    run({ heartbeatMs: 5000 });
    await backend.signedIn();
    await until(() => sink.healthyCalls === 1);
    const pings = () => backend.heard.filter(({ action }) => action === 'Ping').length;
    for (let asked = 1; asked < 5; asked++) {
      await until(() => pings() >= asked);
      await clock.advance(10_000);
    }
    expect(pings()).toBeGreaterThanOrEqual(4);
    backend.tell('UpdateGlobalField', { still: 'here' });
    await until(() => sink.publications.length === 1);
  });
});

test('frames that come faster than they can be taken in are refused by their size, too', async () => {
  run();
  await backend.signedIn();
  sink.hold();
  const text = 'x'.repeat(3 * 1024 * 1024);
  for (let i = 0; i < 6; i++) backend.tell('UpdateGlobalField', { [`f${i}`]: text });
  await until(() => sink.refusals.length > 0);
  expect(sink.refusals[0]).toBe('frames come faster than they can be taken in');
  sink.release();
  await until(() => sink.refusals.length + sink.publications.length === 6);
  expect(sink.publications.length).toBeGreaterThanOrEqual(2);
});

async function restarted(): Promise<TcvBackend> {
  backend = await startTcvBackend();
  return backend;
}
