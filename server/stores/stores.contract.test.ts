import { readdirSync } from 'node:fs';
import type { JsonValue } from '@tidewall/base';
import type { RecordChange, Store } from '@tidewall/contracts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OpenedStore, StoreCase } from './store-case.contract.ts';

/*
 * What every store must hold. The rack is its folders: each has an `index.ts` for its users and a `store.contract.ts` that
 * opens a working one here.
 */

const kinds = readdirSync(import.meta.dirname, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() && entry.name !== 'node_modules' ? [entry.name] : [],
);
const cases = await Promise.all(
  kinds.map(async (kind) => {
    const { storeCase } = (await import(`./${kind}/store.contract.ts`)) as { storeCase: StoreCase };
    return { kind, storeCase };
  }),
);

const put = (id: string, value: JsonValue, collection = 'things'): RecordChange => ({ collection, id, value });
const drop = (id: string, collection = 'things'): RecordChange => ({ collection, id, value: undefined });
const idsOf = async (store: Store, collection = 'things') => (await store.read(collection)).map(({ id }) => id);
const textsOf = async (store: Store, log: string, after = 0) =>
  (await store.readLog(log, after, 1_000_000)).map(({ text }) => text);
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
const MUCH = 1024 * 1024;

test('the rack is not empty', () => expect(kinds).toContain('sqlite'));

