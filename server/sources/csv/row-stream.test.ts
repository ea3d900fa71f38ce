import { mkdtempSync, rmSync } from 'node:fs';
import { appendFile, rename, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '@tidewall/base';
import type { Sink } from '@tidewall/contracts';
import { parseTopicName, TidewallError } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileBytes } from '../file-bytes.ts';
import { RecordingSink } from '../recording-sink.ts';
import { csvConfigSchema } from './config.ts';
import type { CsvVersion } from './csv-version.ts';
import { RowStream } from './row-stream.ts';

let folder: string;
let path: string;
let sink: RecordingSink;
const never = new AbortController().signal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewall-csv-'));
  path = join(folder, 'a.csv');
  sink = new RecordingSink();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function stream(topicKind: 'log' | 'series', publicationBytes = 256 * 1024, config: object = {}): RowStream {
  return new RowStream({
    topic: { topic: parseTopicName('t'), kind: topicKind },
    config: csvConfigSchema.parse({ path: 'a.csv', topicKind, ...config }),
    clock: new FakeClock(),
    limits: { publicationBytes },
  });
}

/** The file as it is now; of a server, it cannot be told from others. */
async function version(more: Partial<CsvVersion> = {}): Promise<CsvVersion> {
  const { size, ino } = await stat(path);
  const bytes = (from: number) => fileBytes(path, from, size);
  return {
    name: path,
    sizeBytes: size,
    identity: String(ino),
    settled: true,
    bytes,
    hasChanged: async () => false,
    ...more,
  };
}

const unknown = async () => version({ identity: undefined, sizeBytes: undefined });

