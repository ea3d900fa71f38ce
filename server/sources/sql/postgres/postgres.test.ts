import type { JsonObject } from '@tidewall/base';
import type { SourceDefinition } from '@tidewall/contracts';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { type DatabaseServer, findPostgres, startPostgres } from '@tidewall/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { definition } from '../definition.ts';
import { createAsker, type SqlProbe } from '../sql-probe.contract.ts';
import { bindStatement } from '../statement/bind-statement.ts';
import { parseStatement } from '../statement/parse-statement.ts';
import { QUOTINGS, sqlItems } from '../statement/sql-text.contract.ts';
import { POSTGRES_SYNTAX } from '../statement/syntax.ts';
import { PostgresDatabase } from './postgres-database.ts';

const SETUP = `
  CREATE USER reader PASSWORD 'reader-pass';
  CREATE USER writer PASSWORD 'writer-pass';
  CREATE TABLE orders (id bigint PRIMARY KEY, region text, amount numeric(10,2), at timestamptz);
  INSERT INTO orders VALUES (1, 'sh', 10.50, '2026-11-30 20:00:00.123456+08'), (2, 'bj', 3, '2026-11-30 21:00+08');
  CREATE TABLE notes (id bigint PRIMARY KEY, at timestamptz NOT NULL, text text);
  GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
  CREATE SEQUENCE numbers;
  CREATE TABLE secrets (a int);
  GRANT ALL ON ALL TABLES IN SCHEMA public TO writer;
  GRANT ALL ON SEQUENCE numbers TO writer;
  GRANT ALL ON SCHEMA public TO writer;
  CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS 'INSERT INTO orders VALUES (99); SELECT 1';
  CREATE FUNCTION frees() RETURNS int LANGUAGE plpgsql AS $$
    BEGIN SET TRANSACTION READ WRITE; INSERT INTO orders VALUES (98); RETURN 1; END $$;
  CREATE FUNCTION commits() RETURNS int LANGUAGE plpgsql AS $$
    BEGIN COMMIT; INSERT INTO orders VALUES (97); RETURN 1; END $$;
  CREATE PROCEDURE proceeds() LANGUAGE plpgsql AS $$ BEGIN COMMIT; INSERT INTO orders VALUES (96); COMMIT; END $$;
`;

