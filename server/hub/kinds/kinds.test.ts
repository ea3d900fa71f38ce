import { describe, expect, test } from 'vitest';
import { anyone, refusal, useHubBed } from '../hub-bed.contract.ts';

const bed = useHubBed();

describe('kinds', () => {
  test('[H20] an operation of another kind is refused and the ones that fit are named', async () => {
    bed.start();
    const error = await refusal(bed.publish('a', 1, { op: 'append' }));
    expect(error).toMatchObject({ kind: 'wrong_kind', detail: { kind: 'state', operations: ['replace', 'merge'] } });
  });

  test.each([
    ['table', { v: 1 }, '.id'],
    ['table', [{ id: 1 }, 7], '[1]'],
    ['table', [{ id: { a: 1 } }], '[0].id'],
    ['series', 'text', ''],
    ['series', { t: 1, v: 'x' }, '.v'],
    [
      'series',
      [
        { t: 1, v: 1 },
        { t: 2, v: true },
      ],
      '[1].v',
    ],
    ['series', { t: [1, 2], v: [1] }, '.v'],
    ['series', { t: [1, null], v: [1, 2] }, '.t[1]'],
  ] as const)('[H21] a %s refuses %j naming the place %s', async (kind, data, path) => {
    bed.start({ settings: { a: { kind } } });
    const error = await refusal(bed.publish('a', data));
    expect(error.kind).toBe('shape_mismatch');
    expect(error.detail).toMatchObject({ path, expected: expect.any(String), got: expect.any(String) });
    expect(error.detail['example']).toBeDefined();
    await bed.publish('a', error.detail['example'], { op: kind === 'table' ? 'upsert' : 'append' });
  });

  test('[H21] a topic with a contract of its own refuses what does not fit it', async () => {
    const mismatch = { path: '.value', expected: 'a number', got: '"x"', example: { value: 1 } };
    bed.start({ settings: { a: { fits: (_op, data) => (data === 'good' ? undefined : mismatch) } } });
    expect((await refusal(bed.publish('a', 'bad'))).detail).toEqual(mismatch);
    await bed.publish('a', 'good');
  });

  test('[H22] a value that merges grow over the limit is refused, and shrinking it is not', async () => {
    bed.start({ limits: { publicationBytes: 1000 } });
    for (let i = 0; i < 9; i++) await bed.publish('a', { [`k${i}`]: 'x'.repeat(80) }, { op: 'merge' });
    expect((await refusal(bed.publish('a', { k10: 'x'.repeat(500) }, { op: 'merge' }))).kind).toBe('limit_exceeded');
    await bed.publish('a', { k0: 'y'.repeat(80) }, { op: 'merge' });
    await bed.publish('a', { k1: null, k2: null, k3: null, k4: null, k5: null, k6: null }, { op: 'merge' });
    await bed.publish('a', { k10: 'x'.repeat(500) }, { op: 'merge' });
  });

  test('[H22] __proto__ in a merge is a member like any other', async () => {
    bed.start();
    await bed.publish('a', JSON.parse('{"__proto__":{"polluted":true},"v":1}'), { op: 'merge' });
    await bed.publish('a', JSON.parse('{"__proto__":{"more":1}}'), { op: 'merge' });
    expect((await bed.hub.snapshot(anyone, 'a')).json).toBe('{"__proto__":{"polluted":true,"more":1},"v":1}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('[H22] the limit of a merged value counts bytes', async () => {
    bed.start({ limits: { publicationBytes: 1000 } });
    await bed.publish('a', { k: '汉'.repeat(200) }, { op: 'merge' });
    expect((await refusal(bed.publish('a', { l: '汉'.repeat(200) }, { op: 'merge' }))).kind).toBe('limit_exceeded');
  });

  test('[H30] a table’s rows and bytes are limited, and making room makes room', async () => {
    bed.start({ settings: { t: { kind: 'table' } }, limits: { tableRows: 3, tableBytes: 100 } });
    await bed.publish('t', [{ id: 1 }, { id: 2 }, { id: 3 }]);
    expect((await refusal(bed.publish('t', { id: 4 }))).message).toContain('limits.tableRows');
    await bed.publish('t', { id: 3, v: 'x'.repeat(50) });
    expect((await refusal(bed.publish('t', { id: 2, v: 'x'.repeat(50) }))).message).toContain('limits.tableBytes');
    await bed.publish('t', [3], { op: 'remove' });
    await bed.publish('t', { id: 2, v: 'x'.repeat(50) });
    await bed.publish('t', [{ id: 'all', v: 'x'.repeat(70) }], { op: 'replace' });
  });

  test('[H30] a series’ columns are limited, in one publication and over many', async () => {
    bed.start({ settings: { c: { kind: 'series' } }, limits: { seriesColumns: 4 } });
    const rows = Array.from({ length: 10_000 }, (_, i) => ({ [`c${i}`]: 1 }));
    expect((await refusal(bed.publish('c', rows))).message).toContain('limits.seriesColumns');
    await bed.publish('c', { t: 1, a: 1, b: 1 });
    await bed.publish('c', { t: 2, c: 1 });
    expect((await refusal(bed.publish('c', { t: 3, d: 1 }))).kind).toBe('limit_exceeded');
    await bed.publish('c', { t: [4], d: [1] }, { op: 'replace' });
  });

  test('[H21] a number that JSON can write and no machine can hold is not a point', async () => {
    bed.start({ settings: { c: { kind: 'series' } } });
    expect((await refusal(bed.publish('c', JSON.parse('{"t":1e400,"v":1}')))).kind).toBe('shape_mismatch');
    expect((await refusal(bed.publish('c', JSON.parse('{"t":[1],"v":[-1e400]}')))).kind).toBe('shape_mismatch');
  });

  test('[H23] rows keep the order in which their keys first came; 1 and "1" are one key', async () => {
    bed.start({ settings: { t: { kind: 'table' } } });
    await bed.publish('t', [{ id: 'b' }, { id: 1 }, { id: '__proto__' }]);
    await bed.publish('t', [
      { id: 'b', v: 2 },
      { id: '1', v: 3 },
    ]);
    expect((await bed.hub.snapshot(anyone, 't')).json).toBe('[{"id":"b","v":2},{"id":"1","v":3},{"id":"__proto__"}]');
    await bed.publish('t', [{ id: 'z' }], { op: 'replace' });
    expect((await bed.hub.snapshot(anyone, 't')).json).toBe('[{"id":"z"}]');
  });

  test('[H24] rows become columns in order of time, with null where a column is lacking', async () => {
    bed.start({ settings: { c: { kind: 'series' } } });
    await bed.publish('c', [
      { t: 20, a: 2 },
      { t: 10, b: 1 },
    ]);
    await bed.publish('c', { v: 5 }, { at: 30 });
    expect((await bed.hub.snapshot(anyone, 'c')).json).toBe(
      '{"t":[10,20,30],"a":[null,2,null],"b":[1,null,null],"v":[null,null,5]}',
    );
    await bed.publish('c', { t: [40], a: [4] }, { op: 'replace' });
    expect((await bed.hub.snapshot(anyone, 'c')).json).toBe('{"t":[40],"a":[4]}');
  });
});
