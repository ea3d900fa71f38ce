import { setImmediate } from 'node:timers/promises';
import type { JsonObject } from '@tidewall/base';
import { parseTopicName } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mostBetweenTurns } from './most-between-turns.ts';
import { PublishedTable } from './published-table.ts';
import { RecordingSink } from './recording-sink.ts';
import { MAX_STEPS } from './turns.ts';

const topic = parseTopicName('a/table');
const never = new AbortController().signal;
const create = (pieceBytes = 1_000) =>
  new PublishedTable({ topic, keyField: 'id', pieceBytes, clock: new FakeClock() });

/** What a topic holds after these publications. */
function heldAfter(sink: RecordingSink): Map<string, JsonObject> {
  const rows = new Map<string, JsonObject>();
  for (const { op, data } of sink.publications) {
    if (op === 'replace') rows.clear();
    if (op === 'remove') for (const key of data as (string | number)[]) rows.delete(String(key));
    else for (const row of data as JsonObject[]) rows.set(String(row['id']), row);
  }
  return rows;
}

describe('a published table', () => {
  it('holds the newest rows in their order whatever they were before, in publications of at most the limit', async () => {
    const rows = fc.uniqueArray(fc.record({ id: fc.string({ maxLength: 3 }), v: fc.string({ unit: 'grapheme' }) }), {
      selector: ({ id }) => id,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(rows, { minLength: 1 }), async (versions) => {
        const sink = new RecordingSink();
        const table = create(300);
        for (const version of versions) await table.update(sink, version, never);
        const newest = versions.at(-1) ?? [];
        expect([...heldAfter(sink).values()]).toEqual(newest);
        for (const { data } of sink.publications) {
          expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThanOrEqual(300);
        }
      }),
    );
  });

  it('replaces what the topic held of old, even with nothing', async () => {
    const sink = new RecordingSink();
    const table = create();
    expect(await table.update(sink, [], never)).toBe(1);
    expect(await table.update(sink, [], never)).toBe(0);
    expect(sink.publications).toMatchObject([{ op: 'replace', data: [] }]);
  });

  it('publishes only what differs where the places of rows stay or new ones come last', async () => {
    const sink = new RecordingSink();
    const table = create();
    await table.update(sink, [{ id: 'a' }, { id: 'b' }, { id: 'c' }], never);
    await table.update(sink, [{ id: 'a' }, { id: 'c', v: 1 }, { id: 'd' }], never);
    expect(sink.publications.slice(1).map(({ op, data }) => [op, data])).toEqual([
      ['remove', ['b']],
      ['upsert', [{ id: 'c', v: 1 }, { id: 'd' }]],
    ]);
  });

  it.each([
    ['rows change places', ['b', 'a']],
    ['a row comes in between', ['a', 'c', 'b']],
  ])('is published anew, in pieces, when %s', async (_, ids) => {
    const sink = new RecordingSink();
    const table = create(14);
    await table.update(sink, [{ id: 'a' }, { id: 'b' }], never);
    sink.publications.length = 0;
    const next = ids.map((id) => ({ id }));
    expect(await table.update(sink, next, never)).toBe(next.length);
    expect(sink.publications.map(({ op }) => op)).toEqual(['replace', ...next.slice(1).map(() => 'upsert')]);
    expect([...heldAfter(sink).values()]).toEqual(next);
    expect(await table.update(sink, next, never)).toBe(0);
  });

  it('goes on after a replacement that was cut off', async () => {
    const sink = new RecordingSink();
    const table = create(14);
    await table.update(sink, [{ id: 'a' }, { id: 'b' }, { id: 'c' }], never);
    const publish = sink.publish.bind(sink);
    sink.publish = (...args) => (args[1] === 'upsert' ? Promise.reject(new Error('busy')) : publish(...args));
    const next = [{ id: 'c' }, { id: 'b' }, { id: 'a' }];
    await expect(table.update(sink, next, never)).rejects.toThrow('busy');
    sink.publish = publish;
    expect(await table.update(sink, next, never)).toBe(2);
    expect([...heldAfter(sink).values()]).toEqual(next);
  });

  it('leaves everybody else their turn while many rows are compared', async () => {
    let read = 0;
    const rows = Array.from({ length: 5_000 }, (_, id) => ({
      get id() {
        read += 1;
        return id;
      },
    }));
    const update = create().update(new RecordingSink(), rows, never);
    // Each row's key is read twice: for itself, and for the row's text.
    expect(await mostBetweenTurns(update, () => read)).toBeLessThanOrEqual(4 * MAX_STEPS);
    expect(read).toBe(10_000);
  });

  it('publishes again what the hub did not take', async () => {
    const sink = new RecordingSink();
    const table = create();
    await table.update(sink, [{ id: 1, v: 1 }], never);
    const publish = sink.publish.bind(sink);
    sink.publish = () => Promise.reject(new Error('busy'));
    await expect(table.update(sink, [{ id: 2, v: 1 }], never)).rejects.toThrow('busy');
    sink.publish = publish;
    expect(await table.update(sink, [{ id: 2, v: 1 }], never)).toBe(2);
    expect([...heldAfter(sink).keys()]).toEqual(['2']);
  });

  it('stops between two publications when it is aborted', async () => {
    const sink = new RecordingSink();
    const abort = new AbortController();
    sink.hold();
    const update = create(20).update(
      sink,
      [
        { id: 1, v: 'abcdefgh' },
        { id: 2, v: 'abcdefgh' },
      ],
      abort.signal,
    );
    while (sink.publications.length === 0) await setImmediate();
    abort.abort();
    sink.release();
    await update;
    expect(sink.publications).toHaveLength(1);
  });

  it('does not see two keys where there is one', async () => {
    const sink = new RecordingSink();
    const table = create();
    await table.update(sink, [{ id: 1 }], never);
    await table.update(sink, [{ id: '1' }], never);
    expect(sink.publications.map(({ op }) => op)).toEqual(['replace', 'upsert']);
  });
});
