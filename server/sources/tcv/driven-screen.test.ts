import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outlet, Push } from '@tidewall/contracts';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterEach, expect, test } from 'vitest';
import { BACKEND_KEY, startTcvBackend, type TcvBackend } from './tcv-backend.contract.ts';

const ELEMENT = 'ChartColumnBasic_1_0_0_2_1700000000000';
const TOPIC = `screens/hall/elements/${ELEMENT}`;
const anyone = { id: 'anyone', roles: [] };
const open: { host?: TestHost; backend?: TcvBackend; dataDir?: string } = {};

afterEach(async () => {
  await open.host?.close();
  await open.backend?.close();
  if (open.dataDir) await rm(open.dataDir, { recursive: true, force: true });
});

const screen = {
  format: 1,
  id: 'hall',
  meta: { name: 'Hall' },
  canvas: { width: 1920, height: 1080 },
  pages: [{ layers: [ELEMENT] }],
  elements: { [ELEMENT]: { type: 'ChartColumnBasic', frame: { x: 0, y: 0, w: 100, h: 100 } } },
};

async function until<Found>(find: () => Promise<Found | undefined> | Found | undefined): Promise<Found> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error('it did not come about in 20 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a backend of TCV drives a screen here, and heals by itself when it was gone', async () => {
  const backend = await startTcvBackend();
  open.backend = backend;
  open.dataDir = await mkdtemp(join(tmpdir(), 'tidewall-tcv-'));
  await mkdir(join(open.dataDir, 'screens'));
  await writeFile(join(open.dataDir, 'screens/hall.json'), JSON.stringify(screen));
  const settings = { kind: 'tcv', url: backend.url, ...BACKEND_KEY, screen: 'hall' };
  const host = await startTestHost({ settings: { dataDir: open.dataDir, sources: { tcv: settings } } });
  open.host = host;

  const pushes: Push[] = [];
  const outlet: Outlet = {
    encoding: {
      name: 'recording',
      encode: (more) => {
        pushes.push(...more);
        return new Uint8Array();
      },
    },
    write: () => true,
    takenBytes: () => 0,
    close() {},
  };
  const session = host.hub.open(anyone, outlet);
  // As the viewer does, with an id as it is copied.
  await session.subscribe({ topic: `screens/hall/elements/component/${ELEMENT}` }, () => {});
  await session.subscribe({ topic: 'screens/hall/variables' }, () => {});
  await backend.signedIn();

  const held = async (topic: string) => {
    const { json } = await host.hub.snapshot(anyone, topic);
    return json === undefined ? undefined : JSON.parse(json);
  };
  backend.tell('UpdateComponentData', [{ id: `component/${ELEMENT}`, data: [{ x: '一月', y: 12 }] }]);
  backend.tell('UpdateGlobalField', { region: 'sh' });
  expect(await until(() => held(TOPIC))).toEqual([{ x: '一月', y: 12 }]);
  expect(await until(() => held('screens/hall/variables'))).toEqual({ region: 'sh' });

  await backend.close();
  const failed = await until(async () => {
    const { freshness } = await host.hub.snapshot(anyone, TOPIC);
    return freshness.state === 'failed' ? freshness : undefined;
  });
  expect(failed.reason).toMatch(/^127\.0\.0\.1:\d+ cut the connection; next try in \d+ s$/);
  open.backend = await startTcvBackend(backend.port);
  await open.backend.signedIn();
  open.backend.tell('UpdateComponentData', [{ id: ELEMENT, data: [{ x: '二月', y: 13 }] }]);
  await until(async () => ((await held(TOPIC))?.[0]?.y === 13 ? true : undefined));
  expect((await host.hub.snapshot(anyone, TOPIC)).freshness.state).not.toBe('failed');
});
