import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@tidewall/base';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ConfigOrigins, loadConfig } from './load-config.ts';
import { ConfigError } from './startup-errors.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-config-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const load = (origins: Partial<ConfigOrigins> = {}) => loadConfig({ flags: {}, env: {}, folder, ...origins });
const file = (text: string, name = 'tidewall.yaml') => writeFile(join(folder, name), text);
const flag = (name: string, value: string | number | boolean) => ({ flag: `--${name}`, value });

async function refusalOf(origins: Partial<ConfigOrigins> = {}): Promise<string> {
  const failure = await load(origins).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(failure).toBeInstanceOf(ConfigError);
  expect((failure as ConfigError).exitCode).toBe(2);
  return (failure as ConfigError).message;
}

test('without anything there are defaults', async () => {
  const { config, sources, file: read } = await load();
  expect(config).toMatchObject({ port: 7070, host: 'localhost', demo: true, logLevel: 'info', allowedOrigins: [] });
  expect(config.dataDir).toBe(join(folder, 'data'));
  expect(config.screens).toBe(join(folder, 'data', 'screens'));
  expect(config.limits.publicationBytes).toBe(256 * 1024);
  expect(sources).toEqual([]);
  expect(read).toBeUndefined();
});

test('flags count over variables, variables over the file, the file over defaults', async () => {
  await file('port: 1\nhost: 127.0.0.1\nnode: file\nlogLevel: debug\n');
  const env = { TIDEWALL_PORT: '2', TIDEWALL_HOST: '::1', TIDEWALL_DEMO: 'off' };
  const { config } = await load({ env, flags: { port: flag('port', 3) } });
  expect(config).toMatchObject({ port: 3, host: '::1', node: 'file', logLevel: 'debug', demo: false });
});

test('paths start at the file that names them, and at the working folder otherwise', async () => {
  await mkdir(join(folder, 'etc'));
  await file('dataDir: ./kept\n', 'etc/wall.yaml');
  const named = { config: flag('config', 'etc/wall.yaml') };
  expect((await load({ flags: named })).config.dataDir).toBe(join(folder, 'etc', 'kept'));
  const both = { ...named, dataDir: flag('data-dir', 'mine') };
  expect((await load({ flags: both })).config.dataDir).toBe(join(folder, 'mine'));
});

test('the file in the data folder is read when there is none in the working folder', async () => {
  await mkdir(join(folder, 'data'));
  await file('port: 5\n', 'data/tidewall.yaml');
  expect((await load()).config.port).toBe(5);
  await file('{"port": 6}');
  expect((await load()).config.port).toBe(6);
});

test("the demo's sources stand below one's own, each from its own folder", async () => {
  await mkdir(join(folder, 'demo'));
  await file('sources:\n  shop: { kind: generator, shape: shop }\n  host: { kind: host }\n', 'demo/tidewall.yaml');
  await file('sources:\n  host: { kind: host, everyMs: 2000 }\n');
  const demoFile = join(folder, 'demo', 'tidewall.yaml');
  const { sources } = await load({ demoFile });
  expect(sources.map(({ name, baseDir }) => [name, baseDir])).toEqual([
    ['host', folder],
    ['shop', join(folder, 'demo')],
  ]);
  expect(sources[0]?.settings).toEqual({ everyMs: 2000 });
  expect((await load({ demoFile, flags: { demo: flag('no-demo', false) } })).sources).toHaveLength(1);
});

