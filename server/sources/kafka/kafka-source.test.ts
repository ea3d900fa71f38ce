import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { afterEach, describe, expect, test } from 'vitest';
import type { RecordingSink } from '../recording-sink.ts';
import { arrived, SourceBed } from '../source-bed.contract.ts';
import { parseSourceConfig } from '../source-config.ts';
import { definition } from './definition.ts';
import { HAS_KCAT, type KafkaMock, type KafkaMockOptions, startKafka } from './kafka-mock.contract.ts';

const bed = SourceBed.of(definition);
let mock: KafkaMock | undefined;

afterEach(async () => {
  await bed.stop();
  await mock?.close();
  mock = undefined;
});

async function kafka(options?: KafkaMockOptions): Promise<KafkaMock> {
  mock = await startKafka(options);
  return mock;
}

const dataOf = (sink: RecordingSink) => sink.publications.map(({ data }) => data);
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => `${from + n}`);
const sorted = (sink: RecordingSink) => dataOf(sink).toSorted((a, b) => Number(a) - Number(b));
const t = expect.any(Number);

describe.skipIf(!HAS_KCAT)('a Kafka source', () => {
  test('brings what kcat writes, of all partitions and brokers', async () => {
    const { broker, produce } = await kafka({ brokers: 3 });
    await produce('orders', numbers(1, 20));
    const topics = { orders: 'orders', copy: 'orders', more: 'other' };
    const { sink } = await bed.listen(bed.create({ brokers: [broker], topics }));
    await produce('orders', numbers(21, 60));
    await produce('other', ['{"a":1}']);
    await arrived(sink, 81);
    for (const topic of ['orders', 'copy']) {
      const of = sink.of(topic).map(({ data }) => Number(data));
      expect(of.toSorted((a, b) => a - b)).toEqual(numbers(21, 60).map(Number));
    }
    expect(sink.of('more')).toMatchObject([{ op: 'append', data: { a: 1 } }]);
    expect(Math.abs((sink.publications[0]?.at ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  test.each([
    ['earliest', 'log', [1, 2, 3, 4]],
    ['last', 'log', [3, 4]],
    ['latest', 'log', [4]],
    [undefined, 'log', [4]],
    [undefined, 'state', [3, 4]],
  ] as const)('begins with what is asked for: %s, as a %s', async (from, topicKind, expected) => {
    const { broker, produce } = await kafka();
    await produce('a', ['1', '2', '3'], '-p', '0');
    const source = bed.create({ brokers: [broker], topics: { a: 'a' }, topicKind, ...(from && { from }) });
    const { sink } = await bed.listen(source);
    await produce('a', ['4'], '-p', '0');
    await arrived(sink, expected.length);
    expect(dataOf(sink)).toEqual(expected);
  });

  test('asks the next broker when one does not answer', async () => {
    const { broker, produce } = await kafka();
    await produce('a', ['1']);
    const brokers = ['127.0.0.1:1', broker];
    const { sink } = await bed.listen(bed.create({ brokers, topics: { a: 'a' }, from: 'earliest' }));
    await arrived(sink, 1);
  });

  test('goes on where it was, over a run that was stopped', async () => {
    const { broker, produce } = await kafka();
    const source = bed.create({ brokers: [broker], topics: { a: 'a' } });
    const { sink } = await bed.listen(source);
    await produce('a', numbers(1, 100));
    await arrived(sink, 100);
    await bed.stop();
    await produce('a', numbers(101, 200));
    await bed.listen(source, sink);
    await produce('a', numbers(201, 300));
    await arrived(sink, 300);
    expect(sorted(sink)).toEqual(numbers(1, 300).map(Number));
  });

  test('goes on with the messages that were not published when it was stopped', async () => {
    const { broker, produce } = await kafka();
    const source = bed.create({ brokers: [broker], topics: { a: 'a' } });
    const { sink } = await bed.listen(source);
    sink.hold();
    await produce('a', numbers(1, 50), '-p', '0');
    await arrived(sink, 1);
    const stopping = bed.stop();
    sink.release();
    await stopping;
    expect(dataOf(sink)).toEqual([1]);
    await bed.listen(source, sink);
    await arrived(sink, 50);
    expect(dataOf(sink)).toEqual(numbers(1, 50).map(Number));
  });

  test('as a table shows the newest of each key, and forgets those that are deleted', async () => {
    const { broker, produce } = await kafka();
    const source = bed.create({ brokers: [broker], topics: { plant: 'plant' }, topicKind: 'table', from: 'earliest' });
    expect(source.topics).toEqual([{ topic: 'plant', kind: 'table', keyField: 'key' }]);
    await produce('plant', ['hall\t20', 'yard\t{"c":5}', 'hall\t'], '-K', '\t', '-Z', '-p', '0');
    await produce('plant', ['7'], '-p', '0');
    const { sink } = await bed.listen(source);
    await arrived(sink, 4);
    expect(sink.publications.map(({ op, data }) => [op, data])).toEqual([
      ['upsert', [{ key: 'hall', t, value: 20 }]],
      ['upsert', [{ key: 'yard', t, c: 5 }]],
      ['remove', ['hall']],
    ]);
    expect(sink.refusals).toEqual(['a message has no key, which the row of a table needs']);
  });

  test.each(['gzip', 'snappy', 'lz4', 'zstd'])('reads what is packed with %s', async (codec) => {
    const { broker, produce } = await kafka();
    const lines = Array.from({ length: 500 }, (_, n) => JSON.stringify({ n, text: `pump ${n % 7} `.repeat(n % 40) }));
    await produce('a', lines, '-z', codec, '-p', '0', '-X', 'linger.ms=100');
    const { sink } = await bed.listen(bed.create({ brokers: [broker], topics: { a: 'a' }, from: 'earliest' }));
    await arrived(sink, 500);
    expect(dataOf(sink)).toEqual(lines.map((line) => JSON.parse(line)));
  });

  test('refuses what it cannot read one by one, and goes on', async () => {
    const { broker, produce } = await kafka();
    const { sink } = await bed.listen(bed.create({ brokers: [broker], topics: { a: 'a' }, topicKind: 'series' }));
    const large = ['-X', 'message.max.bytes=10000000', '-p', '0'];
    await produce('a', ['hot', '{"name":"x"}', Uint8Array.of(0xff, 0xfe), 'x'.repeat(4_400_000)], ...large);
    await produce('a', ['x\t'], '-p', '0', '-Z', '-K', '\t');
    await produce('a', ['21.5'], '-p', '0');
    await arrived(sink, 6);
    expect(sink.refusals).toEqual([
      expect.stringContaining('a message is not JSON'),
      expect.stringContaining('a message has no number'),
      'a message of 2 bytes is not text in UTF-8',
      'a message has 4400000 bytes; at most 4194304 are read',
      'a message has no value',
    ]);
    expect(dataOf(sink)).toEqual([{ t, value: 21.5 }]);
  });

  test('says in a sentence that there is no broker, or that it may not go there', async () => {
    const { broker, kill, close } = await kafka();
    const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: false });
    const abroad = bed.create({ brokers: ['localhost:9092'], topics: { a: 'a' } }, { outgoing });
    expect(await bed.failureOf(abroad)).toMatch(/^localhost .*is not a public address/);
    await kill();
    await close();
    const failure = await bed.failureOf(bed.create({ brokers: [broker], topics: { a: 'a' } }));
    expect(failure).toMatch(/^the Kafka broker at 127\.0\.0\.1:\d+ cannot be reached: nothing listens there$/);
  });
});

test.each([
  [{ brokers: [] }, /brokers.*must name a broker/],
  [{ brokers: ['kafka://h:9092'] }, /brokers.*without a scheme/],
  [{ brokers: ['me@h'] }, /brokers/],
  [{ brokers: ['h:0'] }, /brokers/],
  [{ topics: {} }, /topics.*must name a topic/],
  [{ topics: { a: 'a b' } }, /topics\.a.*name of a topic/],
  [{ topics: { a: '..' } }, /topics\.a/],
  [{ topics: { 'a b': 'a' } }, /topics\.a b/],
  [{ ca: 'x' }, /ca/],
  [{ insecure: true }, /tls.*must be true/],
  [{ sasl: { mechanism: 'gssapi', username: 'a', password: 'b' } }, /sasl\.mechanism/],
  [{ sasl: { mechanism: 'plain', username: 'a' } }, /sasl\.password/],
  [{ topicKind: 'series', format: 'text' }, /format/],
  [{ topicKind: 'table', keyField: 'id', format: 'text' }, /format/],
] as const)('a configuration that cannot be is refused by name: %j', (config, says) => {
  expect(() => parseSourceConfig('probe', definition, { brokers: ['h'], topics: { a: 'a' }, ...config })).toThrow(says);
});
