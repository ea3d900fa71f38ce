import { setImmediate } from 'node:timers/promises';
import type { JsonObject } from '@tidewall/base';
import { parseTopicName } from '@tidewall/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PublishedTable } from './published-table.ts';
import { RecordingSink } from './recording-sink.ts';

const topic = parseTopicName('a/table');
const never = new AbortController().signal;
const create = (pieceBytes = 1_000) => new PublishedTable({ topic, keyField: 'id', pieceBytes });

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
  it('holds the newest rows whatever they were before, in publications of at most the limit', async () => {
    const rows = fc.uniqueArray(fc.record({ id: fc.string({ maxLength: 3 }), v: fc.string({ unit: 'grapheme' }) }), {
      selector: ({ id }) => id,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(rows, { minLength: 1 }), async (versions) => {
        const sink = new RecordingSink();
        const table = create(300);
        for (const version of versions) await table.update(sink, version, never);
        const newest = versions.at(-1) ?? [];
        expect(heldAfter(sink)).toEqual(new Map(newest.map((row) => [row.id, row])));
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
