import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceCase } from '../source-case.contract.ts';

const sourceCase: SourceCase = {
  async prepare(folder) {
    const path = join(folder, 'recording.ndjson');
    const lines = Array.from({ length: 5 }, (_, n) => JSON.stringify({ at: 1_000 + n * 100, data: { n } }));
    await writeFile(path, `${lines.join('\n')}\n`);
    return {
      config: { path: 'recording.ndjson', loop: true, speed: 4 },
      wrong: { speed: 100 },
      kill: () => rm(path),
    };
  },
};

export default sourceCase;
