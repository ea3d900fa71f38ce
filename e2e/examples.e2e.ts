import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findProgram, freePort, hasPythonModule, launchBrowser, startProgram } from '@tidewall/testkit';
import type { Browser } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPage } from './browser.ts';

/*
 * Every example, run as its README says; examples/README.md has the form in which each of them says how.
 */

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const EXAMPLES = join(ROOT, 'examples');
const PROGRAM = join(ROOT, 'apps', 'tidewall', 'bin', 'tidewall.mjs');
/** What a README says of the ports that every example has. */
const USUAL_PORTS = { '': 7070, pages: 8000 };
const TYPED_EVERY_MS = 1000;
const SHOWN_WITHIN_MS = 60_000;
const run = promisify(execFile);

interface Example {
  readonly server?: string;
  readonly page?: string;
  readonly push?: string | readonly string[];
  readonly expect: readonly string[];
  readonly programs?: Readonly<Record<string, string>>;
  readonly ports?: Readonly<Record<string, number>>;
  readonly needs?: readonly string[];
}

type Ports = Readonly<Record<string, number>>;

const FIELDS = ['server', 'page', 'push', 'expect', 'programs', 'ports', 'needs'];
const names = readdirSync(EXAMPLES).filter((name) => existsSync(join(EXAMPLES, name, 'example.json')));

const exampleOf = (name: string) => JSON.parse(readFileSync(join(EXAMPLES, name, 'example.json'), 'utf8')) as Example;
const pushesOf = ({ push = [] }: Example) => (typeof push === 'string' ? [push] : push);

/** A line with the numbers of its ports: `{port}`, `{port:redis}`. */
function filled(line: string, ports: Ports): string {
  return line.replace(/\{port(?::([\w-]+))?\}/g, (place, name = '') => {
    if (!Object.hasOwn(ports, name)) throw new Error(`${place} is not a port of this example`);
    return String(ports[name]);
  });
}

function isHere(need: string): boolean {
  return need.startsWith('python:') ? hasPythonModule(need.slice(7)) : findProgram(need) !== undefined;
}

test.each(names)('the README of %s says what is run', (name) => {
  const example = exampleOf(name);
  expect(Object.keys(example).filter((field) => !FIELDS.includes(field))).toEqual([]);
  const readme = readFileSync(join(EXAMPLES, name, 'README.md'), 'utf8');
  const lines = [
    ...Object.values(example.programs ?? {}),
    `npx tidewall serve ${example.server ?? ''}`.trim(),
    ...pushesOf(example),
  ];
  for (const line of lines) expect(readme).toContain(filled(line, { ...USUAL_PORTS, ...example.ports }));
  if (!example.page?.startsWith('http:')) expect(readme).toContain(`http://localhost:8000/${name}/`);
  expect(readFileSync(join(EXAMPLES, 'README.md'), 'utf8')).toContain(`[${name}](${name})`);
});

describe('an example shows what is pushed', () => {
  let browser: Browser;
  let pages: ViteDevServer;
  let pagesPort: number;

  beforeAll(async () => {
    browser = await launchBrowser();
    pagesPort = await freePort();
    pages = await createServer({
      ...{ root: EXAMPLES, configFile: false, logLevel: 'silent', appType: 'mpa' },
      server: { port: pagesPort, strictPort: true, hmr: false, watch: null },
    });
    await pages.listen();
  });
  afterAll(async () => {
    await browser?.close();
    await pages?.close();
  });

  for (const name of names) {
    const example = exampleOf(name);
    test.skipIf(!(example.needs ?? []).every(isHere))(name, async () => {
      const ports: Record<string, number> = { '': await freePort(), pages: pagesPort };
      for (const port of Object.keys(example.ports ?? {})) ports[port] = await freePort();
      const fill = (line: string) => filled(line, ports);
      const start = (line: string, port: number) =>
        startProgram({ port, folder: ROOT, command: () => ['sh', '-c', `exec ${line}`] });

      const dataDir = await mkdtemp(join(tmpdir(), 'tidewall-example-'));
      const running = [];
      const { page, faults } = await openPage(browser);
      try {
        for (const [port, line] of Object.entries(example.programs ?? {}))
          running.push(await start(fill(line), ports[port] ?? 0));
        const own = `--port ${ports['']} --data-dir ${dataDir}`;
        const serve = `${process.execPath} ${PROGRAM} serve ${fill(example.server ?? '')} ${own}`;
        running.push(await start(serve, ports[''] ?? 0));

        const path = fill(example.page ?? '');
        await page.goto(path.startsWith('http:') ? path : `http://localhost:${pagesPort}/${name}/${path}`);
        const missing = async () => {
          const shown = await page.locator('body').innerText();
          return example.expect.filter((text) => !shown.includes(text));
        };
        // Or it would show nothing that the page does not say by itself.
        expect(await missing()).not.toEqual([]);
        const until = performance.now() + SHOWN_WITHIN_MS;
        while ((await missing()).length > 0 && performance.now() < until) {
          for (const line of pushesOf(example)) await run('sh', ['-c', fill(line)], { cwd: ROOT, timeout: 10_000 });
          await pause(TYPED_EVERY_MS);
        }
        expect(await missing(), `not shown; the page said ${faults.join('; ') || 'nothing'}`).toEqual([]);
      } finally {
        await page.close();
        for (const program of running.reverse()) await program.stop();
        await rm(dataDir, { recursive: true, force: true });
      }
    });
  }
});
