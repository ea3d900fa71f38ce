import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { RecordingSink } from '../recording-sink.ts';
import { arrived, SourceBed } from '../source-bed.contract.ts';
import { parseSourceConfig } from '../source-config.ts';
import { definition } from './definition.ts';
import { HAS_MOSQUITTO, type Mosquitto, type MosquittoOptions, startMosquitto } from './mosquitto.contract.ts';

const bed = SourceBed.of(definition);
let broker: Mosquitto | undefined;

afterEach(async () => {
  await bed.stop();
  await broker?.close();
  broker = undefined;
});

async function mosquitto(options?: MosquittoOptions): Promise<Mosquitto> {
  broker = await startMosquitto(options);
  return broker;
}

const dataOf = (sink: RecordingSink) => sink.publications.map(({ data }) => data);

describe.skipIf(!HAS_MOSQUITTO)('an MQTT source', () => {
  test.each(['3.1.1', '5'] as const)('brings what mosquitto_pub publishes, with MQTT %s', async (protocol) => {
    const { url, publish } = await mosquitto();
    const filters = { orders: 'shop/orders', plant: 'plant/+/c' };
    const { sink } = await bed.listen(bed.create({ url, protocol, filters, format: 'auto' }));
    publish('shop/orders', '{"id":1}');
    publish('shop/orders', 'open');
    publish('elsewhere', '1');
    publish('plant/hall/c', '21.5');
    publish('plant/hall/b/c', '1');
    publish('plant/yard/c', '{"t":1,"c":3}');
    await arrived(sink, 4);
    expect(sink.of('orders').map(({ op, data }) => [op, data])).toEqual([
      ['append', { id: 1 }],
      ['append', { t: expect.any(Number), text: 'open' }],
    ]);
    expect(sink.of('plant').map(({ data }) => data)).toEqual([
      { topic: 'plant/hall/c', data: 21.5 },
      { topic: 'plant/yard/c', data: { t: 1, c: 3 } },
    ]);
  });

  test('shows the newest of each topic that a filter matches, also what the broker kept', async () => {
    const { url, publish } = await mosquitto();
    publish('plant/hall', '20', '-r');
    const source = bed.create({ url, filters: { plant: 'plant/#' }, topicKind: 'table' });
    expect(source.topics).toEqual([{ topic: 'plant', kind: 'table', keyField: 'topic' }]);
    const { sink } = await bed.listen(source);
    await arrived(sink, 1);
    publish('plant/yard', '{"c":5}');
    publish('plant/hall', '21');
    publish('plant/hall', '', '-r');
    await arrived(sink, 4);
    const t = expect.any(Number);
    expect(sink.publications.pop()).toMatchObject({ op: 'remove', data: ['plant/hall'] });
    expect(dataOf(sink)).toEqual([
      [{ topic: 'plant/hall', t, value: 20 }],
      [{ topic: 'plant/yard', t, c: 5 }],
      [{ topic: 'plant/hall', t, value: 21 }],
    ]);
  });

  test.each([
    ['3.1.1', undefined, [2]],
    ['5', undefined, [2]],
    ['3.1.1', true, [1, 2]],
  ] as const)(
    'what the broker kept is no news to a log (MQTT %s), unless it is asked for (%s)',
    async (protocol, retained, seen) => {
      const { url, publish } = await mosquitto();
      publish('a', '1', '-r');
      const { sink } = await bed.listen(
        bed.create({ url, protocol, filters: { a: 'a' }, ...(retained && { retained }) }),
      );
      publish('a', '2');
      await arrived(sink, seen.length);
      expect(dataOf(sink)).toEqual(seen);
    },
  );

  test.each([
    ['3.1.1', 1],
    ['3.1.1', 2],
    ['5', 1],
    ['5', 2],
  ] as const)('a persistent session misses nothing and doubles nothing (MQTT %s, qos %i)', async (protocol, qos) => {
    const { url, publish, publishLines } = await mosquitto({ settings: ['max_queued_messages 0'] });
    const settings = { url, protocol, qos, filters: { a: 'a' }, persistent: true, clientId: 'wall' };
    const source = bed.create(settings);
    const { sink } = await bed.listen(source);
    publish('a', '0', '-q', `${qos}`);
    await arrived(sink, 1);
    await bed.stop();
    const numbers = Array.from({ length: 500 }, (_, n) => `${n + 1}`);
    await publishLines('a', numbers, '-q', `${qos}`);
    await bed.listen(source, sink);
    await arrived(sink, 501);
    expect(dataOf(sink)).toEqual(Array.from({ length: 501 }, (_, n) => n));
  });

  test.each(['3.1.1', '5'] as const)(
    'a trial leaves the running source in its broker, and no session (MQTT %s)',
    async (protocol) => {
      const { url, publish } = await mosquitto();
      const settings = { url, protocol, qos: 1, filters: { a: 'a' }, persistent: true, clientId: 'wall' };
      const running = await bed.listen(bed.create(settings));
      const ended = vi.fn();
      void running.run.then(ended, ended);
      const trial = await bed.listen(bed.create(settings, { trial: true }));
      publish('a', '1', '-q', '1');
      await arrived(trial.sink, 1);
      await arrived(running.sink, 1);
      expect(ended).not.toHaveBeenCalled();
    },
  );

  test('what the hub has not taken is not acknowledged, and comes again', async () => {
    const { url, publish } = await mosquitto();
    const source = bed.create({ url, qos: 2, filters: { a: 'a' }, persistent: true, clientId: 'wall' });
    const { sink } = await bed.listen(source);
    sink.hold();
    for (const n of [1, 2, 3]) publish('a', `${n}`, '-q', '2');
    await arrived(sink, 1);
    const stopping = bed.stop();
    sink.release();
    await stopping;
    const again = await bed.listen(source);
    await arrived(again.sink, 2);
    expect(dataOf(again.sink).slice(-2)).toEqual([2, 3]);
  });

  test('refuses what it cannot read one by one, and goes on', async () => {
    const { url, publish } = await mosquitto();
    const { sink } = await bed.listen(bed.create({ url, filters: { a: 'a' }, topicKind: 'series', qos: 1 }));
    const bad = ['hot', '{"name":"x"}', Buffer.from([0xff, 0xfe]), '', 'x'.repeat(5 * 1024 * 1024)];
    for (const message of bad) publish('a', message, '-q', '1');
    publish('a', '21.5');
    await arrived(sink, 6);
    expect(sink.refusals).toHaveLength(5);
    expect(sink.refusals.join('\n')).toContain('is not text in UTF-8');
    expect(sink.refusals.join('\n')).toContain('at most 4194304 are read');
    expect(dataOf(sink)).toEqual([{ t: expect.any(Number), value: 21.5 }]);
  });

  test('says in a sentence that there is no broker, or that it may not go there', async () => {
    const { url, kill } = await mosquitto();
    await kill();
    const source = bed.create({ url, filters: { a: 'a' } });
    expect(await bed.failureOf(source)).toMatch(
      /^the MQTT broker at 127\.0\.0\.1:\d+ cannot be reached: nothing listens there$/,
    );
    const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: false });
    const abroad = bed.create({ url: 'mqtt://localhost', filters: { a: 'a' } }, { outgoing });
    expect(await bed.failureOf(abroad)).toMatch(/^localhost .*is not a public address/);
  });
});

