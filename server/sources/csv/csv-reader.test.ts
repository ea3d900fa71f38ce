import { describe, expect, it } from 'vitest';
import { MAX_COLUMNS } from '../column-names.ts';
import { readCsv } from './read-csv.contract.ts';

describe('rows', () => {
  it('have values of their column’s type, and null for an empty cell', () => {
    const { rows } = readCsv('name,n,on,day\nhost ä,1,true,2026-01-02\n"a, ""b""",,FALSE,\n');
    expect(rows).toEqual([
      { name: 'host ä', n: 1, on: true, day: '2026-01-02' },
      { name: 'a, "b"', n: null, on: false, day: null },
    ]);
  });

  it('are of the type that all cells of a column have, else text as it was written', () => {
    const { rows } = readCsv('a,b,c,d\n1,1,007,2026-02-30\n 2,x,8,2026-02-28\n');
    expect(rows).toEqual([
      { a: 1, b: '1', c: '007', d: '2026-02-30' },
      { a: 2, b: 'x', c: '8', d: '2026-02-28' },
    ]);
  });

  it('that do not fit the header are refused by line and column, and the others pass', () => {
    const { rows, refusals } = readCsv('a,b\n1,2\n\n3\n4,5,6\n"x\ny",7\n8\n');
    expect(rows.map(({ b }) => b)).toEqual([2, 7]);
    expect(refusals).toEqual([
      'line 4 has 1 cell where the header has 2: none for column "b"',
      'line 5 has 3 cells where the header has 2',
      'line 8 has 1 cell where the header has 2: none for column "b"',
    ]);
  });

  it('that go wrong are refused by line, and the others pass', () => {
    const { rows, refusals } = readCsv('a,b\n1,"x"y\n2,"z\n3,w\n');
    expect(rows).toEqual([{ a: 3, b: 'w' }]);
    expect(refusals).toEqual([
      'line 2 goes on behind the closing quote in column 2',
      'line 3 has a quote in column 2 that is never closed',
    ]);
  });

  it('that cannot be of the type that the configuration names are refused by line and column', () => {
    const { rows, refusals } = readCsv('id,n\n007,1\n008,x\n', { types: { id: 'text', n: 'number' } });
    expect(rows).toEqual([{ id: '007', n: 1 }]);
    expect(refusals).toEqual(['line 3 has "x" in column "n", which is of type number']);
  });

  it('that are larger than a publication are refused by line', () => {
    const { rows, refusals } = readCsv(`a\n${'x'.repeat(20_000)}\ny\n`);
    expect(rows).toEqual([{ a: 'y' }]);
    expect(refusals).toEqual(['line 2 makes a row of more than 10000 bytes']);
  });

  it('[P1] may have a column named __proto__', () => {
    const { rows } = readCsv('__proto__,a\nevil,1\n');
    expect(JSON.stringify(rows)).toBe('[{"__proto__":"evil","a":1}]');
    expect(Object.getPrototypeOf(rows[0])).toBe(Object.prototype);
  });

  it('of a file without a header have columns by number', () => {
    expect(readCsv('1;2\n3;4\n', { header: false }).rows).toEqual([
      { column1: 1, column2: 2 },
      { column1: 3, column2: 4 },
    ]);
  });

  it('of an empty file, and of one with a header alone, are none', () => {
    expect(readCsv('').rows).toEqual([]);
    expect(readCsv('a,b\r\n').rows).toEqual([]);
  });

  it('are the same however the bytes come', () => {
    const content = '\uFEFFname;上海\r\n"a\r\nb";1,5\r\nc;2,5\r\n';
    const config = { decimal: ',' };
    const whole = readCsv(content, config).rows;
    expect(whole).toEqual([
      { name: 'a\r\nb', 上海: 1.5 },
      { name: 'c', 上海: 2.5 },
    ]);
    for (const pieceBytes of [1, 2, 3, 7]) expect(readCsv(content, config, { pieceBytes }).rows).toEqual(whole);
  });
});

