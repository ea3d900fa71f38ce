import { createServer, type Server, type Socket } from 'node:net';
import type { SourceDefinition } from '@tidewall/contracts';
import {
  createTestAuthority,
  type DatabaseServer,
  findPostgres,
  findProgram,
  startPostgres,
  TcpProxy,
  type TestAuthority,
} from '@tidewall/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { definition } from '../definition.ts';
import { createAsker } from '../sql-probe.contract.ts';

const WAIT = { timeout: 10_000, interval: 10 };
const QUERY = 'SELECT count(*) AS n FROM pg_class';

/** A message of PostgreSQL's protocol. */
function message(type: string, ...parts: (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(`${part}\0`) : part)));
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}
const int16 = (n: number) => Buffer.from([n >> 8, n & 255]);
const int32 = (n: number) => Buffer.from([n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]);
const READY = message('Z', Buffer.from('I'));
const WELCOME = Buffer.concat([message('R', int32(0)), READY]);
const COLUMN = message('T', int16(1), 'a', int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0));

describe.skipIf(findPostgres() === undefined)('PostgreSQL that breaks', () => {
  let server: DatabaseServer;
  let proxy: TcpProxy;
  let authority: TestAuthority;
  const hasTls = findProgram('openssl') !== undefined;

  beforeAll(async () => {
    if (hasTls) authority = createTestAuthority();
    server = await startPostgres(hasTls ? { tls: authority.issue('DNS:db.example', 'IP:127.0.0.1') } : {});
    server.sql("CREATE USER reader PASSWORD 'reader-pass'");
    proxy = await TcpProxy.start(server.port);
  });
  afterAll(async () => {
    await proxy?.close();
    await server?.close();
  });

  const urlAt = (port: number) => `postgres://reader:reader-pass@127.0.0.1:${port}/postgres`;
  const ask = createAsker(definition as SourceDefinition, () => ({ url: urlAt(server.port), query: QUERY }));

  test('is a failure while it is away, and works again when it is back', async () => {
    const source = ask.probe({});
    await source.published(2);
    await server.kill();
    expect(await source.failed()).toMatch(/^PostgreSQL at 127\.0\.0\.1:\d+ (is gone|cannot be reached): \S/);
    await server.start();
    expect(await ask.first({})).toEqual([{ n: expect.any(Number) }]);
  });

  test.each(['connecting', 'logging in', 'asking'])(
    'while %s, a stop is heard at once and leaves no connection',
    async (stage) => {
      if (stage === 'connecting') proxy.stall();
      // So slow that the login has begun and is not over when everything stands still.
      if (stage === 'logging in') proxy.drip(1);
      const source = ask.probe({
        url: urlAt(proxy.port),
        query: stage === 'asking' ? 'SELECT pg_sleep(30)' : QUERY,
        timeoutMs: 60_000,
      });
      await vi.waitFor(() => expect(proxy.connections).toBe(1), WAIT);
      if (stage === 'logging in') proxy.stall();
      if (stage === 'asking') {
        const sleeping = () => server.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'");
        await vi.waitFor(() => expect(sleeping()).toBe('1'), WAIT);
      }
      const begun = performance.now();
      await source.stop();
      expect(performance.now() - begun).toBeLessThan(1_000);
      proxy.heal();
      await vi.waitFor(() => expect(proxy.connections).toBe(0), WAIT);
      expect(source.data).toEqual([]);
    },
  );

  test('that does not answer is a failure after timeoutMs', async () => {
    const source = ask.probe({ url: urlAt(proxy.port), timeoutMs: 500 });
    await source.published(1);
    proxy.stall();
    expect(await source.failed()).toBe(
      `PostgreSQL at 127.0.0.1:${proxy.port} did not answer within 500 ms: ask it for less, or raise timeoutMs`,
    );
    proxy.heal();
    await vi.waitFor(() => expect(proxy.connections).toBe(0), WAIT);
  });

  test('in the middle of an answer is a failure, and nothing of it is published', async () => {
    const source = ask.probe({ url: urlAt(proxy.port), query: "SELECT repeat('x', 5000000) AS a, pg_sleep(0.1)" });
    const size = vi.waitFor(() => expect(proxy.connections).toBe(1), WAIT);
    await size;
    proxy.drip(1_000);
    await vi.waitFor(
      () => expect(server.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'ClientWrite'")).toBe('1'),
      WAIT,
    );
    proxy.cut();
    expect(await source.failed()).toContain('the connection was cut');
    expect(source.data).toEqual([]);
    proxy.heal();
  });

  describe.skipIf(!hasTls)('over TLS (openssl)', () => {
    test('is taken with its authority, by its name or address', async () => {
      const secure = { query: 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()' };
      expect(await ask.first({ ...secure, tls: { ca: authority.ca } })).toEqual([{ ssl: true }]);
      expect(await ask.first({ ...secure, tls: { ca: authority.ca, serverName: 'db.example' } })).toEqual([
        { ssl: true },
      ]);
      expect(await ask.first({ ...secure, tls: { insecure: true } })).toEqual([{ ssl: true }]);
      expect(await ask.first(secure)).toEqual([{ ssl: false }]);
    });

    test.each([
      [{}, 'its certificate is of an authority that is not known; name it in ca'],
      [{ serverName: 'other.example' }, 'its certificate is for another name'],
    ])('with %j is refused in a sentence', async (tls, sentence) => {
      const trusted = 'serverName' in tls ? { ca: authority.ca } : {};
      expect(await ask.failure({ tls: { ...trusted, ...tls } })).toContain(`cannot be reached: ${sentence}`);
    });

    test('is asked for by an address that says sslmode', async () => {
      expect(await ask.failure({ url: `${urlAt(server.port)}?sslmode=require` })).toContain(
        'its certificate is of an authority',
      );
    });
  });

  describe('and sends what no PostgreSQL sends', () => {
    const open: { server?: Server; sockets: Socket[] } = { sockets: [] };

    afterEach(() => {
      for (const socket of open.sockets.splice(0)) socket.destroy();
      open.server?.close();
    });

    /** Answers each piece that arrives with the next of these, then with the last again and again. */
    async function hostile(...answers: Buffer[]): Promise<number> {
      const listening = createServer((socket) => {
        open.sockets.push(socket);
        let count = 0;
        socket.on('error', () => {});
        socket.on('data', () => socket.write(answers[Math.min(count++, answers.length - 1)] ?? ''));
      });
      open.server = listening;
      await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
      return (listening.address() as { port: number }).port;
    }

    test.each([
      ['another protocol', [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]],
      ['nothing at the end of a login', [message('R', int32(3)), message('R', int32(99))]],
      ['a message of no type', [WELCOME, message('\u0001', int32(1))]],
      [
        'a row with more values than it has bytes',
        [WELCOME, Buffer.concat([COLUMN, message('D', int16(500), int32(90_000)), READY])],
      ],
      ['a description that breaks off', [WELCOME, Buffer.concat([message('T', int16(900), 'a'), READY])]],
      ['rows that nobody asked for', [Buffer.concat([WELCOME, message('D', int16(1), int32(1), Buffer.from('x'))])]],
      ['a copy', [WELCOME, Buffer.concat([message('G', Buffer.from([0]), int16(0)), READY])]],
    ])('%s, the source fails and nothing else', async (_, answers) => {
      const failure = await ask.failure({ url: urlAt(await hostile(...answers)), timeoutMs: 1_000 });
      expect(failure).toMatch(/^PostgreSQL at 127\.0\.0\.1:\d+ \w+/);
      expect(failure).not.toContain('reader-pass');
    });

    test('a message that never ends is cut off before it fills memory', async () => {
      const endless = Buffer.concat([Buffer.from('D'), int32(2_000_000_000), Buffer.alloc(1_000_000)]);
      const port = await hostile(WELCOME, endless);
      const socketOf = () => open.sockets.at(-1);
      const timer = setInterval(() => socketOf()?.write(Buffer.alloc(1_000_000)), 1);
      const failure = await ask.failure({ url: urlAt(port), maxBytes: 5_000_000 });
      clearInterval(timer);
      expect(failure).toMatch(/more than 5000000 bytes|cannot be reached/);
    });

    test('the same without end before anybody is logged in is cut off too', async () => {
      const port = await hostile(Buffer.concat([Buffer.from('N'), int32(2_000_000_000), Buffer.alloc(20_000_000)]));
      expect(await ask.failure({ url: urlAt(port) })).toContain('cannot be reached: the answer is too long');
    });
  });
});
