import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { JsonObject } from '@tidewall/base';
import type { SourceDefinition } from '@tidewall/contracts';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { type DatabaseServer, findProgram, startClickhouse } from '@tidewall/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { definition } from '../definition.ts';
import { createAsker } from '../sql-probe.contract.ts';

// Debian's ClickHouse is of 2018: what it can do is tested with it. It has no parameters and not all types; those are
// tested with a server of our own that answers as the documentation of its HTTP interface says.

const COLUMNS =
  "id UInt64, amount Decimal(10,2), f Float64, at DateTime, utc DateTime('UTC'), day Date, tags Array(String), n Nullable(Int32), nums Array(Float32)";
const ROWS = `
  (1, 10.5, nan, '2026-11-30 20:00:00', '2026-11-30 20:00:00', '2026-11-30', ['a', 'b\\'c'], NULL, [1.5]),
  (18446744073709551615, 3, -inf, '2026-11-30 21:00:00', '2026-11-30 21:00:00', '2026-11-30', [], 3, [nan])`;

describe.skipIf(findProgram('clickhouse-server') === undefined)('ClickHouse', () => {
  let server: DatabaseServer;
  const url = (user = 'default', password = server.password, database = 'default') =>
    `clickhouse://${user}:${password}@127.0.0.1:${server.port}/${database}`;
  const ask = createAsker(definition as SourceDefinition, () => ({ url: url() }));
  const place = () => `ClickHouse at 127.0.0.1:${server.port}`;

  beforeAll(async () => {
    server = await startClickhouse();
    server.sql(`CREATE TABLE orders (${COLUMNS}) ENGINE = Memory`);
    server.sql(`INSERT INTO orders VALUES ${ROWS}`);
  });
  afterAll(() => server?.close());

  // The second may only read, whatever we ask for; the third may set anything but that.
  test.each(['default', 'reader', 'half'])('rows of a query arrive, asked as %s', async (user) => {
    const source = ask.probe({ url: url(user), query: 'SELECT * FROM orders ORDER BY id' });
    await source.published(1);
    await source.stop();
    expect(source.data[0]).toEqual([
      {
        ...{ id: 1, amount: 10.5, f: null, at: '2026-11-30T12:00:00.000Z', utc: '2026-11-30T20:00:00.000Z' },
        ...{ day: '2026-11-30', tags: ['a', "b'c"], n: null, nums: [1.5] },
      },
      {
        ...{ id: '18446744073709551615', amount: 3, f: null, at: '2026-11-30T13:00:00.000Z' },
        ...{
          utc: '2026-11-30T21:00:00.000Z',
          day: '2026-11-30',
          tags: [],
          n: 3,
          nums: user === 'default' ? null : [null],
        },
      },
    ]);
  });

  test.each([
    'INSERT INTO orders (id) VALUES (7)',
    'DROP TABLE orders',
    'ALTER TABLE orders DELETE WHERE 1',
    'SET readonly = 0',
    'SELECT 1; DROP TABLE orders',
    "SELECT 1 INTO OUTFILE '/tmp/tidewall-outfile'",
    "SELECT * FROM file('x.csv', 'CSV', 'a String')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
    "SELECT * FROM remote('127.0.0.1', default, orders)",
    'SELECT * FROM orders SETTINGS readonly = 0',
  ])('cannot write or reach further by %s', async (query) => {
    const tried = async () => ask.failure({ query });
    const failure = await tried().catch((refusal: Error) => refusal.message);
    expect(failure).toMatch(/must ask|must be one statement|lets a query only read|cannot answer the query/);
    expect(server.sql('SELECT count() FROM orders')).toBe('2');
  });

  test('a query that takes too long, or answers too much, is a failure, and ends in the server', async () => {
    const slow = 'SELECT count() FROM system.numbers';
    expect(await ask.failure({ query: slow, timeoutMs: 300 })).toMatch(/within 300 ms/);
    await vi.waitFor(
      () =>
        expect(
          server.sql("SELECT count() FROM system.processes WHERE query LIKE '%count() FROM system.numbers%'"),
        ).toBe('1'),
      10_000,
    );
    expect(await ask.failure({ query: 'SELECT number FROM system.numbers LIMIT 100000000', maxRows: 5_000 })).toBe(
      `${place()} answers with more than 5000 rows (maxRows): ask for less, as with LIMIT`,
    );
    const wide = "SELECT number, toFixedString('x', 500) AS x FROM system.numbers LIMIT 9000";
    expect(await ask.failure({ query: wide, maxBytes: 1_000_000 })).toBe(
      `${place()} answers with more than 1000000 bytes (maxBytes): ask for fewer rows or columns`,
    );
  });

  test('what is wrong is a sentence', async () => {
    const query = 'SELECT 1 AS n';
    const cases: [JsonObject, string][] = [
      [{ query: 'SELECT * FROM nowhere' }, "cannot answer the query: Table default.nowhere doesn't exist."],
      [{ query: 'SELECT amout FROM orders' }, 'cannot answer the query: Unknown identifier: amout'],
      [
        { query: 'SELECT 1 AS n FORMAT CSV' },
        'answers something that is not JSONCompact: leave FORMAT out of the query',
      ],
      [{ query, url: url('default', 'wrong-pass') }, 'does not take the password of default (user, password)'],
      [{ query, url: url('reader', server.password, 'warehouse') }, 'has no database "warehouse" (database)'],
    ];
    for (const [config, sentence] of cases) {
      const failure = await ask.failure(config);
      expect(failure).toContain(`${place()} `);
      expect(failure).toContain(sentence);
      expect(failure).not.toMatch(/made-for-tests|wrong-pass/);
    }
    const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: false });
    expect(await ask.failure({ query }, { outgoing })).toContain('is not a public address');
  });

  test('one that is too old for parameters says so', async () => {
    expect(
      await ask.failure({
        query: 'SELECT id FROM orders WHERE id > :cursor ORDER BY id',
        cursor: { column: 'id', start: 0 },
        topicKind: 'log',
      }),
    ).toBe(`${place()} is too old for parameters, which it has from version 19.14 on`);
  });

  test('it is a failure while the server is away, and works again when it is back', async () => {
    const source = ask.probe({ query: 'SELECT 1 AS n' });
    await source.published(1);
    await server.kill();
    expect(await source.failed()).toMatch(/nothing listens there|the connection was cut/);
    await server.start();
    expect(await ask.first({ query: 'SELECT 1 AS n' })).toEqual([{ n: 1 }]);
  });
});