/** What was published since the last call: rows, and with which operation a series was begun anew. */
function news(): JsonValue[] {
  return sink.publications
    .splice(0)
    .flatMap(({ op, data }) => (op === 'replace' ? ['anew', ...(data as JsonValue[])] : data));
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const linesOf = (from: number, to: number) =>
  numbers(from, to)
    .map((n) => `${n},x\n`)
    .join('');
const rowsOf = (from: number, to: number): JsonObject[] => numbers(from, to).map((n) => ({ n, s: 'x' }));

describe('a log', () => {
  it('gets each row as an entry, one after the other, and of a file that grows what is new', async () => {
    const log = stream('log');
    await writeFile(path, `n,s\n${linesOf(0, 3)}`);
    await log.take(await version(), sink, never);
    expect(news()).toEqual(rowsOf(0, 3));
    expect(sink.mostAtOnce).toBe(1);
    expect(await log.take(await version(), sink, never)).toBe(0);
    await appendFile(path, linesOf(3, 5));
    await log.take(await version(), sink, never);
    expect(news()).toEqual(rowsOf(3, 5));
  });

  it('gets what is new of a file that was written anew with more of the same, also from a server', async () => {
    const log = stream('log');
    await writeFile(path, `n,s\n${linesOf(0, 3)}`);
    await log.take(await version(), sink, never);
    news();
    await writeFile(`${path}.new`, `n,s\n${linesOf(0, 5)}`);
    await rename(`${path}.new`, path);
    await log.take(await version(), sink, never);
    expect(news()).toEqual(rowsOf(3, 5));
    await writeFile(path, `n,s\n${linesOf(0, 6)}`);
    await log.take(await unknown(), sink, never);
    expect(news()).toEqual(rowsOf(5, 6));
  });

  it('gets all of a file that is another one', async () => {
    const log = stream('log');
    await writeFile(path, `n,s\n${linesOf(0, 3)}`);
    await log.take(await version(), sink, never);
    news();
    await writeFile(path, `n,s\n${linesOf(1, 5)}`);
    await log.take(await unknown(), sink, never);
    expect(news()).toEqual(rowsOf(1, 5));
    await writeFile(path, `n,s\n${linesOf(7, 8)}`);
    await log.take(await unknown(), sink, never);
    expect(news()).toEqual(rowsOf(7, 8));
  });

  it('does not get half a line of a file that somebody writes to, but the whole one later', async () => {
    const log = stream('log');
    await writeFile(path, 'n,s\n0,x\n1,');
    await log.take(await version({ settled: false }), sink, never);
    expect(news()).toEqual(rowsOf(0, 1));
    await appendFile(path, 'x\n2,x');
    await log.take(await version({ settled: false }), sink, never);
    expect(news()).toEqual(rowsOf(1, 2));
    await log.take(await version(), sink, never);
    expect(news()).toEqual(rowsOf(2, 3));
  });

  it('goes on where it was stopped, row by row', async () => {
    await writeFile(path, `n,s\n${linesOf(0, 40_000)}`);
    const log = stream('log');
    for (const most of [1, 700, 2_000, 25_000]) {
      const abort = new AbortController();
      let left = most;
      const stopping: Sink = Object.assign(Object.create(sink) as Sink, {
        publish: async (...args: Parameters<Sink['publish']>) => {
          await sink.publish(...args);
          left -= 1;
          if (left === 0) abort.abort();
        },
      });
      expect(await log.take(await version(), stopping, abort.signal)).toBe(most);
    }
    await log.take(await version(), sink, never);
    expect(news()).toEqual(rowsOf(0, 40_000));
  });

  it('goes on with the row that the hub did not take', async () => {
    await writeFile(path, `n,s\n${linesOf(0, 10)}`);
    const log = stream('log');
    let count = 0;
    const full: Sink = Object.assign(Object.create(sink) as Sink, {
      publish: async (...args: Parameters<Sink['publish']>) => {
        count += 1;
        if (count > 4) throw new TidewallError('storage_full', 'there is no room');
        await sink.publish(...args);
      },
    });
    await expect(log.take(await version(), full, never)).rejects.toThrow('there is no room');
    await log.take(await version(), sink, never);
    expect(news()).toEqual(rowsOf(0, 10));
  });

  it('has rows that its topic does not take refused, and the others go on', async () => {
    await writeFile(path, `n,s\n${linesOf(0, 3)}`);
    const picky: Sink = Object.assign(Object.create(sink) as Sink, {
      publish: async (...args: Parameters<Sink['publish']>) => {
        if ((args[2] as JsonObject)['n'] === 1) throw new TidewallError('shape_mismatch', 'n must not be 1');
        await sink.publish(...args);
      },
    });
    await stream('log').take(await version(), picky, never);
    expect(news()).toEqual([...rowsOf(0, 1), ...rowsOf(2, 3)]);
    expect(sink.refusals).toEqual(['n must not be 1']);
  });

  it('waits for rows while there is a header alone', async () => {
    const log = stream('log');
    await writeFile(path, 'n,s\n');
    expect(await log.take(await version(), sink, never)).toBe(0);
    await appendFile(path, linesOf(0, 1));
    await log.take(await version(), sink, never);
    expect(news()).toEqual(rowsOf(0, 1));
  });

  it.each(['utf16le', 'latin1'] as const)(
    'of a file in %s with a mark or lines that end otherwise goes on too',
    async (encoding) => {
      const log = stream('log', undefined, encoding === 'latin1' ? { encoding: 'windows-1252' } : {});
      const text = (part: string) => Buffer.from(encoding === 'latin1' ? part.replaceAll('\n', '\r') : part, encoding);
      await writeFile(path, text(`${encoding === 'utf16le' ? '\uFEFF' : ''}n,s\n${linesOf(0, 2_600)}`));
      await log.take(await version(), sink, never);
      expect(news()).toEqual(rowsOf(0, 2_600));
      await appendFile(path, text(linesOf(2_600, 2_610)));
      await log.take(await version(), sink, never);
      expect(news()).toEqual(rowsOf(2_600, 2_610));
    },
  );
});

describe('a series', () => {
  const points = (from: number, to: number) => numbers(from, to).map((n) => ({ t: n, v: 1 }));
  const lines = (from: number, to: number) =>
    numbers(from, to)
      .map((n) => `${n},1,x\n`)
      .join('');

  it('is replaced by the first points of a file and gets the rest of them, many at once', async () => {
    const series = stream('series');
    await writeFile(path, `t,v,s\n${lines(0, 2_500)}`);
    expect(await series.take(await version(), sink, never)).toBeLessThan(5);
    expect(news()).toEqual(['anew', ...points(0, 2_500)]);
    await appendFile(path, lines(2_500, 2_502));
    await series.take(await version(), sink, never);
    expect(news()).toEqual(points(2_500, 2_502));
  });

  it('starts again when the past of the file is another one, and then goes on', async () => {
    const series = stream('series');
    await writeFile(path, `t,v,s\n${lines(0, 3)}`);
    await series.take(await version(), sink, never);
    news();
    await writeFile(path, `t,v,s\n0,7,x\n${lines(1, 3)}`);
    await series.take(await version(), sink, never);
    expect(news()).toEqual(['anew', { t: 0, v: 7 }, ...points(1, 3)]);
    await appendFile(path, lines(3, 4));
    await series.take(await version(), sink, never);
    expect(news()).toEqual(points(3, 4));
  });

  it('never gets more at once than a publication may be', async () => {
    await writeFile(path, `t,v,s\n${lines(0, 5_000)}`);
    await stream('series', 2_000).take(await version(), sink, never);
    for (const { data } of sink.publications) expect(JSON.stringify(data).length).toBeLessThanOrEqual(2_000);
    expect(news()).toEqual(['anew', ...points(0, 5_000)]);
  });
});
