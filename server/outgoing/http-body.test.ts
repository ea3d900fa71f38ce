import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { TidewallError } from '@tidewall/protocol';
import { eventually, type TestServer, TestServers } from '@tidewall/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAddressList } from './address-list.ts';
import { createOutgoing } from './outgoing.ts';

const servers = new TestServers();
afterEach(() => servers.close());
const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: true });
const MiB = 1024 * 1024;

async function failureOf(asked: Promise<unknown>): Promise<string> {
  const failure = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(failure).toBeInstanceOf(TidewallError);
  return (failure as Error).message;
}

const answering = (body: Uint8Array | string, headers: Record<string, string> = {}, status = 200) =>
  servers.http((_, response) => response.writeHead(status, headers).end(body));
const urlOf = ({ port }: TestServer) => `http://127.0.0.1:${port}/`;
const textOf = async (server: TestServer, options = {}) => (await outgoing.request(urlOf(server), options)).text();
/** Says something again and again, as fast as it is read, or in a pace. */
const endless = (chunk: Uint8Array, headers: Record<string, string> = {}, everyMs?: number) =>
  servers.http((_, response) => {
    response.writeHead(200, headers);
    const say = () => {
      if (response.destroyed) return;
      const more = response.write(chunk);
      if (everyMs !== undefined) setTimeout(say, everyMs);
      else if (more) setImmediate(say);
      else response.once('drain', say);
    };
    say();
  });
const noConnections = (server: TestServer) => eventually(() => server.open === 0, 'the connection is let go');

describe('[O7] an answer without end', () => {
  it('is refused at the bound, without being kept, and its connection is let go', async () => {
    const server = await endless(Buffer.alloc(64 * 1024, 'x'));
    expect(await failureOf(textOf(server, { maxBytes: MiB }))).toBe(
      `what 127.0.0.1:${server.port} answers is longer than ${MiB} bytes`,
    );
    await noConnections(server);
  });

  it('is refused at 16 MiB when nobody says where', async () => {
    const server = await answering(Buffer.alloc(16 * MiB + 1));
    expect(await failureOf(textOf(server))).toContain(`longer than ${16 * MiB} bytes`);
    const just = await answering(Buffer.alloc(16 * MiB));
    expect((await (await outgoing.request(urlOf(just))).bytes()).length).toBe(16 * MiB);
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(64 * MiB))],
    ['br', brotliCompressSync(Buffer.alloc(64 * MiB), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ['deflate', deflateSync(Buffer.alloc(64 * MiB))],
  ])('that is packed small (%s) is refused when its bound is unpacked', async (encoding, bomb) => {
    expect(bomb.length).toBeLessThan(MiB);
    const server = await answering(bomb, { 'content-encoding': encoding });
    expect(await failureOf(textOf(server, { maxBytes: MiB }))).toContain(`longer than ${MiB} bytes`);
  });

  it('that unpacks to nothing is refused by what is sent', async () => {
    // An empty block of a stream that could go on with any number of them, behind the head of one.
    const head = gzipSync('').subarray(0, 10);
    const server = await servers.http((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.write(head);
      const empty = Buffer.alloc(64 * 1024 - 1).fill(Buffer.from([0, 0, 0, 0xff, 0xff]));
      const say = () => {
        if (response.destroyed) return;
        if (response.write(empty.subarray(0, empty.length - (empty.length % 5)))) setImmediate(say);
        else response.once('drain', say);
      };
      say();
    });
    expect(await failureOf(textOf(server, { maxBytes: MiB }))).toContain(`longer than ${MiB} bytes`);
    await noConnections(server);
  });

  it('that drips is read for as long as something comes, and given up when nothing does', async () => {
    const server = await servers.http((_, response) => {
      response.write('a');
      const timer = setInterval(() => response.write('a'), 50);
      setTimeout(() => clearInterval(timer), 400);
    });
    const chunks: string[] = [];
    const reading = (async () => {
      const { body } = await outgoing.request(urlOf(server), { timeoutMs: 200 });
      for await (const chunk of body) chunks.push(String(Buffer.from(chunk)));
    })();
    expect(await failureOf(reading)).toBe(`127.0.0.1:${server.port} cannot be asked: it does not answer within 200 ms`);
    expect(chunks.join('').length).toBeGreaterThan(3);
    await noConnections(server);
  });

  it('of head lines is given up, by their number and by the time', async () => {
    const talk = (pieces: (say: (text: string) => void) => void) =>
      servers.tcp((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        pieces((text) => socket.write(text));
      });
    const many = await talk((say) => say('x-header: value\r\n'.repeat(2000)));
    expect(await failureOf(textOf(many))).toContain('the head of its answer has more than 16 KiB');
    const slow = await talk((say) => void setInterval(() => say('x-header: value\r\n'), 50).unref());
    expect(await failureOf(textOf(slow, { timeoutMs: 300 }))).toContain('does not answer within 300 ms');
  });

  it('that never begins is given up', async () => {
    const server = await servers.http(() => {});
    expect(await failureOf(textOf(server, { timeoutMs: 100 }))).toContain('does not answer within 100 ms');
    await noConnections(server);
  });
});

