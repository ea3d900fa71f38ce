import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTidewall, startTidewall, type TidewallServer } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

let server: TidewallServer;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-cli-'));
  server = await startTidewall(['--no-demo']);
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(args: readonly string[], input = '') {
  const program = runTidewall(['sources', ...args], { env: { TIDEWALL_URL: server.url, COLUMNS: '80' } });
  program.write(input);
  program.endInput();
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

const upload = (name: string, text: string) => fetch(`${server.url}/api/files/${name}`, { method: 'PUT', body: text });

test('a source is tried, made, listed, shown, replaced and removed', async () => {
  await upload('stock.csv', 'sku,n\na,1\nb,2\n');
  const settings = ['--set', 'path=stock.csv', '--set', 'keyField=sku'];
  expect(await run(['test', '--kind', 'csv', ...settings])).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^it works/),
  });
  expect((await run(['preview', '--kind', 'csv', ...settings])).stdout).toBe(
    'preview (table), 2 rows of sku: text, n: number\nsku  n\na    1\nb    2\n',
  );
  expect(await run(['add', 'stock', '--kind', 'csv', ...settings])).toMatchObject({ code: 0 });
  expect((await run([])).stdout).toBe(
    'NAME   KIND  STATE  FROM  REFUSED  TOPICS\nstock  csv   idle   api   0        stock\n',
  );
  const again = await run(['add', 'stock', '--kind', 'csv', ...settings]);
  expect(again).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is a source stock already (conflict)'),
  });
  await writeFile(join(folder, 'stock.yaml'), 'kind: csv\npath: stock.csv\nkeyField: sku\n');
  const replaced = ['add', 'stock', '--replace', '--file', join(folder, 'stock.yaml'), '--set', 'topic=shop/stock'];
  expect((await run(replaced)).code).toBe(0);
  expect(JSON.parse((await run(['show', 'stock', '--json'])).stdout)).toEqual({
    name: 'stock',
    kind: 'csv',
    from: 'api',
    settings: { path: 'stock.csv', keyField: 'sku', topic: 'shop/stock' },
  });
  expect((await run(['remove', 'stock'])).code).toBe(0);
  expect(await run([])).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining('there are no sources yet'),
  });
});

test('what does not work says why, and ends with 1; what was asked for wrongly with 2', async () => {
  expect(await run(['test', '--kind', 'csv', '--set', 'path=none.csv'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('none.csv'),
  });
  expect(await run(['test', '--kind', 'cvs'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('did you mean "csv"?'),
  });
  for (const args of [
    ['test'],
    ['add', 'x'],
    ['add', 'x', '--kind', 'csv', '--set', 'path'],
    ['preview', 'x', '--param', 'y'],
  ]) {
    expect(await run(args)).toMatchObject({ code: 2 });
  }
});

test('what a far end calls its columns and rows does nothing to a terminal', async () => {
  await upload('hostile.csv', 'sku,\u001b]0;owned\u0007n\n\u001b[2Ja,1\n\u001b[2Jb\n');
  const { stdout, stderr } = await run([
    'preview',
    '--kind',
    'csv',
    '--set',
    'path=hostile.csv',
    '--set',
    'keyField=sku',
  ]);
  expect(stdout).toContain('·]0;owned·n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  expect(stdout + stderr).not.toMatch(/[\u001b\u0007]/);
});

test('a secret comes on standard input, and is never printed', async () => {
  const secret = 'redis://wall:P4ssw0rd-planted@127.0.0.1:1';
  const settings = ['--kind', 'redis', '--set', 'channels.news=news', '--secret', 'url'];
  expect((await run(['add', 'queue', ...settings], `${secret}\n`)).code).toBe(0);
  const shown = await run(['show', 'queue']);
  expect(shown.stdout).toContain('(unchanged)');
  const tested = await run(['test', 'queue']);
  expect(tested).toMatchObject({ code: 1, stderr: expect.stringContaining('outgoing.allow') });
  expect(shown.stdout + tested.stderr + (await run(['--json'])).stdout).not.toContain('P4ssw0rd');
});

test('the kinds are listed with an example, and one with its schema', async () => {
  expect((await run(['kinds'])).stdout).toMatch(/^csv +\{"path":"stock.csv"/m);
  expect(JSON.parse((await run(['kinds', 'csv'])).stdout)).toMatchObject({ properties: { path: { type: 'string' } } });
});
