import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import type { ErrorBody } from '@tidewall/protocol';
import { startTestHost, type TestHost, withStoreOf } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const SECRET = 'redis://wall:P4ssw0rd-planted@127.0.0.1:1/0';
const logged: string[] = [];
const write = (...words: unknown[]) => void logged.push(JSON.stringify(words));
const log: Log = { debug: write, info: write, warn: write, error: write };

let dataDir: string;
let host: TestHost;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidewall-sources-'));
  logged.length = 0;
  host = await start();
});

afterEach(async () => {
  await host.close();
  await rm(dataDir, { recursive: true, force: true });
});

const outgoing = { allow: ['127.0.0.1'] };
const start = (settings: JsonObject = {}) => startTestHost({ log, settings: { dataDir, outgoing, ...settings } });

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: JsonObject & { readonly error: ErrorBody };
}

async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
  const init = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const answer = await fetch(`${host.url}/api/${path}`, { method, ...init });
  const text = await answer.text();
  return { status: answer.status, text, body: JSON.parse(text) };
}

const sources = async () => (await ask('GET', 'sources')).body['sources'] as JsonObject[];
const upload = (name: string, text: string) => ask('PUT', `files/${encodeURIComponent(name)}`, text);
const STOCK = { name: 'stock', kind: 'csv', path: 'stock.csv', keyField: 'sku' };

