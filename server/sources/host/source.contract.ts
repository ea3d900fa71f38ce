import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceCase } from '../source-case.contract.ts';
import { writeSampleProc } from './sample-proc.ts';

const sourceCase: SourceCase = {
  async prepare(folder) {
    const procDir = join(folder, 'proc');
    await writeSampleProc(procDir);
    return {
      config: { procDir },
      wrong: { everyMs: 1 },
      kill: () => rm(procDir, { recursive: true }),
    };
  },
};

export default sourceCase;
