import type { Outgoing } from '@tidewall/contracts';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { TidewallError } from '@tidewall/protocol';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { eventually, SourceBed } from '../source-bed.contract.ts';
import { definition } from './definition.ts';
import { HAS_KCAT, type KafkaMock, type KafkaMockOptions, startKafka } from './kafka-mock.contract.ts';

const bed = SourceBed.of(definition);
const closers: (() => unknown)[] = [];

afterEach(async () => {
  await bed.stop();
  for (const close of closers.splice(0).reverse()) await close();
});

async function kafka(options?: KafkaMockOptions): Promise<KafkaMock> {
  const mock = await startKafka(options);
  closers.push(() => mock.close());
  return mock;
}

const topics = { a: 'a' };

describe.skipIf(!HAS_KCAT)('a Kafka source whose broker is ill', () => {
  test('gives up a link that is half open', { timeout: 30_000 }, async () => {
    const { broker, stall } = await kafka();
    const { run } = await bed.listen(bed.create({ brokers: [broker], topics }));
    stall();
    await expect(run).rejects.toThrow(/is gone: nothing was heard for 10\.5 s$/);
  });

  test('answers of damaged bytes end in a sentence or a refusal, and in nothing else', {
    timeout: 60_000,
  }, async () => {
    let change = (answer: Buffer) => answer;
    const { broker, produce } = await kafka({ change: (_, answer) => change(answer) });
    await produce('a', ['1', '2'], '-p', '0');
    const changes = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(6), async (all, after) => {
        let count = 0;
        // The size and the number stay: what would hang there is another test's.
        change = (answer) =>
          count++ < after
            ? answer
            : all.reduce<Buffer>((bytes, [at, byte]) => changed(bytes, 8 + at, byte), Buffer.from(answer));
        const abort = new AbortController();
        const sink = new RecordingSink();
        const run = bed
          .create({ brokers: [broker], topics, from: 'earliest' }, { outgoing: onlyHere })
          .run(sink, abort.signal);
        const end = run.then(
          () => undefined,
          (failure: Error) => failure.message,
        );
        await Promise.race([
          end,
          eventually(() => sink.publications.length + sink.refusals.length > 0, 400).catch(() => {}),
        ]);
        abort.abort();
        const message = await end;
        if (message !== undefined) expect(message).toMatch(/Kafka broker|not a public address|cannot be found/);
      }),
      { numRuns: 60 },
    );
  });
});

/** Damaged names of hosts lead nowhere. */
const onlyHere: Outgoing = {
  ...createOutgoing({ allowed: parseAddressList([]), trusted: true }),
  check: async (host) => {
    if (host === '127.0.0.1') return host;
    throw new TidewallError('source_error', `${host} is not a public address`);
  },
};

function changed(bytes: Buffer, at: number, byte: number): Buffer {
  if (at < bytes.length) bytes[at] = byte;
  return bytes;
}
