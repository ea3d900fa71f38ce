import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTidewall } from '@tidewall/testkit';
import { expect, test } from 'vitest';

const EVIL = '\u001b[2J\u009b2Jforged\u202e\rtidewall: all is well';
// biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is what is shown
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;

test('[P4] what a server refuses with does nothing to the terminal of who is told', async () => {
  const error = { code: 107, name: 'bad_request', message: EVIL, retryable: false, afterMs: 0, detail: {} };
  const server = createServer((_request, response) => {
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    for (const args of [['topics'], ['sources'], ['keys', 'list'], ['can', 'a', 'read', 'b']]) {
      const running = runTidewall([...args, '--url', url]);
      await running.ended;
      expect([args, running.stderr]).toEqual([args, expect.stringContaining('forged')]);
      expect(`${running.stdout}${running.stderr}`).not.toMatch(OBEYED);
    }
  } finally {
    server.close();
  }
});

test('[P4] what stands in a configuration does nothing to the terminal of who starts the server', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidewall-errors-'));
  try {
    const file = join(folder, 'tidewall.yaml');
    await writeFile(file, JSON.stringify({ port: 0, demo: false, [`port${EVIL}`]: 1 }));
    const running = runTidewall(['serve', '--config', file]);
    expect((await running.ended).code).toBe(2);
    expect(running.stderr).toContain('forged');
    expect(running.stderr).not.toMatch(OBEYED);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
