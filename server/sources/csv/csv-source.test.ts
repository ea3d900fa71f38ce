import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { appendFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@tidewall/base';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mostBetweenTurns } from '../most-between-turns.ts';
import { RecordingSink } from '../recording-sink.ts';
import { parseSourceConfig } from '../source-config.ts';
import { testContext } from '../source-context.contract.ts';
import { MAX_STEPS } from '../turns.ts';
import { definition } from './definition.ts';

let folder: string;
let path: string;
let clock: FakeClock;
let sink: RecordingSink;
let abort: AbortController;
let running: Promise<void> | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewall-csv-'));
  path = join(folder, 'stock.csv');
  clock = new FakeClock();
  sink = new RecordingSink();
  abort = new AbortController();
  running = undefined;
});

afterEach(async () => {
  abort.abort();
  sink.release();
  await running?.catch(() => {});
  rmSync(folder, { recursive: true, force: true });
});

function create(config: JsonObject = {}) {
  const checked = parseSourceConfig('stock', definition, { path: 'stock.csv', ...config });
  return definition.create(checked, testContext({ name: 'stock', baseDir: folder, clock }));
}

function run(config: JsonObject = {}, source = create(config)): void {
  running = source.run(sink, abort.signal);
  running.catch(() => {});
}

async function eventually(cameAbout: () => boolean, stepMs = 20): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!cameAbout() && performance.now() < deadline) await clock.advance(stepMs);
  expect(cameAbout()).toBe(true);
}

const told = (count: number) => eventually(() => sink.publications.length >= count);
const data = () => sink.publications.map(({ data: each }) => each);

async function failure(): Promise<string> {
  let message: string | undefined;
  running?.catch((error: Error) => {
    message = error.message;
  });
  await eventually(() => message !== undefined, 100);
  return message ?? '';
}

describe('a change of the file', () => {
  beforeEach(async () => {
    await writeFile(path, 'product,stock\npump,1\n');
    run();
    await told(1);
    sink.publications.length = 0;
  });

  it('brings all its rows as they are now', async () => {
    await writeFile(path, 'product,stock\npump,1\nvalve,20\n');
    await told(1);
    expect(data()).toEqual([
      [
        { product: 'pump', stock: 1 },
        { product: 'valve', stock: 20 },
      ],
    ]);
  });

  it('is noticed when an editor renames a new file over the old one', async () => {
    await writeFile(`${path}.new`, 'product,stock\npump,9\n');
    renameSync(`${path}.new`, path);
    await told(1);
    expect(data()).toEqual([[{ product: 'pump', stock: 9 }]]);
  });

  it('is followed once more after the file was away for a moment', async () => {
    await rm(path);
    await clock.advance(150);
    await writeFile(path, 'product,stock\npump,5\n');
    await told(1);
    expect(data()).toEqual([[{ product: 'pump', stock: 5 }]]);
  });

  it('is told when it stands still, not while it is half written', async () => {
    await truncate(path);
    for (const part of ['product,stock\npump,7\n', 'valve,2\n', 'hose,3\n']) {
      await appendFile(path, part);
      // In small steps, so that the watcher has many turns to notice each part.
      for (let i = 0; i < 90; i++) await clock.advance(1);
    }
    await told(1);
    expect(data()[0]).toHaveLength(3);
  });

  it('that only adds, again and again, is told all the same', async () => {
    const deadline = performance.now() + 5_000;
    for (let i = 0; sink.publications.length === 0 && performance.now() < deadline; i++) {
      await appendFile(path, `more${i},1\n`);
      await clock.advance(50);
    }
    expect(sink.publications).toHaveLength(1);
  });
});

it('rows are all the value of a state', async () => {
  await writeFile(path, 'product,stock\npump,1\n');
  const source = create({ topicKind: 'state', topic: 'shop/stock' });
  expect(source.topics).toEqual([{ topic: 'shop/stock', kind: 'state' }]);
  run({}, source);
  await told(1);
  expect(sink.results).toEqual([{ topic: 'shop/stock', data: [{ product: 'pump', stock: 1 }] }]);
});

