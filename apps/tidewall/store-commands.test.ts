import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTidewall, startTidewall, type TidewallServer } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

const PASSWORD = 'correct horse battery';
const SCREEN = {
  ...{ format: 1, id: 'hall', meta: { name: 'Hall' }, canvas: { width: 100, height: 100 } },
  ...{ pages: [{ layers: [] }], elements: {} },
};

let folder: string;
let server: TidewallServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-store-'));
  server = await startTidewall(['--no-demo']);
  await mkdir(join(server.dataDir, 'screens'), { recursive: true });
  await writeFile(join(server.dataDir, 'screens', 'hall.json'), JSON.stringify(SCREEN));
  await done(['users', 'add', 'ann', '--role', 'viewer']);
  await done(['keys', 'create', '--id', 'press-4', '--name', 'press']);
  await done(['topics', 'set', 'plant/#', '--kind', 'table', '--key-field', 'id']);
});
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** On the machine of a server, or in a data folder of its own. */
async function tidewall(args: readonly string[], dataDir = server.dataDir) {
  const run = runTidewall(args, { cwd: folder, env: { TIDEWALL_DATA_DIR: dataDir, TIDEWALL_URL: server.url } });
  run.write(`${PASSWORD}\n`);
  run.endInput();
  const { code } = await run.ended;
  return { code, stdout: run.stdout, stderr: run.stderr };
}

async function done(args: readonly string[]): Promise<void> {
  const end = await tidewall(args);
  expect([args, end]).toEqual([args, { ...end, code: 0 }]);
}

async function treeOf(path: string): Promise<Record<string, string>> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    files.map(async (file) => [file.slice(path.length + 1), await readFile(file, 'utf8')]),
  );
  return Object.fromEntries(texts.sort()) as Record<string, string>;
}

test('[S5] what runs is backed up and restored elsewhere, and is the same there', async () => {
  const archive = join(folder, 'monday.tar.gz');
  expect(await tidewall(['backup', archive])).toMatchObject({ code: 0, stderr: expect.stringContaining('bytes') });
  expect(await tidewall(['backup', archive])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('is there already'),
  });
  const other = join(folder, 'restored');
  expect(await tidewall(['restore', archive], other)).toMatchObject({ code: 0 });
  expect(await tidewall(['restore', archive], other)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--force'),
  });
  expect(await tidewall(['restore', archive])).toMatchObject({ code: 1 });
  const [here, there] = [join(folder, 'here'), join(folder, 'there')];
  expect(await tidewall(['export', here])).toMatchObject({ code: 0 });
  expect(await tidewall(['export', there], other)).toMatchObject({ code: 0 });
  expect(await treeOf(there)).toEqual(await treeOf(here));
});

test('what is kept is exported as files, without a secret that can be read, and imported elsewhere', async () => {
  const out = join(folder, 'exported');
  const { code, stderr } = await tidewall(['export', out]);
  expect([code, stderr]).toEqual([
    0,
    expect.stringContaining('keys 1, sources 0, topics 1, users 1, shares 0, screens 1'),
  ]);
  const files = await treeOf(out);
  expect(Object.keys(files)).toEqual([
    'keys/press-4.json',
    'screens/hall.json',
    'topics/settings.json',
    'users/ann.json',
  ]);
  expect(JSON.stringify(files)).not.toContain(PASSWORD);
  const target = join(folder, 'imported');
  await mkdir(target);
  const dry = await tidewall(['import', out, '--dry-run'], target);
  expect(dry).toMatchObject({ code: 0, stderr: 'it would be: 4 new, 0 changed, 0 as they were\n' });
  expect(await readdir(target)).not.toContain('screens');
  const done = await tidewall(['import', out], target);
  expect(done.stdout.split('\n').sort()).toEqual(dry.stdout.split('\n').sort());
  expect((await tidewall(['import', out], target)).stderr).toContain('0 new, 0 changed, 4 as they were');
  const again = join(folder, 'again');
  expect(await tidewall(['export', again], target)).toMatchObject({ code: 0 });
  expect(await treeOf(again)).toEqual(files);
});

test('an import into the folder of a server that runs is refused, and so are files that no export writes', async () => {
  const out = join(folder, 'strange');
  await mkdir(join(out, 'users'), { recursive: true });
  await writeFile(join(out, 'users', 'bob.json'), '{"name":');
  const wrong = await tidewall(['import', out], join(folder, 'none'));
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('bob.json cannot be taken') });
  await writeFile(join(out, 'users', 'bob.json'), '{}');
  expect(await tidewall(['import', out])).toMatchObject({ code: 1, stderr: expect.stringContaining('tidewall') });
  await writeFile(join(out, 'users', '..%2Fx.json'), '{}');
  expect((await tidewall(['import', out], join(folder, 'none'))).stderr).toContain('none that an export writes');
  expect(await tidewall(['import', join(folder, 'nowhere')], join(folder, 'none'))).toMatchObject({ code: 2 });
});
