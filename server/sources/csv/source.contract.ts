import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceCase } from '../source-case.contract.ts';

const sourceCase: SourceCase = {
  async prepare(folder) {
    const path = join(folder, 'stock.csv');
    let edits = 0;
    const write = () => {
      edits += 1;
      return writeFile(path, `product,stock\npump,${edits}\nvalve,${'9'.repeat(edits)}\n`);
    };
    await write();
    return {
      config: { path, keyField: 'product' },
      wrong: { encoding: 'latin-9' },
      change: write,
      kill: () => rm(path),
    };
  },
};

export default sourceCase;
