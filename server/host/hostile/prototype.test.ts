import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { loadConfig } from '../load-config.ts';
import { ConfigError } from '../startup-errors.ts';

/* Payloads that change a prototype where something is careless, by every door. */

/** As text: a literal in a program would set a prototype itself. */
const PAYLOADS: Readonly<Record<string, string>> = {
  'a prototype': '{"__proto__":{"polluted":1}}',
  'a prototype of a list': '[{"__proto__":{"polluted":1}}]',
  'a prototype by the constructor': '{"constructor":{"prototype":{"polluted":1}}}',
  'a prototype within': '{"a":{"__proto__":{"polluted":1},"b":{"__proto__":{"polluted":1}}}}',
  'a prototype that is null': '{"__proto__":null}',
  'names of everything': '{"toString":1,"hasOwnProperty":1,"valueOf":1,"__defineGetter__":1,"toJSON":1,"then":1}',
};

let host: TestHost;
/** What everything has from birth; one member more, or another one, and something was polluted. */
const CLEAN = membersOf();

function membersOf(): string {
  const prototypes = [Object.prototype, Array.prototype, String.prototype, Function.prototype, Map.prototype];
  return prototypes.map((one) => Object.getOwnPropertyNames(one).sort().join()).join(';');
}

function expectClean(): void {
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  expect(([] as { polluted?: number }).polluted).toBeUndefined();
  expect(membersOf()).toBe(CLEAN);
}

beforeAll(async () => {
  host = await startTestHost({
    settings: { host: '127.0.0.1', gateways: { 'koa-http': { topics: { hall: 'p/hall' } } } },
  });
});
afterEach(expectClean);
afterAll(() => host.close());

async function send(method: string, path: string, body?: string, contentType = 'application/json'): Promise<string> {
  const headers = { 'content-type': contentType };
  const answer = await fetch(`${host.url}${path}`, { method, headers, ...(body !== undefined && { body }) });
  const text = await answer.text();
  expect([method, path, answer.status, text]).toEqual([method, path, expect.toSatisfy((status) => status < 500), text]);
  return text;
}

/** A frame, and what is said to it. */
function frame(path: string, ...frames: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}${path}`);
    let heard = '';
    socket.on('open', () => {
      for (const one of frames) socket.send(one);
      // Answered in any case: what came before was taken by then.
      socket.ping();
    });
    socket.on('message', (text) => {
      heard += String(text);
    });
    socket.on('pong', () => socket.close());
    socket.on('close', () => resolve(heard));
    socket.on('error', reject);
  });
}

/** What a stream has said by the time that it has said `last`. */
async function stream(
  path: string,
  last: string,
  opened: (next: () => Promise<string>) => Promise<unknown>,
): Promise<string> {
  const end = new AbortController();
  const answer = await fetch(`${host.url}${path}`, { signal: end.signal });
  expect([path, answer.status]).toEqual([path, 200]);
  const reader = (answer.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader();
  let heard = '';
  const next = async () => {
    heard += (await reader.read()).value ?? expect.fail(`${path} ended before it said ${last}`);
    return heard;
  };
  await opened(next);
  while (!heard.includes(last)) await next();
  end.abort();
  await reader.cancel().catch(() => {});
  return heard;
}

const CONNECT = '{"id":1,"connect":{"version":1}}';

/** Each door with what it does with the JSON text of a payload. */
const DOORS: Readonly<Record<string, (json: string) => Promise<unknown>>> = {
  'a publication': (json) => send('POST', '/api/topics/p/data', json),
  'a merge patch': async (json) => {
    await send('POST', '/api/topics/p/merged', '{"a":{}}');
    return send('POST', '/api/topics/p/merged?op=merge', json);
  },
  'lines of publications': (json) => send('POST', '/api/publish', `{"topic":"p/lines","data":${json}}\n${json}\n`),
  'the data of an element': (json) => send('POST', '/api/screens/none/elements/a/data', json),
  'variables of a screen': (json) => send('PATCH', '/api/screens/none/variables', json),
  'settings of topics': (json) => send('PUT', '/api/topic-settings/p%2Fq', json),
  'a source': (json) => send('POST', '/api/sources', json),
  'a source to be tried': (json) => send('POST', '/api/sources/preview', json),
  'a key': (json) => send('POST', '/api/keys', json),
  'a user': (json) => send('POST', '/api/users', json),
  'a sign-in': (json) => send('POST', '/api/session', json),
  'a query string': (json) =>
    send(
      'GET',
      `/api/topics?__proto__[polluted]=1&constructor[prototype][polluted]=1&__proto__=${encodeURIComponent(json)}`,
    ),
  'names in an address': (json) => send('GET', `/api/topics/__proto__/constructor/${encodeURIComponent(json)}`),
  'a frame of the native wire': (json) =>
    frame('/ws', CONNECT, `{"id":2,"publish":{"topic":"p/f","data":${json}}}`, json),
  'a connect': (json) => frame('/ws', `{"id":1,"connect":${json}}`),
  'a subscription': (json) =>
    frame('/ws', CONNECT, `{"id":2,"subscribe":{"topic":"p/f","positions":${json},"filter":${json}}}`),
  'a frame of TCV': (json) => frame('/tcv/hall', `{"version":1,"action":"Connect","body":${json}}`, json),
  'a frame of a SocketService': (json) =>
    frame('/socket-service/hall', `{"action":"themeChange","value":${json}}`, json),
  'a frame of Socket.IO': (json) =>
    frame(
      '/socket.io/?EIO=4&transport=websocket',
      '40',
      `42["join",${json}]`,
      `42["publish",{"room":"p","data":${json}}]`,
    ),
  'a question by long polling': (json) => send('POST', '/poll', json),
  'a session of server-sent events': (json) =>
    stream('/sse', '"id":3', async (next) => {
      const session = /"session":"([^"]+)"/.exec(await next())?.[1];
      const say = (text: string) => send('POST', `/sse?session=${session}`, text);
      await say(CONNECT);
      await say(`{"id":2,"publish":{"topic":"p/sse","data":${json}}}`);
      await say(`{"id":3,"subscribe":{"topic":"p/sse","positions":${json},"filter":${json}}}`);
      await say(json);
    }),
  'a frame of the token and heartbeat': (json) =>
    frame(
      '/heart-check',
      `{"type":"auth","data":${json}}`,
      `{"type":"__proto__","data":${json}}`,
      '{"type":"auth","data":"a"}',
      `{"type":"constructor","data":${json}}`,
      json,
    ),
  'a file of koa': async (json) => {
    for (const name of ['__proto__', 'constructor', 'toString', encodeURIComponent(json)]) {
      expect(await send('GET', `/koa/api/${name}`)).toContain('404');
    }
    await send('POST', '/api/topics/p/hall?kind=state', json);
    expect(await send('GET', '/koa/api/hall')).toBe(json);
  },
  'cells and columns of a file that is uploaded': async (json) => {
    await send('PUT', '/api/files/odd.csv', `__proto__,constructor\n"${json.replaceAll('"', '""')}",1\n`, 'text/csv');
    const shown = await send('POST', '/api/sources/preview', '{"kind":"csv","settings":{"path":"odd.csv"}}');
    expect(JSON.parse(shown)).toMatchObject({ ok: true });
    expect(shown).toContain(`"__proto__":${JSON.stringify(json)}`);
  },
  'tags of line protocol': () =>
    send('POST', '/api/ingest/influx', '__proto__,__proto__=x,constructor=y __proto__=1,prototype=2\n', 'text/plain'),
  'attributes of OTLP': (json) =>
    send(
      'POST',
      '/api/ingest/otlp',
      `{"resourceMetrics":[{"resource":{"attributes":[{"key":"__proto__","value":{"stringValue":"polluted"}},{"key":"constructor","value":{"kvlistValue":{"values":[{"key":"__proto__","value":{"stringValue":"x"}}]}}}]},"scopeMetrics":[{"metrics":[{"name":"__proto__","gauge":{"dataPoints":[{"timeUnixNano":"1700000000000000000","asDouble":1,"attributes":[{"key":"__proto__","value":{"stringValue":"a"}}]}]}},${json}]}]}]}`,
    ),
};