describe.skipIf(findPostgres() === undefined)('PostgreSQL', () => {
  let server: DatabaseServer;
  const url = (user = 'reader', password = `${user}-pass`, database = 'postgres') =>
    `postgres://${user}:${password}@127.0.0.1:${server.port}/${database}`;
  const ask = createAsker(definition as SourceDefinition, () => ({ url: url() }));
  const place = () => `PostgreSQL at 127.0.0.1:${server.port}`;

  beforeAll(async () => {
    server = await startPostgres();
    server.sql(SETUP);
  });
  afterAll(() => server?.close());

  /** A connection without the first wall: what is no question is not refused before it gets to the server. */
  async function connect(limits = {}, user = 'writer') {
    const database = new PostgresDatabase({
      address: {
        host: '127.0.0.1',
        port: server.port,
        user,
        password: `${user}-pass`,
        database: 'postgres',
        tls: undefined,
      },
      limits: { maxRows: 1000, maxBytes: 16 * 1024 * 1024, timeoutMs: 2_000, ...limits },
      zone: 'UTC',
      allowSuperuser: false,
      outgoing: createOutgoing({ allowed: parseAddressList([]), trusted: true }),
    });
    return database.connect(new AbortController().signal);
  }

  const never = new AbortController().signal;
  const plain = (text: string) => ({ text, values: [], names: [] });

  describe('an answer', () => {
    test('is rows by the names of their columns', async () => {
      expect(await ask.first({ query: 'SELECT * FROM orders ORDER BY id', keyField: 'id' })).toEqual([
        { id: 1, region: 'sh', amount: 10.5, at: '2026-11-30T12:00:00.123Z' },
        { id: 2, region: 'bj', amount: 3, at: '2026-11-30T13:00:00.000Z' },
      ]);
    });

    test.each([
      ['9007199254740991::bigint', 9007199254740991],
      ['9007199254740993::bigint', '9007199254740993'],
      ['(-9223372036854775808)::bigint', '-9223372036854775808'],
      ['12.50::numeric', 12.5],
      ['12345678901234567890.5::numeric', '12345678901234567890.5'],
      ['avg(x) FROM (VALUES (1),(2),(2)) AS t(x)', 1.6666666666666667],
      ['0.1::real', 0.1],
      ['1e300::float8', 1e300],
      ['true', true],
      ['NULL', null],
      ["'中'::text", '中'],
      ["'a '::char(3)", 'a  '],
      ['\'{"a":[1,null,"x"]}\'::jsonb', { a: [1, null, 'x'] }],
      ['\'{"__proto__":1}\'::json', JSON.parse('{"__proto__":1}')],
      ["'null'::jsonb", null],
      ['ARRAY[1,NULL,3]', [1, null, 3]],
      ['ARRAY[[1.5],[2]]::numeric[]', [[1.5], [2]]],
      ["'{}'::int[]", []],
      ["ARRAY['a\"b','c,d','NULL',NULL,'','{}']", ['a"b', 'c,d', 'NULL', null, '', '{}']],
      ["'[0:1]={5,6}'::int[]", [5, 6]],
      ['ARRAY[true,false]', [true, false]],
      ["ARRAY['2026-01-01'::timestamptz]", ['2026-01-01T00:00:00.000Z']],
      ["'\\x01ff'::bytea", '0x01ff'],
      ["'2026-11-30'::date", '2026-11-30'],
      ["'20:15'::time", '20:15:00'],
      ["'1 day 2 hours'::interval", 'P1DT2H'],
      ["'2026-11-30 20:00:00.1234567+05:30'::timestamptz", '2026-11-30T14:30:00.123Z'],
      ["'2026-11-30 20:00:00'::timestamp", '2026-11-30T20:00:00.000Z'],
      ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
      ["'10.0.0.1'::inet", '10.0.0.1'],
    ])('has %s as %j', async (expression, value) => {
      const query = expression.includes(' FROM ')
        ? `SELECT ${expression.replace(' FROM', ' AS v FROM')}`
        : `SELECT ${expression} AS v`;
      expect(await ask.first({ query, topicKind: 'state' })).toEqual({ v: value });
    });

    test('has null for what JSON has no place for, and counts it', async () => {
      const source = ask.probe({
        query: `SELECT 'NaN'::float8 AS a, '-Infinity'::numeric AS b, 'infinity'::timestamptz AS c, '{NaN}'::float4[] AS d, 1 AS e`,
      });
      await source.published(1);
      await source.stop();
      expect(source.data[0]).toEqual([{ a: null, b: null, c: null, d: null, e: 1 }]);
      expect(source.sink.refusals.slice(0, 4)).toEqual([
        'a holds NaN or an infinite number in 1 of 1 rows: null in its place',
        'b holds NaN or an infinite number in 1 of 1 rows: null in its place',
        'c holds what is no time in 1 of 1 rows: null in its place',
        'd holds NaN or an infinite number in 1 of 1 rows: null in its place',
      ]);
    });

    test('has times without a zone in the zone that is set, which is that of the session too', async () => {
      const query = `SELECT '2026-11-30 20:00'::timestamp AS a, date_trunc('day', '2026-11-30T18:00Z'::timestamptz) AS b`;
      const expected = { a: '2026-11-30T12:00:00.000Z', b: '2026-11-30T16:00:00.000Z' };
      for (const timezone of ['Asia/Shanghai', '+08:00']) {
        expect(await ask.first({ query, timezone, topicKind: 'state' })).toEqual(expected);
      }
    });

    test('names each column once', async () => {
      expect(await ask.failure({ query: 'SELECT 1 AS a, 2 AS b, 3 AS a, 4 AS b' })).toBe(
        'the query answers several columns that are named "a", "b"; name each by its own AS',
      );
    });

    test('is one row for a state, null without one, and a failure with several', async () => {
      const state = (query: string): JsonObject => ({ query, topicKind: 'state' });
      expect(await ask.first(state('SELECT count(*) AS n FROM orders'))).toEqual({ n: 2 });
      expect(await ask.first(state('SELECT * FROM orders WHERE false'))).toBeNull();
      expect(await ask.failure(state('SELECT * FROM orders'))).toContain(
        'the query answers 2 rows, and a state is one',
      );
    });

    test('has its time column as t in ms, and leaves out and counts rows without one', async () => {
      const query = 'SELECT at, amount FROM orders UNION ALL SELECT NULL, 5 ORDER BY at';
      const source = ask.probe({ query, topicKind: 'series', timeField: 'at' });
      await source.published(1);
      await source.stop();
      expect(source.data[0]).toEqual([
        { t: Date.UTC(2026, 10, 30, 12, 0, 0, 123), amount: 10.5 },
        { t: Date.UTC(2026, 10, 30, 13), amount: 3 },
      ]);
      expect(source.sink.refusals[0]).toBe('1 of 3 rows have no time in at (timeField), and are left out');
    });

    test('without the column for the time is a failure that names those that there are', async () => {
      expect(await ask.failure({ query: 'SELECT 1 AS a, 2 AS b', timeField: 'at' })).toBe(
        'the query answers no column "at" (timeField); it answers a, b',
      );
    });
  });

  describe('a parameter', () => {
    test('[P6] is bound, whatever it says', async () => {
      const connection = await connect();
      const statement = parseStatement('SELECT :v::text AS v', POSTGRES_SYNTAX);
      await fc.assert(
        fc.asyncProperty(
          fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
          async (value) => {
            const bound = bindStatement(statement, POSTGRES_SYNTAX, new Map([['v', { value }]]));
            expect((await connection.ask(bound, never)).rows).toEqual([[value]]);
          },
        ),
        { numRuns: 200, examples: [["'; DROP TABLE orders; --"], ['$1'], [':v'], ["\\' OR 1=1"]] },
      );
      connection.close();
      expect(server.sql('SELECT count(*) FROM orders')).toBe('2');
    });

    test('stands where the server sees one: it reads a text as we cut it', async () => {
      const connection = await connect();
      await fc.assert(
        fc.asyncProperty(sqlItems(QUOTINGS.postgres), async (items) => {
          const casts = items.map(({ sql, parameter }) => (parameter === undefined ? sql : `${sql}::text`));
          const given = new Map(
            items.flatMap(({ parameter, value }) => (parameter ? [[parameter, { value }] as const] : [])),
          );
          const bound = bindStatement(
            parseStatement(`SELECT ${casts.join(' ,')}`, POSTGRES_SYNTAX),
            POSTGRES_SYNTAX,
            given,
          );
          expect((await connection.ask(bound, never)).rows).toEqual([items.map(({ value }) => value)]);
        }),
        { numRuns: 300 },
      );
      connection.close();
    });

    test('is the same expression at each of its places', async () => {
      const query = 'SELECT date_trunc(:unit, at) AS day, count(*) AS n FROM orders GROUP BY date_trunc(:unit, at)';
      expect(await ask.first({ query }, { unit: 'day' })).toEqual([{ day: '2026-11-30T00:00:00.000Z', n: 2 }]);
    });

    test('is a number, a boolean or a text as it is used', async () => {
      const query =
        'SELECT id FROM orders WHERE amount > :least AND :all AND region = ANY(ARRAY[:a, :b]) ORDER BY id LIMIT :n';
      expect(await ask.first({ query }, { least: 2.5, all: true, a: 'sh', b: 'bj', n: 1 })).toEqual([{ id: 1 }]);
    });

    test('that does not fit is a sentence', async () => {
      const failure = await ask.failure({ query: 'SELECT * FROM orders WHERE id = :id' }, { params: { id: 'x' } });
      expect(failure).toBe(`${place()} cannot answer the query: invalid input syntax for type bigint: "x"`);
    });

    test('that the source has none of is refused before it runs', () => {
      expect(() => ask.probe({ query: 'SELECT :region' }, { params: { other: 1 } })).toThrow(
        'sources.probe.query has the parameter :region, which params does not name; it has :other',
      );
    });
  });

  describe('what is new', () => {
    const notes = (more: JsonObject): JsonObject => ({
      query: 'SELECT * FROM notes WHERE id > :cursor ORDER BY id',
      cursor: { column: 'id', start: 0 },
      topicKind: 'log',
      ...more,
    });

    test('alone is asked for, and is published once', async () => {
      server.sql("TRUNCATE notes; INSERT INTO notes VALUES (1, now(), 'a'), (2, now(), 'b')");
      const source = ask.probe(notes({ query: 'SELECT id, text FROM notes WHERE id > :cursor ORDER BY id' }));
      await source.published(2);
      await source.until(() => source.sink.healthyCalls > 1);
      server.sql("INSERT INTO notes VALUES (3, now(), 'c')");
      await source.published(3);
      await source.until(() => source.sink.healthyCalls > 3);
      await source.stop();
      expect(source.data).toEqual([
        { id: 1, text: 'a' },
        { id: 2, text: 'b' },
        { id: 3, text: 'c' },
      ]);
    });

    test('is told by times to the microsecond, in any zone', async () => {
      server.sql(
        `TRUNCATE notes; INSERT INTO notes VALUES (1, '2026-01-01 00:00:00.000001+00', 'a'), (2, '2026-01-01 00:00:00.000002+00', 'b')`,
      );
      const query = 'SELECT id, at FROM notes WHERE at > :cursor ORDER BY at LIMIT 1';
      const cursor = { column: 'at', start: '1970-01-01' };
      const source = ask.probe(notes({ query, cursor, timezone: 'Asia/Shanghai' }));
      await source.until(() => source.data.length > 1 && source.sink.healthyCalls > 1);
      await source.stop();
      expect(source.data.map((row) => (row as { id: number }).id)).toEqual([1, 2]);
    });

    test('changes rows of a table by their key, and adds points to a series', async () => {
      server.sql("TRUNCATE notes; INSERT INTO notes VALUES (1, '2026-01-01Z', 'a')");
      const table = ask.probe(notes({ topicKind: 'table', keyField: 'id' }));
      await table.published(1);
      await table.stop();
      expect(table.sink.publications[0]).toMatchObject({ op: 'upsert', data: [{ id: 1, text: 'a' }] });
      const series = ask.probe(notes({ topicKind: 'series', timeField: 'at' }));
      await series.published(1);
      await series.stop();
      expect(series.sink.publications[0]).toMatchObject({ op: 'append', data: [{ t: Date.UTC(2026, 0, 1), id: 1 }] });
    });

    test('is not passed over: rows out of order are a failure', async () => {
      server.sql("TRUNCATE notes; INSERT INTO notes VALUES (1, now(), 'a'), (2, now(), 'b')");
      expect(await ask.failure(notes({ query: 'SELECT * FROM notes WHERE id > :cursor ORDER BY id DESC' }))).toBe(
        'row 2 has a smaller id than the one before: the query must end with ORDER BY id (cursor.column)',
      );
    });

    test('needs :cursor in the query, and its column in the answer', async () => {
      expect(() => ask.probe(notes({ query: 'SELECT * FROM notes' }))).toThrow('must ask for what is beyond :cursor');
      expect(await ask.failure(notes({ cursor: { column: 'nr', start: 0 } }))).toContain(
        'no column "nr" (cursor.column)',
      );
    });
  });

  describe('cannot write', () => {
    const WRITES = [
      'INSERT INTO orders VALUES (50)',
      'UPDATE orders SET amount = 0',
      'DELETE FROM orders',
      'WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone',
      'SELECT * INTO taken FROM orders',
      'CREATE TABLE taken (a int)',
      'DROP TABLE orders',
      'TRUNCATE orders',
      'EXPLAIN ANALYZE DELETE FROM orders',
      'SELECT writes()',
      'SELECT frees()',
      'SELECT commits()',
      'CALL proceeds()',
      "SELECT nextval('numbers')",
      "SELECT setval('numbers', 77)",
      'SELECT * FROM orders FOR UPDATE',
      'DO $$ BEGIN INSERT INTO orders VALUES (51); END $$',
      'COPY orders FROM STDIN',
      'COPY orders TO STDOUT',
      "COPY orders TO PROGRAM 'touch /tmp/tidewall-copied'",
      "COPY (SELECT 1) TO '/tmp/tidewall-copied'",
      'SELECT 1; DROP TABLE orders',
      'COMMIT; DROP TABLE orders',
      "SELECT set_config('transaction_read_only', 'off', false), writes()",
      'SET TRANSACTION READ WRITE',
      "SELECT lo_from_bytea(4711, 'x')",
      "SELECT pg_read_file('/etc/passwd')",
      "PREPARE TRANSACTION 'x'",
      'VACUUM orders',
    ];
    const untouched = () =>
      server.sql(
        "SELECT count(*), sum(amount) FROM orders; SELECT last_value, is_called FROM numbers; SELECT to_regclass('taken'); SELECT count(*) FROM pg_largeobject_metadata",
      );

    test.each(WRITES)('by %s, also where the server is asked directly', async (text) => {
      const before = untouched();
      expect(before).toBe('2\t13.50\n1\tf\n\n0');
      const connection = await connect();
      await expect(async () => {
        const answer = await connection.ask(plain(text), never);
        // What is done within the transaction is undone with it.
        if (/lo_from|FOR UPDATE|SET TRANSACTION/.test(text)) throw new Error(`undone: ${answer.rows.length}`);
      }).rejects.toThrow();
      connection.close();
      expect(untouched()).toBe(before);
    });

    test('by leaving something behind for the next question', async () => {
      const connection = await connect();
      await connection.ask(
        plain(
          "SELECT set_config('statement_timeout', '0', false), set_config('default_transaction_read_only', 'off', false), pg_advisory_lock(1)",
        ),
        never,
      );
      await connection.ask(plain('CREATE TEMP TABLE kept AS SELECT 1'), never).catch(() => {});
      for (const statement of ['COMMIT', 'SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE', 'LISTEN x']) {
        await connection.ask(plain(statement), never).catch(() => {});
      }
      const settings =
        "SELECT current_setting('statement_timeout'), current_setting('transaction_read_only'), to_regclass('kept')";
      expect((await connection.ask(plain(settings), never)).rows).toEqual([['2s', 'on', null]]);
      expect(server.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")).toBe('0');
      connection.close();
    });

    test('as a superuser, or one who could become one or reach files and programs, unless that is allowed', async () => {
      server.sql(`
        CREATE USER deputy NOINHERIT PASSWORD 'deputy-pass'; CREATE ROLE boss SUPERUSER; GRANT boss TO deputy;
        CREATE USER filer PASSWORD 'filer-pass'; GRANT pg_execute_server_program TO filer;
      `);
      const query = 'SELECT 1 AS n';
      const root = url('postgres', server.password);
      expect(await ask.failure({ url: root, query })).toContain(
        `${place()} is asked as postgres, who has the rights of boss, postgres, pg_execute_server_program and could do more than read: make a user that may only SELECT (user), or set allowSuperuser`,
      );
      expect(await ask.failure({ url: url('deputy'), query })).toContain('who has the rights of boss');
      expect(await ask.failure({ url: url('filer'), query })).toContain(
        'who has the rights of pg_execute_server_program',
      );
      expect(await ask.first({ url: root, query, allowSuperuser: true })).toEqual([{ n: 1 }]);
      // Even then it only reads.
      const write = { url: root, query: 'SELECT writes()', allowSuperuser: true };
      expect(await ask.failure(write)).toContain('cannot execute INSERT in a read-only transaction');
    });

    test.each([
      ['DELETE FROM orders', 'sources.probe.query: must ask: begin with SELECT or WITH, not with "DELETE"'],
      ["COPY orders TO PROGRAM 'id'", 'not with "COPY"'],
      ['SET statement_timeout = 0', 'not with "SET"'],
      ['SELECT 1; SELECT 2', 'sources.probe.query: must be one statement; another one begins in line 1'],
    ])('by a configuration that says %s', (query, sentence) => {
      expect(() => ask.probe({ query })).toThrow(sentence);
    });
  });

  describe('is not kept busy', () => {
    const busy = () =>
      server.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidewall' AND state <> 'idle'");
    const idleAgain = () => vi.waitFor(() => expect(busy()).toBe('0'), { timeout: 10_000 });

    test('by a query that sleeps', async () => {
      expect(await ask.failure({ query: 'SELECT pg_sleep(60)', timeoutMs: 300 })).toMatch(
        /did not answer within 300 ms/,
      );
      await idleAgain();
      const connection = await connect({ timeoutMs: 300 });
      await expect(connection.ask(plain('SELECT pg_sleep(60)'), never)).rejects.toThrow(
        `${place()} did not answer within 300 ms (timeoutMs), and was told to stop`,
      );
      connection.close();
    });

    test('by what nobody waits for any more', async () => {
      const source = ask.probe({ query: 'SELECT pg_sleep(60)', timeoutMs: 60_000 });
      await vi.waitFor(() => expect(busy()).toBe('1'), { timeout: 10_000 });
      await source.stop();
      await idleAgain();
    });

    test('by 100 million rows', async () => {
      expect(await ask.failure({ query: 'SELECT generate_series(1, 100000000) AS n', maxRows: 5_000 })).toBe(
        `${place()} answers with more than 5000 rows (maxRows): ask for less, as with LIMIT`,
      );
      await idleAgain();
    });

    test('by one row more than it may be', async () => {
      const rows = (maxRows: number) => ({ query: 'SELECT id FROM orders ORDER BY id', maxRows });
      expect(await ask.first(rows(2))).toHaveLength(2);
      expect(await ask.failure(rows(1))).toContain('answers with more than 1 rows (maxRows)');
    });

    test.each([
      "SELECT repeat('x', 100000000) AS a",
      "SELECT n, repeat('x', 1000) FROM generate_series(1, 90000) AS n",
    ])('by too many bytes: %s', async (query) => {
      const before = process.memoryUsage.rss();
      expect(await ask.failure({ query, maxBytes: 2_000_000 })).toBe(
        `${place()} answers with more than 2000000 bytes (maxBytes): ask for fewer rows or columns`,
      );
      expect(process.memoryUsage.rss() - before).toBeLessThan(150_000_000);
      await idleAgain();
    });
  });

  describe('says in a sentence', () => {
    test.each([
      ['SELECT * FROM nowhere', 'cannot answer the query: relation "nowhere" does not exist (line 1, at "nowhere")'],
      [
        'SELECT 1,\n  amout FROM orders',
        'cannot answer the query: column "amout" does not exist (line 2, at "amout FROM orders"); Perhaps you meant to reference the column "orders.amount".',
      ],
      ['SELECT * FROM secrets', 'does not allow reader that: permission denied for table secrets'],
      ['SELECT 1 +', 'cannot answer the query: syntax error at end of input'],
      ['SELECT 1/0', 'cannot answer the query: division by zero'],
    ])('what is wrong with %s', async (query, sentence) => {
      expect(await ask.failure({ query })).toContain(`${place()} ${sentence}`);
    });

    test('what is wrong with the address', async () => {
      const query = 'SELECT 1 AS n';
      expect(await ask.failure({ query, url: url('reader', 'wrong-pass') })).toBe(
        `${place()} does not take the password of reader (user, password)`,
      );
      expect(await ask.failure({ query, url: url('nobody', 'x') })).toContain('does not take the password of nobody');
      expect(await ask.failure({ query, url: url('reader', 'reader-pass', 'warehouse') })).toBe(
        `${place()} has no database "warehouse" (database)`,
      );
      expect(await ask.failure({ query, url: 'postgres://reader:reader-pass@127.0.0.1:1/postgres' })).toBe(
        'PostgreSQL at 127.0.0.1:1 cannot be reached: nothing listens there',
      );
      expect(await ask.failure({ query, url: url(), tls: {} })).toBe(
        `${place()} cannot be reached: it does not speak TLS; leave tls out`,
      );
      expect(await ask.failure({ query, url: 'postgres://r:reader-pass@nowhere.invalid/x' })).toContain(
        'nowhere.invalid cannot be found',
      );
    });

    test('no password, also where the server repeats it', async () => {
      const query = "SELECT 'reader-pass'::int AS n";
      const failure = await ask.failure({ query });
      expect(failure).toContain('invalid input syntax for type integer: "***"');
    });

    test('that there is no connection left', async () => {
      server.sql('ALTER ROLE reader CONNECTION LIMIT 0');
      expect(await ask.failure({ query: 'SELECT 1 AS n' })).toContain('has no connection left for us');
      server.sql('ALTER ROLE reader CONNECTION LIMIT -1');
    });
  });

  test('a password of this machine is not told to a server that is configured without one', async () => {
    vi.stubEnv('PGPASSWORD', 'reader-pass');
    const failure = await ask.failure({
      url: `postgres://reader@127.0.0.1:${server.port}/postgres`,
      query: 'SELECT 1 AS n',
    });
    vi.unstubAllEnvs();
    expect(failure).toMatch(/password/);
  });

  test('a source that may not reach private addresses does not', async () => {
    const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: false });
    expect(await ask.failure({ query: 'SELECT 1 AS n' }, { outgoing })).toContain(
      '127.0.0.1 is not a public address, and may not be reached',
    );
  });

  test('one connection serves question after question; when the server ends it meanwhile, another one is opened', async () => {
    const query = 'SELECT pg_backend_pid() AS pid';
    const pidsOf = (source: SqlProbe) => [...new Set(source.data.map((row) => (row as { pid: number }).pid))];
    const often = ask.probe({ query, topicKind: 'state' });
    await often.published(3);
    await often.stop();
    expect(pidsOf(often)).toHaveLength(1);
    const seldom = ask.probe({ query, topicKind: 'state', intervalMs: 2_000 });
    await seldom.published(1);
    server.sql(`SELECT pg_terminate_backend(${pidsOf(seldom)[0]})`);
    await seldom.until(() => pidsOf(seldom).length === 2);
    await seldom.stop();
  });
});