describe('the source fails with a sentence', () => {
  it('when there is no file', async () => {
    run();
    expect(await failure()).toBe(`there is no file ${path}`);
  });

  it('when the file goes and does not come back', async () => {
    await writeFile(path, 'product,stock\npump,1\n');
    run();
    await told(1);
    await rm(path);
    expect(await failure()).toBe(`there is no file ${path}`);
  });

  it('when the path is a folder', async () => {
    run({ path: '.' });
    expect(await failure()).toBe(`${folder} is not a file`);
  });

  it('when the file is larger than it may be, before it is read', async () => {
    await writeFile(path, '');
    await truncate(path, 16 * 1024 * 1024 + 1);
    run();
    expect(await failure()).toBe(`${path} has 16777217 bytes, at most 16777216 are read (maxBytes)`);
    run({ topicKind: 'log', maxBytes: 2_000 });
    expect(await failure()).toContain('at most 2000 are read (maxBytes)');
  });

  it('when it has more rows than may be held', async () => {
    await writeFile(path, `a\n${'1\n'.repeat(11)}`);
    run({ maxRows: 10 });
    expect(await failure()).toBe(`${path} has more than 10 rows, the most that are held (maxRows)`);
    await writeFile(path, `a\n${'1\n'.repeat(10)}`);
    run({ maxRows: 10 });
    await told(1);
  });
});

it('a long file leaves everybody else their turn', async () => {
  await writeFile(path, `n\n${'x\n'.repeat(5_000)}`);
  run({ types: { n: 'number' } });
  const reading = eventually(() => sink.publications.length > 0);
  expect(await mostBetweenTurns(reading, () => sink.refusals.length)).toBeLessThanOrEqual(2 * MAX_STEPS);
  expect(sink.refusals).toHaveLength(5_000);
  expect(data()).toEqual([[]]);
});

it('a source that was made through the API reads uploaded files alone', () => {
  const checked = parseSourceConfig('stock', definition, { path: '../secret.csv' });
  const resolveFile = () => {
    throw new Error('"../secret.csv" is not the name of an uploaded file');
  };
  expect(() => definition.create(checked, testContext({ resolveFile }))).toThrow('is not the name of an uploaded file');
});

describe('a configuration', () => {
  it.each([
    [{}, 'sources.stock.path: must be given, or url: one of the two'],
    [{ path: 'a', url: 'https://a/b' }, 'sources.stock.url: must be given, or url: one of the two'],
    [{ path: 'a', headers: { accept: 'x' } }, 'sources.stock.headers: are for a url'],
    [{ url: 'https://u:p@a/b' }, 'sources.stock.url: must hold no user and no password'],
    [{ url: 'ftp://a/b' }, 'sources.stock.url: must begin with http:// or https://'],
    [{ path: 'a', delimiter: 'ab' }, 'sources.stock.delimiter: must be one character'],
    [{ path: 'a', delimiter: ';', quote: ';' }, 'sources.stock.quote: must be another character than delimiter'],
    [{ path: 'a', thousands: '.' }, 'sources.stock.thousands: must be another character than decimal'],
    [{ path: 'a', timezone: 'Moon/Base' }, 'sources.stock.timezone: must be a time zone'],
    [{ path: 'a', dates: { x: 'HH:mm' } }, 'sources.stock.dates.x: must say year, month and day'],
    [{ path: 'a', encoding: 'latin-9' }, 'sources.stock.encoding'],
    [{ url: 'https://a/b', intervalMs: 500 }, 'sources.stock.intervalMs: must be at least minIntervalMs'],
  ])('%j is refused by field', (config, sentence) => {
    expect(() => parseSourceConfig('stock', definition, config)).toThrow(sentence);
  });
});