describe('a source', () => {
  test('is made, read, changed and taken away, and is there after a restart', async () => {
    await upload('stock.csv', 'sku,n\na,1\nb,2\n');
    expect(await ask('POST', 'sources', STOCK)).toMatchObject({
      status: 200,
      body: { name: 'stock', kind: 'csv', from: 'api', settings: { path: 'stock.csv', keyField: 'sku' } },
    });
    expect(await sources()).toEqual([
      { name: 'stock', kind: 'csv', from: 'api', topics: ['stock'], state: 'idle', refusals: 0 },
    ]);
    await host.close();
    host = await start();
    expect((await ask('GET', 'sources/stock')).body).toMatchObject({ settings: { path: 'stock.csv' } });
    const moved = { kind: 'csv', path: 'stock.csv', keyField: 'sku', topic: 'shop/stock' };
    expect((await ask('PUT', 'sources/stock', moved)).status).toBe(200);
    expect(await sources()).toMatchObject([{ name: 'stock', topics: ['shop/stock'] }]);
    expect((await ask('DELETE', 'sources/stock')).status).toBe(200);
    expect(await sources()).toEqual([]);
    expect((await ask('GET', 'sources/stock')).body.error.message).toMatch(/there is no source "stock"/);
    await host.close();
    host = await start();
    expect(await sources()).toEqual([]);
  });

  test('that is wrong changes nothing, and is told by its setting', async () => {
    await ask('POST', 'sources', STOCK);
    const wrong = await ask('PUT', 'sources/stock', { kind: 'csv', path: 'stock.csv', delimiter: ';;' });
    expect(wrong).toMatchObject({ status: 400, body: { error: { detail: { path: 'delimiter' } } } });
    expect(await sources()).toMatchObject([{ name: 'stock', state: 'idle' }]);
    for (const [body, says] of [
      [{ ...STOCK, name: 'x', kind: 'cvs' }, 'kind "cvs" is not a kind of source; did you mean "csv"?'],
      [{ ...STOCK, name: 'X Y' }, 'name'],
      [{ ...STOCK, name: 'x', colour: 1 }, 'colour is unknown'],
      [{ ...STOCK, name: 'x', transforms: [{ type: 'sort' }] }, 'transforms[0]'],
      [{ ...STOCK, name: 'x', transforms: [{ type: 'nonsense' }] }, 'transforms[0]'],
    ] as const) {
      const refused = await ask('POST', 'sources', body);
      expect(refused.status).toBe(400);
      expect(refused.body.error.message).toContain(says);
    }
    expect(await sources()).toHaveLength(1);
  });

  test('whose name or topic is taken is refused, and the one that was there goes on', async () => {
    await ask('POST', 'sources', STOCK);
    expect((await ask('POST', 'sources', STOCK)).body.error.name).toBe('conflict');
    const other = await ask('POST', 'sources', { ...STOCK, name: 'other', topic: 'stock' });
    expect(other.body.error).toMatchObject({ name: 'conflict' });
    await ask('POST', 'sources', { ...STOCK, name: 'third' });
    const moved = await ask('PUT', 'sources/third', { kind: 'csv', path: 'stock.csv', topic: 'stock' });
    expect(moved.body.error.name).toBe('conflict');
    expect((await sources()).map(({ name, topics }) => [name, topics])).toEqual([
      ['stock', ['stock']],
      ['third', ['third']],
    ]);
  });

  test('of the configuration can be seen and tried, but only the file changes it', async () => {
    await host.close();
    await writeFile(join(dataDir, 'own.csv'), 'sku,n\na,1\n');
    host = await start({ sources: { own: { kind: 'csv', path: join(dataDir, 'own.csv'), keyField: 'sku' } } });
    expect(await sources()).toMatchObject([{ name: 'own', from: 'file' }]);
    for (const [method, path, body] of [
      ['PUT', 'sources/own', { kind: 'csv', path: 'x' }],
      ['DELETE', 'sources/own', undefined],
    ] as const) {
      expect((await ask(method, path, body)).body.error.message).toMatch(/configuration's file; change it there/);
    }
    expect((await ask('POST', 'sources/preview', { name: 'own' })).body).toMatchObject({
      ok: true,
      topics: [{ topic: 'own', rows: [{ sku: 'a', n: 1 }] }],
    });
  });

  test('that cannot run any more after a restart stops nobody, and says why', async () => {
    await ask('POST', 'sources', STOCK);
    await host.close();
    host = await start({ sources: { other: { kind: 'csv', path: 'x.csv', topic: 'stock' } } });
    expect(await sources()).toMatchObject([
      { name: 'other', from: 'file' },
      { name: 'stock', from: 'api', state: 'failed', reason: expect.stringContaining('is fed by') },
    ]);
  });
});

test('a source whose name the configuration takes is kept, also over changes, until the configuration leaves it', async () => {
  await ask('POST', 'sources', STOCK);
  await host.close();
  host = await start({ sources: { stock: { kind: 'csv', path: 'x.csv' } } });
  expect(await sources()).toMatchObject([{ name: 'stock', from: 'file' }]);
  await ask('POST', 'sources', { ...STOCK, name: 'other' });
  await host.close();
  host = await start();
  expect((await sources()).map(({ name, from }) => [name, from])).toEqual([
    ['other', 'api'],
    ['stock', 'api'],
  ]);
});

test('a setting that is called like a prototype is refused like any other that there is none of', async () => {
  const { status, body } = await ask('POST', 'sources', '{"name":"x","kind":"csv","__proto__":{"path":"stock.csv"}}');
  expect(status).toBe(400);
  expect(body.error.message).toMatch(/path is missing|__proto__ is unknown/);
});

describe('a preview', () => {
  test('ends when whoever asked for it is gone', async () => {
    const far = createServer();
    const asked = once(far, 'request');
    await once(far.listen(0, '127.0.0.1'), 'listening');
    try {
      const url = `http://127.0.0.1:${(far.address() as AddressInfo).port}/`;
      const body = JSON.stringify({ kind: 'http', settings: { url, timeoutMs: 60_000 }, timeoutMs: 60_000 });
      const client = new AbortController();
      const { signal } = client;
      const preview = fetch(`${host.url}/api/sources/preview`, { method: 'POST', body, signal });
      const [question] = (await asked) as [IncomingMessage];
      const cut = once(question.socket, 'close');
      client.abort();
      await expect(preview).rejects.toThrow('aborted');
      // Its source waits for a minute otherwise.
      await cut;
    } finally {
      far.closeAllConnections();
      far.close();
    }
  });

  test('tells rows, their types and how long it took, and publishes nothing', async () => {
    await upload('stock.csv', 'sku,n,at\na,1,2026-01-02T03:04:05Z\nb,x,\nc,3,2026-01-02T03:04:05Z\n');
    const settings = { path: 'stock.csv', keyField: 'sku', types: { n: 'number' } };
    const { body } = await ask('POST', 'sources/preview', { kind: 'csv', settings, rows: 1 });
    expect(body).toMatchObject({
      ok: true,
      topics: [
        {
          topic: 'preview',
          kind: 'table',
          columns: [
            { name: 'sku', type: 'text' },
            { name: 'n', type: 'number' },
            { name: 'at', type: 'date-time' },
          ],
          rows: [{ sku: 'a', n: 1 }],
          rowCount: 2,
        },
      ],
      refusals: 1,
      refused: [expect.stringContaining('line 3')],
      tookMs: expect.any(Number),
      firstMs: expect.any(Number),
    });
    expect((await ask('GET', 'topics')).body['topics']).toEqual([]);
  });

  test('of what does not work says why, and the cure', async () => {
    const { body } = await ask('POST', 'sources/test', { kind: 'csv', settings: { path: 'none.csv' } });
    expect(body).toMatchObject({ ok: false, error: expect.stringContaining('none.csv') });
  });

  test('goes through the transforms', async () => {
    await upload('stock.csv', 'sku,n\na,1\nb,2\n');
    const transforms = [{ type: 'sort', by: 'n', descending: true }];
    const settings = { path: 'stock.csv', keyField: 'sku', transforms };
    const { body } = await ask('POST', 'sources/preview', { kind: 'csv', settings });
    expect(body).toMatchObject({ topics: [{ rows: [{ sku: 'b' }, { sku: 'a' }] }] });
  });
});

test('scripts and JSONata run in the sandbox, and what they may not do is told', async () => {
  await upload('stock.csv', 'sku,n\na,1\nb,2\n');
  const preview = async (step: JsonObject) => {
    const settings = { path: 'stock.csv', keyField: 'sku', transforms: [step] };
    return (await ask('POST', 'sources/preview', { kind: 'csv', settings })).body;
  };
  const script = { type: 'script', code: 'return data.map((row) => ({ ...row, n: row.n * 10 }))' };
  expect(await preview(script)).toMatchObject({ ok: true, topics: [{ rows: [{ sku: 'a', n: 10 }, { n: 20 }] }] });
  const jsonata = { type: 'jsonata', expression: '$[n > 1]' };
  expect(await preview(jsonata)).toMatchObject({ ok: true, topics: [{ rows: [{ sku: 'b' }] }] });
  const endless = await preview({ type: 'script', code: 'for (;;);' });
  expect(endless).toMatchObject({ ok: false, error: expect.stringContaining('transforms[0]') });
});

describe('a secret', () => {
  const QUEUE = { name: 'queue', kind: 'redis', url: SECRET, channels: { news: 'news' } };

  test('is sealed on the disk, and in no answer, log or metric', async () => {
    await ask('POST', 'sources', QUEUE);
    await host.hub.open({ id: 'a', roles: [] }, watcher).subscribe({ topic: 'news' }, () => {});
    const wrong = { kind: 'redis', settings: { url: SECRET, channels: 5 } };
    const answers = [
      await ask('GET', 'sources/queue'),
      await ask('PUT', 'sources/queue', { kind: 'redis', url: '(unchanged)', channels: { news: 'other' } }),
      await ask('POST', 'sources/test', { name: 'queue', timeoutMs: 2000 }),
      await ask('POST', 'sources/preview', wrong),
      await ask('POST', 'sources', QUEUE),
      await ask('GET', 'sources'),
      await ask('GET', 'topics'),
    ];
    const metrics = await (await fetch(`${host.url}/metrics`)).text();
    const kept = JSON.stringify(await withStoreOf(dataDir, (store) => store.read('sources')));
    const seen = [...answers.map(({ text }) => text), metrics, kept, ...logged].join('\n');
    expect(seen).not.toContain('P4ssw0rd');
    expect(answers[0]?.body).toMatchObject({ settings: { url: '(unchanged)' } });
    expect(answers[2]?.body).toMatchObject({ ok: false, error: expect.stringContaining('127.0.0.1:1') });
  });

  test('that is sent as unchanged stays what it is, over a restart too', async () => {
    await ask('POST', 'sources', QUEUE);
    const changed = { kind: 'redis', url: '(unchanged)', channels: { news: 'other' } };
    expect((await ask('PUT', 'sources/queue', changed)).status).toBe(200);
    await host.close();
    host = await start();
    const { body } = await ask('POST', 'sources/test', { name: 'queue', timeoutMs: 2000 });
    expect(body['error']).toContain('127.0.0.1:1');
  });

  test('of the configuration is not sent where somebody else wants it', async () => {
    await host.close();
    const { name: _, ...own } = QUEUE;
    host = await start({ sources: { queue: own } });
    const settings = { url: '(unchanged)', channels: { other: 'other' } };
    const { status, body } = await ask('POST', 'sources/preview', { name: 'queue', kind: 'redis', settings });
    expect(status).toBe(400);
    expect(body.error.message).toContain('url must be given');
  });

  test('is not repeated with what is wrong around it', async () => {
    const settings = { url: 'https://mes.example/api', auth: [{ type: 'basic', user: 'u', password: 'P4ssw0rd' }] };
    const { status, text } = await ask('POST', 'sources/preview', { kind: 'http', settings });
    expect(status).toBe(400);
    expect(text).toMatch(/auth must be/);
    expect(text).not.toContain('P4ssw0rd');
  });

  test('is none of the steps and parameters that every source has, whatever they are called', async () => {
    const common = {
      transforms: [{ type: 'rename', names: { url: 'address' } }],
      params: { url: { value: 'here' }, password: { value: 'of a door' } },
    };
    const sql = { url: 'postgres://reader@127.0.0.1:1/shop', query: 'SELECT :url AS a, :password AS b' };
    const made = await ask('POST', 'sources', { name: 'doors', kind: 'sql', ...sql, ...common });
    expect(made.body).toMatchObject({ settings: { ...common, url: '(unchanged)' } });
    const [kept] = await withStoreOf(dataDir, (store) => store.read('sources'));
    expect(kept?.value).toMatchObject({ settings: common });
  });

  test('that there is none of cannot stay unchanged', async () => {
    const { body } = await ask('POST', 'sources', { ...QUEUE, url: '(unchanged)' });
    expect(body.error.message).toBe('url must be given: there is none that could stay unchanged');
  });

  test('that was moved to another source in the store stops the start, naming it', async () => {
    await ask('POST', 'sources', QUEUE);
    await host.close();
    const change = (id: string, value: JsonValue | undefined) => ({ collection: 'sources', id, value });
    await withStoreOf(dataDir, async (store) => {
      const [kept] = await store.read('sources');
      const moved = { ...(kept?.value as JsonObject), name: 'elsewhere' };
      await store.write([change(QUEUE.name, undefined), change('elsewhere', moved)]);
    });
    await expect(start()).rejects.toThrow(/sources\[elsewhere\]\.url cannot be opened with/);
    await withStoreOf(dataDir, (store) => store.write([change('elsewhere', undefined)]));
    host = await start();
  });
});

describe('through the API', () => {
  test('no program can be started', async () => {
    const refused = await ask('POST', 'sources', { name: 'p', kind: 'process', command: ['id'] });
    expect(refused).toMatchObject({ status: 403, body: { error: { name: 'permission_denied' } } });
    const tried = await ask('POST', 'sources/test', { kind: 'process', settings: { command: ['id'] } });
    expect(tried.status).toBe(403);
  });

  test.each(['../keys.json', '/etc/passwd', 'a/b.csv', '..', '.secret', 'x\0.csv', '..%2fkeys.json', ''])(
    'no file but an uploaded one is read: %j',
    async (path) => {
      await writeFile(join(dataDir, 'canary.csv'), 'canary\n1\n');
      const { body, text } = await ask('POST', 'sources/preview', { kind: 'csv', settings: { path } });
      expect(body['ok'] ?? false).toBe(false);
      expect(text).not.toMatch(/canary|root:/);
    },
  );

  test.each(['../x', 'a/b', '.hidden', '..', 'x'.repeat(200), 'upload-1.part', 'a\\b', '产'.repeat(100)])(
    'no file is uploaded under the name %j',
    async (name) => {
      expect([400, 404]).toContain((await upload(name, 'x')).status);
      expect((await ask('GET', 'files')).body).toEqual({ files: [] });
    },
  );

  test('a file that is too large leaves nothing, and the one of its name as it was', async () => {
    await host.close();
    host = await start({ http: { fileBytes: 2000 } });
    await upload('a.csv', 'x\n1\n');
    expect((await upload('a.csv', 'y'.repeat(3000))).status).toBe(413);
    const { body } = await ask('GET', 'files');
    expect(body).toEqual({ files: [{ name: 'a.csv', bytes: 4, changedAt: expect.any(Number) }] });
    expect((await ask('DELETE', 'files/a.csv')).status).toBe(200);
    expect((await ask('DELETE', 'files/a.csv')).status).toBe(400);
  });

  test('no address is reached that is not public, unless the configuration allows it', async () => {
    await host.close();
    host = await start({ outgoing: { allow: [] } });
    const settings = { url: 'redis://localhost:1', channels: { news: 'news' } };
    const { body } = await ask('POST', 'sources/test', { kind: 'redis', settings });
    expect(body).toMatchObject({ ok: false, error: expect.stringContaining('outgoing.allow') });
  });

  test('other machines change nothing', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9' };
    for (const [method, path] of [
      ['POST', 'sources'],
      ['POST', 'sources/test'],
      ['POST', 'sources/preview'],
      ['GET', 'sources/x'],
      ['PUT', 'sources/x'],
      ['DELETE', 'sources/x'],
      ['GET', 'files'],
      ['PUT', 'files/x'],
      ['DELETE', 'files/x'],
    ] as const) {
      const body = method === 'GET' ? {} : { body: '{}' };
      const answer = await fetch(`${host.url}/api/${path}`, { method, headers, ...body });
      expect([method, path, answer.status]).toEqual([method, path, 401]);
    }
  });
});

test('each kind tells the schema of its settings, and an example that it accepts', async () => {
  const kinds = (await ask('GET', 'source-kinds')).body['kinds'] as (JsonObject & {
    kind: string;
    schema: JsonObject;
  })[];
  expect(kinds.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['csv', 'process', 'redis']));
  for (const { kind, schema } of kinds) {
    const alternatives = (schema['oneOf'] ?? schema['anyOf'] ?? [schema]) as { properties: JsonObject }[];
    for (const { properties } of alternatives)
      expect(properties).toMatchObject({ kind: { const: kind }, transforms: {} });
  }
});

const watcher = {
  encoding: { name: 'none', encode: () => new Uint8Array() },
  write: () => true,
  takenBytes: () => 0,
  close() {},
};
