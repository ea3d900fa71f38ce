import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BoundStatement, bindStatement } from './bind-statement.ts';
import type { GivenParameter } from './given-parameter.ts';
import { parseStatement } from './parse-statement.ts';
import { QUOTINGS, sqlItems } from './sql-text.contract.ts';
import { CLICKHOUSE_SYNTAX, MYSQL_SYNTAX, POSTGRES_SYNTAX, SQLITE_SYNTAX, type SqlSyntax } from './syntax.ts';

const SYNTAXES = { postgres: POSTGRES_SYNTAX, mysql: MYSQL_SYNTAX, sqlite: SQLITE_SYNTAX };

function bind(text: string, syntax: SqlSyntax, values: Record<string, GivenParameter['value']> = {}): BoundStatement {
  const given = new Map(Object.entries(values).map(([name, value]) => [name, { value }]));
  return bindStatement(parseStatement(text, syntax), syntax, given);
}

const textOf = (text: string, syntax: SqlSyntax) => bind(text, syntax, { a: 1, b: 2, n: 3 }).text;

describe('a parameter', () => {
  test.each([
    ['SELECT :a', 'SELECT $1'],
    ['SELECT :a, :b, :a', 'SELECT $1, $2, $1'],
    ['SELECT a FROM t WHERE x=:a AND y>=:b', 'SELECT a FROM t WHERE x=$1 AND y>=$2'],
    ['SELECT :a::int', 'SELECT $1::int'],
    ['SELECT (:a)', 'SELECT ($1)'],
    ['SELECT ARRAY[:a,:b]', 'SELECT ARRAY[$1,$2]'],
    ['SELECT ARRAY[[:a], [:b]]', 'SELECT ARRAY[[$1], [$2]]'],
    ['SELECT x[(:a)]', 'SELECT x[($1)]'],
    ["SELECT E'\\':b' || :a", "SELECT E'\\':b' || $1"],
    ['SELECT :a -- :b', 'SELECT $1 -- :b'],
    ['SELECT /* :b /* :b */ :b */ :a', 'SELECT /* :b /* :b */ :b */ $1'],
    ['SELECT $$ :b $$, $t$ :b $$ :b $t$, :a', 'SELECT $$ :b $$, $t$ :b $$ :b $t$, $1'],
  ])('is bound in %s', (text, bound) => {
    expect(textOf(text, POSTGRES_SYNTAX)).toBe(bound);
  });

  test.each([
    "SELECT ':a'",
    'SELECT ":a"',
    'SELECT 1::int',
    'SELECT x[1:n]',
    'SELECT x[:n]',
    'SELECT x[1 : n]',
    'SELECT f(x)[1:2]',
    "SELECT '{}'::jsonb ? ':a'",
    'SELECT x$a$1 -- :a',
    "SELECT 'it''s :a'",
    "SELECT 'a\\' || ':b'",
    'SELECT "a"":b"',
  ])('is none in %s', (text) => {
    expect(textOf(text, POSTGRES_SYNTAX)).toBe(text);
  });

  test.each([
    ["SELECT '\\':b', :a", "SELECT '\\':b', ?"],
    ['SELECT "\\":b", :a, :a', 'SELECT "\\":b", ?, ?'],
    ['SELECT `:b`, :a', 'SELECT `:b`, ?'],
    ['SELECT @x := 1, :a', 'SELECT @x := 1, ?'],
    ['SELECT :a # :b\n', 'SELECT ? # :b\n'],
    ['SELECT 5--:a', 'SELECT 5--?'],
    ['SELECT /* :b /* */ :a', 'SELECT /* :b /* */ ?'],
  ])('is bound in MySQL: %s', (text, bound) => {
    expect(textOf(text, MYSQL_SYNTAX)).toBe(bound);
  });

  test.each([
    ['SELECT [:b], :a', 'SELECT [:b], ?1'],
    ["SELECT 'a\\', :a", "SELECT 'a\\', ?1"],
    ['SELECT :b, :a, :b', 'SELECT ?1, ?2, ?1'],
  ])('is bound in SQLite: %s', (text, bound) => {
    expect(textOf(text, SQLITE_SYNTAX)).toBe(bound);
  });

  test('of ClickHouse says its type, and its own form stays', () => {
    const text = 'SELECT {own:UInt8}, :a, :b, :c, :d, x ? y:z, m[:e]';
    expect(bind(text, CLICKHOUSE_SYNTAX, { a: 'x', b: 1, c: 1.5, d: true, e: 2 }).text).toBe(
      'SELECT {own:UInt8}, {a:String}, {b:Int64}, {c:Float64}, {d:UInt8}, x ? y:z, m[:e]',
    );
  });

  test('that there is no value for is named, with those that there are', () => {
    expect(() => bind('SELECT :other', POSTGRES_SYNTAX, { a: 1 })).toThrow(
      'has the parameter :other, which params does not name; it has :a',
    );
  });

  test.each(['postgres', 'mysql', 'sqlite'] as const)('is found where it is one, and nowhere else: %s', (dialect) => {
    fc.assert(
      fc.property(sqlItems(QUOTINGS[dialect]), (items) => {
        const { parts, parameters } = parseStatement(
          `SELECT ${items.map(({ sql }) => sql).join(' ,')}`,
          SYNTAXES[dialect],
        );
        const names = items.flatMap(({ parameter }) => parameter ?? []);
        expect(parts.flatMap((part) => ('parameter' in part ? part.parameter : []))).toEqual(names);
        expect(parameters).toEqual([...new Set(names)]);
      }),
      { numRuns: 1_000 },
    );
  });

  test('never puts its value into the text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), fc.constantFrom(...Object.values(SYNTAXES)), (value, syntax) => {
        const bound = bind('SELECT :a, :b', syntax, { a: value, b: 1 });
        expect(bound.text).toBe(bind('SELECT :a, :b', syntax, { a: 'other', b: 2 }).text);
        expect(bound.values[0]).toBe(value);
      }),
    );
  });
});