describe('ClickHouse of today, as its documentation says', () => {
  interface Asked {
    readonly text: string;
    readonly params: URLSearchParams;
    readonly authorization: string | undefined;
  }
  const open: { server?: Server; asked: Asked[] } = { asked: [] };

  afterEach(() => {
    open.server?.close();
    open.asked = [];
  });

  async function bodyOf(request: IncomingMessage): Promise<string> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    return text;
  }

  /** Greets, and then answers with these columns and rows. */
  async function start(
    meta: readonly { name: string; type: string }[],
    ...answers: readonly unknown[][]
  ): Promise<string> {
    open.server = createServer(async (request, response) => {
      const params = new URL(request.url ?? '', 'http://x').searchParams;
      const text = await bodyOf(request);
      if (text.includes('timezone()')) {
        response.end(
          JSON.stringify({
            meta: [
              { name: 'zone', type: 'String' },
              { name: 'readonly', type: 'String' },
            ],
            data: [['UTC', '1']],
            rows: 1,
          }),
        );
        return;
      }
      open.asked.push({ text, params, authorization: request.headers.authorization });
      const data = answers[Math.min(open.asked.length, answers.length) - 1];
      response.end(JSON.stringify({ meta, data, rows: data?.length }));
    });
    await new Promise<void>((resolve) => open.server?.listen(0, '127.0.0.1', resolve));
    const { port } = open.server.address() as { port: number };
    return `clickhouse://reader:a%3Ab@127.0.0.1:${port}/shop`;
  }

  const ask = createAsker(definition as SourceDefinition, () => ({}));

  test('[P6] parameters go beside the query, each as it is escaped there', async () => {
    const url = await start([{ name: 'n', type: 'UInt8' }], [[1]]);
    const query = 'SELECT 1 AS n WHERE a = :a AND b IN (:b, {b:Int64}) AND c = :c AND d = :d -- :e';
    await ask.first({ url, query }, { a: "it's\t\\N\n", b: 5, c: 1.5, d: true });
    const [{ text, params, authorization } = {} as Asked] = open.asked;
    expect(text).toBe(
      'SELECT 1 AS n WHERE a = {a:String} AND b IN ({b:Int64}, {b:Int64}) AND c = {c:Float64} AND d = {d:UInt8} -- :e',
    );
    expect(Object.fromEntries(params)).toMatchObject({
      ...{ param_a: "it's\\t\\\\N\\n", param_b: '5', param_c: '1.5', param_d: '1' },
      ...{
        database: 'shop',
        readonly: '1',
        default_format: 'JSONCompact',
        max_execution_time: '10',
        max_result_rows: '100001',
      },
    });
    expect(authorization).toBe(`Basic ${Buffer.from('reader:a:b').toString('base64')}`);
  });

  test('types of today are read by their names', async () => {
    const meta = [
      ...[
        ['a', 'LowCardinality(Nullable(String))'],
        ['b', 'Bool'],
        ['c', "DateTime64(3, 'Asia/Shanghai')"],
        ['d', 'DateTime64(6)'],
      ],
      ...[
        ['e', 'Int128'],
        ['f', 'Array(Array(UInt64))'],
        ['g', 'Map(String, UInt8)'],
        ['h', "Enum8('x' = 1)"],
        ['i', 'Float32'],
      ],
    ].map(([name = '', type = '']) => ({ name, type }));
    const row = [
      'x',
      true,
      '2026-11-30 20:00:00.123',
      '2026-11-30 20:00:00.123456',
      '170141183460469231731687303715884105727',
      [['1', '18446744073709551615']],
      { k: 1 },
      'x',
      'inf',
    ];
    const url = await start(meta, [row]);
    expect(await ask.first({ url, query: 'SELECT 1', topicKind: 'state' })).toEqual({
      ...{ a: 'x', b: true, c: '2026-11-30T12:00:00.123Z', d: '2026-11-30T20:00:00.123Z' },
      ...{
        e: '170141183460469231731687303715884105727',
        f: [[1, '18446744073709551615']],
        g: { k: 1 },
        h: 'x',
        i: null,
      },
    });
  });

  test('the cursor is given back as its column wrote it, with its type', async () => {
    const meta = [
      { name: 'at', type: 'DateTime64(6)' },
      { name: 'n', type: 'UInt8' },
    ];
    const url = await start(meta, [['2026-11-30 20:00:00.000001', 1]], []);
    const source = ask.probe({
      url,
      query: 'SELECT at, n FROM t WHERE at > :cursor ORDER BY at',
      cursor: { column: 'at', start: '1970-01-01 00:00:00' },
      topicKind: 'log',
    });
    await source.until(() => open.asked.length > 1);
    await source.stop();
    expect(open.asked[0]?.text).toContain('{cursor:String}');
    expect(open.asked[1]?.text).toContain('{cursor:DateTime64(6)}');
    expect(open.asked[1]?.params.get('param_cursor')).toBe('2026-11-30 20:00:00.000001');
  });

  test.each([
    ['no JSON', 'nothing'],
    ['JSON of another shape', '{"data":{}}'],
    [
      'an error in the middle of it',
      '{"meta":[{"name":"n","type":"UInt8"}],"data":[[1],\nCode: 241. DB::Exception: Memory limit',
    ],
    ['JSON a thousand deep', '['.repeat(1_000)],
  ])('an answer that is %s is a failure', async (_, body) => {
    open.server = createServer((_request, response) => void response.end(body));
    await new Promise<void>((resolve) => open.server?.listen(0, '127.0.0.1', resolve));
    const { port } = open.server.address() as { port: number };
    expect(await ask.failure({ url: `clickhouse://reader@127.0.0.1:${port}`, query: 'SELECT 1' })).toBe(
      `ClickHouse at 127.0.0.1:${port} answers something that is not JSONCompact: leave FORMAT out of the query`,
    );
  });

  test('another server than ClickHouse, and one that leads elsewhere, are refused', async () => {
    open.server = createServer(
      (_request, response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    );
    await new Promise<void>((resolve) => open.server?.listen(0, '127.0.0.1', resolve));
    const { port } = open.server.address() as { port: number };
    expect(await ask.failure({ url: `clickhouse://reader@127.0.0.1:${port}`, query: 'SELECT 1' })).toMatch(
      /leads on|answers 302/,
    );
  });
});
