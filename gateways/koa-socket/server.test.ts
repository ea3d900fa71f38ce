import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed, PUBLISHER } from '../gateway-bed.contract.ts';
import { JsonClient } from '../json/json-client.contract.ts';
import { koaSocketGateway } from './server.ts';

const open: { bed?: GatewayBed; clients: JsonClient[] } = { clients: [] };

afterEach(async () => {
  for (const client of open.clients.splice(0)) client.vanish();
  await open.bed?.close();
  delete open.bed;
});

async function bedWith(options: GatewayBedOptions = {}): Promise<GatewayBed> {
  open.bed = await openGatewayBed(koaSocketGateway, options);
  return open.bed;
}

/** A page on one screen that has been let in. */
async function page(bed: GatewayBed, screen = ''): Promise<JsonClient> {
  const client = await dial(bed, screen);
  const before = bed.rejections('koa-socket');
  // Nothing is looked at before it has been let in.
  client.send({ action: 'getData' });
  await bed.until(() => bed.rejections('koa-socket') > before);
  return client;
}

async function dial(bed: GatewayBed, screen: string): Promise<JsonClient> {
  const client = await JsonClient.open(`ws://127.0.0.1:${bed.port}/socket-service${screen}`);
  open.clients.push(client);
  return client;
}

async function next(bed: GatewayBed, client: JsonClient): Promise<string> {
  await bed.until(() => client.texts.length > 0);
  return client.text();
}

const getData = (chartName: string) => ({ action: 'getData', socketType: `${chartName}Data`, chartName, value: '' });

describe('getData', () => {
  test('is answered to its sender with the same object and the data as a string', async () => {
    const bed = await bedWith();
    const rows = [{ name: '商家1', value: 99 }];
    await bed.publish('shop/seller', rows);
    const [client, other] = [await page(bed), await page(bed)];
    client.send({ ...getData('seller'), extra: { kept: [1, '二'] } });
    const answer = JSON.parse(await next(bed, client)) as Record<string, unknown>;
    expect(answer).toEqual({ ...getData('seller'), extra: { kept: [1, '二'] }, data: JSON.stringify(rows) });
    expect(Object.keys(answer).at(-1)).toBe('data');
    await bed.clock.advance(100);
    expect(other.texts).toEqual([]);
  });

  test('is answered again whenever the topic changes, with all that it holds', async () => {
    const bed = await bedWith({ settings: { 'shop/stock': { kind: 'table' } } });
    const client = await page(bed);
    client.send(getData('stock'));
    await bed.publish('shop/stock', [{ id: 1, left: 5 }]);
    await bed.until(() => client.texts.length === 1);
    await bed.publish('shop/stock', [{ id: 2, left: 7 }]);
    for (const held of [
      [{ id: 1, left: 5 }],
      [
        { id: 1, left: 5 },
        { id: 2, left: 7 },
      ],
    ]) {
      const { data } = JSON.parse(await next(bed, client)) as { data: string };
      expect(JSON.parse(data)).toEqual(held);
    }
  });

  test('is not answered more often than is set, and then with the newest', async () => {
    const bed = await bedWith({ gateway: { rateHz: 2 } });
    await bed.publish('shop/map', 0);
    const client = await page(bed);
    client.send(getData('map'));
    const answers = [await next(bed, client)];
    for (let i = 1; i <= 100; i++) await bed.publish('shop/map', i);
    while (JSON.parse(answers.at(-1) as string).data !== '100') answers.push(await next(bed, client));
    // All of that took 0.8 s.
    expect(answers.length).toBeLessThanOrEqual(4);
  });

  test('of a log is all of its entries, as the file would have had them', async () => {
    const bed = await bedWith({ settings: { 'shop/orders': { kind: 'log' } } });
    await bed.publish('shop/orders', 'a');
    const client = await page(bed);
    client.send(getData('orders'));
    expect(JSON.parse(await next(bed, client))).toMatchObject({ data: '["a"]' });
    await bed.publish('shop/orders', 'b');
    expect(JSON.parse(await next(bed, client))).toMatchObject({ data: '["a","b"]' });
  });

  test('in the same words is one set of bytes for all, and in other words another', async () => {
    const bed = await bedWith();
    await bed.publish('shop/trend', 1);
    const clients = [await page(bed), await page(bed, '/hall'), await page(bed)];
    const [a, b, c] = clients as [JsonClient, JsonClient, JsonClient];
    for (const client of [a, b]) client.send(getData('trend'));
    c.send({ ...getData('trend'), socketType: 'mine' });
    for (const client of clients) await next(bed, client);
    await bed.publish('shop/trend', 2);
    const texts = [await next(bed, a), await next(bed, b), await next(bed, c)];
    expect(texts[0]).toBe(texts[1]);
    expect(JSON.parse(texts[0] as string)).toEqual({ ...getData('trend'), data: '2' });
    expect(JSON.parse(texts[2] as string)).toEqual({ ...getData('trend'), socketType: 'mine', data: '2' });
    // Each words' view counts its own watchers.
    expect(bed.watchers('shop/trend')).toBe(3);
  });

  test('asked again is answered at once, and only once', async () => {
    const bed = await bedWith();
    await bed.publish('shop/map', 1);
    const client = await page(bed);
    client.send(getData('map'));
    await next(bed, client);
    client.send(getData('map'));
    expect(JSON.parse(await next(bed, client))).toMatchObject({ data: '1' });
    await bed.publish('shop/map', 2);
    expect(JSON.parse(await next(bed, client))).toMatchObject({ data: '2' });
    await bed.clock.advance(100);
    expect(client.texts).toEqual([]);
  });

  test('is answered once where the wire is set to be as the original', async () => {
    const bed = await bedWith({ gateway: { live: false, prefix: 'p/', topics: { map: 'world/map' } } });
    await bed.publish('world/map', 1);
    await bed.publish('p/rank', 2);
    const client = await page(bed);
    client.send(getData('map'));
    client.send(getData('rank'));
    client.send(getData('nothing'));
    expect(JSON.parse(await next(bed, client))).toMatchObject({ chartName: 'map', data: '1' });
    expect(JSON.parse(await next(bed, client))).toMatchObject({ chartName: 'rank', data: '2' });
    await bed.until(() => bed.rejections('koa-socket') === 2);
    await bed.publish('world/map', 3);
    await bed.clock.advance(100);
    expect(client.texts).toEqual([]);
  });

  test('of a name that has no data yet is counted, and answered when it has', async () => {
    const bed = await bedWith();
    const client = await page(bed);
    client.send(getData('late'));
    await bed.until(() => bed.rejections('koa-socket') === 2);
    expect(client.texts).toEqual([]);
    await bed.publish('shop/late', { now: true });
    expect(JSON.parse(await next(bed, client))).toMatchObject({ data: '{"now":true}' });
  });

  test.each(['trend/all', 'trend.json', '趋势', '', 'x'.repeat(101)])('of %j is of no name', async (chartName) => {
    const bed = await bedWith({ gateway: { prefix: '' } });
    if (chartName !== '') await bed.publish(chartName, 1);
    const client = await page(bed);
    client.send(getData(chartName));
    await bed.until(() => bed.rejections('koa-socket') === 2);
    await bed.clock.advance(100);
    expect(client.texts).toEqual([]);
  });

  test('goes on after its topic was let go', async () => {
    const bed = await bedWith();
    await bed.publish('shop/map', 1);
    const client = await page(bed);
    client.send(getData('map'));
    await next(bed, client);
    await bed.hub.forget(PUBLISHER, 'shop/map');
    await bed.until(() => bed.watchers('shop/map') === 0);
    await bed.publish('shop/map', 2);
    expect(JSON.parse(await next(bed, client))).toMatchObject({ data: '2' });
  });
});

