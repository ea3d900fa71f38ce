import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { JsonObject } from '@tidewall/base';
import { freePort } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { eventually, SourceBed } from '../source-bed.contract.ts';
import { definition } from './definition.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let url: string;
let answer: Answer;
let requests: IncomingMessage[];
let bed: SourceBed;
let sink: RecordingSink;

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/stock.csv?token=hush`;
  bed = SourceBed.of(definition);
  sink = new RecordingSink();
});

afterEach(async () => {
  await bed.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const settings = (more: JsonObject = {}): JsonObject => ({ url, intervalMs: 100, minIntervalMs: 100, ...more });
const csv =
  (text: string, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'text/csv', ...headers }).end(text);

function run(more: JsonObject = {}): void {
  const running = bed.create(settings(more)).run(sink, bed.signal);
  running.catch(() => {});
}

it('a file is asked for again and again, and is all its rows', async () => {
  answer = csv('product,stock\npump,1\n');
  run();
  await eventually(() => sink.results.length >= 2);
  expect(sink.results[0]?.data).toEqual([{ product: 'pump', stock: 1 }]);
  expect(sink.cadences[0]).toBe(100);
});

it('a file that is still what it was is not fetched again', async () => {
  let text = 'a\n1\n';
  answer = (request, response) => {
    const etag = `"${text.length}"`;
    if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
    else csv(text, { etag, 'last-modified': 'Mon, 30 Nov 2026 20:00:00 GMT' })(request, response);
  };
  run();
  await eventually(() => sink.healthyCalls >= 2);
  expect(sink.results).toHaveLength(1);
  expect(requests[1]?.headers['if-modified-since']).toBe('Mon, 30 Nov 2026 20:00:00 GMT');
  text = 'a\n1\n2\n';
  await eventually(() => sink.results.length === 2);
  expect(sink.results[1]?.data).toEqual([{ a: 1 }, { a: 2 }]);
});

it('a log of a file that grows gets what is new, and all of a file that is another one', async () => {
  let text = 'a\n1\n';
  answer = (request, response) => csv(text)(request, response);
  run({ topicKind: 'log' });
  await eventually(() => sink.publications.length === 1);
  text = 'a\n1\n2\n3\n';
  await eventually(() => sink.publications.length === 3);
  text = 'a\n9\n';
  await eventually(() => sink.publications.length === 4);
  expect(sink.publications.map(({ data }) => (data as { a: number }).a)).toEqual([1, 2, 3, 9]);
});

it('its charset is the one that the server says, unless the configuration does', async () => {
  const gbk = Buffer.from([0xb3, 0xc7, 0xca, 0xd0, 0x0a, 0x31, 0x0a]);
  answer = (_, response) => response.writeHead(200, { 'content-type': 'text/csv; charset=GB2312' }).end(gbk);
  run();
  await eventually(() => sink.results.length > 0);
  expect(sink.results[0]?.data).toEqual([{ 城市: 1 }]);
});

it('who asks is told to the server, and to nobody else', async () => {
  answer = (request, response) => {
    response.writeHead(request.headers.authorization === 'Bearer hush-hush' ? 200 : 401).end('a\n1\n');
  };
  run({ auth: { type: 'bearer', token: 'hush-hush' }, headers: { 'x-own': '1' }, secretHeaders: { 'x-key': 'k' } });
  await eventually(() => sink.results.length > 0);
  expect(requests[0]?.headers).toMatchObject({ 'x-own': '1', 'x-key': 'k' });
});

describe('the source fails with a sentence that names the host', () => {
  const failing = (more: JsonObject = {}) => bed.failureOf(bed.create(settings(more)));

  it.each([
    [401, {}, 'answers 401: it does not let us in; see auth, or secretHeaders'],
    [404, {}, 'answers 404: there is no such file'],
    [500, {}, 'answers 500 in place of a file'],
    [200, { 'content-type': 'text/html; charset=utf-8' }, 'answers a page (text/html) in place of a CSV file'],
    [200, { 'content-type': 'application/json' }, 'answers JSON in place of a CSV file'],
  ])('when it answers %d %j', async (status, headers, sentence) => {
    answer = (_, response) => response.writeHead(status, headers).end('<p>secret</p>');
    const failure = await failing();
    expect(failure).toContain(`127.0.0.1:${new URL(url).port} ${sentence}`);
    expect(failure).not.toContain('hush');
  });

  it('when nobody is there', async () => {
    const port = await freePort();
    const failure = await failing({ url: `http://127.0.0.1:${port}/a.csv?token=hush` });
    expect(failure).toBe(`127.0.0.1:${port} cannot be asked: nothing listens there`);
  });

  it('when it does not answer in time, or stops in the middle', async () => {
    answer = () => {};
    expect(await failing({ timeoutMs: 150 })).toContain('does not answer within 150 ms');
    answer = (_, response) => response.writeHead(200).write('a\n1\n');
    expect(await failing({ timeoutMs: 150 })).toContain('does not answer within 150 ms');
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('a\n1\n', () => response.destroy());
    };
    expect(await failing()).toContain('the connection was cut');
  });

  it('when its answer is longer than it may be, packed or not', async () => {
    const long = `a\n${'1\n'.repeat(50_000)}`;
    answer = csv(long);
    expect(await failing({ maxBytes: 50_000 })).toContain('is longer than 50000 bytes');
    answer = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(long));
    expect(await failing({ maxBytes: 50_000, topicKind: 'log' })).toContain('is longer than 50000 bytes');
  });

  it('and heals when the server is there again', async () => {
    answer = (_, response) => response.writeHead(503).end();
    const watched = await bed.watch(settings({ keyField: 'a' }), 'probe');
    await eventually(() => watched.health().state === 'failed');
    answer = csv('a\n1\n');
    await eventually(async () => JSON.stringify(await watched.snapshot('probe')) === '[{"a":1}]');
    await watched.close();
  });
});

it('a run that is told to stop in the middle of an answer stops, and publishes nothing more', async () => {
  answer = (_, response) => response.writeHead(200).write(`a\n${'1\n'.repeat(50_000)}`);
  const abort = new AbortController();
  const running = bed.create(settings({ topicKind: 'log' })).run(sink, abort.signal);
  running.catch(() => {});
  await eventually(() => sink.publications.length > 100);
  abort.abort();
  const before = sink.publications.length;
  await running;
  expect(sink.publications.length - before).toBeLessThanOrEqual(1);
});
