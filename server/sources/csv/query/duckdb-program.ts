/**
 * What asks DuckDB in a process of its own, as JavaScript for `node -e`: a statement that takes too long, or all of the
 * memory, has no other end than that of its process.
 *
 * Its walls: the only file that can be reached is the one that is named in `allowed_paths`, which is a copy of ours that
 * goes away afterwards, and what is in `temp_directory`, which is empty (DuckDB lets statements in there, and makes a
 * folder there when it only prepares an EXPORT); nothing of that can be set otherwise behind `lock_configuration`; no extension can be loaded, and
 * nothing of the network be reached; the statement is one, and a SELECT to DuckDB itself, since `COPY … TO` could write
 * to the allowed path too; memory and what is put on the disk are bounded, and one thread works.
 */
export const DUCKDB_PROGRAM = `
'use strict';
const ROWS_PER_MESSAGE = 500;
const EXACT_DIGITS = 15;
let lost = 0;

const quoted = (text) => "'" + String(text).replaceAll("'", "''") + "'";

async function ask({ library, spillFolder, path, columns, text, values, limits }) {
  let duckdb;
  try {
    duckdb = await import(library);
  } catch (failure) {
    return { failed: 'library', message: String((failure && failure.message) || failure) };
  }
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: limits.memoryMb + 'MB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  const connection = await instance.connect();
  const types = columns.map(({ name, type }) => quoted(name) + ': ' + quoted(type)).join(', ');
  for (const statement of [
    'SET temp_directory = ' + quoted(spillFolder),
    "SET max_temp_directory_size = '" + limits.diskMb + "MB'",
    'SET allowed_paths = [' + quoted(path) + ']',
    'SET enable_external_access = false',
    'CREATE VIEW csv AS SELECT * FROM read_csv(' + quoted(path) + ", auto_detect = false, header = false, delim = ',', " +
      "quote = '\\"', escape = '\\"', nullstr = '', columns = {" + types + '})',
    'SET lock_configuration = true',
  ]) {
    await connection.run(statement);
  }
  const statements = await connection.extractStatements(text);
  if (statements.count !== 1) return { failed: 'statements' };
  const prepared = await statements.prepare(0);
  if (prepared.statementType !== duckdb.StatementType.SELECT) return { failed: 'no question' };
  // A whole number is one, also where DuckDB takes no other.
  prepared.bind(values.map((value) => (Number.isSafeInteger(value) ? BigInt(value) : value)));
  const result = await prepared.stream();
  const head = result.columnNames().map((name, at) => ({ name, type: String(result.columnType(at)) }));
  let rows = [];
  let count = 0;
  let bytes = 0;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (const row of chunk.getRows()) {
      count += 1;
      if (count > limits.rows) return { failed: 'rows' };
      const read = row.map((value) => json(value, duckdb));
      bytes += JSON.stringify(read).length;
      if (bytes > limits.bytes) return { failed: 'bytes' };
      rows.push(read);
      if (rows.length < ROWS_PER_MESSAGE) continue;
      await send({ rows });
      rows = [];
    }
  }
  return { columns: head, rows, lost };
}

function json(value, duckdb) {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    lost += 1;
    return null;
  }
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value !== 'object') return value;
  if (value instanceof duckdb.DuckDBDecimalValue) {
    const text = String(value);
    return text.replace(/\\D/g, '').replace(/^0+/, '').length <= EXACT_DIGITS ? Number(text) : text;
  }
  if (value instanceof duckdb.DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  if (Array.isArray(value.items)) return value.items.map((each) => json(each, duckdb));
  if (Array.isArray(value.entries)) {
    return value.entries.map((entry) => ({ key: json(entry.key, duckdb), value: json(entry.value, duckdb) }));
  }
  if (value.entries !== undefined) {
    return Object.fromEntries(Object.entries(value.entries).map(([name, each]) => [name, json(each, duckdb)]));
  }
  return String(value);
}

const send = (message) => new Promise((resolve) => process.send(message, resolve));

process.once('message', async (question) => {
  let answer;
  try {
    answer = await ask(question);
  } catch (failure) {
    answer = { failed: 'duckdb', message: String((failure && failure.message) || failure) };
  }
  await send(answer);
  process.exit();
});
process.on('disconnect', () => process.exit());
`;