describe('cells', () => {
  it('that say NaN, something infinite or an error of Excel are null in a column of numbers, and counted', () => {
    const { rows, refusals } = readCsv('a,b\n1,x\nNaN,inf\n-Infinity,y\n#DIV/0!,\n');
    expect(rows.map(({ a }) => a)).toEqual([1, null, null, null]);
    expect(rows.map(({ b }) => b)).toEqual(['x', 'inf', 'y', null]);
    expect(refusals).toEqual([
      '3 cells are NaN, infinite or an error, and null here: the first is "NaN" in line 3, column "a"',
    ]);
  });

  it('that are written for nothing are null', () => {
    expect(readCsv('a,b\n-,1\nx, N/A \n', { nulls: ['-', 'N/A'] }).rows).toEqual([
      { a: null, b: 1 },
      { a: 'x', b: null },
    ]);
  });

  it('may have a comma before the fraction, and something between thousands', () => {
    const german = readCsv('a;b\n1.234,5;-0,25\n7;1.000.000\n', { decimal: ',', thousands: '.' });
    expect(german.rows).toEqual([
      { a: 1234.5, b: -0.25 },
      { a: 7, b: 1_000_000 },
    ]);
    expect(readCsv('a\n1.5\n2,5\n', { decimal: ',' }).rows).toEqual([{ a: '1.5' }, { a: '2,5' }]);
    expect(readCsv('a\n"1,234.5"\n"12,34"\n', { thousands: ',' }).rows).toEqual([{ a: '1,234.5' }, { a: '12,34' }]);
    expect(readCsv('a\n1 234,5\n', { decimal: ',', thousands: ' ', delimiter: ';' }).rows).toEqual([{ a: 1234.5 }]);
  });

  it('with times that say no zone get that of the configuration; without one they stay as they are', () => {
    const content = 'a\n2026-01-02 03:04:05\n2026-07-02T03:04Z\n2026-03-04\n';
    expect(readCsv(content).rows.map(({ a }) => a)).toEqual(['2026-01-02 03:04:05', '2026-07-02T03:04Z', '2026-03-04']);
    expect(readCsv(content, { timezone: 'Europe/Berlin' }).rows.map(({ a }) => a)).toEqual([
      '2026-01-02T03:04:05+01:00',
      '2026-07-02T03:04Z',
      '2026-03-04',
    ]);
  });

  it('with times in a form of their own become those of ISO 8601, and others are refused by line', () => {
    const content = 'a,b\n02.01.2026 15:04,1767323045\n31.02.2026 00:00,0\n';
    const { rows, refusals } = readCsv(content, { dates: { a: 'DD.MM.YYYY HH:mm', b: 'unix' }, timezone: '+08:00' });
    expect(rows).toEqual([{ a: '2026-01-02T15:04:00+08:00', b: '2026-01-02T03:04:05Z' }]);
    expect(refusals).toEqual(['line 3 has "31.02.2026 00:00" in column "a", which is of times in another form']);
  });
});

describe('a header', () => {
  it('may name a column twice, or not at all: each gets a name of its own', () => {
    expect(readCsv('a,,a,a_2, a \n1,2,3,4,5\n').rows).toEqual([{ a: 1, column2: 2, a_3: 3, a_2: 4, a_4: 5 }]);
  });

  it.each([
    ['a,b\n', { types: { x: 'text' } }, 'has no column "x", it has a, b'],
    ['a,b\n', { dates: { x: 'unix' } }, 'has no column "x", it has a, b'],
    ['a,b\n', { timeField: 'x' }, 'has no column "x", it has a, b'],
    [`${Array.from({ length: MAX_COLUMNS + 1 }, (_, i) => `c${i}`).join(',')}\n`, {}, 'has 257 columns, at most 256'],
    ['a,"b"c\n1,2\n', { delimiter: ',' }, 'cannot be read: line 1 goes on behind the closing quote in column 2'],
    ['PK\u0003\u0004zip', {}, 'is an Excel workbook or a ZIP archive, and no CSV'],
  ])('that is wrong refuses the file: %j', (content, config, sentence) => {
    expect(() => readCsv(content, config)).toThrow(`file.csv ${sentence}`);
  });

  it('of a hundred thousand columns is refused by their number', () => {
    const header = Array.from({ length: 100_000 }, (_, i) => `column ${i}`).join(',');
    expect(() => readCsv(`${header}\n`)).toThrow(/^file\.csv has (more than )?\d+ columns, at most 256 are read$/);
    expect(() => readCsv(`${header}\n`, {}, { pieceBytes: 9_000 })).toThrow(/has more than \d+ columns, at most 256/);
  });
});

