import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorBody } from '@tidewall/protocol';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testScreen } from '../test-screen.ts';

const STAT = 'CardStat_1_0_0_1_1700000000000';
const COLUMNS = 'ChartColumnBasic_1_0_0_2_1700000000000';
const STREAM = 'ChartTimeStream_1_0_0_3_1700000000000';
const BOUND = 'Gauge_1_0_0_4_1700000000000';
const CLOCK = 'TimeClock_1_0_0_5_1700000000000';
const MAPPED = 'CardStat_1_0_0_6_1700000000000';
const STATIC = 'CardStat_1_0_0_7_1700000000000';

let folder: string;
let host: TestHost;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-screens-'));
  await mkdir(join(folder, 'screens'));
  const screen = testScreen('hall', {
    [STAT]: { alias: 'sales' },
    [COLUMNS]: {},
    [STREAM]: {},
    [BOUND]: { data: { binding: { type: 'topic', topic: 'plant/oee' } } },
    [CLOCK]: {},
    [MAPPED]: { data: { transforms: [{ type: 'map', fields: { value: 'cpu.total' } }] } },
    [STATIC]: { data: { binding: { type: 'static', data: 1 } } },
  });
  await writeFile(join(folder, 'screens', 'hall.json'), JSON.stringify(screen));
  const rows = { CardStat: 'KV', ChartColumnBasic: 'XY', ChartTimeStream: 'TS', Gauge: 'KV', TimeClock: 'NONE' };
  const components = Object.entries(rows).map(([type, contract]) => ({ type, version: '1.0.0', contract, kept: 1 }));
  await writeFile(join(folder, 'components.json'), JSON.stringify({ components }));
  host = await startTestHost({
    settings: { screens: join(folder, 'screens') },
    manifestFile: join(folder, 'components.json'),
  });
});

afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true, force: true });
});

const get = async (path: string) => {
  const answer = await fetch(`${host.url}${path}`);
  return { status: answer.status, etag: answer.headers.get('etag') ?? '', body: await answer.json() };
};

async function push(element: string, data: unknown, query = '', screen = 'hall') {
  const path = `/api/topics/screens/${screen}/elements/${element}${query}`;
  const answer = await fetch(`${host.url}${path}`, { method: 'POST', body: JSON.stringify(data) });
  const body = (await answer.json()) as { offset?: number; error?: ErrorBody };
  return { status: answer.status, ...body };
}

test('screens are listed and read, and an unknown one is answered with those that there are', async () => {
  expect((await get('/api/screens')).body).toEqual({
    screens: [expect.objectContaining({ id: 'hall', name: 'Screen hall', width: 1920, height: 1080, elements: 7 })],
  });
  const { status, body, etag } = await get('/api/screens/hall');
  expect(status).toBe(200);
  expect(body).toMatchObject({ format: 1, id: 'hall', theme: 'deep-sea' });
  const again = await fetch(`${host.url}/api/screens/hall`, { headers: { 'if-none-match': etag } });
  expect(again.status).toBe(304);
  const unknown = await get('/api/screens/hal');
  expect(unknown.status).toBe(404);
  expect(unknown.body).toMatchObject({
    error: {
      name: 'unknown_screen',
      message: 'there is no screen "hal"; did you mean hall?',
      detail: { screens: ['hall'] },
    },
  });
});

test('the manifest of components is handed out as it was built', async () => {
  const { body } = await get('/api/components');
  expect((body as { components: unknown[] }).components[0]).toEqual({
    type: 'CardStat',
    version: '1.0.0',
    contract: 'KV',
    kept: 1,
  });
});

test('an element takes what fits its component, by its id, the prefixed id or its alias', async () => {
  const first = await push(STAT, { value: 1 });
  expect(first).toMatchObject({ status: 200, offset: 1 });
  expect(await push(`component/${STAT}`, 2)).toMatchObject({ status: 200, offset: 2 });
  expect(await push('sales', [{ value: 3 }])).toMatchObject({ status: 200, offset: 3 });
  expect((await get(`/api/topics/screens/hall/elements/${STAT}`)).body).toMatchObject({ kind: 'state' });
  expect((await get('/api/topics/screens/hall/elements/sales')).body).toMatchObject({
    topic: `screens/hall/elements/${STAT}`,
    data: [{ value: 3 }],
  });
});

test('what does not fit is refused with the place, what was expected, and what would fit', async () => {
  const { status, error } = await push(COLUMNS, [
    { x: 'Mon', y: 1 },
    { x: 'Tue', y: '2' },
  ]);
  expect(status).toBe(422);
  expect(error).toMatchObject({
    name: 'shape_mismatch',
    detail: {
      path: '[1].y',
      expected: 'a number or null',
      got: '"2"',
      example: [
        { x: 'Mon', y: 120 },
        { x: 'Tue', y: 132 },
      ],
    },
  });
  expect((await push(STREAM, { t: [1, 2], cpu: [1] })).error?.detail).toMatchObject({ path: '.cpu' });
  expect((await push(CLOCK, 1)).error?.detail).toMatchObject({ expected: 'nothing: this component takes no data' });
});

test('the kind that a publisher asks for does not matter at an element', async () => {
  expect((await push(STREAM, { t: [1], cpu: [1] }, '?kind=series')).status).toBe(200);
});

test('a merge is taken where it leaves something right behind', async () => {
  await push(STAT, { value: 1, unit: '%' });
  expect((await push(STAT, { value: 2 }, '?op=merge')).status).toBe(200);
  expect((await get(`/api/topics/screens/hall/elements/${STAT}`)).body).toMatchObject({
    data: { value: 2, unit: '%' },
  });
  expect((await push(STAT, { value: null }, '?op=merge')).error?.name).toBe('shape_mismatch');
  expect((await push(COLUMNS, { x: 1 }, '?op=merge')).error?.detail).toMatchObject({ got: 'a merge patch' });
});

test('what goes through transforms is not held to the contract before them', async () => {
  expect((await push(MAPPED, { cpu: { total: 5 } })).status).toBe(200);
});

test('an element that shows something else says where to publish', async () => {
  const { status, error } = await push(BOUND, 1);
  expect(status).toBe(409);
  expect(error).toMatchObject({ name: 'conflict', detail: { topic: 'plant/oee' } });
  expect(error?.message).toBe(`${BOUND} shows the topic plant/oee; publish there`);
  expect((await push(STATIC, 1)).error?.message).toBe(`${STATIC} shows data of its own, which is in the screen`);
});

test('an unknown element or screen is answered with those that there are', async () => {
  const element = await push('salse', 1);
  expect(element.status).toBe(404);
  expect(element.error).toMatchObject({
    name: 'unknown_component',
    message: 'the screen hall has no element "salse"; did you mean sales?',
  });
  const screen = await push('sales', 1, '', 'hal');
  expect(screen.error).toMatchObject({
    name: 'unknown_screen',
    message: 'there is no screen "hal"; did you mean hall?',
  });
});