test.each([
  ['prot: 1', 'prot is unknown; did you mean "port"? (in tidewall.yaml)'],
  ['limits: { pingsMs: 1 }', 'limits.pingsMs is unknown; did you mean "pingMs"? (in tidewall.yaml)'],
  ['limits: { pingMs: 5 }', 'limits.pingMs must be at least 10, got 5 (in tidewall.yaml)'],
  ['port: 70000', 'port must be at most 65535, got 70000 (in tidewall.yaml)'],
  ['port: 1.5', 'port must be a whole number, got 1.5 (in tidewall.yaml)'],
  ['demo: maybe', 'demo must be true or false, got "maybe" (in tidewall.yaml)'],
  ['logLevel: loud', 'logLevel must be one of debug, info, warn, error, silent, got "loud" (in tidewall.yaml)'],
  ['sources: { orders: {} }', 'sources.orders.kind is missing: it must be a text (in tidewall.yaml)'],
  [
    'topics: [{ pattern: "a/#/b" }]',
    'topics[0].pattern may have "#" only as its last part, got "a/#/b" (in tidewall.yaml)',
  ],
  [
    'topics: [{ pattern: a, keep: { count: 5 } }]',
    'topics[0].keep needs kind too, since what is kept by default depends on it, got {"count":5} (in tidewall.yaml)',
  ],
  [
    'topics: [{ pattern: a, kind: log, schema: { properties: { y: { type: nmber } } } }]',
    'topics[0].schema.properties.y.type must be one of object, array, string, number, integer, boolean, null, or a list of them, got "nmber" (in tidewall.yaml)',
  ],
  [
    'topics: [{ pattern: a, kind: log, schema: &s { not: *s } }]',
    'topics[0].schema must have at most 65536 characters of JSON, got what holds itself (in tidewall.yaml)',
  ],
  [
    'allowedOrigins: ["http://x/path"]',
    'allowedOrigins[0] must be an origin like http://x, without a path, got "http://x/path" (in tidewall.yaml)',
  ],
  ['- 1', 'tidewall.yaml must hold settings by name, like "port: 7070"'],
  [
    'a: [',
    'tidewall.yaml is not YAML at line 1, column 5: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  ['port: 1\nport: 2', 'tidewall.yaml is not YAML at line 2, column 1: Map keys must be unique'],
])('%j is refused with a sentence', async (text, sentence) => {
  await file(text);
  expect(await refusalOf()).toBe(sentence);
});

test('a name that cannot be part of an address is refused', async () => {
  await file('sources: { "A b": { kind: host } }');
  expect(await refusalOf()).toContain('sources.A b has a name that is not allowed');
});

test('a wrong variable or flag is refused by its own name', async () => {
  expect(await refusalOf({ env: { TIDEWALL_PROT: '1' } })).toBe(
    'TIDEWALL_PROT is not a known setting of the environment; did you mean TIDEWALL_PORT?',
  );
  expect(await refusalOf({ env: { TIDEWALL_PORT: 'x' } })).toBe('port must be a number, got "x" (from TIDEWALL_PORT)');
  expect(await refusalOf({ flags: { port: flag('port', -1) } })).toBe('port must be at least 0, got -1 (from --port)');
  expect(await refusalOf({ env: { TIDEWALL_CONFIG: 'no.yaml' } })).toBe(
    `there is no file ${join(folder, 'no.yaml')} (from TIDEWALL_CONFIG)`,
  );
});

test('variables of others and empty ones do not matter', async () => {
  const { config } = await load({ env: { TIDEWALL_URL: 'http://x', TIDEWALL_PORT: '', PATH: '/bin' } });
  expect(config.port).toBe(7070);
});

/** A configuration that is right, of which each run of the next test breaks one place. */
const RIGHT: JsonObject = {
  port: 7070,
  host: 'localhost',
  demo: false,
  node: 'hall-a',
  logLevel: 'warn',
  allowedOrigins: ['https://portal.example'],
  allowedHosts: ['wall.example'],
  limits: { frameBytes: 65_536, pingMs: 1000, sessions: 5 },
  http: { requestTimeoutMs: 1000 },
  topics: [{ pattern: 'plant/+/oee', kind: 'series', keep: { count: 10, ageMs: 1000 }, expectEveryMs: 1000 }],
  sources: { orders: { kind: 'process' } },
};

test('100 configurations with one wrong place are each refused by its name', async () => {
  const places: [path: string, breakIt: (config: JsonObject, value: unknown) => void][] = [];
  const visit = (value: unknown, path: string, set: (config: JsonObject, next: unknown) => void) => {
    places.push([path, set]);
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      const shown = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
      visit((value as Record<string, unknown>)[key], shown, (config, next) => {
        let at: Record<string, unknown> = config as Record<string, unknown>;
        const steps = shown.match(/[^.[\]]+/g) ?? [];
        for (const step of steps.slice(0, -1)) at = at[step] as Record<string, unknown>;
        at[steps.at(-1) ?? ''] = next;
      });
    }
  };
  visit(RIGHT, '', () => {});
  await file(JSON.stringify(RIGHT));
  await load();
  // A number below every bound, and a kind of value that no setting takes.
  const wrong = fc.constantFrom<unknown>(-7, { nobody: 'knows' }, [['x']]);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places.slice(1)), wrong, async ([path, breakIt], value) => {
      // A source's own settings are its own schema's to refuse.
      fc.pre(path !== 'sources' || Array.isArray(value) || typeof value === 'number');
      const config = structuredClone(RIGHT);
      breakIt(config, value);
      await file(JSON.stringify(config));
      const message = await refusalOf();
      expect(message).toContain('(in tidewall.yaml)');
      expect(message.split('\n').every((line) => line.startsWith(path))).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('a mutated text never does worse than a ConfigError', async () => {
  const text = JSON.stringify(RIGHT, null, 1);
  await fc.assert(
    fc.asyncProperty(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), fc.nat(5), async (at, put, cut) => {
      await file(text.slice(0, at) + put + text.slice(at + cut));
      const outcome = await load().catch((failure: unknown) => failure);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(ConfigError);
    }),
    { numRuns: 100 },
  );
});

test('the secret of a provider comes from a variable of its name, and is repeated nowhere', async () => {
  const provider = { issuer: 'https://id.example', clientId: 'wall' };
  await file(JSON.stringify({ oidc: { 'my-corp': provider, other: { ...provider, clientSecret: 'of the file' } } }));
  const env = { TIDEWALL_OIDC_MY_CORP_SECRET: 'of the variable', TIDEWALL_OIDC_OTHER_SECRET: '' };
  const { oidc } = (await load({ env })).config;
  expect([oidc['my-corp']?.clientSecret, oidc['other']?.clientSecret]).toEqual(['of the variable', 'of the file']);

  expect(await refusalOf({ env: { TIDEWALL_OIDC_CORP_SECRET: 'guess me' } })).toBe(
    'TIDEWALL_OIDC_CORP_SECRET is for a provider that oidc does not have; ' +
      'known are TIDEWALL_OIDC_MY_CORP_SECRET, TIDEWALL_OIDC_OTHER_SECRET',
  );
  const long = 'guess me'.repeat(1000);
  const message = await refusalOf({ env: { TIDEWALL_OIDC_MY_CORP_SECRET: long } });
  expect(message).toMatch(/^oidc.my-corp.clientSecret /);
  expect(message).not.toContain('guess');
});
