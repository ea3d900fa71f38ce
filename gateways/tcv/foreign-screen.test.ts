import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterEach, expect, test } from 'vitest';
import { connectScript, type TcvScript } from './tcv-script.contract.ts';

/*
 * TCV users whose screens stay where they are: Tidewall has no document of them, and is told their ids.
 */

const KEY = { id: 'hall-screens', secret: 'a-secret-of-32-characters-or-more' };
const BARS = 'ChartColumnBasic_1_0_0_2_1700000000000';
const open: { host?: TestHost; scripts: TcvScript[] } = { scripts: [] };

afterEach(async () => {
  for (const { socket } of open.scripts.splice(0)) socket.terminate();
  await open.host?.close();
  delete open.host;
});

async function hostOf(...foreignScreens: string[]): Promise<TestHost> {
  const host = await startTestHost({ settings: { foreignScreens } });
  open.host = host;
  const created = await fetch(`${host.url}/api/keys`, { method: 'POST', body: JSON.stringify(KEY) });
  expect(created.status).toBeLessThan(300);
  return host;
}

/** A screen of TCV that has been let in. */
async function screenOf(host: TestHost, path: string): Promise<TcvScript> {
  const timestamp = Math.floor(Date.now() / 1000);
  const script = await connectScript({ port: host.port, path, secretId: KEY.id, secretKey: KEY.secret, timestamp });
  open.scripts.push(script);
  script.send('Ping');
  expect(await script.next()).toEqual({ version: 1, action: 'Pong' });
  return script;
}

test('a screen whose document is elsewhere is sent its data and its variables, by either form of an id', async () => {
  const host = await hostOf('hall');
  const [hall, gate] = [await screenOf(host, '/tcv/hall'), await screenOf(host, '/tcv/gate')];
  const at = `${host.url}/api/screens/hall`;
  const say = (method: string, path: string, body: object) =>
    fetch(`${at}/${path}`, { method, body: JSON.stringify(body) });
  for (const [i, name] of [BARS, `component/${BARS}`].entries()) {
    const rows = [{ x: '周一', y: i, s: '销售' }];
    expect((await say('POST', `components/${name}/data`, rows)).status).toBe(200);
    expect(await hall.next()).toEqual({
      version: 1,
      action: 'UpdateComponentData',
      body: [{ id: BARS, data: rows }],
    });
  }
  expect((await say('PATCH', 'variables', { region: '上海' })).status).toBe(200);
  expect(await hall.next()).toEqual({ version: 1, action: 'UpdateGlobalField', body: { region: '上海' } });
  // Of another screen nothing has come: this answer is the next frame.
  gate.send('Ping');
  expect(await gate.next()).toMatchObject({ action: 'Pong' });
});
