import { request } from 'node:http';
import { startTestHost } from '@tidewall/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed, PUBLISHER } from '../gateway-bed.contract.ts';
import { koaHttpGateway } from './server.ts';

const open: { bed?: GatewayBed } = {};

afterEach(async () => {
  await open.bed?.close();
  delete open.bed;
});

async function bedWith(options: GatewayBedOptions = {}): Promise<GatewayBed> {
  open.bed = await openGatewayBed(koaHttpGateway, options);
  return open.bed;
}

/** Asks for a path exactly as it is written, which `fetch` does not. */
function ask(port: number, path: string, method = 'GET') {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const asked = request({ port, path, method }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on('error', reject).end();
  });
}

describe('GET /api/<name>', () => {
  test('is the JSON that the topic holds, under the headers of the original', async () => {
    const bed = await bedWith({ gateway: { topics: { hotproduct: 'world/hot' } } });
    await bed.publish('shop/trend', { map: { title: '地区销量趋势' } });
    await bed.publish('world/hot', [1, 2]);
    const answer = await ask(bed.port, '/koa/api/trend');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ map: { title: '地区销量趋势' } });
    expect(answer.headers).toMatchObject({
      'x-response-time': expect.stringMatching(/^\d+ms$/),
      'content-type': 'application/json; charset=utf-8',
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'OPTIONS, GET, PUT, POST, DELETE',
    });
    expect((await ask(bed.port, '/koa/api/hotproduct?t=1')).body).toBe('[1,2]');
    const head = await ask(bed.port, '/koa/api/trend', 'HEAD');
    expect([head.status, head.body]).toEqual([200, '']);
    expect((await ask(bed.port, '/koa/api/trend', 'OPTIONS')).status).toBe(204);
    expect((await ask(bed.port, '/koa/api/trend', 'POST')).status).toBe(405);
  });

  test.each([
    '/koa/api/nothing',
    '/koa/api/trend.json',
    '/koa/api/%E8%B6%8B',
    '/koa/api/',
    '/koa/api',
    '/koa',
    '/koa/trend',
  ])('%s is not there: 404, with a message and the status, and counted', async (path) => {
    const bed = await bedWith();
    await bed.publish('shop/trend.json', 'a topic, but not one of these names');
    const { status, headers, body } = await ask(bed.port, path);
    expect([status, headers['content-type']]).toEqual([404, 'application/json; charset=utf-8']);
    expect(JSON.parse(body)).toEqual({ message: expect.any(String), status: 404 });
    expect(bed.rejections('koa-http')).toBe(1);
  });
});

test('on a port of its own it answers where the original does, for pages of the same host', async () => {
  const host = await startTestHost({ settings: { listen: { 'koa-http': 0 }, host: '127.0.0.1' } });
  try {
    await host.hub.publish(PUBLISHER, { topic: 'shop/trend', data: [1] });
    const port = host.ports['koa-http'] as number;
    const answer = await fetch(`http://127.0.0.1:${port}/api/trend`, {
      headers: { origin: 'http://127.0.0.1:8080' },
    });
    expect([answer.status, await answer.json()]).toEqual([200, [1]]);
    const main = await fetch(`${host.url}/koa/api/trend`);
    expect(await main.json()).toEqual([1]);
  } finally {
    await host.close();
  }
});