describe('with a sample', () => {
  const sampled = (content: string, use: 'log' | 'series' | 'query', config: object = {}) => {
    const { rows, refusals } = readCsv(content, config, { use, sampleRows: 2 });
    return { rows, refusals };
  };

  it('a log keeps a cell of another type as it is written, and finds out alone what the sample does not tell', () => {
    expect(sampled('n,m,s\n1,,a\n2,,b\nx,7,c\n3,true,d\n', 'log').rows).toEqual([
      { n: 1, m: null, s: 'a' },
      { n: 2, m: null, s: 'b' },
      { n: 'x', m: 7, s: 'c' },
      { n: 3, m: true, s: 'd' },
    ]);
  });

  it('a query refuses a row with a cell of another type', () => {
    expect(sampled('n\n1\n2\nx\n3\n', 'query')).toEqual({
      rows: [{ n: 1 }, { n: 2 }, { n: 3 }],
      refusals: ['line 4 has "x" in column "n", which is of type number'],
    });
  });

  it('a series has its time and its numbers, and null for what is none of them', () => {
    expect(
      sampled('time,site,flow,temp\n2026-01-01T00:00:00Z,sh,1,\n2026-01-01 00:00:01,bj,n/a,3\n,sh,2,4\n', 'series'),
    ).toEqual({
      rows: [
        { t: 1_767_225_600_000, flow: 1, temp: null },
        { t: 1_767_225_601_000, flow: null, temp: 3 },
      ],
      refusals: [
        'line 4 has "" in column "time", which is no time',
        '1 cell is no number, and null here: the first is "n/a" in line 3, column "flow"',
      ],
    });
  });

  it('a series takes its time from t, in ms, or from the column that the configuration names', () => {
    expect(sampled('t,n\n5,1\n', 'series').rows).toEqual([{ t: 5, n: 1 }]);
    expect(sampled('t,s,n\n5,7,1\n', 'series', { timeField: 's', dates: { s: 'unix' } }).rows).toEqual([
      { t: 7_000, n: 1 },
    ]);
    expect(
      sampled('when,n\n02/01/26 3 PM,1\n', 'series', { timeField: 'when', dates: { when: 'DD/MM/YY h A' } }).rows,
    ).toEqual([{ t: Date.UTC(2026, 0, 2, 15), n: 1 }]);
  });

  it('a series without a time, or with nothing beside it, is refused', () => {
    expect(() => sampled('a,b\n1,2\n', 'series')).toThrow(
      'has no column of times; name it in the setting "timeField": it has a, b',
    );
    expect(() => sampled('t,b\n1,x\n', 'series')).toThrow('has no column of numbers beside its time, "t"');
  });

  it('an entry has its time as t where the configuration names its column', () => {
    expect(sampled('at,text\n2026-01-01,x\n', 'log', { timeField: 'at' }).rows).toEqual([
      { t: 1_767_225_600_000, at: '2026-01-01', text: 'x' },
    ]);
  });
});

it('reading goes on where it ended', () => {
  const begin = 'id;n\n1;007\n';
  const { reader } = readCsv(begin, {}, { use: 'log' });
  expect(reader.isBetweenRecords).toBe(true);
  const more = readCsv('2;8\n3\n', {}, { use: 'log', since: reader.soFar });
  expect(more.rows).toEqual([{ id: 2, n: '8' }]);
  expect(more.refusals).toEqual(['line 4 has 1 cell where the header has 2: none for column "n"']);
});