test.each([
  [{ filters: {} }, /filters.*must name a topic filter/],
  [{ url: 'mqtt://me:secret@h', filters: { a: 'a' } }, /url.*settings of their own/],
  [{ url: 'mqtt://h/a', filters: { a: 'a' } }, /url.*nothing behind it/],
  [{ url: 'ws://h', filters: { a: 'a' } }, /url.*mqtts:\/\/ for TLS/],
  [{ filters: { a: 'a/#/b' } }, /filters\.a.*has # not alone/],
  [{ filters: { 'a b': 'a' } }, /filters\.a b/],
  [{ filters: { a: 'a/+', b: '+/b' } }, /a\/\+ and \+\/b overlap/],
  [{ filters: { a: 'a' }, persistent: true, qos: 1 }, /clientId.*when persistent/],
  [{ filters: { a: 'a' }, persistent: true, clientId: 'x' }, /qos.*1 or 2/],
  [{ filters: { a: 'a' }, qos: 3 }, /qos/],
  [{ filters: { a: 'a' }, password: 'x' }, /username/],
  [{ filters: { a: 'a' }, topicKind: 'table' }, /keyField/],
  [{ filters: { a: 'a/+' }, topicKind: 'series' }, /filters.*no pattern \(a\/\+\)/],
  [{ filters: { a: 'a' }, ca: 'x' }, /ca.*certificate in PEM/],
  [{ filters: { a: 'a' }, key: 'x' }, /key.*private key in PEM/],
  [{ filters: { a: 'a' }, serverName: '10.0.0.1' }, /serverName.*not an address/],
] as const)('a configuration that cannot be is refused by name: %j', (config, says) => {
  expect(() => parseSourceConfig('probe', definition, { url: 'mqtt://h', ...config })).toThrow(says);
});