describe('a statement', () => {
  test.each([
    ['', 'must ask something, and is empty'],
    [' -- nothing\n ;', 'must ask something, and is empty'],
    ['DELETE FROM t', 'must ask: begin with SELECT or WITH, not with "DELETE"'],
    ['SELECT 1; DROP TABLE t', 'must be one statement; another one begins in line 1'],
    ['SELECT 1;\n;\nSELECT 2', 'must be one statement; another one begins in line 3'],
    ["SELECT 'a", 'a text that begins in line 1 does not end'],
    ['SELECT\n /* a', 'a comment that begins in line 2 does not end'],
    ['SELECT "a', 'a name that begins in line 1 does not end'],
    ['SELECT $a$ $b$', 'a text that begins in line 1 does not end'],
    ['SELECT $1', 'has the place of a value in line 1, $1; write the name of a parameter, :name'],
    ['SELECT 1\u0000', 'has a control character, its 9. character'],
    ['SELECT 1 -- \r DROP', 'has a control character, its 13. character'],
    [`SELECT ${'1'.repeat(100_000)}`, 'is longer than 100000 characters'],
    ...[
      'COPY t TO STDOUT',
      "COPY t TO PROGRAM 'id'",
      'SET x = 1',
      'BEGIN',
      'COMMIT',
      'DO $$ $$',
      'CALL p()',
      'LISTEN a',
    ].map((text) => [text, `must ask: begin with SELECT or WITH, not with "${text.split(' ')[0]}"`]),
  ])('that is %j is refused', (text, sentence) => {
    expect(() => parseStatement(text as string, POSTGRES_SYNTAX)).toThrow(sentence);
  });

  test.each([
    ['SELECT ?', 'has the place of a value in line 1, ?; write the name of a parameter, :name'],
    ["SELECT 1 /*! INTO OUTFILE '/tmp/x' */", 'has a comment in line 1 that the database would read'],
    ["SELECT 1 /*M! INTO OUTFILE '/tmp/x' */", 'has a comment in line 1 that the database would read'],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", 'must only ask: INTO OUTFILE writes a file'],
    ["SELECT 1 into/**/dumpfile '/tmp/x'", 'must only ask: INTO DUMPFILE writes a file'],
    ["SELECT 1 -- '\n INTO OUTFILE '/tmp/x' -- '", 'must only ask: INTO OUTFILE writes a file'],
    ["SELECT '\\' INTO OUTFILE ', ' FROM t INTO OUTFILE '/tmp/x'", 'does not end'],
    ['LOAD DATA LOCAL INFILE 1', 'not with "LOAD"'],
    ['SELECT 1 -- \r\u2028 x', 'has a control character'],
  ])('of MySQL that is %j is refused', (text, sentence) => {
    expect(() => parseStatement(text, MYSQL_SYNTAX)).toThrow(sentence);
  });

  test.each([
    ...["ATTACH 'x' AS y", 'PRAGMA journal_mode = off', "VACUUM INTO 'x'", 'DETACH x', 'REPLACE INTO t VALUES (1)'].map(
      (text) => [text, `not with "${text.split(' ')[0]}"`] as const,
    ),
    ...['SELECT ?1', 'SELECT @a', 'SELECT $a', 'SELECT ?'].map(
      (text) => [text, `has the place of a value in line 1, ${text[7]}`] as const,
    ),
  ])('of SQLite that is %j is refused', (text, sentence) => {
    expect(() => parseStatement(text, SQLITE_SYNTAX)).toThrow(sentence);
  });

  test.each([
    'select 1;',
    'SELECT 1 ; ; -- done',
    '(SELECT 1) UNION (SELECT 2)',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    'VALUES (1)',
    'SHOW server_version',
    'EXPLAIN SELECT 1',
    "/* a */ -- b\n SELECT ';'",
    'SELECT 1\r\n  , 2',
  ])('that is %j is taken', (text) => {
    expect(parseStatement(text, POSTGRES_SYNTAX).parts).toHaveLength(1);
  });
});
