import { fileURLToPath } from 'node:url';
import { type DatabaseServer, findPostgres, startPostgres } from '@tidewall/testkit';
import { Benchmark } from './benchmark.ts';
import { type Contender, passing, type RunningContender } from './contender.ts';
import { tidewall } from './contenders/tidewall.ts';
import { readOptions } from './options.ts';
import { cpuNs } from './process-cost.ts';
import { column } from './table.ts';
import { payloadOf, textFrame, upgrade } from './wire.ts';

/*
 * Viewers of one question to a database: how often it is asked, and what that costs the database. Each viewer wants an
 * answer a second. Beside it a server that asks for each of them.
 */

const INTERVAL_MS = 1000;
/** Of fewer questions one more or less would be much. */
const LEAST_MS = 10_000;
const QUERY = 'SELECT region, sum(amount) AS amount, random() AS x FROM orders GROUP BY region';
const SETUP = `
  CREATE EXTENSION pg_stat_statements;
  CREATE USER reader PASSWORD 'reader-pass';
  CREATE TABLE orders AS SELECT n AS id, 'region ' || n % 20 AS region, n % 100 AS amount FROM generate_series(1, 20000) n;
  GRANT SELECT ON orders TO reader;
`;
const CALLS = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query LIKE 'SELECT region, sum(amount)%'";

const options = readOptions({ rounds: 1 });
if (findPostgres() === undefined) {
  console.error('PostgreSQL is not installed: apt-get install postgresql');
  process.exit(1);
}
const database = await startPostgres({ settings: ['shared_preload_libraries=pg_stat_statements'] });
database.sql(SETUP);
const url = `postgres://reader:reader-pass@127.0.0.1:${database.port}/postgres`;

const source = {
  kind: 'sql',
  url,
  query: QUERY,
  keyField: 'region',
  intervalMs: INTERVAL_MS,
  minIntervalMs: INTERVAL_MS,
};
const ours = tidewall({ config: [`sources: { orders: ${JSON.stringify(source)} }`] });
const asked: Contender = {
  ...ours,
  wire: { ...ours.wire, subscribe: textFrame('{"id":2,"subscribe":{"topic":"orders"}}') },
};
const SERVER = fileURLToPath(new URL('contenders/servers/query-a-viewer.mjs', import.meta.url));
const forEach: Contender = {
  name: 'a query for each viewer',
  missing: () => undefined,
  version: () => `pg, ws, Node ${process.versions.node}`,
  command: ({ port }) => [process.execPath, SERVER, `${port}`, url, QUERY, `${INTERVAL_MS}`],
  wire: {
    path: '/',
    subscribe: textFrame('follow'),
    publisher: { port: 'clients', says: [upgrade('/')] },
    publication: textFrame,
  },
};

const many = options.quick ? 1000 : 10_000;
const benchmark = new Benchmark('sql-viewers', options, [
  column('queries', 'queries/s', 2),
  column('connections', 'connections'),
  column('databaseMs', 'ms of database/s', 1),
  column('serverMs', 'ms of server CPU/s', 1),
  column('deliveries', 'deliveries/s'),
]);

for (const viewers of [1, 100, many]) {
  // The load waits until nothing is said before it begins: what asks for each of many never stops.
  await benchmark.turns(settingOf(viewers), viewers === many ? [asked] : [asked, forEach], async (bench) => {
    const clients = bench.load({ clients: viewers, addresses: 4, payload: payloadOf(64) });
    await clients.connect();
    await passing(2 * INTERVAL_MS);
    const before = look(bench.server, await deliveriesOf(bench.server));
    await passing(Math.max(LEAST_MS, options.seconds * 1000));
    const after = look(bench.server, await deliveriesOf(bench.server));
    const seconds = (after.at - before.at) / 1000;
    const each = (figure: 'calls' | 'databaseNs' | 'serverNs' | 'deliveries') =>
      (after[figure] - before[figure]) / seconds;
    return {
      queries: each('calls'),
      connections: Number(database.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'reader'")),
      databaseMs: each('databaseNs') / 1e6,
      serverMs: each('serverNs') / 1e6,
      deliveries: each('deliveries'),
    };
  });
}
const setting = settingOf(many);
benchmark.finish([
  { text: `${setting}: a query a second`, setting, figure: 'queries', of: 'tidewall', atMost: 1.1, unit: ' queries/s' },
  {
    text: `${setting}: each hears of it each second`,
    setting,
    figure: 'deliveries',
    of: 'tidewall',
    atLeast: 0.9 * many,
  },
]);
await database.close();

function settingOf(viewers: number): string {
  return `${viewers.toLocaleString('en')} ${viewers === 1 ? 'viewer' : 'viewers'}`;
}

function look(server: RunningContender, deliveries: number) {
  return {
    at: performance.now(),
    calls: Number(database.sql(CALLS)),
    databaseNs: databaseNs(database),
    serverNs: cpuNs(server.pids),
    deliveries,
  };
}

/** What Tidewall has handed to its sessions so far; NaN of others. */
async function deliveriesOf({ port }: RunningContender): Promise<number> {
  const text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
    (answer) => answer.text(),
    () => '',
  );
  return Number(/^tidewall_deliveries_total (\S+)/m.exec(text)?.[1] ?? Number.NaN);
}

/** How long the database has worked at the question so far, by its own statistics. */
function databaseNs({ sql }: DatabaseServer): number {
  const spent =
    "SELECT coalesce(sum(total_exec_time + total_plan_time), 0) FROM pg_stat_statements WHERE query LIKE 'SELECT region, sum%'";
  return Number(sql(spent)) * 1e6;
}
