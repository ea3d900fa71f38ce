import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writePackages } from './write-packages.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PATIENCE_MS = 240_000;

/** What a consumer has beside what it installs here, from where the house has it. */
const BESIDE = ['ws', 'vue', 'react', '@types/node', '@types/react', '@types/ws'];

let folder: string;
let consumer: string;
let packed: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-packages-'));
  consumer = join(folder, 'consumer');
  await mkdir(consumer);
  const npm = (args: string[], cwd: string) =>
    run('npm', [...args, '--offline', '--no-audit', '--no-fund', '--cache', join(folder, 'cache')], { cwd });
  packed = [];
  const tarballs = [];
  for (const made of await writePackages(ROOT, join(folder, 'packages'))) {
    const { stdout } = await npm(['pack', '--json', '--pack-destination', folder], made);
    const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
    tarballs.push(join(folder, filename));
    packed.push(...files.map(({ path }) => path));
  }
  await writeFile(join(consumer, 'package.json'), '{ "private": true, "type": "module" }');
  await npm(['install', '--legacy-peer-deps', ...tarballs], consumer);
  for (const name of BESIDE) {
    const link = join(consumer, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
}, PATIENCE_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

const manifestOf = async (name: string) =>
  JSON.parse(await readFile(join(consumer, 'node_modules/@tidewall', name, 'package.json'), 'utf8'));

test('what is packed is modules, their declarations and what every package has, and nothing of the house besides', async () => {
  const odd = packed.filter(
    (path) => !/^(LICENSE|README\.md|package\.json|[\w/-]+\.js|types\/[\w./-]+\.d\.ts)$/.test(path),
  );
  expect(odd).toEqual([]);
  expect(packed.filter((path) => /\.(test|contract|browser)\.|server\//.test(path))).toEqual([]);
  const { dependencies, peerDependencies, sideEffects, type } = await manifestOf('client');
  expect({ dependencies, peerDependencies, sideEffects, type }).toEqual({ sideEffects: false, type: 'module' });
  for (const name of ['vue', 'react']) {
    const code = await readFile(join(consumer, 'node_modules/@tidewall', name, 'index.js'));
    expect(gzipSync(code).length).toBeLessThan(2_048);
  }
  expect(Object.keys((await manifestOf('vue')).peerDependencies)).toEqual(['@tidewall/client', 'vue']);
  expect(Object.keys((await manifestOf('react')).peerDependencies)).toEqual(['@tidewall/client', 'react']);
});

describe('a program that has installed them', () => {
  let host: TestHost;
  beforeAll(async () => {
    host = await startTestHost();
  });
  afterAll(() => host.close());

  test('follows and publishes in Node, with the WebSocket that it is given', async () => {
    await writeFile(
      join(consumer, 'program.js'),
      `import { createClient, TidewallError } from '@tidewall/client';
      import { updates } from '@tidewall/client/updates';
      import { createWebSocketTransport } from '@tidewall/client/websocket';
      import { useTopic } from '@tidewall/react';
      import { tidewall } from '@tidewall/vue';
      import { WebSocket } from 'ws';

      const client = createClient({ url: process.argv[2], transports: [createWebSocketTransport(WebSocket)] });
      const log = updates(client, 'program/log', { kind: 'log', rewindCount: 10 });
      const position = await client.publish('program/log', { n: 1 }, { kind: 'log' });
      const { value: entry } = await log.next();
      const refused = await client.publish('no topic', 1).catch((error) => error instanceof TidewallError && error.kind);
      await client.drain();
      const end = await log.next();
      console.log(JSON.stringify([position.offset, entry.value, entry.position, refused, end.done, client.status.type]));
      console.log(typeof useTopic, typeof tidewall(client).install);`,
    );
    const { stdout, stderr } = await run(process.execPath, ['program.js', host.url], { cwd: consumer });
    const [told = '', bindings] = stdout.split('\n');
    expect(JSON.parse(told)).toEqual([
      1,
      { n: 1 },
      { epoch: expect.any(String), offset: 1 },
      'bad_request',
      true,
      'closed',
    ]);
    expect([bindings, stderr]).toEqual(['function function', '']);
  });

  test('is checked against their types, which need nothing else', { timeout: PATIENCE_MS }, async () => {
    await writeFile(
      join(consumer, 'program.ts'),
      `import { type Client, createClient, type LinkStatus, type Since, TidewallError } from '@tidewall/client';
      import { withCredentials } from '@tidewall/client/credentials';
      import { lazyTransport } from '@tidewall/client/lazy-transport';
      import { createPollTransport } from '@tidewall/client/poll';
      import { createSharedClient } from '@tidewall/client/shared';
      import { createEventStreamTransport } from '@tidewall/client/sse';
      import { createTopicStore } from '@tidewall/client/stores';
      import { updates } from '@tidewall/client/updates';
      import { createWebSocketTransport } from '@tidewall/client/websocket';
      import { TidewallProvider, useTopic as useReactTopic } from '@tidewall/react';
      import { tidewall, useTopic } from '@tidewall/vue';
      import { WebSocket } from 'ws';

      interface Sale { readonly total: number }

      const transports = [createWebSocketTransport(WebSocket), createEventStreamTransport(), createPollTransport()];
      const signed = transports.map((one) => withCredentials(one, async () => ({ token: 'fetched' })));
      const client: Client = createClient({ url: 'http://hall:7070', transports: signed, unattended: undefined });
      const end = client.follow<Sale>('shop/sales', { rateHz: 5 }, (replica) => {
        const total: number | undefined = replica.value()?.total;
        // @ts-expect-error: a sale has no name
        void replica.value()?.name;
        void total;
      });
      end.configure({ rateHz: undefined });
      export async function read(since: Since | undefined): Promise<Since | undefined> {
        for await (const { value, position } of updates<Sale>(client, 'shop/log', { ...(since && { since }) })) {
          const total: number = value.total;
          if (total > 9) return position;
        }
        return undefined;
      }
      export function sentence(status: LinkStatus): string {
        switch (status.type) {
          case 'connecting': return String(status.attempt);
          case 'live': return status.session;
          case 'waiting': return status.reason;
          case 'closed': return String(status.code);
          default: return status satisfies never;
        }
      }
      const shared = createSharedClient({ name: 'hall', create: () => client });
      const store = createTopicStore(shared, 'a');
      const failure = new TidewallError('busy', 'no');
      void [store.snapshot().value, failure.kind, lazyTransport('x', async () => transports[0]!), tidewall(client), tidewall(shared)];
      TidewallProvider({ client: shared });
      void [useTopic<Sale>('a').value.value?.total, useReactTopic<Sale>('a').value?.total];`,
    );
    await writeFile(
      join(consumer, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          target: 'es2022',
          lib: ['es2023', 'dom'],
          module: 'nodenext',
          strict: true,
          noEmit: true,
          types: ['node'],
          skipLibCheck: false,
        },
        files: ['program.ts'],
      }),
    );
    const { stdout } = await run(process.execPath, [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      '-p',
      consumer,
    ]).catch((failed: { stdout: string }) => failed);
    expect(stdout).toBe('');
  });
});
