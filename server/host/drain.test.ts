import { Agent, request } from 'node:http';
import type { JsonObject } from '@tidewall/base';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterEach, expect, test } from 'vitest';

/*
 * Clients that have nothing but requests, while the server stops: each request comes on a connection of its own.
 */

const PUBLISHER = { id: 'test', roles: [] };
let host: TestHost | undefined;

afterEach(() => host?.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

function ask(port: number, method: string, path: string, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, agent: new Agent({ keepAlive: false }) };
    const asked = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const linesOf = ({ text }: Answer) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonObject);

test('[W36] a session that polls gets its last answers and its goodbye; a new one is told to come again', async () => {
  host = await startTestHost({ settings: { host: '127.0.0.1' } });
  const { port } = host;
  const { session } = JSON.parse((await ask(port, 'POST', '/poll')).text) as { session: string };
  const send = (line: object) => ask(port, 'POST', `/poll?session=${session}`, JSON.stringify(line));
  const poll = (cursor: number) => ask(port, 'GET', `/poll?session=${session}&cursor=${cursor}&waitMs=3000`);
  await send({ id: 1, connect: { version: 1 } });
  await send({ id: 2, subscribe: { topic: 'a', kind: 'log' } });
  expect(linesOf(await poll(0)).map(({ id }) => id)).toEqual([1, 2]);
  await send({ id: 3, publish: { topic: 'a', data: 'the last' } });
  const closing = host.close();

  const late = await Promise.all([
    ask(port, 'POST', '/poll'),
    ask(port, 'GET', '/poll?topic=a'),
    ask(port, 'GET', `/poll?session=AAAAAAAAAAAAAAAAAAAAAA&cursor=0`),
    ask(port, 'GET', '/sse'),
  ]);
  expect(late.map(({ status, headers }) => [status, headers['retry-after']])).toEqual(Array(4).fill([503, '1']));
  const got: JsonObject[] = [];
  for (let cursor = 1; !got.some(({ bye }) => bye !== undefined); cursor++) got.push(...linesOf(await poll(cursor)));
  expect(got).toContainEqual(expect.objectContaining({ d: 'the last' }));
  expect(got).toContainEqual({ id: 3, publish: expect.objectContaining({ offset: 1 }) });
  expect(got.at(-1)).toMatchObject({ bye: { code: 4001, afterMs: [500, 1000] } });
  await closing;
  await expect(ask(port, 'GET', '/healthz')).rejects.toThrow('ECONNREFUSED');
});

test.each(['main', 'own'])('a client of Socket.IO that polls does, too, on the %s port', async (which) => {
  host = await startTestHost({ settings: { host: '127.0.0.1', listen: { 'socket-io': 0 } } });
  const port = which === 'main' ? host.port : (host.ports['socket-io'] as number);
  const path = '/socket.io/?EIO=4&transport=polling';
  const { sid } = JSON.parse((await ask(port, 'GET', path)).text.slice(1)) as { sid: string };
  const say = (packet: string) => ask(port, 'POST', `${path}&sid=${sid}`, packet);
  const poll = async () => (await ask(port, 'GET', `${path}&sid=${sid}`)).text;
  await say('40');
  expect(await poll()).toContain('40{');
  await say('420["join","sales"]');
  expect(await poll()).toBe('430[{"ok":true}]');
  await host.hub.publish(PUBLISHER, { topic: 'sales', data: 'the last' });
  const closing = host.close();
  expect((await ask(port, 'GET', path)).status).toBe(503);
  const got = [await poll()];
  while (!got.at(-1)?.endsWith('1')) got.push(await poll());
  expect(got.join('\x1e')).toContain('42["update_data","the last"]');
  await closing;
});

test('who polls no more is not waited for longer than a goodbye may take', async () => {
  host = await startTestHost({ settings: { host: '127.0.0.1' } });
  const { text } = await ask(host.port, 'POST', '/poll');
  const { session } = JSON.parse(text) as { session: string };
  await ask(host.port, 'POST', `/poll?session=${session}`, '{"id":1,"connect":{"version":1}}');
  const began = performance.now();
  await host.close();
  expect(performance.now() - began).toBeLessThan(5000);
});
