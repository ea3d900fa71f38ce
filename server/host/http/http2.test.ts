import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { createTestAuthority, silentLog, startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';

/*
 * HTTP/2 where TLS is ours: by Node's client, and by frames written by hand where a client would not send such.
 */

const authority = createTestAuthority();
const { ca } = authority;
const LISTED = 'https://portal.example';
let folder: string;
let host: TestHost;
const sessions: ClientHttp2Session[] = [];
const sockets: TLSSocket[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-h2-'));
  const { cert, key } = authority.issue('DNS:localhost', 'IP:127.0.0.1');
  await writeFile(join(folder, 'cert.pem'), cert);
  await writeFile(join(folder, 'key.pem'), key);
  const http = {
    headersTimeoutMs: 300,
    requestTimeoutMs: 500,
    connectionTimeoutMs: 1000,
    headerCount: 20,
    streams: 30,
  };
  host = await startTestHost({
    settings: {
      ...{ host: '127.0.0.1', tls: { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') } },
      ...{
        http: { ...http, headerBytes: 8192 },
        limits: { pingMs: 1500, publicationBytes: 4096 },
        allowedOrigins: [LISTED],
      },
    },
  });
});
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, unknown>;
  readonly text: string;
  /** What the stream ended with. */
  readonly code: number;
}

function open(settings: object = {}): ClientHttp2Session {
  const session = connect(host.url, { ca, ...settings });
  // A session that is cut says so to who listens, and throws otherwise.
  session.on('error', () => {});
  sessions.push(session);
  return session;
}

function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve) => {
    let head: Record<string, unknown> = {};
    let text = '';
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    stream.on('response', (headers) => {
      head = headers;
    });
    stream.on('error', () => {});
    // Node's client waits with its close for the rest of a body that nobody takes any more.
    for (const end of ['end', 'close'])
      stream.on(end, () => resolve({ status: head[':status'] as number, headers: head, text, code: stream.rstCode }));
  });
}

function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string): Promise<Answer> {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return answerOf(stream);
}

const closed = (session: ClientHttp2Session) => new Promise<void>((resolve) => session.once('close', resolve));
const post = (path: string) => ({ ':method': 'POST', ':path': path });

