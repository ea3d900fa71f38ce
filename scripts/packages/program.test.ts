import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runTidewall, type TidewallProcess } from '@tidewall/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRooms, roomsBehind } from '../steps/rooms.mjs';
import { packagesOfBundle } from './packages-of-bundle.ts';
import { dependenciesOf, writeProgram } from './write-program.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PATIENCE_MS = 120_000;

/** What the thread of the sandbox has in itself. */
const INSIDE = ['jsonata', 'quickjs-wasi'];

let folder: string;
let installed: string;
let manifest: ReturnType<typeof dependenciesOf>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-program-'));
  const made = join(folder, 'made');
  writeProgram(ROOT, made);
  manifest = JSON.parse(await readFile(join(made, 'package.json'), 'utf8'));
  const { stdout } = await run('npm', ['pack', '--json', '--offline', '--pack-destination', folder], { cwd: made });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  // As npm installs it: what the manifest names stands beside it, and nothing else of this repository can be found from there.
  installed = join(folder, 'node_modules/tidewall');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components', '1']);
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
}, PATIENCE_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

test('every form in which a built module asks for a package is found, and what only looks like one is not', () => {
  const code = `
    import a from 'a';
    import 'b/deep/file.js';
    export { c } from "@scope/c/sub";
    const d = async () => import('d');
    const e = () => { try { return import.meta.resolve("@scope/e"); } catch {} };
    const f = require(\`f\`);
    import { readFile } from 'node:fs/promises';
    import './beside.js';
    // import 'comment';
    const text = "import('text')";
    const computed = (name) => import(name);
  `;
  expect(packagesOfBundle(code)).toEqual(['@scope/c', '@scope/e', 'a', 'b', 'd', 'f']);
});

test('the manifest names what the rooms behind the program declare, but for what is inside of it', () => {
  const declared = new Set<string>();
  const rooms = readRooms(ROOT);
  const behind = roomsBehind(rooms, 'apps/tidewall');
  for (const { dir, dependencies } of rooms) {
    if (behind.includes(dir)) for (const name of Object.keys(dependencies)) declared.add(name);
  }
  const named = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  const missing = [...declared].filter((name) => !name.startsWith('@tidewall/') && !named.includes(name));
  expect(missing.sort()).toEqual(INSIDE);
  expect(named).toEqual(
    expect.arrayContaining(['pg', 'mysql2', '@redis/client', 'mqtt-packet', 'socket.io-client', 'ws', 'undici']),
  );
  expect(Object.keys(manifest.optionalDependencies)).toEqual(['@duckdb/node-api', '@photostructure/sqlite']);
  for (const version of Object.values(manifest.dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

test('a package that no room declares is refused by its name', () => {
  expect(() => dependenciesOf(ROOT, ["import 'left-pad/index.js';"])).toThrow(
    'left-pad is imported by the built program, and declared by no room',
  );
});

describe('installed with what its manifest names, and nothing else', () => {
  let server: TidewallProcess;
  let url: string;

  beforeAll(async () => {
    server = runTidewall(['--port', '0'], { cwd: folder, bin: join(installed, 'bin/tidewall.mjs') });
    await server.waitFor('"msg":"ready"');
    url = /"url":"([^"]+)"/.exec(server.stdout)?.[1] ?? '';
  });

  afterAll(async () => {
    server.kill();
    await server.ended;
  });

  test('it serves a screen, its page and its code', async () => {
    const page = await fetch(`${url}/s/this-machine`);
    const script = /src="([^"]+\.js)"/.exec(await page.text())?.[1];
    expect([page.status, (await fetch(new URL(script ?? '', url))).status]).toEqual([200, 200]);
    expect(await (await fetch(`${url}/api/screens`)).json()).toMatchObject({
      screens: expect.arrayContaining([expect.objectContaining({ id: 'this-machine' })]),
    });
    const topic = await fetch(`${url}/api/topics/no-such-topic`);
    expect(topic.status).toBe(404);
  });

  test('what it loads only when a source needs it is there too', async () => {
    const names = Object.keys(manifest.dependencies);
    const probe = join(installed, 'dist/probe.mjs');
    await writeFile(
      probe,
      `for (const name of ${JSON.stringify(names)}) await import(name === 'ajv' ? 'ajv/dist/2020.js' : name);`,
    );
    expect(await run(process.execPath, [probe], { cwd: folder })).toMatchObject({
      stderr: '',
    });
  });
});
