import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JsonObject, systemClock } from '@tidewall/base';
import type { SourceContext } from '@tidewall/contracts';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingSink } from '../../recording-sink.ts';
import { eventually } from '../../source-bed.contract.ts';
import { parseSourceConfig } from '../../source-config.ts';
import { testContext } from '../../source-context.contract.ts';
import { definition } from '../definition.ts';

const isInstalled = (() => {
  try {
    return import.meta.resolve('@duckdb/node-api') !== '';
  } catch {
    return false;
  }
})();

const ORDERS =
  'id,city,amount,placed,paid,note\n1,上海,10.5,2026-01-01 08:00,true,\n2,北京,4,2026-01-01 09:00,false,"a ""b"""\n3,上海,NaN,2026-01-02 08:00,true,x\n4,上海,7\n5,北京,oops,2026-01-02 09:00,true,x\n';

const TYPED = { types: { amount: 'number' } };

let folder: string;
let path: string;
let sink: RecordingSink;
let abort: AbortController;
const runs: Promise<unknown>[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewall-query-'));
  path = join(folder, 'orders.csv');
  writeFileSync(path, ORDERS);
  sink = new RecordingSink();
  abort = new AbortController();
});

afterEach(async () => {
  abort.abort();
  await Promise.allSettled(runs.splice(0));
  rmSync(folder, { recursive: true, force: true });
});

function run(sql: string, config: JsonObject = {}, context: Partial<SourceContext> = {}): Promise<void> {
  const checked = parseSourceConfig('orders', definition, { path, sql, ...config });
  const source = definition.create(checked, testContext({ name: 'orders', clock: systemClock, ...context }));
  const running = source.run(sink, abort.signal);
  running.catch(() => {});
  runs.push(running);
  return running;
}

/** The rows of one answer. */
async function answer(sql: string, config: JsonObject = {}, context: Partial<SourceContext> = {}): Promise<unknown> {
  let failed: unknown;
  const before = sink.results.length;
  run(sql, config, context).catch((failure: unknown) => {
    failed = failure;
  });
  await eventually(() => sink.results.length > before || failed !== undefined);
  abort.abort();
  abort = new AbortController();
  if (failed !== undefined) throw failed;
  return sink.results.at(-1)?.data;
}

const copies = () => readdirSync(tmpdir()).filter((name) => name.startsWith('tidewall-csv-')).length;