describe('[P1] a payload that would pollute', () => {
  for (const [door, put] of Object.entries(DOORS)) {
    test.each(Object.entries(PAYLOADS))(`by ${door}: %s`, async (_what, json) => {
      await put(json);
      expectClean();
    });
  }

  test.each(Object.entries(PAYLOADS))('is data where it is data: %s', async (_what, json) => {
    await send('POST', '/api/topics/p/kept?kind=state', json);
    const kept = await send('GET', '/api/topics/p/kept');
    expect(kept).toContain(`"data":${json}`);
  });

  test.each([
    ['/api/sources', '{"name":"odd","kind":"csv","path":"a.csv","types":{"__proto__":"number"}}', 'types.__proto__'],
    ['/api/sources', '{"name":"odd","kind":"http","url":"http://a/","headers":{"__proto__":"x"}}', 'headers.__proto__'],
    ['/api/sources', '{"name":"odd","kind":"csv","path":"a.csv","__proto__":{"delimiter":"x"}}', '__proto__'],
    ['/api/sources/preview', '{"kind":"csv","settings":{"path":"a.csv","__proto__":{}}}', 'settings.__proto__'],
    ['/api/sources/test', '{"kind":"csv","settings":{"path":"a.csv"},"params":{"__proto__":"x"}}', 'params.__proto__'],
  ])('is refused by its name in the settings of a source: POST %s %s', async (path, json, name) => {
    const { error } = JSON.parse(await send('POST', path, json)) as { error: object };
    expect(error).toMatchObject({ name: 'bad_request', message: expect.stringContaining(`${name} is unknown`) });
  });

  test.each([
    ['tidewall.yaml', '__proto__: { port: 1, polluted: 1 }\nconstructor: { prototype: { polluted: 1 } }\n'],
    ['tidewall.yaml', 'sources: { __proto__: { kind: host, polluted: 1 } }\n'],
    ['tidewall.yaml', 'limits: { __proto__: { sessions: 1, polluted: 1 } }\n'],
    ['tidewall.yaml', 'base: &a { polluted: 1 }\n__proto__: { <<: *a }\n'],
    ['tidewall.yaml', '{"__proto__":{"polluted":1},"limits":{"constructor":{"prototype":{"polluted":1}}}}'],
  ])('is refused by its name in a configuration: %s %j', async (file, text) => {
    const folder = await mkdtemp(join(tmpdir(), 'tidewall-proto-'));
    try {
      await writeFile(join(folder, file), text);
      const loaded = loadConfig({ flags: {}, env: {}, folder });
      await expect(loaded).rejects.toThrow(ConfigError);
      await expect(loaded).rejects.toThrow(/__proto__|constructor/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test('[P1] this test sees a prototype that is polluted', () => {
  Object.defineProperty(Object.prototype, 'polluted', { value: 1, configurable: true });
  try {
    expect(expectClean).toThrow();
  } finally {
    delete (Object.prototype as { polluted?: number }).polluted;
  }
});
