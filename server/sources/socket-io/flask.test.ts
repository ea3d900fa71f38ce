import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasPythonModule, startTestHost, type TestHost } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FlaskServer, startFlask } from './flask-server.contract.ts';

const anyone = { id: 'anyone', roles: [] };
const outlet = {
  encoding: { name: 'none', encode: () => new Uint8Array() },
  write: () => true,
  takenBytes: () => 0,
  close() {},
};
let folder: string;
let flask: FlaskServer | undefined;
let host: TestHost | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-flask-'));
});

afterEach(async () => {
  await host?.close();
  await flask?.kill();
  await rm(folder, { recursive: true, force: true });
});

async function until<Found>(find: () => Promise<Found | undefined>): Promise<Found> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error('it did not come about in 30 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test.skipIf(!hasPythonModule('flask_socketio'))(
  'python3-flask-socketio: its rooms are topics while they are watched, and heal when the server was killed',
  async () => {
    flask = await startFlask(folder);
    const settings = {
      kind: 'socket-io',
      url: flask.url,
      rooms: { 'shop/sales': 'sales', 'shop/visitors': 'visitors' },
      topicKind: 'state',
    };
    host = await startTestHost({ settings: { limits: { lingerMs: 50 }, sources: { dashboard: settings } } });
    const { hub } = host;
    const held = async (topic: string) => {
      const { json, freshness } = await hub.snapshot(anyone, topic);
      return freshness.state === 'failed' ? undefined : json === undefined ? undefined : JSON.parse(json);
    };
    const salesman = hub.open(anyone, outlet);
    await salesman.subscribe({ topic: 'shop/sales' }, () => {});
    expect(await until(() => held('shop/sales'))).toMatchObject({ sales: expect.any(Number), timestamp: '14:03:07' });
    expect(await flask.members()).toEqual({ sales: 1 });

    const guard = hub.open(anyone, outlet);
    await guard.subscribe({ topic: 'shop/visitors' }, () => {});
    expect(await until(() => held('shop/visitors'))).toMatchObject({ visitors: expect.any(Number) });
    salesman.end();
    const members = await until(async () => {
      const now = await flask?.members();
      return now?.['sales'] === 0 ? now : undefined;
    });
    expect(members).toEqual({ sales: 0, visitors: 1 });

    await flask.kill();
    await until(async () =>
      (await hub.snapshot(anyone, 'shop/visitors')).freshness.state === 'failed' ? true : undefined,
    );
    flask = await startFlask(folder, flask.port);
    expect(await until(() => held('shop/visitors'))).toMatchObject({ visitors: expect.any(Number) });
  },
);
