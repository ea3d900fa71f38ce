import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@tidewall/base';
import type { SourceDefinition } from '@tidewall/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAsker } from '../sql/sql-probe.contract.ts';
import { bindStatement } from '../sql/statement/bind-statement.ts';
import { parseStatement } from '../sql/statement/parse-statement.ts';
import { QUOTINGS, sqlItems } from '../sql/statement/sql-text.contract.ts';
import { SQLITE_SYNTAX } from '../sql/statement/syntax.ts';
import { definition } from './definition.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { writeSqlite } from './write-sqlite.contract.ts';

const FOREVER = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)';

describe('SQLite', () => {
  let folder: string;
  let path: string;
  const ask = createAsker(definition as SourceDefinition, () => ({ path }));
  const never = new AbortController().signal;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tidewall-sqlite-'));
    path = join(folder, 'shop.sqlite');
    writeSqlite(
      path,
      "CREATE TABLE orders (id INTEGER PRIMARY KEY, region TEXT, amount REAL, at TEXT); INSERT INTO orders VALUES (1, 'sh', 10.5, '2026-11-30 20:00:00'), (2, 'bj', 3, NULL)",
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function connect(limits = {}) {
    const all = { maxRows: 1_000, maxBytes: 16 * 1024 * 1024, timeoutMs: 2_000, ...limits };
    return new SqliteDatabase({ resolve: () => path, limits: all, clock: systemClock }).connect(never);
  }
  const plain = (text: string) => ({ text, values: [], names: [] });

  test('rows of a query arrive by the names of their columns', async () => {
    expect(await ask.first({ query: 'SELECT * FROM orders ORDER BY id', keyField: 'id' })).toEqual([
      { id: 1, region: 'sh', amount: 10.5, at: '2026-11-30 20:00:00' },
      { id: 2, region: 'bj', amount: 3, at: null },
    ]);
  });

  test.each([
    ['9007199254740993', '9007199254740993'],
    ['-5', -5],
    ['1.5', 1.5],
    ["'中'", '中'],
    ["x'01ff'", '0x01ff'],
    ["x''", '0x'],
    ['9e999', null],
    ['NULL', null],
  ])('%s is %j', async (expression, value) => {
    expect(await ask.first({ query: `SELECT ${expression} AS v`, topicKind: 'state' })).toEqual({ v: value });
  });

  test('texts of its time column are read in the zone that is set', async () => {
    const query = 'SELECT at, amount FROM orders WHERE at IS NOT NULL';
    expect(await ask.first({ query, timeField: 'at', timezone: 'Asia/Shanghai', topicKind: 'series' })).toEqual([
      { t: Date.UTC(2026, 10, 30, 12), amount: 10.5 },
    ]);
  });

  test('[P6] a parameter is bound, whatever it says, as what it is', async () => {
    const connection = await connect();
    const statement = parseStatement('SELECT :v AS v, typeof(:v) AS type', SQLITE_SYNTAX);
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
        async (value) => {
          const bound = bindStatement(statement, SQLITE_SYNTAX, new Map([['v', { value }]]));
          expect((await connection.ask(bound, never)).rows).toEqual([[value, 'text']]);
        },
      ),
      { numRuns: 100, examples: [["'; DROP TABLE orders; --"], ['?1'], [':v']] },
    );
    connection.close();
    expect(
      await ask.first(
        { query: 'SELECT id FROM orders WHERE amount > :least AND :all LIMIT :n' },
        { least: 2.5, all: true, n: 1 },
      ),
    ).toEqual([{ id: 1 }]);
  });

  test('a parameter stands where SQLite sees one: it reads a text as we cut it', async () => {
    const connection = await connect();
    await fc.assert(
      fc.asyncProperty(sqlItems(QUOTINGS.sqlite), async (items) => {
        const given = new Map(
          items.flatMap(({ parameter, value }) => (parameter ? [[parameter, { value }] as const] : [])),
        );
        const bound = bindStatement(
          parseStatement(`SELECT ${items.map(({ sql }) => sql).join(' ,')}`, SQLITE_SYNTAX),
          SQLITE_SYNTAX,
          given,
        );
        expect((await connection.ask(bound, never)).rows).toEqual([items.map(({ value }) => value)]);
      }),
      { numRuns: 150 },
    );
    connection.close();
  });

  test('what is new alone is asked for, also when a new file has taken the place of the old one', async () => {
    const own = join(folder, 'notes.sqlite');
    const make = (at: string, ids: string) =>
      writeSqlite(at, `CREATE TABLE notes (id INTEGER); INSERT INTO notes VALUES ${ids}`);
    make(own, '(1), (9007199254740993)');
    const source = ask.probe({
      path: own,
      query: 'SELECT id FROM notes WHERE id > :cursor ORDER BY id',
      cursor: { column: 'id', start: 0 },
      topicKind: 'log',
    });
    await source.published(2);
    await source.until(() => source.sink.healthyCalls > 1);
    make(`${own}.new`, '(1), (9007199254740993), (9007199254740995)');
    renameSync(`${own}.new`, own);
    await source.published(3);
    await source.stop();
    expect(source.data).toEqual([{ id: 1 }, { id: '9007199254740993' }, { id: '9007199254740995' }]);
  });

  describe('cannot write, and reaches no other file', () => {
    const outside = () => join(folder, 'outside.sqlite');

    test.each([
      'INSERT INTO orders VALUES (9, NULL, NULL, NULL)',
      'WITH gone AS (SELECT 1) DELETE FROM orders',
      'CREATE TABLE taken (a)',
      'CREATE TEMP TABLE taken (a)',
      'DROP TABLE orders',
      'PRAGMA journal_mode = WAL',
      'PRAGMA query_only = 0',
      "ATTACH 'OUTSIDE' AS o",
      "VACUUM INTO 'OUTSIDE'",
      'BEGIN IMMEDIATE',
      "SELECT load_extension('/tmp/x.so')",
      "SELECT writefile('OUTSIDE', 'x')",
      "SELECT readfile('/etc/passwd')",
      "SELECT * FROM pragma_journal_mode('WAL')",
      "SELECT edit('x', 'id')",
    ])('by %s, also where the file is asked directly', async (text) => {
      const before = readFileSync(path);
      const connection = await connect();
      try {
        await expect(connection.ask(plain(text.replace('OUTSIDE', outside())), never)).rejects.toThrow(`${path} `);
      } finally {
        connection.close();
      }
      expect(readFileSync(path).equals(before)).toBe(true);
      expect(existsSync(outside())).toBe(false);
    });

    test('by a second statement: it is not read', async () => {
      expect(() => ask.probe({ query: 'SELECT 1; DELETE FROM orders' })).toThrow('must be one statement');
      const connection = await connect();
      await connection.ask(plain('SELECT 1; DELETE FROM orders'), never).catch(() => {});
      expect((await connection.ask(plain('SELECT count(*) FROM orders'), never)).rows).toEqual([[2n]]);
      connection.close();
    });

    test('where it is named by a path that leads elsewhere', async () => {
      const refusal = () => {
        throw new Error('only files that were uploaded');
      };
      expect(await ask.failure({ path: '../../etc/passwd', query: 'SELECT 1' }, { resolveFile: refusal })).toBe(
        'only files that were uploaded',
      );
    });
  });

  describe.runIf(process.platform === 'linux')('is ended', () => {
    // Those of the tests before are ended too, though not yet at the end of each.
    beforeEach(() => vi.waitFor(() => expect(readers()).toBe(0), { timeout: 5_000 }));

    test.each([`${FOREVER} SELECT count(*) FROM c`, `${FOREVER} SELECT x FROM c ORDER BY random()`])(
      'when a query takes too long: %s',
      async (query) => {
        expect(await ask.failure({ query, timeoutMs: 500 })).toMatch(
          /\.\w+ did not answer within 500 ms: ask it for less, or raise timeoutMs$/,
        );
        await vi.waitFor(() => expect(readers()).toBe(0), { timeout: 5_000 });
      },
    );

    test('when nobody watches any more', async () => {
      const source = ask.probe({ query: `${FOREVER} SELECT count(*) FROM c`, timeoutMs: 60_000 });
      await vi.waitFor(() => expect(readers()).toBe(1), { timeout: 5_000 });
      await source.stop();
      await vi.waitFor(() => expect(readers()).toBe(0), { timeout: 5_000 });
    });

    test.each([
      [{ maxRows: 500 }, 'answers with more than 500 rows (maxRows): ask for less, as with LIMIT'],
      [{ maxBytes: 10_000 }, 'answers with more than 10000 bytes (maxBytes): ask for fewer rows or columns'],
    ])('when it answers too much: %j', async (limits, sentence) => {
      expect(await ask.failure({ query: `${FOREVER} SELECT x FROM c`, ...limits })).toBe(`${path} ${sentence}`);
    });

    test('when a query takes too much memory', async () => {
      const blobs = Array.from({ length: 6 }, (_, index) => `hex(randomblob(200000000 + ${index})) AS b${index}`);
      expect(await ask.failure({ query: `SELECT ${blobs.join(', ')}`, timeoutMs: 60_000 })).toBe(
        `${path} cannot answer the query within 1 GiB of memory: ask for less`,
      );
    });

    test('when its reader dies: it is a failure', async () => {
      const source = ask.probe({ query: `${FOREVER} SELECT count(*) FROM c`, timeoutMs: 60_000 });
      await vi.waitFor(() => expect(readers()).toBe(1), { timeout: 5_000 });
      for (const pid of readerPids()) process.kill(pid, 'SIGKILL');
      expect(await source.failed()).toContain('what reads it was ended');
    });
  });

  test.each([
    ['SELECT * FROM nowhere', 'cannot answer the query: no such table: nowhere'],
    ['SELECT amout FROM orders', 'cannot answer the query: no such column: amout'],
    ['SELECT 1 +', 'cannot answer the query: incomplete input'],
    ['SELECT 1 AS a, 2 AS a', 'the query answers several columns that are named "a"'],
  ])('what is wrong with %s is a sentence', async (query, sentence) => {
    expect(await ask.failure({ query })).toContain(sentence);
  });

  test('what is wrong with the file is a sentence', async () => {
    const query = 'SELECT * FROM orders';
    expect(await ask.failure({ query, path: join(folder, 'none') })).toBe(
      `${join(folder, 'none')} is not there: there is no such file (path)`,
    );
    expect(await ask.failure({ query, path: folder })).toBe(`${folder} is not a file (path)`);
    const text = join(folder, 'text');
    writeFileSync(text, 'no database '.repeat(100));
    expect(await ask.failure({ query, path: text })).toBe(`${text} is no SQLite file`);
  });

  test('a file that goes away is a failure, and works again when it is back', async () => {
    const own = join(folder, 'away.sqlite');
    writeSqlite(own, 'CREATE TABLE t (a)');
    const source = ask.probe({ path: own, query: 'SELECT count(*) AS n FROM t' });
    await source.published(1);
    renameSync(own, `${own}.away`);
    expect(await source.failed()).toBe(`${own} is not there: there is no such file (path)`);
    renameSync(`${own}.away`, own);
    expect(await ask.first({ path: own, query: 'SELECT count(*) AS n FROM t' })).toEqual([{ n: 0 }]);
    expect(statSync(own).isFile()).toBe(true);
  });
});

/** The processes that read files for this one. */
function readerPids(): number[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean);
  return children.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('DatabaseSync');
    } catch {
      return false;
    }
  });
}

function readers(): number {
  return readerPids().length;
}
