import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { afterEach, describe, expect, test } from 'vitest';
import type { RecordingSink } from '../recording-sink.ts';
import { arrived, SourceBed } from '../source-bed.contract.ts';
import { parseSourceConfig } from '../source-config.ts';
import { definition } from './definition.ts';
import { HAS_NATS, type NatsServer, type NatsServerOptions, startNats } from './nats-server.contract.ts';

const bed = SourceBed.of(definition);
let server: NatsServer | undefined;

afterEach(async () => {
  await bed.stop();
  await server?.close();
  server = undefined;
});

async function nats(options?: NatsServerOptions): Promise<NatsServer> {
  server = await startNats(options);
  return server;
}

const dataOf = (sink: RecordingSink) => sink.publications.map(({ data }) => data);
const t = expect.any(Number);

describe.skipIf(!HAS_NATS)('a NATS source', () => {
  test('brings what is published, by subject and by wildcards', async () => {
    const { url, client } = await nats();
    const subjects = { orders: 'shop.orders', plant: 'plant.*.c', all: '>' };
    const { sink } = await bed.listen(bed.create({ url, subjects, format: 'auto' }));
    const { publish } = await client();
    publish('shop.orders', '{"id":1}');
    publish('plant.hall.c', '21.5');
    publish('plant.hall.b.c', 'on');
    await arrived(sink, 5);
    expect(sink.of('orders').map(({ op, data }) => [op, data])).toEqual([['append', { id: 1 }]]);
    expect(sink.of('plant').map(({ data }) => data)).toEqual([{ subject: 'plant.hall.c', data: 21.5 }]);
    expect(sink.of('all').map(({ data }) => (data as { data: unknown }).data)).toEqual([{ id: 1 }, 21.5, 'on']);
  });

  test('shows the newest of each subject that is listened to', async () => {
    const { url, client } = await nats();
    const source = bed.create({ url, subjects: { plant: 'plant.>' }, topicKind: 'table' });
    expect(source.topics).toEqual([{ topic: 'plant', kind: 'table', keyField: 'subject' }]);
    const { sink } = await bed.listen(source);
    const { publish } = await client();
    publish('plant.hall', '20');
    publish('plant.yard', '{"c":5,"t":7}');
    publish('plant.hall', '');
    await arrived(sink, 3);
    expect(sink.publications.map(({ op, data }) => [op, data])).toEqual([
      ['upsert', [{ subject: 'plant.hall', t, value: 20 }]],
      ['upsert', [{ subject: 'plant.yard', t: 7, c: 5 }]],
      ['remove', ['plant.hall']],
    ]);
  });

  test('refuses what it cannot read one by one, and goes on', async () => {
    const { url, client } = await nats({ settings: ['max_payload: 8MB'] });
    const { sink } = await bed.listen(bed.create({ url, subjects: { a: 'a' }, topicKind: 'series' }));
    const { publish } = await client();
    const bad = ['hot', '{"name":"x"}', Uint8Array.of(0xff, 0xfe), '', 'x'.repeat(5 * 1024 * 1024)];
    for (const body of [...bad, '21.5']) publish('a', body);
    await arrived(sink, 6);
    expect(sink.refusals).toHaveLength(5);
    expect(sink.refusals.join('\n')).toContain('a message of 2 bytes is not text in UTF-8');
    expect(sink.refusals.join('\n')).toContain('at most 4194304 are read');
    expect(dataOf(sink)).toEqual([{ t, value: 21.5 }]);
  });

  test('says in a sentence that there is no server, or that it may not go there', async () => {
    const { url, kill } = await nats();
    await kill();
    const failure = await bed.failureOf(bed.create({ url, subjects: { a: 'a' } }));
    expect(failure).toMatch(/^the NATS server at 127\.0\.0\.1:\d+ cannot be reached: nothing listens there$/);
    const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: false });
    const abroad = bed.create({ url: 'nats://[::1]', subjects: { a: 'a' } }, { outgoing });
    expect(await bed.failureOf(abroad)).toMatch(/::1 is not a public address/);
  });
});

