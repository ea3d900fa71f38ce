import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { appendFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@tidewall/contracts';
import { DEFAULT_LIMITS } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { testContext } from '../source-context.contract.ts';
import { csvConfigSchema } from './config.ts';
import { CsvSource, MAX_FILE_BYTES } from './csv-source.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

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
  await running?.catch(() => {});
  rmSync(folder, { recursive: true, force: true });
});

function create(config: object = {}, publicationBytes = DEFAULT_LIMITS.publicationBytes): CsvSource {
  const limits = { ...DEFAULT_LIMITS, publicationBytes };
  const context = testContext({ name: 'stock', baseDir: folder, clock, log: silent, limits });
  return new CsvSource(csvConfigSchema.parse({ path: 'stock.csv', keyField: 'product', ...config }), context);
}

function run(source: CsvSource): void {
  running = source.run(sink, abort.signal);
  running.catch(() => {});
}

async function eventually(cameAbout: () => boolean, stepMs = 20): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!cameAbout() && performance.now() < deadline) await clock.advance(stepMs);
  expect(cameAbout()).toBe(true);
}

const published = (count: number) => eventually(() => sink.publications.length >= count);
const data = () => sink.publications.map((publication) => [publication.op, publication.data]);

describe('a change of the file', () => {
  beforeEach(async () => {
    await writeFile(path, 'product,stock\npump,1\nvalve,2\nhose,3\n');
    run(create());
    await published(1);
    sink.publications.length = 0;
  });

  it('publishes the rows that changed and the keys that are gone, and nothing else', async () => {
    await writeFile(path, 'product,stock\npump,1\nvalve,20\nseal,4\n');
    await published(2);
    expect(data()).toEqual([
      ['remove', ['hose']],
      [
        'upsert',
        [
          { product: 'valve', stock: 20 },
          { product: 'seal', stock: 4 },
        ],
      ],
    ]);
  });

  it('is noticed when an editor renames a new file over the old one', async () => {
    await writeFile(`${path}.new`, 'product,stock\npump,9\nvalve,2\nhose,3\n');
    renameSync(`${path}.new`, path);
    await published(1);
    expect(data()).toEqual([['upsert', [{ product: 'pump', stock: 9 }]]]);
  });

  it('that changes no row publishes nothing, and says that all is well', async () => {
    await writeFile(path, 'product,stock\n\npump,1\nvalve,2\nhose,3');
    await eventually(() => sink.healthyCalls > 0);
    expect(sink.publications).toEqual([]);
  });

  it('is followed once more after the file was away for a moment', async () => {
    await rm(path);
    await clock.advance(150);
    await writeFile(path, 'product,stock\npump,5\nvalve,2\nhose,3\n');
    await published(1);
    expect(data()).toEqual([['upsert', [{ product: 'pump', stock: 5 }]]]);
  });

  it('is published when it stands still, not while it is half written', async () => {
    await truncate(path);
    for (const part of ['product,stock\npump,7\n', 'valve,2\n', 'hose,3\n']) {
      await appendFile(path, part);
      // In small steps, so that the watcher has many turns to notice each part.
      for (let i = 0; i < 90; i++) await clock.advance(1);
    }
    await published(1);
    expect(data()).toEqual([['upsert', [{ product: 'pump', stock: 7 }]]]);
  });

  it('that only adds, again and again, is published all the same', async () => {
    const deadline = performance.now() + 5_000;
    for (let i = 0; sink.publications.length === 0 && performance.now() < deadline; i++) {
      await appendFile(path, `more${i},1\n`);
      await clock.advance(50);
    }
    expect(sink.publications[0]?.op).toBe('upsert');
  });
});

it('what changed while nobody watched is published when somebody does', async () => {
  await writeFile(path, 'product,stock\npump,1\nvalve,2\n');
  const source = create();
  run(source);
  await published(1);
  abort.abort();
  await running;
  await writeFile(path, 'product,stock\npump,1\nvalve,3\n');
  abort = new AbortController();
  run(source);
  await published(2);
  expect(data().slice(1)).toEqual([['upsert', [{ product: 'valve', stock: 3 }]]]);
});

it('a large table goes out in pieces, each within the limit', async () => {
  const names = Array.from({ length: 200 }, (_, index) => `产品-${index}`);
  await writeFile(path, `product,stock\n${names.map((name) => `${name},1`).join('\n')}`);
  run(create({}, 1_000));
  await eventually(() => sink.publications.flatMap((publication) => publication.data as unknown[]).length === 200);
  const [first, ...rest] = sink.publications;
  expect(first?.op).toBe('replace');
  expect(new Set(rest.map(({ op }) => op))).toEqual(new Set(['upsert']));
  for (const publication of sink.publications) {
    expect(Buffer.byteLength(JSON.stringify(publication.data))).toBeLessThanOrEqual(1_000);
  }
  expect(rest.length).toBeLessThan(20);
});

describe('the source fails with a sentence', () => {
  async function failure(): Promise<string> {
    let message: string | undefined;
    running?.catch((error: Error) => {
      message = error.message;
    });
    await eventually(() => message !== undefined, 100);
    return message ?? '';
  }

  it('when there is no file', async () => {
    run(create());
    expect(await failure()).toBe(`there is no file ${path}`);
  });

  it('when the file goes and does not come back', async () => {
    await writeFile(path, 'product,stock\npump,1\n');
    run(create());
    await published(1);
    await rm(path);
    expect(await failure()).toBe(`there is no file ${path}`);
  });

  it('when the path is a folder', async () => {
    run(create({ path: '.' }));
    expect(await failure()).toBe(`${folder} is not a file`);
  });

  it('when the file is too large', async () => {
    await writeFile(path, '');
    await truncate(path, MAX_FILE_BYTES + 1);
    run(create());
    expect(await failure()).toContain(`has ${MAX_FILE_BYTES + 1} bytes, at most ${MAX_FILE_BYTES} are read`);
  });

  it('when the header names a column twice', async () => {
    await writeFile(path, 'product,product\n');
    run(create());
    expect(await failure()).toContain('names the column "product" twice');
  });
});
