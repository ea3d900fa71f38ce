import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StartError } from './startup-errors.ts';

let folder: string;
let hosts: TestHost[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-broker-'));
  hosts = [];
});

afterEach(async () => {
  for (const host of hosts) await host.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(more: object = {}): Promise<TestHost> {
  const host = await startTestHost({ settings: { broker: 'journal', dataDir: folder, ...more } });
  hosts.push(host);
  return host;
}

const publish = async (host: TestHost, topic: string, data: unknown, query = '') => {
  const body = JSON.stringify(data);
  const answer = await fetch(`${host.url}/api/topics/${topic}${query}`, { method: 'POST', body });
  return (await answer.json()) as { epoch: string; offset: number };
};
const held = async (host: TestHost, topic: string) =>
  (await (await fetch(`${host.url}/api/topics/${topic}`)).json()) as Record<string, unknown>;

test('topics are there again after a restart: same epoch, offset, kind and value', async () => {
  const before = await start();
  await publish(before, 'plant/oee', { a: 1, b: 2 });
  const position = await publish(before, 'plant/oee', { b: 3 }, '?op=merge');
  await publish(before, 'plant/log', 'first', '?op=append&kind=log');
  const snapshot = await held(before, 'plant/oee');
  await before.close();
  const again = await start();
  expect(await held(again, 'plant/oee')).toMatchObject({ ...snapshot, freshness: expect.anything() });
  expect(await publish(again, 'plant/oee', { c: 4 }, '?op=merge')).toEqual({ ...position, offset: 3 });
  expect(await held(again, 'plant/oee')).toMatchObject({ data: { a: 1, b: 3, c: 4 } });
  expect(await held(again, 'plant/log')).toMatchObject({ kind: 'log', offset: 1 });
});

test('what need not be retained, and what is memory only, is not there again', async () => {
  const topics = [{ pattern: 'temporary/#', kind: 'state', retain: false }];
  const before = await start({ topics });
  const kept = await publish(before, 'plant/oee', 1);
  const temporary = await publish(before, 'temporary/a', 1);
  await before.close();
  const again = await start({ topics });
  expect((await publish(again, 'plant/oee', 2)).epoch).toBe(kept.epoch);
  expect((await publish(again, 'temporary/a', 2)).epoch).not.toBe(temporary.epoch);
  await again.close();
  const memory = await start({ broker: 'memory' });
  expect((await publish(memory, 'plant/oee', 3)).epoch).not.toBe(kept.epoch);
});

test('a data folder that another server uses is refused, saying whose it is', async () => {
  await start();
  const failure = await start().catch((refused: unknown) => refused);
  expect(failure).toBeInstanceOf(StartError);
  expect(failure).toMatchObject({
    exitCode: 1,
    message: expect.stringMatching(new RegExp(`is in use by process ${process.pid} on .+: stop it first`)),
  });
});

test('a journal that cannot be opened is one line that says what to do', async () => {
  await writeFile(join(folder, 'journal'), '');
  const failure = await start().catch((refused: unknown) => refused);
  expect(failure).toMatchObject({ name: 'StartError', message: expect.stringContaining('--broker memory') });
});

test('the journal counts what it does', async () => {
  const host = await start();
  await publish(host, 'plant/oee', 1);
  const metrics = await (await fetch(`${host.url}/metrics`)).text();
  expect(metrics).toMatch(/^tidewall_journal_records_total 1$/m);
  expect(metrics).toMatch(/^tidewall_journal_degraded 0$/m);
  expect(metrics).toMatch(/^tidewall_journal_bytes [1-9]\d+$/m);
});
