import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '@tidewall/base';
import type { ErrorBody } from '@tidewall/protocol';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testScreen } from '../test-screen.ts';

const STAT = 'CardStat_1_0_0_1_1700000000000';
const COLUMNS = 'ChartColumnBasic_1_0_0_2_1700000000000';
let folder: string;
let host: TestHost;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-pushes-'));
  await mkdir(join(folder, 'screens'));
  const screen = testScreen('hall', { [STAT]: { alias: 'sales' }, [COLUMNS]: {} });
  await writeFile(join(folder, 'screens', 'hall.json'), JSON.stringify(screen));
  const rows = { CardStat: 'KV', ChartColumnBasic: 'XY' };
  const components = Object.entries(rows).map(([type, contract]) => ({ type, version: '1.0.0', contract }));
  await writeFile(join(folder, 'components.json'), JSON.stringify({ components }));
  const settings = { screens: join(folder, 'screens') };
  host = await startTestHost({ settings, manifestFile: join(folder, 'components.json') });
});

afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true, force: true });
});

async function ask(method: string, path: string, body: JsonValue, headers: Record<string, string> = {}) {
  const answer = await fetch(`${host.url}/api/screens/${path}`, { method, headers, body: JSON.stringify(body) });
  return { status: answer.status, ...((await answer.json()) as JsonObject & { error: ErrorBody; offset: number }) };
}
const push = (element: string, data: JsonValue, query = '') => ask('POST', `hall/${element}/data${query}`, data);
const set = (patch: JsonValue, screen = 'hall') => ask('PATCH', `${screen}/variables`, patch);
const held = async (topic: string) =>
  ((await (await fetch(`${host.url}/api/topics/screens/hall/${topic}`)).json()) as JsonObject)['data'];

test('an element is named by its id, with component/ before it or not, or by its alias', async () => {
  const names = [STAT, `component/${STAT}`, `component%2F${STAT}`, 'sales'];
  let offset = 0;
  for (const word of ['elements', 'components']) {
    for (const name of names) {
      expect(await push(`${word}/${name}`, { value: ++offset })).toMatchObject({ status: 200, offset });
      expect(await held(`elements/${STAT}`)).toEqual({ value: offset });
    }
  }
  expect(await push('elements/sales', { unit: '%' }, '?op=merge')).toMatchObject({ status: 200 });
  expect(await held(`elements/${STAT}`)).toEqual({ value: offset, unit: '%' });
});

test('a push that cannot be made says why', async () => {
  const unknown = await push('components/salse', 1);
  expect([unknown.status, unknown.error.name]).toEqual([404, 'unknown_component']);
  expect(unknown.error.message).toContain('did you mean sales?');
  const elsewhere = await ask('POST', 'hal/elements/sales/data', 1);
  expect([elsewhere.status, elsewhere.error.name]).toEqual([404, 'unknown_screen']);
  const misfit = await push(`elements/${COLUMNS}`, [{ x: 'Mon', y: 'much' }]);
  expect([misfit.status, misfit.error.name]).toEqual([422, 'shape_mismatch']);
  expect(misfit.error.detail).toMatchObject({
    path: '[0].y',
    expected: 'a number or null',
    example: expect.anything(),
  });
  expect((await push('elements/sales', 1, '?op=append')).status).toBe(400);
  expect((await ask('POST', 'hall/elements/a%20b/data', 1)).status).toBe(404);
  expect((await push('elements/..%2F..%2Fvariables', 1)).status).toBe(404);
});

test('a push with a key is made once', async () => {
  const before = await push('elements/sales', 1);
  const once = () => ask('POST', 'hall/elements/sales/data', 2, { 'idempotency-key': 'k1' });
  expect((await once()).offset).toBe(before.offset + 1);
  expect((await once()).offset).toBe(before.offset + 1);
});

test('variables are merged; null takes one away', async () => {
  expect(await set({ region: 'sh', year: 2026 })).toMatchObject({ status: 200, offset: 1 });
  expect(await set({ year: 2027, lines: ['a', 'b'] })).toMatchObject({ status: 200, offset: 2 });
  expect(await set({ region: null })).toMatchObject({ status: 200 });
  expect(await held('variables')).toEqual({ year: 2027, lines: ['a', 'b'] });
});

test('what is no variable is refused, by every way in', async () => {
  const refused = [await set({ a: { b: 1 } }), await set([1]), await set('a')];
  expect(refused.map(({ status, error }) => [status, error.name])).toEqual(Array(3).fill([422, 'shape_mismatch']));
  expect(refused[0]?.error.detail).toMatchObject({ path: '.a', got: 'an object' });
  const direct = await fetch(`${host.url}/api/topics/screens/hall/variables`, { method: 'POST', body: '{"a":{}}' });
  expect(direct.status).toBe(422);
  expect((await set({ a: 1 }, 'hal')).error).toMatchObject({ name: 'unknown_screen' });
  expect((await ask('PATCH', '..%2Fhall/variables', { a: 1 })).status).toBe(404);
});

test('a page of another site may not push', async () => {
  const headers = { origin: 'http://evil.example' };
  expect((await ask('PATCH', 'hall/variables', { a: 1 }, headers)).status).toBe(403);
});