describe.runIf(isInstalled)('a question to a file', () => {
  it('is answered from its rows as they are read without a question', async () => {
    const rows = await answer('SELECT * FROM csv ORDER BY id', TYPED);
    expect(rows).toEqual([
      { id: 1, city: '上海', amount: 10.5, placed: '2026-01-01T08:00:00', paid: true, note: null },
      { id: 2, city: '北京', amount: 4, placed: '2026-01-01T09:00:00', paid: false, note: 'a "b"' },
      { id: 3, city: '上海', amount: null, placed: '2026-01-02T08:00:00', paid: true, note: 'x' },
    ]);
    expect(sink.refusals).toEqual([
      'line 5 has 3 cells where the header has 6: none for column "placed"',
      'line 6 has "oops" in column "amount", which is of type number',
      '1 cell is NaN, infinite or an error, and null here: the first is "NaN" in line 4, column "amount"',
    ]);
  });

  it('may group, sort, and bind parameters', async () => {
    const sql =
      'SELECT city, count(*) AS n, sum(amount) AS amount FROM csv WHERE placed >= :since GROUP BY city ORDER BY n DESC LIMIT :most';
    const context = { params: { since: '2026-01-01 08:30', most: 1 } };
    expect(await answer(sql, TYPED, context)).toEqual([{ city: '北京', n: 1, amount: 4 }]);
    const hostile = { params: { since: "2026-01-01'; DROP VIEW csv; --", most: 1 } };
    await expect(answer(sql, TYPED, hostile)).rejects.toThrow(/^sql is refused by DuckDB: .*2026-01-01/);
    const named = { params: { city: "上海' OR '1'='1" } };
    expect(await answer('SELECT * FROM csv WHERE city = :city', {}, named)).toEqual([]);
  });

  it('has whole numbers, dates, times and whatever DuckDB makes as JSON', async () => {
    const sql = `SELECT 1 AS whole, 2::HUGEINT AS huge, 9007199254740993 AS id, 1.50::DECIMAL(9,2) AS price,
      DATE '2026-01-02' AS day, TIMESTAMP '2026-01-02 03:04:05.6' AS at, TIME '03:04:05' AS clock, [1, NULL] AS list,
      {'a': 1} AS object, 'nan'::DOUBLE AS none, NULL AS nothing, MAP {'k': 2} AS map, INTERVAL 3 DAY AS span`;
    expect(await answer(sql)).toEqual([
      {
        ...{ whole: 1, huge: 2, id: '9007199254740993', price: 1.5, day: '2026-01-02', at: '2026-01-02T03:04:05.600' },
        ...{ clock: '03:04:05', list: [1, null], object: { a: 1 }, none: null, nothing: null },
        ...{ map: [{ key: 'k', value: 2 }], span: '3 days' },
      },
    ]);
    expect(sink.refusals.at(-1)).toBe('1 value of the answer is NaN or infinite, and null here');
  });

  it('counts whole numbers as such, and compares times by the clocks of the zone', async () => {
    writeFileSync(path, 'n,x,time,day\n1,1,2026-01-01T20:00:00Z,2026-01-01\n2,1.5,2026-01-02 06:00,2026-01-02\n');
    const sql = "SELECT 'P' || n AS label, x, time, time::DATE = day + 1 AS next, day FROM csv ORDER BY n";
    expect(await answer(sql, { timezone: 'Asia/Shanghai' })).toEqual([
      { label: 'P1', x: 1, time: '2026-01-02T04:00:00+08:00', next: true, day: '2026-01-01' },
      { label: 'P2', x: 1.5, time: '2026-01-02T06:00:00+08:00', next: false, day: '2026-01-02' },
    ]);
  });

  it('knows columns that differ in the case of their letters alone', async () => {
    writeFileSync(path, 'Price,price,it\'s "x"\n1,2,3\n');
    expect(await answer('SELECT * FROM csv', { quote: '' })).toEqual([{ Price: 1, price_2: 2, 'it\'s "x"': 3 }]);
  });

  it('makes points of a series', async () => {
    const sql = "SELECT date_trunc('day', placed) AS t, sum(amount) AS amount FROM csv GROUP BY 1 ORDER BY 1";
    expect(await answer(sql, { ...TYPED, topicKind: 'series', timezone: '+08:00' })).toEqual([
      { t: Date.UTC(2025, 11, 31, 16), amount: 14.5 },
      { t: Date.UTC(2026, 0, 1, 16), amount: null },
    ]);
  });

  it('may have its time in any of its columns', async () => {
    const sql = 'SELECT placed AS moment, amount FROM csv WHERE id = 1';
    expect(await answer(sql, { ...TYPED, topicKind: 'series', timeField: 'moment' })).toEqual([
      { t: Date.UTC(2026, 0, 1, 8), amount: 10.5 },
    ]);
  });

  it('is asked again when the file changes', async () => {
    run('SELECT count(*) AS n FROM csv', TYPED);
    await eventually(() => sink.results.length === 1);
    writeFileSync(path, `${ORDERS}6,广州,1,2026-01-03,true,\n`);
    await eventually(() => sink.results.length === 2);
    expect(sink.results.map(({ data }) => data)).toEqual([[{ n: 3 }], [{ n: 4 }]]);
  });

  it('is answered for a file of any encoding', async () => {
    const gbk = Buffer.from([0xb3, 0xc7, 0xca, 0xd0, 0x0a, 0xc9, 0xcf, 0xba, 0xa3, 0x0a]);
    writeFileSync(path, gbk);
    expect(await answer('SELECT "城市" FROM csv', { encoding: 'gbk' })).toEqual([{ 城市: '上海' }]);
  });
});

