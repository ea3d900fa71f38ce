import type { JsonObject } from '@tidewall/base';
import type { SourceDefinition } from '@tidewall/contracts';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import {
  createTestAuthority,
  type DatabaseServer,
  findProgram,
  startMariadb,
  TcpProxy,
  type TestAuthority,
} from '@tidewall/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { definition } from '../definition.ts';
import { createAsker, type SqlProbe } from '../sql-probe.contract.ts';
import { bindStatement } from '../statement/bind-statement.ts';
import { parseStatement } from '../statement/parse-statement.ts';
import { QUOTINGS, sqlItems } from '../statement/sql-text.contract.ts';
import { MYSQL_SYNTAX } from '../statement/syntax.ts';
import { MysqlDatabase } from './mysql-database.ts';

const SETUP = `
  CREATE DATABASE shop; USE shop;
  CREATE USER reader IDENTIFIED BY 'reader-pass';
  CREATE USER writer IDENTIFIED BY 'writer-pass';
  CREATE TABLE orders (id bigint PRIMARY KEY, region varchar(20), amount decimal(10,2), at datetime(6));
  INSERT INTO orders VALUES (1, 'sh', 10.50, '2026-11-30 20:00:00.123456'), (2, 'bj', 3, '2026-11-30 21:00:00');
  CREATE TABLE secrets (a int);
  CREATE TABLE plain (id int) ENGINE=MyISAM;
  CREATE SEQUENCE numbers;
  GRANT SELECT ON shop.orders TO reader;
  GRANT ALL ON shop.* TO writer;
  DELIMITER //
  CREATE FUNCTION writes() RETURNS int BEGIN INSERT INTO orders (id) VALUES (99); RETURN 1; END//
  CREATE FUNCTION logs() RETURNS int BEGIN INSERT INTO plain (id) VALUES (99); RETURN 1; END//
  CREATE PROCEDURE proceeds() BEGIN COMMIT; START TRANSACTION READ WRITE; INSERT INTO orders (id) VALUES (96); COMMIT; END//
  DELIMITER ;
`;

