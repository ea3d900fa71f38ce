import { FIND_SQLITE } from '@tidewall/disk';

/**
 * What works on a SQLite file in a thread of its own, as JavaScript: SQLite holds up the thread that it runs in, for as long
 * as a disk takes to sync. It knows nothing of what is in the file; a question is a list of statements.
 */
export const THREAD_PROGRAM = `
'use strict';
const { parentPort, workerData } = require('node:worker_threads');
${FIND_SQLITE}
const { path, installed, waitMs, setUp } = workerData;
const statements = new Map();
let database;

function run({ sql, values }) {
  let statement = statements.get(sql);
  if (statement === undefined) {
    statement = database.prepare(sql);
    statements.set(sql, statement);
  }
  return statement.all(...values);
}

function runTogether(steps) {
  database.exec('BEGIN IMMEDIATE');
  try {
    const rows = steps.map(run);
    database.exec('COMMIT');
    return rows;
  } catch (failure) {
    // SQLite may have done it by itself.
    try { database.exec('ROLLBACK'); } catch {}
    throw failure;
  }
}

const acts = {
  async open() {
    const library = await findSqlite(installed, () => true);
    if (library === undefined) return false;
    database = new library.DatabaseSync(path, { allowExtension: false, timeout: waitMs });
    database.exec(setUp);
    return true;
  },
  alone: (step) => run(step),
  together: (steps) => runTogether(steps),
  close() {
    statements.clear();
    database?.close();
    database = undefined;
  },
};

// One after another, as they come.
let last = Promise.resolve();
parentPort.on('message', ({ id, act, asked }) => {
  last = last.then(async () => {
    try {
      parentPort.postMessage({ id, answer: await acts[act](asked) });
    } catch (failure) {
      parentPort.postMessage({ id, failed: String((failure && failure.message) || failure) });
    }
  });
});
`;
