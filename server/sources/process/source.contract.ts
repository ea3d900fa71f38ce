import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceCase } from '../source-case.contract.ts';

const PROGRAM = `
  require('node:fs').writeFileSync('pid', String(process.pid));
  let n = 0;
  setInterval(() => console.log(JSON.stringify({ n: n++ })), 2);
`;

const sourceCase: SourceCase = {
  async prepare(folder) {
    return {
      config: { command: [process.execPath, '-e', PROGRAM], parse: 'json', cwd: folder },
      wrong: { command: [] },
      async kill() {
        process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')), 'SIGKILL');
      },
    };
  },
};

export default sourceCase;
