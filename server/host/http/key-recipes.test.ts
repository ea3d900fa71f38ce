import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram, hasPythonModule, PYTHON, startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLocalToken } from '../local-token.ts';

/* What docs/guide/keys.md tells to do works as it stands, on a server that is closed. */

const run = promisify(execFile);
let host: TestHost;
let guide: string;

beforeAll(async () => {
  guide = await readFile('docs/guide/keys.md', 'utf8');
  host = await startTestHost({ settings: { access: 'closed' } });
  const made = await fetch(`${host.url}/api/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer local:${(await readLocalToken(host.dataDir))?.token}` },
    body: '{"id":"press-4","bearer":false}',
  });
  const { secret } = (await made.json()) as { secret: string };
  await writeFile(join(host.dataDir, 'secret.txt'), `${secret}\n`);
});

afterAll(() => host.close());

/** The block of that language that has a text in it, for the server of this test. */
function recipe(language: string, about: string): string {
  const blocks = [...guide.matchAll(/^```(\w*)\n(.*?)^```/gms)];
  const block = blocks.find(([, named, text]) => named === language && text?.includes(about))?.[2] ?? '';
  expect(block).toContain('http://localhost:7070');
  return block.replaceAll('http://localhost:7070', host.url);
}

const held = async () => {
  const { json } = await host.hub.snapshot({ id: 'x', roles: ['admin'] }, 'plant/oee');
  return JSON.parse(json ?? 'null') as unknown;
};

const SHELL = ['bash', 'openssl', 'curl'].every((name) => findProgram(name) !== undefined);

test.skipIf(!SHELL)('signing with openssl publishes', async () => {
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', recipe('bash', 'openssl dgst')], {
    cwd: host.dataDir,
  });
  expect(JSON.parse(stdout)).toMatchObject({ offset: expect.any(Number) });
  expect(await held()).toEqual({ value: 42 });
});

test.skipIf(!hasPythonModule('hmac'))('signing in Python publishes', async () => {
  const { stdout } = await run(PYTHON, ['-c', recipe('python', 'hmac.new')], { cwd: host.dataDir });
  expect(stdout).toContain('"offset":');
  expect(await held()).toEqual({ value: 43 });
});
