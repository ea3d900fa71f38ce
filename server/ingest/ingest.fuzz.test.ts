import { TidewallError } from '@tidewall/protocol';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { IngestBed } from './ingest-bed.contract.ts';
import type { CaseRequest, IngestCase } from './ingest-case.contract.ts';
import { ingestDefinitions } from './ingest-definitions.ts';

/*
 * Whatever comes, a body is taken, taken in part or refused, and nothing else happens: what goes past a `TidewallError` would
 * be answered as a fault of ours.
 */

const RUNS = { numRuns: 3500, interruptAfterTimeLimit: 25_000 };

let bed: IngestBed;

afterEach(() => bed.close());

describe.each(ingestDefinitions.map((definition) => [definition.kind, definition] as const))(
  '%s',
  (kind, definition) => {
    test('[I25] no changed body does more than being refused', async () => {
      const { default: ingestCase } = (await import(`./${kind}/ingest.contract.ts`)) as { default: IngestCase };
      bed = new IngestBed({ settings: { series: 200, bodyBytes: 100_000 }, limits: { topics: 400 } });
      const now = bed.clock.now();
      const request = fc.constantFrom(
        ...ingestCase.wellFormed,
        ingestCase.encode([{ name: 'a', labels: { b: 'c', d: 'é' }, t: now, value: 1.5 }]),
      );
      await fc.assert(
        fc.asyncProperty(request, fc.array(change, { minLength: 1, maxLength: 4 }), async (whole, changes) => {
          const { body, headers } = changes.reduce(apply, whole);
          try {
            const { status, contentType } = await bed.take(definition, { body, headers });
            expect(status).toBeLessThan(500);
            expect(contentType).not.toBe('');
          } catch (failure) {
            expect(failure).toBeInstanceOf(TidewallError);
            const { status, body: said } = definition.refuse(failure as TidewallError, 400);
            expect(status).toBeLessThan(500);
            expect(said).not.toBe('');
          }
        }),
        RUNS,
      );
      expect(Object.keys(Object.prototype), 'no prototype has changed').toEqual([]);
      expect(bed.meter.read('tidewall_ingest_waiting_bytes')).toBe(0);
      // It goes on as if nothing had been.
      const good = ingestCase.encode([{ name: 'last', labels: {}, t: now, value: 1 }]);
      const before = bed.meter.read('tidewall_ingest_series');
      if (before < 200) expect((await bed.take(definition, good)).status).toBeLessThan(300);
    });
  },
);

type Change = (bytes: Uint8Array) => Uint8Array;

const place = fc.nat(400);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, fc.nat(255)).map(
    ([at, byte]): Change =>
      (bytes) =>
        withBytes(bytes, at, 1, Uint8Array.of(byte)),
  ),
  fc.tuple(place, fc.nat(7)).map(
    ([at, bit]): Change =>
      (bytes) => {
        const index = at % Math.max(1, bytes.length);
        return withBytes(bytes, index, 1, Uint8Array.of((bytes[index] ?? 0) ^ (1 << bit)));
      },
  ),
  fc.tuple(place, fc.nat(9)).map(
    ([at, count]): Change =>
      (bytes) =>
        withBytes(bytes, at, count, new Uint8Array()),
  ),
  fc.tuple(place, fc.uint8Array({ maxLength: 12 })).map(
    ([at, more]): Change =>
      (bytes) =>
        withBytes(bytes, at, 0, more),
  ),
  fc.tuple(place, place).map(
    ([from, to]): Change =>
      (bytes) =>
        withBytes(bytes, to, 0, bytes.slice(from, from + 20)),
  ),
  place.map(
    (length): Change =>
      (bytes) =>
        bytes.slice(0, length),
  ),
);

function withBytes(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  const place = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, place), added, bytes.subarray(place + removed)]);
}

function apply(request: CaseRequest, changed: Change): CaseRequest {
  return { ...request, body: Buffer.from(changed(request.body)) };
}
