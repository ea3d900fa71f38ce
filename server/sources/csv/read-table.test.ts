import { mkdtempSync, rmSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@tidewall/base';
import { FakeClock } from '@tidewall/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mostBetweenTurns } from '../most-between-turns.ts';
import { MAX_STEPS } from '../turns.ts';
import { csvConfigSchema } from './config.ts';
import { MAX_COLUMNS, readTable } from './read-table.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewall-csv-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LIMITS = { publicationBytes: 10_000, tableRows: 20_000, tableBytes: 400_000 };

async function read(
  content: string | Uint8Array,
  config: object = {},
  refusals: string[] = [],
): Promise<{ rows: JsonObject[]; refusals: string[] }> {
  const path = join(folder, 'file.csv');
  await writeFile(path, content);
  const rows = await readTable({
    ...csvConfigSchema.parse({ path, ...config }),
    path,
    sizeBytes: (await stat(path)).size,
    clock: new FakeClock(),
    limits: LIMITS,
    signal: new AbortController().signal,
    refused: (reason) => refusals.push(reason),
  });
  return { rows, refusals };
}

describe('rows', () => {
  it('have values of their column’s type, null for an empty cell, and their number as key', async () => {
    const { rows } = await read('name,n,on,day\nhost ä,1,true,2026-01-02\n"a, ""b""",,FALSE,\n');
    expect(rows).toEqual([
      { _row: 1, name: 'host ä', n: 1, on: true, day: '2026-01-02' },
      { _row: 2, name: 'a, "b"', n: null, on: false, day: null },
    ]);
  });

  it('that do not fit the header are refused by line, and the others pass', async () => {
    const { rows, refusals } = await read('a,b\n1,2\n\n3\n4,5,6\n"x\ny",7\n8\n', { keyField: 'b' });
    expect(rows.map(({ b }) => b)).toEqual([2, 7]);
    expect(refusals).toEqual([
      'line 4 has 1 cell where the header has 2',
      'line 5 has 3 cells where the header has 2',
      'line 8 has 1 cell where the header has 2',
    ]);
  });

  it('without a key, or with the key of another, are refused by line', async () => {
    const { rows, refusals } = await read('id,n\na,1\n,2\na,3\n', { keyField: 'id' });
    expect(rows).toEqual([{ id: 'a', n: 1 }]);
    expect(refusals).toEqual(['line 3 has no key in column "id"', 'line 4 has the key "a" of line 2 again']);
  });

  it('with a stray quote are refused by line', async () => {
    const { rows, refusals } = await read('a,b\n1,x"y\n2,z\n');
    expect(rows).toEqual([{ _row: 1, a: 2, b: 'z' }]);
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toContain('line 2');
  });

  it('that cannot be of the type that the configuration names are refused by line and column', async () => {
    const { rows, refusals } = await read('id,n\n007,1\n008,x\n', { types: { id: 'text', n: 'number' } });
    expect(rows).toEqual([{ _row: 1, id: '007', n: 1 }]);
    expect(refusals).toEqual(['line 3 has "x" in column "n", which is of type number']);
  });

  it('that are larger than a publication are refused by line', async () => {
    const { rows, refusals } = await read(`a\n${'x'.repeat(20_000)}\ny\n`);
    expect(rows).toHaveLength(1);
    expect(refusals).toEqual(['line 2 makes a row of more than 10000 bytes']);
  });

  it('may have a column named __proto__', async () => {
    const { rows } = await read('__proto__,a\nevil,1\n', { keyField: '__proto__' });
    expect(JSON.stringify(rows)).toBe('[{"__proto__":"evil","a":1}]');
    expect(Object.getPrototypeOf(rows[0])).toBe(Object.prototype);
  });

  it('of a file without a header have columns by number', async () => {
    expect((await read('1;2\n3;4\n', { header: false, delimiter: ';', keyField: 'column1' })).rows).toEqual([
      { column1: 1, column2: 2 },
      { column1: 3, column2: 4 },
    ]);
  });

  it('of an empty file, and of one with a header alone, are none', async () => {
    expect((await read('')).rows).toEqual([]);
    expect((await read('a,b\r\n')).rows).toEqual([]);
  });
});

describe('text', () => {
  it('may start with a byte order mark and end lines in any way', async () => {
    expect((await read('\uFEFFa,b\r\n1,2\r\n3,4')).rows).toEqual([
      { _row: 1, a: 1, b: 2 },
      { _row: 2, a: 3, b: 4 },
    ]);
  });

  it('in GBK is read when the configuration says so, and named when it does not', async () => {
    const gbk = new Uint8Array([0xb3, 0xc7, 0xca, 0xd0, 0x2c, 0x6e, 0x0a, 0xc9, 0xcf, 0xba, 0xa3, 0x2c, 0x31, 0x0a]);
    expect((await read(gbk, { encoding: 'gbk', keyField: '城市' })).rows).toEqual([{ 城市: '上海', n: 1 }]);
    await expect(read(gbk)).rejects.toThrow(/file\.csv is not text in utf-8; name its encoding/);
  });

  it('with a quote that nobody closes is refused as a whole, since the rows behind it are lost', async () => {
    await expect(read('a,b\n1,"x\n2,3\n')).rejects.toThrow(/file\.csv: Quote Not Closed/);
    await expect(read(`a,b\n1,"${'x\n'.repeat(50_000)}`)).rejects.toThrow(/file\.csv: Max Record Size/);
  });
});

describe('a file is refused', () => {
  it.each([
    ['a,,b\n', {}, 'has no name for column 2 in its header'],
    ['a,b,a\n', {}, 'names the column "a" twice in its header'],
    ['_row,b\n', {}, 'has a column "_row": name it as keyField'],
    ['a,b\n', { keyField: 'c' }, 'has no column "c", it has a, b'],
    ['a,b\n', { types: { x: 'text' } }, 'has no column "x", it has a, b'],
    [`${Array.from({ length: MAX_COLUMNS + 1 }, (_, i) => `c${i}`).join(',')}\n`, {}, 'has 257 columns, at most 256'],
  ])('when it starts with %j', async (content, config, sentence) => {
    await expect(read(content, config)).rejects.toThrow(`file.csv ${sentence}`);
  });

  it('when it has more rows than a table', async () => {
    expect((await read(`a\n${'1\n'.repeat(LIMITS.tableRows)}`)).rows).toHaveLength(LIMITS.tableRows);
    const sentence = /file\.csv has more than 20000 rows, .*\(limits\.tableRows\)$/;
    await expect(read(`a\n${'1\n'.repeat(LIMITS.tableRows + 1)}`)).rejects.toThrow(sentence);
  });

  it('when its rows are larger than a table', async () => {
    const line = (index: number) => `${index},${'x'.repeat(9_000)}\n`;
    const lines = Array.from({ length: 45 }, (_, index) => line(index));
    expect((await read(`a,b\n${lines.slice(0, 44).join('')}`)).rows).toHaveLength(44);
    const sentence = /file\.csv makes a table of more than 400000 bytes, .*\(limits\.tableBytes\)$/;
    await expect(read(`a,b\n${lines.join('')}`)).rejects.toThrow(sentence);
  });
});

it('a long file leaves everybody else their turn', async () => {
  const refusals: string[] = [];
  const reading = read(`n\n${'x\n'.repeat(5_000)}`, { types: { n: 'number' } }, refusals);
  expect(await mostBetweenTurns(reading, () => refusals.length)).toBeLessThanOrEqual(2 * MAX_STEPS);
  expect(refusals).toHaveLength(5_000);
});
