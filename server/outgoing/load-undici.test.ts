import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const DISPATCHER = "Symbol.for('undici.globalDispatcher.1')";

test("the way out leaves Node's own fetch as it is", async () => {
  const program = `
    import { loadUndici } from '${new URL('load-undici.ts', import.meta.url).href}';
    const before = globalThis[${DISPATCHER}];
    const { Agent } = await loadUndici();
    console.log(before === undefined, globalThis[${DISPATCHER}] instanceof Agent);
  `;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  expect((await run(process.execPath, args, { cwd: import.meta.dirname })).stdout.trim()).toBe('true false');
});