describe('everything else', () => {
  test.each([
    '{"action":"fullScreen","socketType":"fullScreen","chartName":"trend","value":true}',
    '{ "action" : "themeChange",\t"socketType":"themeChange","value":"chalk","n":1.0e2,"主题":"\\u4e3b" }',
    '{"action":"__proto__","constructor":{"prototype":1}}',
  ])('is said to every client of the same screen, byte for byte: %s', async (text) => {
    const bed = await bedWith();
    const [sender, same, other, none] = [
      await page(bed, '/hall'),
      await page(bed, '/hall'),
      await page(bed, '/lobby'),
      await page(bed),
    ] as const;
    sender.send(text);
    for (const client of [sender, same]) expect(await next(bed, client)).toBe(text);
    await bed.clock.advance(100);
    for (const client of [other, none]) expect(client.texts).toEqual([]);
  });

  test('keeps the order of its sender', async () => {
    const bed = await bedWith();
    const [sender, same] = [await page(bed), await page(bed)];
    for (let i = 0; i < 50; i++) sender.send({ action: 'fullScreen', value: i });
    for (let i = 0; i < 50; i++) expect(JSON.parse(await next(bed, same))).toMatchObject({ value: i });
  });

  test('a program says, too: what it publishes to the topic of the screen', async () => {
    const bed = await bedWith();
    const client = await page(bed, '/hall');
    const said = { action: 'fullScreen', socketType: 'fullScreen', chartName: 'map', value: true };
    await bed.publish('socket-service/hall/echo', said, 'signal');
    expect(JSON.parse(await next(bed, client))).toEqual(said);
  });
});

test.each(['ping', 'HeartBeat'])('the text %s is answered as a heartbeat', async (text) => {
  const bed = await bedWith();
  const client = await page(bed);
  client.send(text);
  expect(await next(bed, client)).toBe(text === 'ping' ? 'pong' : 'HeartBeat');
});

test.each(['/%zz', '/+', '/%23', '/a%20b', '/..%2f..'])('the screen %s is refused with a reason', async (screen) => {
  const bed = await bedWith();
  const client = await dial(bed, screen);
  let closed: { readonly code: number; readonly reason: string } | undefined;
  void client.closed.then((end) => {
    closed = end;
  });
  await bed.until(() => closed !== undefined);
  expect(closed).toMatchObject({ code: 4501, reason: expect.stringMatching(/percent-encoded|topic name/) });
});