describe.each(cases)('store $kind', ({ storeCase }) => {
  let opened: OpenedStore;
  let store: Store;

  beforeEach(async () => {
    opened = await storeCase.open();
    store = opened.store;
  });
  afterEach(() => opened.dispose());

  test('what was written is there, in its collection and in the order of first writing, over a restart', async () => {
    await store.write([put('b', { n: 1 }), put('a', [null, true]), put('a', 'other', 'others')]);
    await store.write([put('c', 0)]);
    await store.write([put('b', { n: 2 })]);
    const again = await opened.reopen();
    expect(await again.read('things')).toEqual([
      { id: 'b', value: { n: 2 } },
      { id: 'a', value: [null, true] },
      { id: 'c', value: 0 },
    ]);
    expect(await again.read('others')).toEqual([{ id: 'a', value: 'other' }]);
    expect(await again.read('nothing')).toEqual([]);
  });

  test('what was deleted is gone, and comes at the end when it is written again', async () => {
    await store.write([put('a', 1), put('b', 2), put('c', 3)]);
    await store.write([drop('a'), drop('c'), drop('never there')]);
    expect(await idsOf(store)).toEqual(['b']);
    await store.write([put('a', 4)]);
    expect(await idsOf(await opened.reopen())).toEqual(['b', 'a']);
  });

  test('changes of one call are all carried out or none', async () => {
    await store.write([put('a', 1)]);
    const wrong = { collection: 'things', id: null as unknown as string, value: 1 };
    await expect(store.write([put('a', 2), put('b', 1), wrong])).rejects.toMatchObject({ kind: 'internal' });
    expect(await (await opened.reopen()).read('things')).toEqual([{ id: 'a', value: 1 }]);
  });

  test('calls that are made at once take effect in their order', async () => {
    const writes = Array.from({ length: 200 }, (_, i) => store.write([put('a', i), put(`k${i % 10}`, i)]));
    await Promise.all(writes);
    const kept = await store.read('things');
    expect(kept.find(({ id }) => id === 'a')?.value).toBe(199);
    expect(kept.filter(({ id }) => id !== 'a').map(({ value }) => value)).toEqual(numbers(190, 199).map(Number));
  });

  test('whatever is written comes back as it is', async () => {
    // An id holds no NUL: PostgreSQL keeps none in a text.
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((each) => each.replaceAll('\0', '_'));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(text, { maxLength: 5 }), fc.jsonValue(), async (ids, value) => {
        const said = JSON.parse(JSON.stringify(value)) as JsonValue;
        await store.write(ids.map((id) => put(id, said, 'any')));
        const kept = new Map((await store.read('any')).map((record) => [record.id, record.value]));
        for (const id of ids) expect(kept.get(id)).toEqual(said);
      }),
      { numRuns: 50 },
    );
  });

  test('a log is read in its order, from a place and so much at a time, over a restart', async () => {
    await store.append('audit', numbers(1, 3), MUCH);
    await store.append('other', ['x'], MUCH);
    await store.append('audit', numbers(4, 10), MUCH);
    const again = await opened.reopen();
    await again.append('audit', ['11'], MUCH);
    expect(await textsOf(again, 'audit')).toEqual(numbers(1, 11));
    const first = await again.readLog('audit', 0, 4);
    expect(first.map(({ text }) => text)).toEqual(numbers(1, 4));
    const [next] = await again.readLog('audit', first.at(-1)?.place ?? 0, 1);
    expect(next?.text).toBe('5');
    expect(await textsOf(again, 'other')).toEqual(['x']);
    expect(await textsOf(again, 'never')).toEqual([]);
  });

  test('a log lets its oldest entries go when it has too much, and its places go on', async () => {
    const entry = (n: string) => n.padStart(100, '0');
    for (let i = 0; i < 100; i++) await store.append('audit', numbers(i * 10, i * 10 + 9).map(entry), 10_000);
    const again = await opened.reopen();
    const kept = await again.readLog('audit', 0, 1_000_000);
    expect(kept.length).toBeLessThanOrEqual(100);
    expect(kept.length).toBeGreaterThanOrEqual(85);
    expect(kept.at(-1)).toEqual({ place: 1000, text: entry('999') });
    expect(kept.map(({ text }) => Number(text))).toEqual(numbers(1000 - kept.length, 999).map(Number));
  });

  test('one call may add more than a log keeps', async () => {
    await store.append('audit', numbers(1000, 1999), 400);
    const kept = await textsOf(store, 'audit');
    expect(kept.length).toBeLessThanOrEqual(100);
    expect(kept.at(-1)).toBe('1999');
  });

  test('[S5] a backup that is made during writes holds the state of one moment, and opens elsewhere', async () => {
    // Two records that always change together, and a log that says how often.
    let last = 0;
    let ended = false;
    const writing = (async () => {
      while (!ended) {
        last++;
        await store.write([put('left', last), put('right', last), put(`n${last % 1000}`, 'x'.repeat(500))]);
        await store.append('audit', [String(last)], MUCH);
      }
    })();
    const copies: Store[] = [];
    const bounds: [number, number][] = [];
    while (copies.length < 5) {
      const before = last;
      const path = opened.backupPath();
      await store.backup(path);
      bounds.push([before, last]);
      copies.push(await opened.openBackup(path));
    }
    ended = true;
    await writing;
    expect(last).toBeGreaterThan(10);
    for (const [index, copy] of copies.entries()) {
      const kept = new Map((await copy.read('things')).map(({ id, value }) => [id, value]));
      const [least, most] = bounds[index] as [number, number];
      const at = Number(kept.get('left') ?? 0);
      expect(kept.get('right') ?? 0).toBe(at);
      expect(at).toBeGreaterThanOrEqual(least - 1);
      expect(at).toBeLessThanOrEqual(most);
      const logged = await textsOf(copy, 'audit');
      expect([at - 1, at]).toContain(logged.length);
      expect(logged).toEqual(numbers(1, logged.length));
    }
    expect(await idsOf(store)).toContain('left');
  });

  test('a backup is never written over a file that is there', async () => {
    const path = opened.backupPath();
    await store.write([put('a', 1)]);
    await store.backup(path);
    await store.write([put('b', 1)]);
    await expect(store.backup(path)).rejects.toMatchObject({ kind: 'internal' });
    expect(await idsOf(await opened.openBackup(path))).toEqual(['a']);
  });

  test('closing finishes what was asked for, and closing twice is closing once', async () => {
    const writes = Promise.all(numbers(1, 50).map((id) => store.write([put(id, 1)])));
    await Promise.all([store.close(), store.close(), writes]);
    expect(await idsOf(await opened.reopen())).toHaveLength(50);
  });
});