describe.skipIf(!HAS_NATS)('a stream of JetStream', () => {
  const PLANT = { name: 'PLANT', subjects: ['plant.>'], storage: 'file' };

  async function withStream() {
    const { url, client, ...rest } = await nats({ jetstream: true });
    const { publish, flush, ask } = await client();
    expect(await ask('STREAM.CREATE.PLANT', PLANT)).not.toHaveProperty('error');
    return { url, publish, flush, ask, client, ...rest };
  }

  test('is read on from where it was, over a run that was stopped and a server that was killed', async () => {
    const { url, publish, flush, kill, start, client } = await withStream();
    publish('plant.a', '0');
    await flush();
    const source = bed.create({ url, streams: { plant: { stream: 'PLANT' } } });
    const { sink } = await bed.listen(source);
    for (let n = 1; n <= 250; n++) publish('plant.a', `${n}`);
    await arrived(sink, 250);
    await bed.stop();
    for (let n = 251; n <= 300; n++) publish('plant.a', `${n}`);
    await flush();
    const { run } = await bed.listen(source, sink);
    await arrived(sink, 300);
    await kill();
    await expect(run).rejects.toThrow(/^the NATS server at .* is gone/);
    await start();
    const again = await client();
    again.publish('plant.a', '301');
    await again.flush();
    await bed.listen(source, sink);
    await arrived(sink, 301);
    const numbers = sink.publications.map(({ data }) => (data as { data: number }).data);
    expect(numbers).toEqual(Array.from({ length: 301 }, (_, n) => n + 1));
    expect(sink.publications[0]).toMatchObject({ data: { subject: 'plant.a' }, at: expect.any(Number) });
    expect(Math.abs((sink.publications[0]?.at ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  test.each([
    ['all', 'log', [1, 2, 3, 4]],
    ['last', 'log', [3, 4]],
    ['lastPerSubject', 'log', [2, 3, 4]],
    ['new', 'log', [4]],
    [undefined, 'log', [4]],
    [undefined, 'state', [3, 4]],
  ] as const)('begins with what is asked for: %s, as a %s', async (from, topicKind, expected) => {
    const { url, publish, flush } = await withStream();
    publish('plant.a', '1');
    publish('plant.a', '2');
    publish('plant.b', '3');
    await flush();
    const streams = { plant: { stream: 'PLANT', subject: 'plant.*', ...(from && { from }) } };
    const { sink } = await bed.listen(bed.create({ url, streams, topicKind }));
    publish('plant.a', '4');
    await arrived(sink, expected.length);
    expect(dataOf(sink).map((data) => (data as { data: number }).data)).toEqual(expected);
  });

  test('as a table shows the newest of each subject, of those that match', async () => {
    const { url, publish, flush } = await withStream();
    for (const [subject, body] of [
      ['plant.a.c', '1'],
      ['plant.a.c', '2'],
      ['plant.b.c', '{"c":3}'],
      ['plant.x', '4'],
    ]) {
      publish(subject ?? '', body ?? '');
    }
    await flush();
    const streams = { plant: { stream: 'PLANT', subject: 'plant.*.c' } };
    const { sink } = await bed.listen(bed.create({ url, streams, topicKind: 'table' }));
    await arrived(sink, 2);
    publish('plant.a.c', '');
    await arrived(sink, 3);
    expect(sink.publications.map(({ op, data }) => [op, data])).toEqual([
      ['upsert', [{ subject: 'plant.a.c', t, value: 2 }]],
      ['upsert', [{ subject: 'plant.b.c', t, c: 3 }]],
      ['remove', ['plant.a.c']],
    ]);
  });

  test('that was made again under the same name is read from its beginning', async () => {
    const { url, publish, flush, ask } = await withStream();
    const source = bed.create({ url, streams: { plant: { stream: 'PLANT', subject: 'plant.a', from: 'all' } } });
    const { sink } = await bed.listen(source);
    for (const n of [1, 2, 3]) publish('plant.a', `${n}`);
    await arrived(sink, 3);
    await bed.stop();
    await ask('STREAM.DELETE.PLANT', {});
    await ask('STREAM.CREATE.PLANT', PLANT);
    for (const n of [4, 5, 6, 7, 8]) publish('plant.a', `${n}`);
    await flush();
    await bed.listen(source, sink);
    await arrived(sink, 8);
    expect(dataOf(sink)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("that is deleted while it is read, is not there, or is nobody's, is named", async () => {
    const { url, ask } = await withStream();
    const of = (stream: string) => bed.create({ url, streams: { a: { stream } } });
    expect(await bed.failureOf(of('PLAMT'))).toMatch(/its stream PLAMT cannot be read: stream not found$/);
    const { run } = await bed.listen(of('PLANT'));
    await ask('STREAM.DELETE.PLANT', {});
    await expect(run).rejects.toThrow(/its stream PLANT cannot be read any more: consumer deleted/);
    const plain = await startNats();
    try {
      const failure = await bed.failureOf(bed.create({ url: plain.url, streams: { a: { stream: 'PLANT' } } }));
      expect(failure).toMatch(/PLANT cannot be read: .*JetStream is not enabled there/);
    } finally {
      await plain.close();
    }
  });

  test('is read no faster than it is taken', async () => {
    const { url, publish } = await withStream();
    const { sink } = await bed.listen(bed.create({ url, streams: { plant: { stream: 'PLANT' } } }));
    sink.hold();
    for (let n = 0; n < 1_000; n++) publish('plant.a', `${n}`);
    await arrived(sink, 1);
    sink.release();
    await arrived(sink, 1_000);
    expect(sink.refusals).toEqual([]);
    expect(sink.mostAtOnce).toBe(1);
  });
});

test.each([
  [{}, /subjects.*must name a subject/],
  [{ url: 'nats://me:secret@h', subjects: { a: 'a' } }, /url.*settings of their own/],
  [{ url: 'ws://h', subjects: { a: 'a' } }, /url.*tls:\/\/ for TLS/],
  [{ subjects: { a: 'a..b' } }, /subjects\.a.*empty part/],
  [{ subjects: { a: 'a.>.b' } }, /subjects\.a.*> not at its end/],
  [{ subjects: { a: 'a b' } }, /subjects\.a.*no spaces/],
  [{ subjects: { a: 'a\r\nPUB' } }, /subjects\.a.*no spaces/],
  [{ subjects: { a: 'a.b*' } }, /subjects\.a.*\* beside/],
  [{ subjects: { a: 'a' }, streams: { a: { stream: 'A' } } }, /a is fed by both/],
  [{ streams: { 'a b': { stream: 'A' } } }, /streams\.a b/],
  [{ streams: { a: { stream: 'A.B' } } }, /streams\.a\.stream.*name of a stream/],
  [{ streams: { a: { stream: 'A', subject: 'x y' } } }, /streams\.a\.subject/],
  [{ subjects: { a: 'a' }, user: 'x' }, /password/],
  [{ subjects: { a: 'a' }, user: 'x', password: 'y', token: 'z' }, /token/],
  [{ subjects: { a: 'a' }, topicKind: 'table' }, /keyField/],
  [{ subjects: { a: 'a.*' }, topicKind: 'series' }, /subjects.*no pattern \(a\.\*\)/],
  [{ subjects: { a: 'a' }, inboxPrefix: '>' }, /inboxPrefix/],
  [{ subjects: { a: 'a' }, domain: 'a.b' }, /domain/],
] as const)('a configuration that cannot be is refused by name: %j', (config, says) => {
  expect(() => parseSourceConfig('probe', definition, { url: 'nats://h', ...config })).toThrow(says);
});
