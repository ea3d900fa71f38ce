import { gzipSync } from 'node:zlib';
import type { JsonObject } from '@tidewall/base';
import { FakeClock, startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IngestBed } from '../ingest-bed.contract.ts';
import { definition } from './index.ts';

/*
 * The requests that Telegraf and the clients of InfluxDB make, as their sources write them, and what they look at in the
 * answers.
 */

const NOW = 1_700_000_000_000;
const ANYBODY = { id: 'anybody', roles: [] };

let host: TestHost;
let base: string;

beforeAll(async () => {
  host = await startTestHost({ clock: new FakeClock(NOW) });
  base = `${host.url}/api/ingest/influx`;
});

afterAll(() => host.close());

async function held(topic: string): Promise<unknown> {
  return JSON.parse((await host.hub.snapshot(ANYBODY, `ingest/influx/${topic}`)).json ?? 'null');
}

describe('Telegraf', () => {
  const metrics = [
    'cpu,host=a usage_idle=99.5,usage_user=0.5 1699999999000000000',
    'mem,host=a used=12i 1699999999000000000',
    '',
  ].join('\n');

  test('outputs.influxdb makes its database, then writes, zipped', async () => {
    const made = await fetch(`${base}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'Telegraf/1.30.0 Go/1.22.0' },
      body: new URLSearchParams({ q: 'CREATE DATABASE "telegraf"' }),
    });
    expect(made.status).toBe(200);
    const { results } = (await made.json()) as { results: { error?: string }[] };
    expect(results[0]?.error).toBeUndefined();
    const written = await fetch(`${base}/write?db=telegraf&rp=autogen&consistency=any`, {
      method: 'POST',
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'content-encoding': 'gzip',
        authorization: `Basic ${btoa('telegraf:secret')}`,
      },
      body: gzipSync(metrics),
    });
    expect(written.status).toBe(204);
    expect(await held('cpu')).toEqual([
      { id: 'host=a', host: 'a', usage_idle: 99.5, usage_user: 0.5, t: 1_699_999_999_000 },
    ]);
  });

  test('outputs.influxdb_v2 writes with a token to a bucket', async () => {
    const written = await fetch(`${base}/api/v2/write?bucket=b&org=o`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8', authorization: 'Token abc' },
      body: 'disk,host=a free=5i 1699999999000000000\n',
    });
    expect(written.status).toBe(204);
    expect(await held('disk/host=a')).toEqual({ t: [1_699_999_999_000], free: [5] });
  });

  test('outputs.http with data_format influx', async () => {
    const written = await fetch(base, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: 'net,host=a in=7i 1699999999000000000\n',
    });
    expect(written.ok).toBe(true);
    expect(await held('net/host=a')).toEqual({ t: [1_699_999_999_000], in: [7] });
  });

  test('finds in a refusal the words by which it knows that the rest was written', async () => {
    const old = await fetch(`${base}/write?db=x`, { method: 'POST', body: 'cpu v=1 1\ncpu v=2 1699999999500000000' });
    expect(old.status).toBe(400);
    const { error } = (await old.json()) as { error: string };
    expect(error).toMatch(/^partial write: points beyond retention policy: line 1: .+ dropped=1$/);
  });
});

test('others ask whether an InfluxDB is there, and which databases it has', async () => {
  for (const method of ['GET', 'HEAD']) {
    const ping = await fetch(`${base}/ping`, { method });
    expect([ping.status, ping.headers.get('x-influxdb-version')]).toEqual([204, 'Tidewall 0.0.0-test']);
  }
  const shown = await fetch(`${base}/query?q=SHOW%20DATABASES&db=x`);
  expect(await shown.json()).toEqual({
    results: [{ statement_id: 0, series: [{ name: 'databases', columns: ['name'], values: [] }] }],
  });
  for (const [query, says] of [
    ['', 'missing required parameter "q"'],
    ['?q=SELECT+1', 'data is not queried here'],
  ]) {
    const refused = await fetch(`${base}/query${query}`);
    expect(refused.status).toBe(400);
    expect(((await refused.json()) as { error: string }).error).toContain(says);
  }
});

test.each([
  ['', '1699999999123456789', 1_699_999_999_123.4568],
  ['ns', '1699999999123456789', 1_699_999_999_123.4568],
  ['n', '1699999999123000000', 1_699_999_999_123],
  ['us', '1699999999123456', 1_699_999_999_123.456],
  ['u', '1699999999123456', 1_699_999_999_123.456],
  ['ms', '1699999999123', 1_699_999_999_123],
  ['s', '1699999999', 1_699_999_999_000],
  ['m', '28333333', 1_699_999_980_000],
  ['h', '472222', 1_699_999_200_000],
])('with the precision %j a time of %s is %d ms', async (precision, time, t) => {
  const name = `p${precision}`;
  const query = precision === '' ? '' : `?precision=${precision}`;
  expect((await fetch(base + query, { method: 'POST', body: `${name} v=1 ${time}` })).status).toBe(204);
  const { t: [at] = [] } = (await held(`${name}/-`)) as { t: number[] };
  expect(Math.abs((at as number) - t)).toBeLessThan(0.0005);
});

test('a precision that there is not is refused, naming those that there are', async () => {
  const refused = await fetch(`${base}?precision=d`, { method: 'POST', body: 'cpu v=1' });
  expect(refused.status).toBe(400);
  expect(((await refused.json()) as JsonObject)['error']).toMatch(/precision must be one of ns, /);
});

test('a line without a time happens now, as exact as the precision is', async () => {
  await fetch(`${base}?precision=h`, { method: 'POST', body: 'now v=1' });
  expect(await held('now/-')).toEqual({ t: [NOW - (NOW % 3_600_000)], v: [1] });
});

test('lines may end as those of Windows do', async () => {
  const written = await fetch(base, {
    method: 'POST',
    body: 'w v=1 1699999999000000000\r\n\r\nw v=2,x="a\r\n" 1699999999001000000\r\n',
  });
  expect(written.status).toBe(204);
  expect(await held('w')).toEqual([{ id: '-', v: 2, x: 'a\r\n', t: 1_699_999_999_001 }]);
});

describe('lines of a series that is known', () => {
  const bed = new IngestBed();
  afterAll(() => bed.close());
  const write = (...lines: string[]) =>
    bed.take(definition, { body: Buffer.from(lines.join('\n')), headers: {} }, { precision: 'ms' });

  test('are of the same series however its tags are ordered, and its fields', async () => {
    await write(`m,a=1,b=2 x=1,y=2 ${NOW}`, `m,b=2,a=1 y=3,x=4 ${NOW + 1}`, `m,b=2,a=1 z=5,xx=6,x=7 ${NOW + 2}`);
    expect(await bed.held('ingest/influx/m/a=1,b=2')).toEqual({
      t: [NOW, NOW + 1, NOW + 2],
      x: [1, 4, 7],
      y: [2, 3, null],
      z: [null, null, 5],
      xx: [null, null, 6],
    });
  });

  test('are one point when they have the same time and come together', async () => {
    await write(`s x=1 ${NOW}`, `s y=2 ${NOW}`);
    await write(`s z=3 ${NOW}`);
    expect(await bed.held('ingest/influx/s/-')).toEqual({
      t: [NOW, NOW],
      x: [1, null],
      y: [2, null],
      z: [null, 3],
    });
  });

  test('a broken line of them changes nothing', async () => {
    await write(`k a=1,b=2 ${NOW}`);
    const { status } = await write(`k a=9,b=x ${NOW + 1}`, `k a=9,b=3 x`, `k a=3 ${NOW + 2}`);
    expect(status).toBe(400);
    expect(await bed.held('ingest/influx/k/-')).toEqual({ t: [NOW, NOW + 2], a: [1, 3], b: [2, null] });
  });
});
