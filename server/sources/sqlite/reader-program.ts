import { FIND_SQLITE } from '@tidewall/disk';

/**
 * What reads SQLite files in a process of its own, as JavaScript for `node -e`: SQLite holds up the thread that it runs
 * in, and a statement that takes too long has no other end than that of its process.
 *
 * It opens a file read-only for each question, so that it reads the file that has the name now, and holds none. Its
 * walls, each by itself enough: the statement was found to be one that asks; the file is opened read-only; nothing but
 * reading is authorised, so that `ATTACH`, `PRAGMA` and the like are refused; no extension can be loaded.
 */
export const READER_PROGRAM = `
'use strict';
const ROWS_PER_MESSAGE = 500;
const BUSY_MS = 1000;
// SQLITE_READ, SQLITE_SELECT, SQLITE_FUNCTION, SQLITE_RECURSIVE
const ALLOWED = [20, 21, 31, 33];
const FUNCTION = 31;

// Where memory runs out, this process is the one to go.
try {
  require('node:fs').writeFileSync('/proc/self/oom_score_adj', '1000');
} catch {}

${FIND_SQLITE}
const found = findSqlite(
  process.argv[1],
  // Node 22.16 and later: before, columns of one name cannot be told apart.
  ({ StatementSync }) => StatementSync.prototype.setReturnArrays && StatementSync.prototype.columns,
  // Node 24.10 and later: before, there is one wall less.
  ({ DatabaseSync }) => DatabaseSync.prototype.setAuthorizer,
);

function ask(library, { path, text, values, maxRows, maxBytes }) {
  if (!library) return { failed: 'library' };
  const database = new library.DatabaseSync(path, {
    readOnly: true,
    allowExtension: false,
    defensive: true,
    timeout: BUSY_MS,
  });
  try {
    database.exec('PRAGMA query_only = 1; PRAGMA trusted_schema = 0');
    if (database.setAuthorizer) {
      database.setAuthorizer((action, _, name) =>
        ALLOWED.includes(action) && !(action === FUNCTION && /^(load_extension|fts3_tokenizer)$/i.test(name)) ? 0 : 1,
      );
    }
    const statement = database.prepare(text);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    const columns = statement.columns().map(({ name }) => name);
    let rows = [];
    let count = 0;
    let bytes = 0;
    for (const row of statement.iterate(...values)) {
      count += 1;
      if (count > maxRows) return { failed: 'rows' };
      for (const value of row) bytes += typeof value === 'string' ? Buffer.byteLength(value) : (value?.length ?? 8);
      if (bytes > maxBytes) return { failed: 'bytes' };
      rows.push(row);
      if (rows.length < ROWS_PER_MESSAGE) continue;
      process.send({ rows });
      rows = [];
    }
    return { columns, rows };
  } finally {
    database.close();
  }
}

process.on('message', async (question) => {
  let answer;
  try {
    answer = ask(await found, question);
  } catch (failure) {
    answer = { failed: 'sqlite', message: String((failure && failure.message) || failure), code: failure && failure.errcode };
  }
  process.send(answer);
});
process.on('disconnect', () => process.exit());
// A statement that never ends keeps this thread from hearing that its master was killed; another thread looks.
const { Worker } = require('node:worker_threads');
const watch = 'setInterval(() => process.ppid !== ' + process.ppid + ' && process.kill(process.pid, "SIGKILL"), 500)';
new Worker(watch, { eval: true, stdout: true, stderr: true });
`;