describe('a body', () => {
  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
    ['identity', (text: Buffer) => text],
  ])('is unpacked as its head says: %s', async (encoding, pack) => {
    const server = await answering(pack(Buffer.from('größe 大屏')), { 'content-encoding': encoding });
    expect(await textOf(server)).toBe('größe 大屏');
  });

  it.each([
    [204, ''],
    [304, ''],
    [200, ''],
  ])('that is empty may have an encoding all the same: %i', async (status, body) => {
    const server = await answering(body, { 'content-encoding': 'gzip' }, status);
    expect(await textOf(server)).toBe('');
  });

  it.each([
    ['gzip', 'plain text'],
    ['br', '\xff\xff\xff\xff\xff\xff'],
    ['deflate', 'plain text'],
  ])('that is not packed as its head says (%s) is told as such', async (encoding, body) => {
    const server = await answering(body, { 'content-encoding': encoding });
    expect(await failureOf(textOf(server))).toContain('is not packed as it says');
    await noConnections(server);
  });

  it.each(['zstd', 'gzip, gzip', '__proto__', 'constructor'])(
    'in an encoding that nobody asked for (%s) is refused',
    async (encoding) => {
      const server = await answering('x', { 'content-encoding': encoding });
      expect(await failureOf(textOf(server))).toContain(`answers in the encoding ${JSON.stringify(encoding)}`);
      await noConnections(server);
    },
  );

  it.each([
    ['shorter than its length', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc'],
    ['without its last chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'],
    ['without a head', 'HTTP/1.1 200 OK\r\ncontent-'],
  ])('that is %s has been cut', async (_what, text) => {
    const server = await servers.tcp((socket) => socket.end(Buffer.from(text, 'latin1')));
    expect(await failureOf(textOf(server))).toBe(`127.0.0.1:${server.port} cannot be asked: the connection was cut`);
  });

  it.each([
    ['of chunks is cut off in the middle', 'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n', 'the connection was cut'],
    [
      'has chunks that are none',
      'transfer-encoding: chunked\r\n\r\nxyz\r\n',
      'what it answers breaks the rules of HTTP',
    ],
  ])('that %s says so', async (_what, text, sentence) => {
    const server = await servers.tcp((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${text}`);
      setImmediate(() => socket.resetAndDestroy());
    });
    const reading = outgoing.request(urlOf(server)).then(async (answer) => {
      await noConnections(server);
      return answer.text();
    });
    expect(await failureOf(reading)).toContain(sentence);
  });

  it('that is packed and breaks off is no whole one', async () => {
    const server = await servers.http((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('abcabcabc').subarray(0, 20));
    });
    expect(await failureOf(textOf(server))).toContain('what it sends breaks off, or is not packed as it says');
  });

  it('that breaks off while nobody reads it harms nobody, and whoever reads it later hears of it', async () => {
    const server = await servers.tcp((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc');
      setImmediate(() => socket.destroy());
    });
    const answer = await outgoing.request(urlOf(server));
    await noConnections(server);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await failureOf(answer.text())).toContain('the connection was cut');
  });

  it('that nobody wants is let go with its connection', async () => {
    const server = await endless(Buffer.alloc(1000));
    const answer = await outgoing.request(urlOf(server));
    answer.discard();
    await noConnections(server);
  });

  it('whose reader has enough is let go with its connection', async () => {
    const server = await endless(Buffer.alloc(1000));
    const { body } = await outgoing.request(urlOf(server));
    for await (const chunk of body) if (chunk.length > 0) break;
    await noConnections(server);
  });

  it('may be of bytes that are no text', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
    const server = await answering(bytes);
    expect(Buffer.from(await (await outgoing.request(urlOf(server))).bytes())).toEqual(bytes);
  });
});

describe('[O8] an abort', () => {
  const handles = () =>
    process
      .getActiveResourcesInfo()
      .filter((name) => name !== 'TCPServerWrap')
      .sort();

  it.each<[string, () => Promise<TestServer>]>([
    ['before the head', () => servers.http(() => {})],
    ['while the body comes', () => endless(Buffer.alloc(1000), {}, 1)],
    ['while a packed body comes', () => endless(gzipSync('x'), { 'content-encoding': 'gzip' }, 1)],
    [
      'while the head leads on',
      () => servers.http((_, response) => void setTimeout(() => response.writeHead(302, { location: '/' }).end(), 5)),
    ],
  ])('%s ends it at once with the reason of whoever aborts, and leaves nothing', async (_what, start) => {
    const server = await start();
    const before = handles();
    const abort = new AbortController();
    const asked = textOf(server, { signal: abort.signal, maxBytes: Number.POSITIVE_INFINITY, maxRedirects: 1e9 });
    asked.catch(() => {});
    await eventually(() => server.asked.length > 0, 'the request arrives');
    await new Promise((resolve) => setImmediate(resolve));
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(asked).rejects.toBe(reason);
    await noConnections(server);
    await eventually(() => handles().length <= before.length, 'no handle is left');
  });

  it('before the beginning asks nobody', async () => {
    const server = await answering('x');
    const signal = AbortSignal.abort(new Error('never'));
    await expect(outgoing.request(urlOf(server), { signal })).rejects.toThrow('never');
    expect(server.reachedAt).toEqual([]);
  });

  it('of a long life gathers no listeners', async () => {
    const server = await answering('x');
    const abort = new AbortController();
    const listeners: number[] = [];
    const { signal } = abort;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    let count = 0;
    Object.assign(signal, {
      addEventListener(...args: Parameters<typeof add>) {
        count += 1;
        add(...args);
      },
      removeEventListener(...args: Parameters<typeof remove>) {
        count -= 1;
        remove(...args);
      },
    });
    for (let i = 0; i < 5; i++) {
      await textOf(server, { signal });
      await new Promise((resolve) => setImmediate(resolve));
      listeners.push(count);
    }
    expect(new Set(listeners).size).toBe(1);
  });
});
