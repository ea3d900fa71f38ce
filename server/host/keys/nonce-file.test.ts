import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock, silentLog } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openNonces } from './nonce-file.ts';

const SKEW = 300_000;
const meter = { counter: () => ({ add() {} }), gauge() {}, gauges() {} };
let folder: string;
let clock: FakeClock;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-nonces-'));
  clock = new FakeClock();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const path = () => join(folder, 'nonces.json');
const open = () => openNonces({ path: path(), clock, meter, log: silentLog });
const word = (nonce: string, offMs = 0) => ({ keyId: 'a', nonce, signedAt: clock.now() + offMs, skewMs: SKEW });

test('what was used is known after a restart, and all else is taken as before', async () => {
  const first = await open();
  const used = [word('now'), word('early', -200_000), word('late', 200_000)];
  for (const each of used) expect(first.memory.take(each)).toBe('fresh');
  await first.close();
  expect((await stat(path())).mode & 0o777).toBe(0o600);
  await clock.advance(50_000);
  const second = await open();
  for (const each of used) expect(second.memory.take(each)).toBe('repeated');
  expect(second.memory.take(word('slow clock', -290_000))).toBe('fresh');
});

test('what is too old by then is not kept', async () => {
  const first = await open();
  expect(first.memory.take(word('n'))).toBe('fresh');
  await clock.advance(SKEW + 1);
  await first.close();
  expect(JSON.parse(await readFile(path(), 'utf8'))).toEqual({ used: [] });
});

test.each([
  ['that was not closed', async () => {}],
  ['whose file was damaged', () => writeFile(path(), '{"used":[{"keyId":')],
  ['whose file says something else', () => writeFile(path(), '{"used":[1]}')],
])('after a server %s, nothing is taken that was signed before the start', async (_title, happen) => {
  const first = await open();
  const used = word('n', -1000);
  expect(first.memory.take(used)).toBe('fresh');
  await happen();
  await clock.advance(5_500);
  const second = await open();
  expect(second.memory.take(used)).toBe('skewed');
  expect(second.memory.take(word('new', -1000))).toBe('skewed');
  // In the second that has begun, too.
  expect(second.memory.take(word('now', -400))).toBe('skewed');
  expect(second.memory.take(word('next', 500))).toBe('fresh');
  await second.close();
  const third = await open();
  expect(third.memory.take(used)).toBe('skewed');
  expect(third.memory.take(word('before the stop', -1000))).toBe('skewed');
  await clock.advance(1000);
  expect(third.memory.take(word('later'))).toBe('fresh');
});