describe.skipIf(findProgram('mariadbd') === undefined)('MariaDB', () => {
  let server: DatabaseServer;
  let authority: TestAuthority;
  const hasTls = findProgram('openssl') !== undefined;
  const url = (user = 'reader', password = `${user}-pass`, database = 'shop') =>
    `mariadb://${user}:${password}@127.0.0.1:${server.port}/${database}`;
  const ask = createAsker(definition as SourceDefinition, () => ({ url: url() }));
  const place = () => `MariaDB at 127.0.0.1:${server.port}`;
  const never = new AbortController().signal;
  const plain = (text: string) => ({ text, values: [], names: [] });

  beforeAll(async () => {
    if (hasTls) authority = createTestAuthority();
    server = await startMariadb(hasTls ? { tls: authority.issue('DNS:db.example') } : {});
    server.sql(SETUP);
  });
  afterAll(() => server?.close());

  /** A connection without the first wall: what is no question is not refused before it gets to the server. */
  async function connect(limits = {}, user = 'writer') {
    const database = new MysqlDatabase({
      name: 'MySQL',
      address: {
        host: '127.0.0.1',
        port: server.port,
        user,
        password: `${user}-pass`,
        database: 'shop',
        tls: undefined,
      },
      limits: { maxRows: 1000, maxBytes: 16 * 1024 * 1024, timeoutMs: 2_000, ...limits },
      zone: 'UTC',
      allowSuperuser: false,
      outgoing: createOutgoing({ allowed: parseAddressList([]), trusted: true }),
    });
    return database.connect(never);
  }

  test('rows of a query arrive by the names of their columns', async () => {
    expect(await ask.first({ query: 'SELECT * FROM orders ORDER BY id', keyField: 'id' })).toEqual([
      { id: 1, region: 'sh', amount: 10.5, at: '2026-11-30T20:00:00.123Z' },
      { id: 2, region: 'bj', amount: 3, at: '2026-11-30T21:00:00.000Z' },
    ]);
  });

  test.each([
    ['CAST(9007199254740993 AS SIGNED)', '9007199254740993'],
    ['CAST(18446744073709551615 AS UNSIGNED)', '18446744073709551615'],
    ['12.50', 12.5],
    ['CAST(0.1 AS FLOAT)', 0.1],
    ['1e300', 1e300],
    ['TRUE', 1],
    ['NULL', null],
    ["_utf8mb4'中😀'", '中😀'],
    ["x'01ff'", '0x01ff'],
    ["DATE '2026-11-30'", '2026-11-30'],
    ["TIME '-12:30:00'", '-12:30:00'],
    ["TIMESTAMP '2026-11-30 20:00:00.5'", '2026-11-30T20:00:00.500Z'],
    ["JSON_EXTRACT('{\"a\":[1,null]}', '$')", { a: [1, null] }],
  ])('%s is %j', async (expression, value) => {
    expect(await ask.first({ query: `SELECT ${expression} AS v`, topicKind: 'state' })).toEqual({ v: value });
  });

  test('columns of a table are read by their types; days that there are not are null, and counted', async () => {
    server.sql(
      `CREATE TABLE kinds (b bit(1), bb bit(9), j json, f float, y year, e enum('a','b'), ts timestamp NULL, d datetime, t tinyint(1), p point);
       SET sql_mode = ''; INSERT INTO kinds VALUES (1, 257, '[1]', 0.1, 2026, 'b', '2026-01-01 00:00:00', '0000-00-00', 1, ST_GeomFromText('POINT(1 2)'));
       GRANT SELECT ON shop.kinds TO reader`,
      'shop',
    );
    const source = ask.probe({ query: 'SELECT * FROM kinds', topicKind: 'state' });
    await source.published(1);
    await source.stop();
    expect(source.data[0]).toEqual({
      ...{
        b: true,
        bb: 257,
        j: [1],
        f: 0.1,
        y: 2026,
        e: 'b',
        ts: expect.stringMatching(/^202[56]-.*Z$/),
        d: null,
        t: 1,
      },
      p: { x: 1, y: 2 },
    });
    expect(source.sink.refusals[0]).toBe('d holds what is no time in 1 of 1 rows: null in its place');
  });

  test('times without a zone are read in the zone that is set, which is that of the session too', async () => {
    const query =
      "SELECT TIMESTAMP '2026-11-30 20:00' AS a, FROM_UNIXTIME(0) AS b, DATE_FORMAT(FROM_UNIXTIME(0), '%H') AS c";
    expect(await ask.first({ query, timezone: '+08:00', topicKind: 'state' })).toEqual({
      a: '2026-11-30T12:00:00.000Z',
      b: '1970-01-01T00:00:00.000Z',
      c: '08',
    });
    expect(await ask.failure({ query, timezone: 'Asia/Shanghai' })).toBe(
      `${place()} has no tables of time zones: write an offset like +08:00 (timezone): Unknown or incorrect time zone: 'Asia/Shanghai'`,
    );
  });

  test('[P6] a parameter is bound, whatever it says', async () => {
    const connection = await connect();
    const statement = parseStatement('SELECT :v AS v', MYSQL_SYNTAX);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (value) => {
        const bound = bindStatement(statement, MYSQL_SYNTAX, new Map([['v', { value }]]));
        expect((await connection.ask(bound, never)).rows).toEqual([[value]]);
      }),
      { numRuns: 60, examples: [["'; DROP TABLE orders; --"], ['?'], [':v'], ["\\' OR 1=1"], ['\\']] },
    );
    connection.close();
    expect(server.sql('SELECT count(*) FROM shop.orders')).toBe('2');
  });

  test('a parameter stands where the server sees one: it reads a text as we cut it', async () => {
    const connection = await connect();
    await fc.assert(
      fc.asyncProperty(sqlItems(QUOTINGS.mysql), async (items) => {
        const given = new Map(
          items.flatMap(({ parameter, value }) => (parameter ? [[parameter, { value }] as const] : [])),
        );
        const text = `SELECT ${items.map(({ sql }, index) => `${sql} AS c${index}`).join(' ,')}`;
        const bound = bindStatement(parseStatement(text, MYSQL_SYNTAX), MYSQL_SYNTAX, given);
        expect((await connection.ask(bound, never)).rows).toEqual([items.map(({ value }) => value)]);
      }),
      { numRuns: 100 },
    );
    connection.close();
  });

  test('quotes mean the same whatever modes the server has', async () => {
    server.sql("SET GLOBAL sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES'");
    try {
      expect(await ask.first({ query: `SELECT "a" AS a, 'b\\'c' AS b, @@sql_mode AS mode` })).toEqual([
        { a: 'a', b: "b'c", mode: 'REAL_AS_FLOAT,PIPES_AS_CONCAT,IGNORE_SPACE,STRICT_TRANS_TABLES' },
      ]);
    } finally {
      server.sql('SET GLOBAL sql_mode = DEFAULT');
    }
  });

  test('numbers, booleans and texts are bound as such, also to LIMIT', async () => {
    const query = 'SELECT id FROM orders WHERE amount > :least AND :all AND region IN (:a, :b) ORDER BY id LIMIT :n';
    expect(await ask.first({ query }, { least: 2.5, all: true, a: 'sh', b: 'bj', n: 1 })).toEqual([{ id: 1 }]);
  });

  test('what is new alone is asked for, by times to the microsecond too', async () => {
    server.sql(
      `CREATE TABLE notes (id int, at datetime(6)); GRANT SELECT ON shop.notes TO reader;
       INSERT INTO notes VALUES (1, '2026-01-01 00:00:00.000001'), (2, '2026-01-01 00:00:00.000002')`,
      'shop',
    );
    const source = ask.probe({
      query: 'SELECT id, at FROM notes WHERE at > :cursor ORDER BY at LIMIT 1',
      cursor: { column: 'at', start: '1970-01-01' },
      topicKind: 'log',
    });
    await source.until(() => source.data.length > 1 && source.sink.healthyCalls > 0);
    server.sql("INSERT INTO notes VALUES (3, '2026-01-02')", 'shop');
    await source.published(3);
    await source.until(() => source.sink.healthyCalls > 2);
    await source.stop();
    expect(source.data.map((row) => (row as { id: number }).id)).toEqual([1, 2, 3]);
  });

  test('large numbers are told apart by the cursor, which floating-point ones would not be', async () => {
    server.sql(
      `CREATE TABLE large (id bigint unsigned); GRANT SELECT ON shop.large TO reader;
       INSERT INTO large VALUES (9007199254740993), (9007199254740994), (18446744073709551614), (18446744073709551615)`,
      'shop',
    );
    const source = ask.probe({
      query: 'SELECT id FROM large WHERE id > :cursor ORDER BY id LIMIT 1',
      cursor: { column: 'id', start: 0 },
      topicKind: 'log',
    });
    await source.until(() => source.data.length > 3 && source.sink.healthyCalls > 0);
    await source.stop();
    expect(source.data.map((row) => (row as { id: string }).id)).toEqual([
      '9007199254740993',
      '9007199254740994',
      '18446744073709551614',
      '18446744073709551615',
    ]);
  });

  describe('cannot write', () => {
    const untouched = () =>
      server.sql(
        'SELECT count(*), sum(amount) FROM orders; SELECT count(*) FROM plain; SELECT next_not_cached_value FROM numbers; SHOW TABLES LIKE "taken"',
        'shop',
      );

    test.each([
      'INSERT INTO orders (id) VALUES (50)',
      'UPDATE orders SET amount = 0',
      'DELETE FROM orders',
      'INSERT INTO plain VALUES (1)',
      'CREATE TABLE taken (a int)',
      'DROP TABLE orders',
      'TRUNCATE orders',
      'ANALYZE FORMAT=JSON DELETE FROM orders',
      'SELECT writes()',
      'SELECT logs()',
      'SELECT NEXTVAL(numbers)',
      'SELECT SETVAL(numbers, 77)',
      "SELECT 1 INTO OUTFILE '/tmp/tidewall-outfile'",
      "SELECT 1 INTO DUMPFILE '/tmp/tidewall-outfile'",
      "LOAD DATA INFILE '/etc/passwd' INTO TABLE plain",
      "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE plain",
      'SELECT 1; DELETE FROM orders',
      'GRANT ALL ON shop.* TO reader',
      'SET GLOBAL max_connections = 1',
    ])('by %s, also where the server is asked directly', async (text) => {
      const before = untouched();
      const connection = await connect();
      await expect(connection.ask(plain(text), never)).rejects.toThrow(place());
      connection.close();
      expect(untouched()).toBe(before);
    });

    test('by a procedure that ends the transaction: it cannot be called', () => {
      expect(() => ask.probe({ query: 'CALL proceeds()' })).toThrow(
        'must ask: begin with SELECT or WITH, not with "CALL"',
      );
    });

    test('by leaving something behind for the next question', async () => {
      const connection = await connect();
      await connection.ask(plain("SELECT GET_LOCK('held', 0), @kept := 1"), never);
      await connection.ask(plain('SET SESSION max_statement_time = 0'), never).catch(() => {});
      await connection.ask(plain('COMMIT'), never).catch(() => {});
      const state = "SELECT IS_USED_LOCK('held'), @kept, @@max_statement_time, @@in_transaction";
      expect((await connection.ask(plain(state), never)).rows).toEqual([
        [null, null, expect.anything(), expect.anything()],
      ]);
      expect(String((await connection.ask(plain('SELECT @@max_statement_time'), never)).rows[0]?.[0])).toBe('2');
      connection.close();
    });

    test('as a superuser or one who may write files, unless that is allowed', async () => {
      server.sql(
        "CREATE USER filer IDENTIFIED BY 'filer-pass'; GRANT FILE ON *.* TO filer; GRANT SELECT ON shop.* TO filer",
      );
      const query = 'SELECT 1 AS n';
      expect(await ask.failure({ url: url('root', server.password), query })).toContain(
        `${place()} is asked as root, who has the right ALL PRIVILEGES and could do more than read`,
      );
      expect(await ask.failure({ url: url('filer'), query })).toContain('who has the right FILE');
      expect(await ask.first({ url: url('filer'), query, allowSuperuser: true })).toEqual([{ n: 1 }]);
    });

    test('a role that is allowed more than reading is found out too', async () => {
      server.sql(`
        CREATE ROLE keeper; GRANT FILE ON *.* TO keeper; CREATE USER deputy IDENTIFIED BY 'deputy-pass';
        GRANT SELECT ON shop.* TO deputy; GRANT keeper TO deputy; SET DEFAULT ROLE keeper FOR deputy`);
      expect(await ask.failure({ url: url('deputy'), query: 'SELECT 1 AS n' })).toContain('who has the right FILE');
    });
  });

  describe('is not kept busy', () => {
    const busy = () =>
      server.sql(
        "SELECT count(*) FROM information_schema.processlist WHERE user IN ('reader', 'writer') AND command IN ('Execute', 'Query')",
      );
    const idleAgain = () => vi.waitFor(() => expect(busy()).toBe('0'), { timeout: 10_000 });

    test('by a query that sleeps', async () => {
      expect(await ask.failure({ query: 'SELECT SLEEP(60) AS n', timeoutMs: 300 })).toMatch(
        /did not answer within 300 ms/,
      );
      await idleAgain();
    });

    test.each(['SELECT seq FROM seq_1_to_100000000', 'SELECT seq FROM seq_1_to_100000000 LIMIT 99999999'])(
      'by 100 million rows: %s',
      async (query) => {
        expect(await ask.failure({ url: url('writer'), query, maxRows: 5_000 })).toBe(
          `${place()} answers with more than 5000 rows (maxRows): ask for less, as with LIMIT`,
        );
        await idleAgain();
      },
    );

    test('by one row more than it may be', async () => {
      const rows = (maxRows: number): JsonObject => ({ query: 'SELECT id FROM orders', maxRows });
      expect(await ask.first(rows(2))).toHaveLength(2);
      expect(await ask.failure(rows(1))).toContain('answers with more than 1 rows (maxRows)');
    });

    test('by too many bytes', async () => {
      const query = "SELECT seq, REPEAT('x', 1000) AS x FROM seq_1_to_90000";
      expect(await ask.failure({ url: url('writer'), query, maxBytes: 2_000_000 })).toBe(
        `${place()} answers with more than 2000000 bytes (maxBytes): ask for fewer rows or columns`,
      );
      await idleAgain();
    });
  });

  test.each([
    ['SELECT * FROM nowhere', 'does not allow reader that|SELECT command denied|cannot answer the query: .*nowhere'],
    ['SELECT amout FROM orders', "cannot answer the query: Unknown column 'amout'"],
    ['SELECT * FROM secrets', "cannot answer the query: SELECT command denied to user 'reader'"],
    ['SELECT 1 +', 'cannot answer the query: You have an error in your SQL syntax'],
    ['SELECT 1 AS a, 2 AS a', 'the query answers several columns that are named "a"'],
  ])('what is wrong with %s is a sentence', async (query, sentence) => {
    expect(await ask.failure({ query })).toMatch(new RegExp(sentence));
  });

  test('what is wrong with the address is a sentence', async () => {
    const query = 'SELECT 1 AS n';
    expect(await ask.failure({ query, url: url('reader', 'wrong-pass') })).toBe(
      `${place()} does not take the password of reader (user, password)`,
    );
    expect(await ask.failure({ query, url: url('reader', 'reader-pass', 'warehouse') })).toBe(
      `${place()} does not let reader into the database "warehouse" (user, database)`,
    );
    expect(await ask.failure({ query, url: 'mysql://reader:reader-pass@127.0.0.1:1/shop' })).toBe(
      'MySQL at 127.0.0.1:1 cannot be reached: nothing listens there',
    );
    const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: false });
    expect(await ask.failure({ query }, { outgoing })).toContain('is not a public address');
  });

  describe.skipIf(!hasTls)('over TLS (openssl)', () => {
    test('it is taken with its authority and name, and refused in a sentence without', async () => {
      const query = "SHOW STATUS LIKE 'Ssl_cipher'";
      const secure = await ask.first({ query, tls: { ca: authority.ca, serverName: 'db.example' } });
      expect(secure).toEqual([{ Variable_name: 'Ssl_cipher', Value: expect.stringMatching(/\S/) }]);
      expect(await ask.first({ query, tls: { insecure: true } })).toEqual(secure);
      expect(await ask.failure({ query, tls: { serverName: 'db.example' } })).toContain(
        'its certificate is of an authority',
      );
      expect(await ask.failure({ query, tls: { ca: authority.ca, serverName: 'other.example' } })).toContain(
        'for another name',
      );
      expect(() => ask.probe({ query, tls: {} })).toThrow(
        'sources.probe.tls: must have serverName where the host is no name',
      );
    });
  });

  test.each(['connecting', 'asking'])('a stop is heard at once while %s, and leaves no connection', async (stage) => {
    const proxy = await TcpProxy.start(server.port);
    if (stage === 'connecting') proxy.stall();
    const source = ask.probe({
      url: `mysql://reader:reader-pass@127.0.0.1:${proxy.port}/shop`,
      query: 'SELECT SLEEP(5) AS n',
      timeoutMs: 60_000,
    });
    await vi.waitFor(() => expect(proxy.connections).toBe(1), { timeout: 10_000 });
    const begun = performance.now();
    await source.stop();
    expect(performance.now() - begun).toBeLessThan(1_000);
    proxy.heal();
    await vi.waitFor(() => expect(proxy.connections).toBe(0), { timeout: 10_000 });
    await proxy.close();
  });

  test('one connection serves question after question; when the server ends it meanwhile, another one is opened', async () => {
    const query = 'SELECT CONNECTION_ID() AS id';
    const idsOf = (source: SqlProbe) => [...new Set(source.data.map((row) => (row as { id: number }).id))];
    const often = ask.probe({ query, topicKind: 'state' });
    await often.published(3);
    await often.stop();
    expect(idsOf(often)).toHaveLength(1);
    const seldom = ask.probe({ query, topicKind: 'state', intervalMs: 2_000 });
    await seldom.published(1);
    server.sql(`KILL ${idsOf(seldom)[0]}`);
    await seldom.until(() => idsOf(seldom).length === 2);
    await seldom.stop();
  });

  test('it is a failure while the server is away, and works again when it is back', async () => {
    const source = ask.probe({ query: 'SELECT count(*) AS n FROM orders' });
    await source.published(1);
    await server.kill();
    expect(await source.failed()).toMatch(/ (is gone|cannot be reached): \S/);
    await server.start();
    expect(await ask.first({ query: 'SELECT count(*) AS n FROM orders' })).toEqual([{ n: 2 }]);
  });
});
