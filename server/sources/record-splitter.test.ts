import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvFault, type CsvRecord, MAX_RECORD_CHARACTERS, RecordSplitter } from './record-splitter.ts';

function split(pieces: readonly string[], options: { delimiter?: string; quote?: string } = {}) {
  const splitter = new RecordSplitter({ delimiter: ',', quote: '"', ...options });
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
}

const cellsOf = (found: readonly (CsvRecord | CsvFault)[]) =>
  found.map((each) => ('cells' in each ? each.cells : each.fault));
const linesOf = (found: readonly (CsvRecord | CsvFault)[]) => found.map(({ line }) => line);

describe('records', () => {
  it('are cut at delimiters and line ends, but not within quotes, and a doubled quote is one', () => {
    const found = split(['a,b\n"1,\n2","x ""y"""\r\n,\n']);
    expect(cellsOf(found)).toEqual([
      ['a', 'b'],
      ['1,\n2', 'x "y"'],
      ['', ''],
    ]);
    expect(linesOf(found)).toEqual([1, 2, 4]);
  });

  it('need no end of a line behind the last, and empty lines are none', () => {
    expect(cellsOf(split(['\n\na,b\r\n\r\n1,']))).toEqual([
      ['a', 'b'],
      ['1', ''],
    ]);
    expect(cellsOf(split(['a,"b"']))).toEqual([['a', 'b']]);
    expect(cellsOf(split(['']))).toEqual([]);
  });

  it('may end with carriage returns alone', () => {
    expect(split(['a,b\r1,2\r"x\ry",z\r'])).toEqual([
      { cells: ['a', 'b'], line: 1, size: 4 },
      { cells: ['1', '2'], line: 2, size: 4 },
      { cells: ['x\ry', 'z'], line: 3, size: 8 },
    ]);
  });

  it('may have another delimiter, another quote, or none', () => {
    expect(cellsOf(split(["'a;b';c\n"], { delimiter: ';', quote: "'" }))).toEqual([['a;b', 'c']]);
    expect(cellsOf(split(['"a,b"\n'], { quote: '' }))).toEqual([['"a', 'b"']]);
  });

  it('keep a quote within a cell that does not begin with one', () => {
    expect(cellsOf(split(['5" pipe, "x",y"\n']))).toEqual([['5" pipe', ' "x"', 'y"']]);
  });
});

describe('a record that goes wrong', () => {
  it('behind a closing quote costs its line, and the next ones are read', () => {
    const found = split(['a,b\n"1"x,2\n3,4\n']);
    expect(found[1]).toEqual({ line: 2, fault: 'goes on behind the closing quote in column 1', cellCount: 1 });
    expect(found[2]).toEqual({ cells: ['3', '4'], line: 3, size: 4 });
  });

  it('with a quote that nobody closes costs its line', () => {
    const found = split(['a,b\n1,"x\n2,3\n4,5\n']);
    expect(cellsOf(found)).toEqual([
      ['a', 'b'],
      'has a quote in column 2 that is never closed',
      ['2', '3'],
      ['4', '5'],
    ]);
    expect(linesOf(found)).toEqual([1, 2, 3, 4]);
    const rows = '2,3\n'.repeat(40_000);
    expect(split([`1,"x\n${rows}`])).toHaveLength(40_001);
  });

  it('by its length costs its line, however the pieces fall', () => {
    const text = `a,${'x'.repeat(MAX_RECORD_CHARACTERS)}\n1,2\n`;
    for (const pieces of [[text], [text.slice(0, 1_000), text.slice(1_000)], text.match(/.{1,7000}|\n/gs) ?? []]) {
      expect(cellsOf(split(pieces))).toEqual([`is longer than ${MAX_RECORD_CHARACTERS} characters`, ['1', '2']]);
    }
  });
});

it('[property] how the text is cut into pieces makes no difference', () => {
  const text = fc
    .array(fc.constantFrom('a', '1', ',', '"', '""', '\n', '\r\n', ' ', '上'))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, fc.array(fc.nat(6), { minLength: 1 }), (whole, sizes) => {
      const pieces: string[] = [];
      for (let at = 0, i = 0; at < whole.length; i++) {
        const size = 1 + (sizes[i % sizes.length] ?? 0);
        pieces.push(whole.slice(at, at + size));
        at += size;
      }
      expect(split(pieces)).toEqual(split([whole]));
    }),
    { numRuns: 2_000 },
  );
});

it('[property] what csv-parse reads is read the same', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r\n', ' ', '上', ';'), maxLength: 5 });
  const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
  fc.assert(
    fc.property(rows, fc.constantFrom('\n', '\r\n'), fc.boolean(), (table, end, always) => {
      const quoted = (text: string) => (always || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
      const text = table.map((row) => row.map(quoted).join(',') + end).join('');
      const expected = parse(text, { relax_column_count: true }) as string[][];
      expect(cellsOf(split([text]))).toEqual(expected);
      expect(cellsOf(split([text]))).toEqual(table);
    }),
    { numRuns: 1_000 },
  );
});
