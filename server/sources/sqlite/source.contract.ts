import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@tidewall/base';
import type { SourceCase } from '../source-case.contract.ts';
import { writeSqlite } from './write-sqlite.contract.ts';

const sourceCase: SourceCase = {
  async prepare(folder) {
    const path = join(folder, 'shop.sqlite');
    writeSqlite(path, 'CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)');
    return {
      config: {
        path: 'shop.sqlite',
        query: 'SELECT n, random() AS x FROM t',
        keyField: 'n',
        intervalMs: 100,
        minIntervalMs: 100,
      },
      wrong: { query: 'DELETE FROM t' },
      // A process of its own answers, in its own time.
      context: { clock: systemClock },
      kill: () => rm(path),
    };
  },
};

export default sourceCase;
