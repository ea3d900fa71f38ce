import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@tidewall/base';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askDuckdb, type DuckdbAnswer } from './duckdb-process.ts';

const isInstalled = (() => {
  try {
    return import.meta.resolve('@duckdb/node-api') !== '';
  } catch {
    return false;
  }
})();
const ROWS = '1,"x"\n2,"y"\n';
const never = new AbortController().signal;

let folder: string;
let path: string;
let secret: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewall-duckdb-'));
  path = join(folder, 'rows.csv');
  secret = join(folder, 'secret.csv');
  mkdirSync(join(folder, 'spill'));
  writeFileSync(path, ROWS);
  writeFileSync(secret, 'word\nhush\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Asks without the first wall, which looks at the text of a statement. */
function ask(text: string, signal = never): Promise<DuckdbAnswer> {
  const columns = [
    { name: 'a', type: 'BIGINT' },
    { name: 'b', type: 'VARCHAR' },
  ];
  const limits = { rows: 100, bytes: 100_000, memoryMb: 200, diskMb: 10 };
  const real = text.replaceAll('{secret}', secret).replaceAll('{folder}', folder).replaceAll('{rows}', path);
  const question = { spillFolder: join(folder, 'spill'), path, columns, text: real, values: [], limits };
  return askDuckdb(question, { clock: systemClock, timeoutMs: 20_000, signal });
}

it.runIf(isInstalled)('a question is answered from the rows', async () => {
  expect(await ask('SELECT b FROM csv ORDER BY a DESC')).toEqual({
    columns: [{ name: 'b', type: 'VARCHAR' }],
    rows: [['y'], ['x']],
    lost: 0,
  });
});

it
  .runIf(isInstalled)
  .each([
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM read_csv('http://127.0.0.1:9/x')",
    "SELECT getenv('HOME')",
    "SELECT * FROM query('SELECT * FROM read_text(''{secret}'')')",
    "SELECT * FROM query('COPY (SELECT 1) TO ''{rows}'' (USE_TMP_FILE false)')",
    "SELECT * FROM enable_logging(storage='file', storage_path='{rows}')",
    "WITH x AS (SELECT * FROM read_csv('{secret}')) SELECT * FROM x",
    "COPY (SELECT 42) TO '{rows}' (USE_TMP_FILE false)",
    "COPY (SELECT 42) TO '{folder}/out.csv'",
    "ATTACH '{folder}/out.db'",
    "EXPORT DATABASE '{folder}/out'",
    'INSTALL httpfs',
    'SET enable_external_access = true',
    "PRAGMA profiling_output = '{rows}'",
    'INSERT INTO csv SELECT 3, 4',
    'CREATE TABLE x AS SELECT 1',
    'SELECT 1; SELECT 2',
    'EXPLAIN ANALYZE SELECT 1',
  ])('what would reach anything beside the rows is refused: %s', async (text) => {
  const answer = await ask(text);
  expect(JSON.stringify(answer)).not.toContain('hush');
  // A place where there are no files may be looked at; it is empty.
  if (!('failed' in answer)) expect(answer.rows).toEqual([]);
  expect(readdirSync(folder).filter((name) => name.startsWith('out'))).toEqual([]);
  expect(readFileSync(path, 'utf8')).toBe(ROWS);
});

it.runIf(isInstalled)('a process that was told to stop before it began is none', async () => {
  expect(await ask('SELECT 1', AbortSignal.abort())).toEqual({ failed: 'aborted' });
});

it.skipIf(isInstalled)('the walls around DuckDB: @duckdb/node-api is not installed', ({ skip }) => skip());
