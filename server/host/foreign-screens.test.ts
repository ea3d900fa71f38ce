import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '@tidewall/base';
import type { ErrorBody } from '@tidewall/protocol';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterEach, expect, test, vi } from 'vitest';
import { testScreen } from './test-screen.ts';

const ID = 'ChartColumnBasic_1_0_0_2_1700000000000';
const open: { host?: TestHost } = {};

afterEach(async () => {
  await open.host?.close();
  delete open.host;
});

/** A server that has none of these screens' documents. */
async function hostOf(...foreignScreens: string[]): Promise<TestHost> {
  open.host = await startTestHost({ settings: { foreignScreens } });
  return open.host;
}

async function ask(host: TestHost, method: string, path: string, body: JsonValue) {
  const answer = await fetch(`${host.url}/api/${path}`, { method, body: JSON.stringify(body) });
  return { status: answer.status, ...((await answer.json()) as JsonObject & { error: ErrorBody; offset: number }) };
}

const push = (host: TestHost, screen: string, element: string, data: JsonValue = 1) =>
  ask(host, 'POST', `screens/${screen}/elements/${element}/data`, data);

async function held(host: TestHost, topic: string): Promise<JsonValue | undefined> {
  const answer = await fetch(`${host.url}/api/topics/${topic}`);
  return ((await answer.json()) as JsonObject)['data'];
}

test('an element of a screen whose document is elsewhere takes any data, by its id with component/ or without', async () => {
  const host = await hostOf('hall');
  const names = [ID, `component/${ID}`, `component%2F${ID}`];
  for (const [i, name] of names.entries()) {
    expect(await push(host, 'hall', name, [{ x: 'Mon', y: i }, 'of any shape'])).toMatchObject({ offset: i + 1 });
  }
  for (const name of names) {
    const direct = await ask(host, 'POST', `topics/screens/hall/elements/${name}`, { any: 'thing' });
    expect(direct.status).toBe(200);
    expect(await held(host, `screens/hall/elements/${name}`)).toEqual({ any: 'thing' });
  }
  expect(host.hub.topics({ id: 'x', roles: [] }).map(({ topic }) => topic)).toEqual([`screens/hall/elements/${ID}`]);
});

test.each(['sales', 'chartColumnBasic_1_0_0_2_1700000000000', 'ChartColumnBasic_1_0_0', 'other/name', `${ID}/more`])(
  '%s is no id: refused with a sentence that says what is taken',
  async (name) => {
    const host = await hostOf('hall');
    const { status, error } = await ask(host, 'POST', `topics/screens/hall/elements/${name}`, 1);
    expect([status, error.name]).toEqual([404, 'unknown_component']);
    expect(error.message).toContain(`"${name}" is no element id; the document of this screen is elsewhere`);
    expect(error.message).toContain('no aliases');
  },
);

test('its variables are taken, and are still variables', async () => {
  const host = await hostOf('hall');
  const set = (patch: JsonValue) => ask(host, 'PATCH', 'screens/hall/variables', patch);
  expect(await set({ region: 'sh', year: 2026 })).toMatchObject({ status: 200, offset: 1 });
  expect(await set({ year: null })).toMatchObject({ status: 200, offset: 2 });
  expect(await held(host, 'screens/hall/variables')).toEqual({ region: 'sh' });
  expect(await set({ a: { b: 1 } })).toMatchObject({ status: 422, error: { name: 'shape_mismatch' } });
});

test('a screen that is in neither place is refused as ever', async () => {
  const host = await hostOf('hall');
  for (const answer of [
    await push(host, 'hal', ID),
    await ask(host, 'PATCH', 'screens/hal/variables', { a: 1 }),
    await ask(host, 'POST', `topics/screens/hal/elements/${ID}`, 1),
  ]) {
    expect(answer).toMatchObject({ status: 404, error: { name: 'unknown_screen' } });
  }
});

test('with * every id is that of a screen elsewhere, and nothing else is', async () => {
  const host = await hostOf('*');
  for (const screen of ['hall', 'gate-2', '7']) {
    expect((await push(host, screen, ID)).status).toBe(200);
    expect((await ask(host, 'PATCH', `screens/${screen}/variables`, { a: 1 })).status).toBe(200);
  }
  for (const screen of ['Hall', '-hall', 'a.b', 'x'.repeat(65)]) {
    expect(await push(host, screen, ID)).toMatchObject({ status: 404, error: { name: 'unknown_screen' } });
    expect((await ask(host, 'PATCH', `screens/${screen}/variables`, { a: 1 })).status).toBe(404);
  }
});

test('a document that is here counts, whatever is listed, from the moment that it is', async () => {
  const host = await hostOf('hall', '*');
  expect((await push(host, 'hall', ID)).status).toBe(200);
  const screen = testScreen('hall', { CardStat_1_0_0_1_1700000000000: { alias: 'sales' } });
  await writeFile(join(host.dataDir, 'screens', 'hall.json'), JSON.stringify(screen));
  await vi.waitFor(async () => expect((await push(host, 'hall', ID)).status).toBe(404), 10_000);
  expect((await push(host, 'hall', 'sales')).status).toBe(200);
  expect((await push(host, 'gate', ID)).status).toBe(200);
});

test.each(['Hall', 'a/b', '', '**'])('%j is refused as the id of a screen, by its place', async (id) => {
  await expect(hostOf('hall', id)).rejects.toThrow(/foreignScreens\[1\] must match .*, or be \*/);
});