async function rejected(reason: string): Promise<number> {
  const { text } = await ask(open(), { ':path': '/metrics' });
  return Number(new RegExp(`tidewall_http_rejected_total\\{reason="${reason}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

/** What a client sends that writes its frames by hand. */
async function raw(): Promise<{ socket: TLSSocket; send: (...frames: Buffer[]) => void; gone: Promise<Buffer> }> {
  const socket = connectTls({ port: host.port, host: '127.0.0.1', ca, ALPNProtocols: ['h2'] });
  sockets.push(socket);
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const came: Buffer[] = [];
  socket.on('data', (piece: Buffer) => came.push(piece));
  socket.on('error', () => {});
  const gone = new Promise<Buffer>((resolve) => socket.once('close', () => resolve(Buffer.concat(came))));
  return { socket, gone, send: (...frames) => void socket.write(Buffer.concat(frames)) };
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const SETTINGS = frame(4, 0, 0);
function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
/** GET, https, /, and this host, as HPACK has them; at most 127 bytes of text. */
const block = () => {
  const name = Buffer.from(`127.0.0.1:${host.port}`);
  return Buffer.concat([Buffer.from([0x82, 0x87, 0x84, 0x01, name.length]), name]);
};

test('both protocols are spoken on one port, whichever the client asks for', async () => {
  const session = open();
  expect((await ask(session, post('/api/topics/a'), '42')).status).toBe(200);
  expect((await ask(session, { ':path': '/api/topics/a' })).text).toContain('"data":42');
  const overHttp1 = await new Promise<string>((resolve, reject) => {
    get(`${host.url}/healthz`, { ca, agent: false }, (answer) => {
      answer.resume();
      resolve(`${answer.httpVersion} ${answer.statusCode}`);
    }).on('error', reject);
  });
  expect(overHttp1).toBe('1.1 200');
});

test('a WebSocket opens beside it, and is not offered over HTTP/2', async () => {
  const session = open();
  const settings = await new Promise<{ enableConnectProtocol?: boolean | undefined }>((resolve) =>
    session.once('remoteSettings', resolve),
  );
  expect(settings).toMatchObject({ enableConnectProtocol: false, maxConcurrentStreams: 30, maxHeaderListSize: 8192 });
  const socket = new WebSocket(`${host.url.replace('https', 'wss')}/ws`, 'tidewall.v1.json', { ca });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.terminate();
});

test('streams of events live as long as they are wanted, and end with a word when they are not', async () => {
  const session = open();
  const stream = session.request({ ':path': '/sse?topic=live', accept: 'text/event-stream' });
  let text = '';
  stream.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  await expect.poll(() => text).toContain('retry');
  for (const value of [1, 2, 3]) {
    await ask(session, post('/api/topics/live'), String(value));
    await expect.poll(() => text).toContain(`"d":${value}`);
  }
  // An idle connection is closed before the first comment is due.
  await expect.poll(() => text.split('\n:').length, { timeout: 10_000 }).toBe(3);
  expect(stream.closed).toBe(false);
  const { text: metrics } = await ask(session, { ':path': '/metrics' });
  expect(metrics).toMatch(/tidewall_gateway_connections\{gateway="sse"\} 1/);
  stream.close(constants.NGHTTP2_CANCEL);
  await expect
    .poll(async () => (await ask(session, { ':path': '/metrics' })).text)
    .toMatch(/connections\{gateway="sse"\} 0/);
});

test('a long poll waits, without being cut for it, and is answered when there is news', async () => {
  const session = open();
  const first = await ask(session, { ':path': '/poll?topic=news&waitMs=0' });
  const cursor = encodeURIComponent(String(first.headers['x-tidewall-cursor']));
  const late = await ask(session, { ':path': `/poll?topic=news&waitMs=1500&cursor=${cursor}` });
  expect(late.status).toBe(200);
  expect(late.text).not.toContain('"d":');
  const waiting = ask(session, { ':path': `/poll?topic=news&waitMs=30000&cursor=${cursor}` });
  await ask(session, post('/api/topics/news'), '"now"');
  expect(await waiting).toMatchObject({ status: 200, text: expect.stringContaining('now') });
  const opened = JSON.parse((await ask(session, post('/poll'), '')).text) as { session: string };
  expect(opened.session).toMatch(/./);
});

test('Socket.IO polls over it', async () => {
  const session = open();
  const path = '/socket.io/?EIO=4&transport=polling';
  const opened = await ask(session, { ':path': path });
  const { sid } = JSON.parse(opened.text.slice(1)) as { sid: string };
  const sent = await ask(session, { ...post(`${path}&sid=${sid}`), 'content-type': 'text/plain' }, '40');
  expect(sent).toMatchObject({ status: 200, text: 'ok' });
  expect((await ask(session, { ':path': `${path}&sid=${sid}` })).text).toMatch(/^40\{"sid":/);
});

test('another page may not, by what HTTP/2 calls the host; two hosts in one request are refused', async () => {
  const session = open();
  const other = await ask(session, { ...post('/api/topics/a'), origin: 'https://evil.example' }, '1');
  expect(other.status).toBe(403);
  expect((await ask(session, { ...post('/api/topics/a'), origin: host.url }, '1')).status).toBe(200);
  const listed = await ask(session, { ...post('/api/topics/a'), origin: LISTED }, '1');
  expect(listed.headers['access-control-allow-origin']).toBe(LISTED);
  const pointed = await ask(session, { ':path': '/api/topics', ':authority': 'evil.example' });
  expect(pointed.status).toBe(403);
  const twofold = await ask(session, { ':path': '/api/topics', ':authority': 'evil.example', host: '127.0.0.1' });
  expect(twofold.status).toBe(400);
});

test('headers above their number are answered with 431, far above it or above their bytes the request is dropped', async () => {
  const session = open();
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, '1']));
  expect((await ask(session, { ':path': '/healthz', ...many(20) })).status).toBe(200);
  expect(await ask(session, { ':path': '/healthz', ...many(21) })).toMatchObject({
    status: 431,
    text: expect.stringContaining('more than 20 headers (http.headerCount)'),
  });
  expect((await ask(session, { ':path': '/healthz', ...many(60) })).status).toBeUndefined();
  expect((await ask(session, { ':path': '/healthz', x: 'y'.repeat(7000) })).status).toBe(200);
  expect((await ask(session, { ':path': '/healthz', x: 'y'.repeat(9000) })).status).toBeUndefined();
});

test('a body above its limit is answered, and the connection goes on', async () => {
  const session = open();
  const said = await ask(session, { ...post('/api/topics/big'), 'content-length': 3_000_000 }, 'x'.repeat(3_000_000));
  expect(said).toMatchObject({ status: 413, text: expect.stringContaining('limits.publicationBytes') });
  const unsaid = await ask(session, post('/api/topics/big'), 'x'.repeat(3_000_000));
  expect(unsaid).toMatchObject({ status: 413, text: expect.stringContaining('limits.publicationBytes') });
  expect((await ask(session, { ':path': '/healthz' })).status).toBe(200);
});

test('a body that does not come in its time is answered with 408', async () => {
  const stream = open().request(post('/api/topics/slow'));
  stream.write('1');
  expect(await answerOf(stream)).toMatchObject({ status: 408 });
});

test('an answer that is not read is given up, however lively the rest of the connection is', async () => {
  await ask(open(), post('/api/topics/wide'), JSON.stringify('x'.repeat(3000)));
  const session = open({ settings: { initialWindowSize: 10 } });
  const lively = setInterval(() => session.ping(() => {}), 300);
  const stream = session.request({ ':path': '/api/topics/wide' });
  stream.on('error', () => {});
  try {
    const code = await new Promise<number>((resolve) => stream.once('close', () => resolve(stream.rstCode)));
    expect(code).toBe(constants.NGHTTP2_CANCEL);
  } finally {
    clearInterval(lively);
  }
});

test('an idle connection is closed', async () => {
  await closed(open());
});

test('who agrees on HTTP/2 and says nothing is cut at the limit of headers', async () => {
  const before = await rejected('timeout');
  const { gone } = await raw();
  await gone;
  expect(await rejected('timeout')).toBe(before + 1);
});

test('headers that never end are cut, and so are those that come byte by byte', async () => {
  const { send, gone, socket } = await raw();
  send(PREFACE, SETTINGS, frame(1, 1, 1, block()));
  const drip = setInterval(() => socket.writable && send(frame(9, 0, 1, Buffer.from([0x82]))), 100);
  await gone;
  clearInterval(drip);
});

test('what is left of a body that is refused is not taken', async () => {
  const { send, socket } = await raw();
  let came = Buffer.alloc(0);
  socket.on('data', (piece: Buffer) => {
    came = Buffer.concat([came, piece]);
  });
  const path = Buffer.from('/api/topics/left');
  const asked = Buffer.concat([Buffer.from([0x83, 0x87, 0x04, path.length]), path, block().subarray(3)]);
  // It has been read up to the limit, and does not end.
  send(PREFACE, SETTINGS, frame(1, 4, 1, asked), frame(0, 0, 1, Buffer.alloc(8000)));
  await expect.poll(() => resetsIn(came, constants.NGHTTP2_NO_ERROR)).toBe(1);
});

test('requests beyond those allowed at once are refused, each by itself', async () => {
  const { send, socket } = await raw();
  let came = Buffer.alloc(0);
  socket.on('data', (piece: Buffer) => {
    came = Buffer.concat([came, piece]);
  });
  // They do not end, so each of them waits for its body.
  send(PREFACE, SETTINGS, ...Array.from({ length: 40 }, (_, i) => frame(1, 4, 2 * i + 1, block())));
  await expect.poll(() => resetsIn(came, constants.NGHTTP2_REFUSED_STREAM)).toBe(10);
});

test('who asks and takes back without end is cut after the first two hundred', async () => {
  const before = await rejected('http2_resets');
  const { send, gone } = await raw();
  const cancel = Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL]);
  const each = Array.from({ length: 250 }, (_, i) => [
    frame(1, 4 | 1, 2 * i + 1, block()),
    frame(3, 0, 2 * i + 1, cancel),
  ]);
  send(PREFACE, SETTINGS, ...each.flat());
  const said = await gone;
  expect(goodbyeIn(said)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  expect(await rejected('http2_resets')).toBe(before + 1);
});

test('a page that takes all of its requests back at once goes on', async () => {
  const session = open();
  for (let round = 0; round < 5; round++) {
    const asked = Array.from({ length: 30 }, () => session.request({ ':path': '/poll?topic=z&waitMs=60000' }));
    await Promise.all(
      asked.map((stream) => {
        stream.on('error', () => {});
        stream.close(constants.NGHTTP2_CANCEL);
        return new Promise((resolve) => stream.once('close', resolve));
      }),
    );
  }
  expect((await ask(session, { ':path': '/healthz' })).status).toBe(200);
});

test.each([
  ['a window of nothing more', () => Buffer.alloc(4)],
  ['a window above its largest', () => Buffer.from([0x7f, 0xff, 0xff, 0xff])],
])('who would make this end give streams up by %s is cut at the first', async (_, increment) => {
  const before = await rejected('http2');
  const { send, gone } = await raw();
  send(PREFACE, SETTINGS, frame(1, 4, 1, block()), frame(8, 0, 1, increment()));
  await gone;
  expect(await rejected('http2')).toBe(before + 1);
});

test.each([
  ['pings', () => frame(6, 0, 0, Buffer.alloc(8))],
  ['settings', () => SETTINGS],
])('a flood of %s is cut', async (_, control) => {
  const before = await rejected('http2_controls');
  const { send, gone } = await raw();
  send(PREFACE, SETTINGS, ...Array.from({ length: 150 }, control));
  expect(goodbyeIn(await gone)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  expect(await rejected('http2_controls')).toBe(before + 1);
});

interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

function framesIn(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end <= bytes.length) frames.push({ type: bytes.readUInt8(at + 3), payload: bytes.subarray(at + 9, end) });
    at = end;
  }
  return frames;
}

/** Why the server says that it goes. */
function goodbyeIn(bytes: Buffer): number | undefined {
  return framesIn(bytes)
    .findLast(({ type }) => type === 7)
    ?.payload.readUInt32BE(4);
}

function resetsIn(bytes: Buffer, code: number): number {
  return framesIn(bytes).filter(({ type, payload }) => type === 3 && payload.readUInt32BE() === code).length;
}

test('a server that stops says goodbye to streams, and waits for no connection that has none', async () => {
  const said: string[] = [];
  const warn = (_: object, text: string) => void said.push(text);
  const other = await startTestHost({
    settings: { host: '127.0.0.1', tls: { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') } },
    log: { ...silentLog, warn },
  });
  const session = connect(other.url, { ca });
  session.on('error', () => {});
  const stream = session.request({ ':path': '/sse?topic=a', accept: 'text/event-stream' });
  await new Promise((resolve) => stream.once('response', resolve));
  const ended = answerOf(stream);
  const gone = closed(session);
  await other.close();
  expect((await ended).text).toContain('bye');
  await gone;
  expect(said.filter((text) => text.includes('took too long'))).toEqual([]);
});
