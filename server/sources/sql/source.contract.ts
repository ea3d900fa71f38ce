import { systemClock } from '@tidewall/base';
import { type DatabaseServer, startPostgres } from '@tidewall/testkit';
import { afterAll } from 'vitest';
import type { SourceCase } from '../source-case.contract.ts';

/** One server serves all tests: to make one takes longer than most of them. */
let server: Promise<DatabaseServer> | undefined;
let alive = true;

afterAll(async () => {
  await (await server)?.close();
});

const sourceCase: SourceCase = {
  needs: 'pg_ctlcluster',
  async prepare() {
    server ??= startPostgres().then((started) => {
      started.sql("CREATE USER reader PASSWORD 'reader-pass'; CREATE SEQUENCE n; CREATE TABLE t (n int)");
      started.sql('GRANT SELECT ON t TO reader; INSERT INTO t VALUES (1)');
      return started;
    });
    const postgres = await server;
    if (!alive) await postgres.start();
    alive = true;
    return {
      config: {
        url: `postgres://reader:reader-pass@127.0.0.1:${postgres.port}/postgres`,
        query: 'SELECT n, random() AS x FROM t',
        keyField: 'n',
        intervalMs: 100,
        minIntervalMs: 100,
      },
      wrong: { query: 'DELETE FROM t' },
      // A process of its own answers, in its own time.
      context: { clock: systemClock },
      kill: async () => {
        alive = false;
        await postgres.kill();
      },
    };
  },
};

export default sourceCase;