it.each([
  ["COPY (SELECT 1) TO '/tmp/x'", 'must ask: begin with SELECT or WITH, not with "COPY"'],
  ["ATTACH '/tmp/x.db'", 'must ask'],
  ['SET enable_external_access = true', 'must ask'],
  ['SELECT 1; SELECT 2', 'must be one statement; another one begins in line 1'],
  ['SELECT $1', 'has the place of a value in line 1, $1; write the name of a parameter, :name'],
  ['', '>=1 characters'],
])('what is no question is refused with the configuration: %s', (sql, sentence) => {
  expect(() => parseSourceConfig('orders', definition, { path, sql })).toThrow('sources.orders.sql');
  expect(() => parseSourceConfig('orders', definition, { path, sql })).toThrow(sentence);
});

describe.runIf(isInstalled)('the source fails with a sentence', () => {
  it.each([
    ['SELECT * FROM orders', 'sql is refused by DuckDB: Catalog Error: Table with name orders does not exist!'],
    ['SELECT citty FROM csv', 'sql is refused by DuckDB: Binder Error: Referenced column "citty" not found'],
    ['SELECT 1 AS a, 2 AS a', 'the query answers several columns that are named "a"; name each by its own AS'],
  ])('%s', async (sql, sentence) => {
    await expect(answer(sql)).rejects.toThrow(sentence);
  });

  it('when the answer has too many rows, or bytes', async () => {
    await expect(answer('SELECT * FROM range(11)', { maxRows: 10 })).rejects.toThrow(
      'the answer has more than 10 rows, the most that are held (maxRows)',
    );
    const bytes = "SELECT repeat('x', 1000000) FROM range(20)";
    await expect(answer(bytes)).rejects.toThrow('the answer has more than 16777216 bytes');
  });

  it('when a question takes too long, and the process and its copy are gone', async () => {
    const before = copies();
    const slow = 'SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3';
    await expect(answer(slow, { timeoutMs: 1_000 })).rejects.toThrow('there was no answer to sql within 1000 ms');
    expect(copies()).toBe(before);
  });

  it('when it takes too much memory', async () => {
    const greedy = "SELECT list(repeat('x', 1000) || range) FROM range(3000000)";
    await expect(answer(greedy)).rejects.toThrow(/Out of Memory|DuckDB ended/);
  });

  it('when the file is empty, and of one with a header alone there are no rows', async () => {
    writeFileSync(path, '');
    await expect(answer('SELECT 1')).rejects.toThrow('is empty: it has no header, so that sql has no columns');
    writeFileSync(path, 'a,b\n');
    expect(await answer('SELECT count(*) AS n FROM csv')).toEqual([{ n: 0 }]);
  });
});

it.runIf(isInstalled)('a run that is told to stop ends its question, and publishes nothing', async () => {
  const before = copies();
  const running = run('SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3');
  await eventually(() => copies() > before);
  abort.abort();
  await running;
  expect(copies()).toBe(before);
  expect(sink.results).toEqual([]);
});

it.runIf(isInstalled)('questions wait for their turn, and a run that is told to stop waits no more', async () => {
  let left = 0;
  let asked = 0;
  const heavyTurn = async (signal: AbortSignal) => {
    asked += 1;
    if (asked === 2) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    return () => {
      left += 1;
    };
  };
  run('SELECT 1 AS a', {}, { heavyTurn });
  await eventually(() => sink.results.length === 1 && left === 1);
  const waiting = run('SELECT 1 AS a', {}, { heavyTurn });
  await eventually(() => asked === 2);
  abort.abort();
  await waiting;
  expect(left).toBe(1);
});

it('a parameter that nobody gives a value is refused when the source is made', () => {
  const checked = parseSourceConfig('orders', definition, { path, sql: 'SELECT :city' });
  expect(() => definition.create(checked, testContext({ clock: new FakeClock() }))).toThrow(
    'sql has the parameter :city, which params does not name',
  );
  const plain = parseSourceConfig('orders', definition, { path });
  expect(() => definition.create(plain, testContext({ params: { city: 'x' } }))).toThrow(
    'params are for sql, and there is none',
  );
});

it.skipIf(isInstalled)('questions to files: @duckdb/node-api is not installed', ({ skip }) => skip());
