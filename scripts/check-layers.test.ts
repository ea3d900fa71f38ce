import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faultLine } from './layers/fault.ts';
import { findFaults } from './layers/find-faults.ts';
import { readHouse } from './layers/house.ts';
import { parseLadder } from './layers/ladder.ts';

const LADDER = `core/base:
core/screen: core/base
server/contracts: core/base
server/hub: core/base server/contracts
gateways: core/base server/contracts browser/contracts
browser/contracts: core/base
browser/client: core/base browser/contracts
apps/viewer: core/base browser/client gateways
apps/tidewall: core/base server/hub gateways`;

function manifest(name: string, dependencies: Record<string, string> = {}, exports: object = { '.': './index.ts' }) {
  return JSON.stringify({ name, exports, dependencies }, null, 2);
}

/** A small house in which everything is right. */
const RIGHT: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ workspaces: ['core/*', 'server/*', 'gateways', 'browser/*', 'apps/*', 'testkit'] }),
  'ARCHITECTURE.md': `# House\n\n\`\`\`layers\n${LADDER}\n\`\`\`\n`,
  'core/base/package.json': manifest('@tidewall/base'),
  'core/base/index.ts': "export { ring } from './ring.ts';",
  'core/base/ring.ts': 'export const ring = 1;',
  'core/screen/package.json': manifest('@tidewall/screen', { '@tidewall/base': '*', zod: '4.6.7' }),
  'core/screen/index.ts':
    "import { ring } from '@tidewall/base';\nimport { z } from 'zod/mini';\nexport const s = [ring, z];",
  'server/contracts/package.json': manifest('@tidewall/contracts'),
  'server/contracts/index.ts': 'export interface Broker {}',
  'server/hub/package.json': manifest('@tidewall/hub', { '@tidewall/base': '*', '@tidewall/contracts': '*' }),
  'server/hub/index.ts':
    "import { readFileSync } from 'node:fs';\nimport { ring } from '@tidewall/base';\nimport type { Broker } from '@tidewall/contracts';",
  'server/hub/index.test.ts': "import { startTestHost } from '@tidewall/testkit';\nimport { it } from 'vitest';",
  'gateways/package.json': manifest(
    '@tidewall/gateways',
    { '@tidewall/base': '*', '@tidewall/contracts': '*', '@tidewall/browser-contracts': '*' },
    { './websocket/server': './websocket/server.ts', './websocket/client': './websocket/client.ts' },
  ),
  'gateways/websocket/server.ts':
    "import type { Broker } from '@tidewall/contracts';\nimport { join } from '../frame.ts';",
  'gateways/websocket/client.ts':
    "import type { Transport } from '@tidewall/browser-contracts';\nimport { join } from '../frame.ts';",
  'gateways/frame.ts': "import { ring } from '@tidewall/base';\nexport const join = ring;",
  'browser/contracts/package.json': manifest('@tidewall/browser-contracts'),
  'browser/contracts/index.ts': 'export interface Transport {}',
  'browser/client/package.json': manifest('@tidewall/client', { '@tidewall/browser-contracts': '*' }),
  'browser/client/index.ts': "import type { Transport } from '@tidewall/browser-contracts';",
  'apps/viewer/package.json': manifest('@tidewall/viewer', { '@tidewall/client': '*', '@tidewall/gateways': '*' }, {}),
  'apps/viewer/main.ts': "import '@tidewall/client';\nimport { t } from '@tidewall/gateways/websocket/client';",
  'apps/viewer/vite.config.ts': "import { defineConfig } from 'vite';",
  'apps/tidewall/package.json': manifest('tidewall', { '@tidewall/hub': '*', '@tidewall/gateways': '*' }, {}),
  'apps/tidewall/main.ts':
    "import '@tidewall/hub';\nimport '@tidewall/gateways/websocket/server';\nimport '@tidewall/gateways/websocket/client';",
  'testkit/package.json': manifest('@tidewall/testkit', { '@tidewall/hub': '*' }),
  'testkit/index.ts': "import '@tidewall/hub';",
  'e2e/screen.e2e.ts': "import { startTestHost } from '@tidewall/testkit';",
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tidewall-layers-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The faults, as they are printed, of the right house with these files changed. */
function faultsWith(changes: Record<string, string>): string[] {
  for (const [path, text] of Object.entries({ ...RIGHT, ...changes })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return findFaults(readHouse(root)).map(faultLine);
}

/** A file of core/screen that imports what it must, and this. */
function screenWith(line: string): Record<string, string> {
  return { 'core/screen/index.ts': `${RIGHT['core/screen/index.ts']}\n${line}` };
}

/** Up to `why`, of the one fault there must be. */
function onlyFault(changes: Record<string, string>): string {
  const faults = faultsWith(changes);
  expect(faults).toHaveLength(1);
  return faults[0] ?? '';
}

it('finds nothing wrong with a house that is right', () => {
  expect(faultsWith({})).toEqual([]);
});

describe('a room that the ladder does not allow is refused in every form of import', () => {
  const declared = {
    'core/screen/package.json': manifest('@tidewall/screen', {
      '@tidewall/base': '*',
      zod: '4.6.7',
      '@tidewall/hub': '*',
    }),
  };
  it.each([
    ['a static import', "import { createHub } from '@tidewall/hub';", 'import'],
    ['a type import', "import type { Hub } from '@tidewall/hub';", 'import type'],
    ['a side-effect import', "import '@tidewall/hub';", 'side-effect import'],
    ['a re-export', "export { createHub } from '@tidewall/hub';", 'export from'],
    ['a re-export of all', "export * from '@tidewall/hub';", 'export from'],
    ['a type re-export', "export type { Hub } from '@tidewall/hub';", 'export from'],
    ['a dynamic import', "const hub = () => import('@tidewall/hub');", 'import()'],
    ['a dynamic import of a template without holes', 'const hub = () => import(`@tidewall/hub`);', 'import()'],
    ['an import() type', "let hub: import('@tidewall/hub').Hub;", 'import() type'],
    ['typeof import()', "let hub: typeof import('@tidewall/hub');", 'import() type'],
    ['require', "const hub = require('@tidewall/hub');", 'require'],
    ['import = require', "import hub = require('@tidewall/hub');", 'require'],
    ['require.resolve', "const path = require.resolve('@tidewall/hub');", 'resolve'],
    ['import.meta.resolve', "const url = import.meta.resolve('@tidewall/hub');", 'resolve'],
  ])('%s', (_, line, form) => {
    const fault = onlyFault({ ...declared, ...screenWith(line) });
    expect(fault).toContain(`core/screen/index.ts:4: ${form} "@tidewall/hub": core/screen may not import server/hub.`);
    expect(fault).toContain('allows it core/base');
  });

  it('a triple-slash reference', () => {
    const file = `/// <reference types="@tidewall/hub" />\n${RIGHT['core/screen/index.ts']}`;
    expect(onlyFault({ ...declared, 'core/screen/index.ts': file })).toContain('index.ts:1: reference "@tidewall/hub"');
  });

  it('an import in a comment or a string is none', () => {
    expect(faultsWith(screenWith("// import '@tidewall/hub'\nconst text = \"import '@tidewall/hub'\";"))).toEqual([]);
  });
});

describe('an import that hides what it loads is refused', () => {
  it('a computed dynamic import', () => {
    expect(onlyFault(screenWith('export const load = (name: string) => import(name);'))).toContain('nobody can tell');
  });
  it('a computed require', () => {
    expect(onlyFault(screenWith('export const load = (name: string) => require(name);'))).toContain('computed require');
  });
  it("Node's module loader", () => {
    const hub = `${RIGHT['server/hub/index.ts']}\nimport { createRequire } from 'node:module';`;
    expect(onlyFault({ 'server/hub/index.ts': hub })).toContain('it can load anything unseen');
  });
  it('but tools may compute', () => {
    expect(faultsWith({ 'scripts/run.ts': 'export const load = (name: string) => import(name);' })).toEqual([]);
  });
});

describe('no path leaves its room', () => {
  it.each([
    ['into a room that may be imported', "import { ring } from '../base/ring.ts';"],
    ['into the next street', "export * from '../../server/hub/index.ts';"],
    ['by a detour', "import '../screen/../base/ring.ts';"],
    ['out of the house', "import '../../../elsewhere.ts';"],
    ['to the root', "import manifest from '../../package.json';"],
    ['by a glob', "export const all = import.meta.glob('../base/*.ts');"],
    ['by one glob of several', "export const all = import.meta.glob(['./*.ts', '../base/*.ts']);"],
    ['by a reference', '/// <reference path="../base/ring.ts" />'],
  ])('%s', (_, line) => {
    expect(onlyFault({ 'core/screen/more.ts': line })).toMatch(
      /core\/screen\/more\.ts:1: .* leaves core\/screen\. Import/,
    );
  });

  it('in a test neither', () => {
    expect(onlyFault({ 'core/screen/more.test.ts': "import '../base/ring.ts';" })).toContain('leaves core/screen');
  });

  it.each(['file:///etc/x.js', 'https://example.org/x.js', 'data:text/javascript,1', '/etc/x.js', '#alias'])(
    'nor does the address %s',
    (address) => {
      expect(onlyFault({ 'core/screen/more.ts': `import '${address}';` })).toContain('not from an address or an alias');
    },
  );

  it('inside of a room it may go up and down', () => {
    expect(faultsWith({ 'core/base/deep/down.ts': "import '../ring.ts';" })).toEqual([]);
  });
});

describe('packages', () => {
  it('a package that the room does not declare is refused', () => {
    const fault = onlyFault({ 'core/base/more.ts': "import type { z } from 'zod/mini';" });
    expect(fault).toBe(
      'core/base/more.ts:1: import type "zod/mini": core/base does not declare zod. Add it to the dependencies in core/base/package.json.',
    );
  });
  it('a room that the room does not declare is refused', () => {
    expect(onlyFault({ 'browser/client/more.ts': "import '@tidewall/base';" })).toContain(
      'does not declare @tidewall/base',
    );
  });
  it('a dependency that nothing imports is refused, with its line', () => {
    const fault = onlyFault({ 'core/base/package.json': manifest('@tidewall/base', { zod: '4.6.7' }) });
    expect(fault).toMatch(/^core\/base\/package\.json:7: dependency "zod": no file/);
  });
  it('a dependency that only a test imports is unused', () => {
    expect(
      onlyFault({
        'core/base/package.json': manifest('@tidewall/base', { zod: '4.6.7' }),
        'core/base/ring.test.ts': "import 'zod';",
      }),
    ).toContain('dependency "zod"');
  });
  it('a version that is not exact is refused', () => {
    const loose = manifest('@tidewall/screen', { '@tidewall/base': '*', zod: '^4.6.7' });
    expect(onlyFault({ 'core/screen/package.json': loose })).toContain('pinned exactly');
  });
  it('two versions of a package are refused', () => {
    const other = manifest('@tidewall/client', { '@tidewall/browser-contracts': '*', zod: '4.0.0' });
    const files = { 'browser/client/package.json': other, 'browser/client/more.ts': "import 'zod';" };
    expect(onlyFault(files)).toContain('core/screen uses 4.6.7');
  });
  it('tests take what the root declares', () => {
    expect(faultsWith({ 'core/base/ring.test.ts': "import fc from 'fast-check';\nimport 'node:fs';" })).toEqual([]);
  });
});

describe('rooms', () => {
  it('a room does not import itself by its package name', () => {
    expect(onlyFault({ 'core/base/more.ts': "import { ring } from '@tidewall/base';" })).toContain(
      'Use a relative path',
    );
  });
  it('an entry that a room does not export is refused', () => {
    expect(onlyFault(screenWith("import { ring } from '@tidewall/base/ring.ts';"))).toContain(
      'core/base has no such entry',
    );
  });
  it('a name that no room has is refused', () => {
    expect(onlyFault(screenWith("import '@tidewall/cellar';"))).toContain('no room is called @tidewall/cellar');
  });
  it('a room that the ladder does not know is refused', () => {
    const files = { 'core/cellar/package.json': manifest('@tidewall/cellar'), 'core/cellar/index.ts': 'export {};' };
    expect(onlyFault(files)).toContain('core/cellar: is a room that the ladder does not know');
  });
  it('a line of the ladder without a room is refused', () => {
    const ladder = `# House\n\n\`\`\`layers\n${LADDER}\ncore/attic:\n\`\`\`\n`;
    expect(onlyFault({ 'ARCHITECTURE.md': ladder })).toContain('core/attic: has a line');
  });
  it('a file that stands in no room is refused', () => {
    expect(onlyFault({ 'server/loose.ts': 'export {};' })).toContain('server/loose.ts: stands in no room');
  });
  it('the product does not import testkit', () => {
    const files = {
      'core/base/more.ts': "import '@tidewall/testkit';",
      'core/base/package.json': manifest('@tidewall/base', { '@tidewall/testkit': '*' }),
    };
    expect(onlyFault(files)).toContain('testkit is for tests and tools only');
  });
  it('the product does not import a test', () => {
    expect(onlyFault({ 'server/hub/more.ts': "import './index.test.ts';" })).toContain('does not import its tests');
  });
});

describe('machines', () => {
  it.each(['core/base/more.ts', 'browser/client/more.ts', 'gateways/websocket/client.ts', 'apps/viewer/more.ts'])(
    'there is no Node in %s',
    (path) => {
      const faults = faultsWith({ [path]: `${RIGHT[path] ?? ''}\nimport 'fs';` });
      expect(faults).toContainEqual(expect.stringContaining('no Node where this file runs'));
    },
  );
  it('a client end imports nothing of server/', () => {
    const client = `${RIGHT['gateways/websocket/client.ts']}\nimport type { Broker } from '@tidewall/contracts';`;
    expect(onlyFault({ 'gateways/websocket/client.ts': client })).toContain(
      'client.ts runs in a page, and that needs the server',
    );
  });
  it('a client end does not reach server/ by way of another file either', () => {
    const client = `${RIGHT['gateways/websocket/client.ts']}\nimport './server.ts';`;
    expect(onlyFault({ 'gateways/websocket/client.ts': client })).toContain(
      'client.ts:3: side-effect import "./server.ts"',
    );
  });
  it('all else in gateways imports nothing of browser/', () => {
    const server = `${RIGHT['gateways/websocket/server.ts']}\nimport type { Transport } from '@tidewall/browser-contracts';`;
    expect(onlyFault({ 'gateways/websocket/server.ts': server })).toContain(
      'runs in the server, and that needs a page',
    );
  });
  it('a page imports the client end of a wire only', () => {
    const main = `${RIGHT['apps/viewer/main.ts']}\nimport '@tidewall/gateways/websocket/server';`;
    expect(onlyFault({ 'apps/viewer/main.ts': main })).toContain('main.ts runs in a page, and that needs the server');
  });
});

describe('cycles', () => {
  it('two files that import each other are refused', () => {
    const fault = onlyFault({ 'core/base/a.ts': "import './b.ts';", 'core/base/b.ts': "\nimport './a.ts';" });
    expect(fault).toContain('core/base/a.ts → core/base/b.ts → core/base/a.ts');
  });
  it('also by types, and over several files', () => {
    const fault = onlyFault({
      'core/base/a.ts': "export * from './b.ts';",
      'core/base/b.ts': "import type { C } from './c.ts';",
      'core/base/c.ts': "const a = () => import('./a.ts');",
    });
    expect(fault).toContain('a.ts → core/base/b.ts → core/base/c.ts → core/base/a.ts');
  });
  it('a file that imports itself is refused', () => {
    expect(onlyFault({ 'core/base/a.ts': "import './a.ts';" })).toContain('cycle: core/base/a.ts → core/base/a.ts');
  });
  it('rooms that import each other are found by their files', () => {
    const faults = faultsWith({ 'core/base/ring.ts': "import '@tidewall/screen';" });
    expect(faults).toContainEqual(expect.stringMatching(/cycle: .*core\/screen\/index\.ts/));
  });
});

describe('the ladder', () => {
  it.each([
    ['no block', '# House', 'has no block'],
    ['a line that cannot be read', '```layers\ncore base\n```\n', 'cannot read the line "core base"'],
    ['a room twice', '```layers\ncore/base:\ncore/base:\n```\n', 'core/base has two lines'],
    [
      'a room behind a colon that has no line',
      '```layers\ncore/base: core/attic\n```\n',
      'core/attic, which has no line',
    ],
  ])('is refused with %s', (_, markdown, why) => {
    expect(() => parseLadder(markdown)).toThrow(why);
  });
});
