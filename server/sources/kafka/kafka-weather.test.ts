import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { createTestAuthority } from '@tidewall/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { mostBetweenTurns } from '../most-between-turns.ts';
import { startPretender } from '../pretender.contract.ts';
import { RecordingSink } from '../recording-sink.ts';
import { arrived, eventually, SourceBed } from '../source-bed.contract.ts';
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
const METADATA = 3;
const FETCH = 1;

describe.skipIf(!HAS_KCAT)('a Kafka source', () => {
  test('heals by itself after its broker was killed, and came back empty', { timeout: 60_000 }, async () => {
    const { broker, produce, kill, start } = await kafka();
    const watched = await bed.watch({ brokers: [broker], topics, topicKind: 'table', from: 'earliest' }, 'a');
    closers.push(() => watched.close());
    await produce('a', ['x\t1', 'x\t2', 'x\t3'], '-K', '\t');
    const holds = async (text: string) => JSON.stringify((await watched.snapshot('a')) ?? null).includes(text);
    await eventually(() => holds('"value":3'));
    await kill();
    await eventually(() => watched.health().state === 'failed');
    expect(watched.health().reason).toMatch(/^the Kafka broker at 127\.0\.0\.1:\d+ /);
    await start();
    await produce('a', ['x\t4'], '-K', '\t');
    await eventually(() => watched.health().state === 'ok');
    await eventually(() => holds('"value":4'));
    expect(watched.health().lastRefusal).toMatch(/^of a\/\d nothing is kept at 3 any more; it is read from 0$/);
  });

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'])(
    'shows its password by %s, and says when it is wrong',
    async (mechanism) => {
      const { broker, produce, consume } = await kafka({
        sasl: { username: 'wall', password: 'open sesame', mechanisms: [mechanism.toUpperCase()] },
      });
      const config = { brokers: [broker], topics, from: 'earliest' };
      const failureOf = (sasl?: object) => bed.failureOf(bed.create({ ...config, ...(sasl && { sasl }) } as never));
      const wrong = await failureOf({ mechanism, username: 'wall', password: 'guess-1234' });
      expect(wrong).toMatch(/does not let us in: sasl\.username or sasl\.password is wrong$/);
      expect(wrong).not.toContain('guess');
      expect(await failureOf()).toMatch(
        /cut before it answered; is that the port of Kafka, and does it ask for tls or sasl\?$|is gone/,
      );
      const other = mechanism === 'plain' ? 'scram-sha-256' : 'plain';
      expect(await failureOf({ mechanism: other, username: 'wall', password: 'open sesame' })).toMatch(
        new RegExp(`does not take this sasl\\.mechanism, ${other}; it takes ${mechanism}$`),
      );
      await produce('a', ['1']);
      // The front before the broker is ours: librdkafka must take it for one.
      const asKcat = [
        'security.protocol=sasl_plaintext',
        `sasl.mechanism=${mechanism.toUpperCase()}`,
        'sasl.username=wall',
      ];
      expect(await consume('a', ...asKcat, 'sasl.password=open sesame')).toMatch(/^1$/m);
      const sasl = { mechanism, username: 'wall', password: 'open sesame' };
      const { sink } = await bed.listen(bed.create({ ...config, sasl }));
      await arrived(sink, 1);
    },
  );

  test('says what is wrong with TLS, and takes a certificate that is vouched for', async () => {
    const authority = createTestAuthority();
    const tls = { ...authority.issue('IP:127.0.0.1', 'DNS:localhost'), ca: authority.ca };
    const { broker, port, produce } = await kafka({ tls });
    const elsewhere = await kafka({ tls: { ...authority.issue('DNS:elsewhere'), ca: authority.ca } });
    const failureOf = (config: object) => bed.failureOf(bed.create({ brokers: [broker], topics, ...config }));
    expect(await failureOf({ tls: true })).toContain('is of an authority that is not known; name it in ca');
    expect(await failureOf({ brokers: [elsewhere.broker], tls: true, ca: authority.ca })).toContain(
      'is for another name',
    );
    expect(await failureOf({})).toMatch(/does not speak Kafka there; is that the port for TLS|cut before it answered/);
    await produce('a', ['1']);
    const settings = { topics, from: 'earliest', tls: true, ca: authority.ca };
    const { sink } = await bed.listen(bed.create({ brokers: [`localhost:${port}`], ...settings }));
    await arrived(sink, 1);
    const named = bed.create({ ...settings, brokers: [elsewhere.broker], serverName: 'elsewhere' });
    await bed.listen(named);
  });

  test('names the topic that is not there', async () => {
    const { broker } = await kafka({ change: (api, answer) => (api === METADATA ? withoutTopics(answer) : answer) });
    expect(await bed.failureOf(bed.create({ brokers: [broker], topics }))).toMatch(
      /cannot read the topic a: there is no such topic, or this user may not know of it$/,
    );
  });

  test('names what brokers call themselves when that leads nowhere', async () => {
    const { broker } = await kafka({
      change: (api, answer) => (api === METADATA ? replaced(answer, '127.0.0.1', 'not.a.tld') : answer),
    });
    const outgoing = createOutgoing({
      allowed: parseAddressList([]),
      trusted: true,
      resolve: (_host, _options, done) => done(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }), []),
    });
    expect(await bed.failureOf(bed.create({ brokers: [broker], topics }, { outgoing }))).toMatch(
      /not\.a\.tld.*cannot be found.*; brokers name it not\.a\.tld:\d+ themselves \(advertised\.listeners\)$/,
    );
  });

  test('goes to no broker that others name, where the source may not go', async () => {
    const { broker } = await kafka({
      change: (api, answer) => (api === METADATA ? replaced(answer, '127.0.0.1', '10.77.7.7') : answer),
    });
    const outgoing = createOutgoing({ allowed: parseAddressList(['127.0.0.1']), trusted: false });
    expect(await bed.failureOf(bed.create({ brokers: [broker], topics }, { outgoing }))).toMatch(
      /^10\.77\.7\.7 is not a public address, .*; brokers name it 10\.77\.7\.7:\d+ themselves/,
    );
  });

  test('asks who leads when one does so no more, and fails when nobody does for long', {
    timeout: 30_000,
  }, async () => {
    let moves = 3;
    const { broker, produce } = await kafka({
      change: (api, answer) => (api === FETCH && moves-- > 0 ? withError(answer, 6) : answer),
    });
    await produce('a', ['1'], '-p', '0');
    const { sink } = await bed.listen(bed.create({ brokers: [broker], topics, from: 'earliest' }));
    await arrived(sink, 1);
    moves = Number.POSITIVE_INFINITY;
    const failure = await bed.failureOf(bed.create({ brokers: [broker], topics, from: 'earliest' }));
    expect(failure).toMatch(/^Kafka cannot be read: a\/\d: somebody else leads it now$/);
  });

  test('passes over a batch that is damaged, and says so', async () => {
    let damaged = false;
    const { broker, produce } = await kafka({
      change: (api, answer) => {
        const at = answer.indexOf(Buffer.from([0x1f, 0x8b, 0x08]));
        if (api !== FETCH || at < 0 || damaged) return answer;
        damaged = true;
        return Buffer.from(answer).fill(0xff, at + 10, at + 20);
      },
    });
    await produce('a', ['"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"', '2'], '-p', '0', '-z', 'gzip');
    await produce('a', ['3'], '-p', '0');
    const { sink } = await bed.listen(bed.create({ brokers: [broker], topics, from: 'earliest' }));
    await arrived(sink, 2);
    expect(sink.refusals).toEqual([expect.stringMatching(/^messages of a\/0 before \d are damaged: /)]);
    expect(sink.publications.at(-1)?.data).toBe(3);
  });

  test('takes a hundred thousand messages, no faster than they are published, and lets others work', {
    timeout: 90_000,
  }, async () => {
    const { broker, produce } = await kafka();
    const lines = Array.from({ length: 100_000 }, (_, n) => `{"n":${n}}`);
    await produce('a', lines, '-p', '0', '-X', 'queue.buffering.max.messages=200000');
    const sink = new RecordingSink();
    // What is published before the counting begins would count as one turn.
    sink.hold();
    const { run } = await bed.listen(bed.create({ brokers: [broker], topics, from: 'earliest' }), sink);
    const reading = Promise.race([run, eventually(() => sink.publications.length === 100_000, 60_000)]);
    sink.release();
    expect(await mostBetweenTurns(reading, () => sink.publications.length)).toBeLessThan(1_000);
    expect(sink.publications.every(({ data }, n) => (data as { n: number }).n === n)).toBe(true);
    expect(sink.mostAtOnce).toBe(1);
  });

  test('ends soon when it is aborted, wherever it is', async () => {
    const silent = await startPretender(() => {});
    closers.push(() => silent.close());
    const deaf = await kafka();
    deaf.stall();
    const { broker } = await kafka();
    for (const each of [`127.0.0.1:${silent.port}`, deaf.broker, broker]) {
      const run = bed.create({ brokers: [each], topics }).run(new RecordingSink(), bed.signal);
      const started = performance.now();
      await eventually(() => performance.now() > started + 50);
      await bed.stop();
      await run;
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });
});

describe('a server that is no good broker', () => {
  test.each([
    ['HTTP/1.1 400 Bad Request\r\n\r\n', /does not speak Kafka there/],
    [Buffer.from([0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0]), /answers with what is not Kafka/],
    [Buffer.from([0, 0, 0, 10, 0, 0, 0, 1, 0, 35, 0, 0, 0, 0]), /does not know our version/],
    [Buffer.from([0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), /older than Kafka 0\.11, or newer than we know/],
  ])('that answers %j is named', async (answer, says) => {
    const server = await startPretender((socket) => void socket.write(answer));
    closers.push(() => server.close());
    const failure = await bed.failureOf(bed.create({ brokers: [`127.0.0.1:${server.port}`], topics }));
    expect(failure).toMatch(/^the Kafka broker at /);
    expect(failure).toMatch(says);
  });
});

/** The error of the first topic of a metadata answer of version 2 becomes "unknown". */
function withoutTopics(answer: Buffer): Buffer {
  const changed = Buffer.from(answer);
  const at = changed.lastIndexOf(Buffer.from([0, 1, 0x61]));
  changed.writeInt16BE(3, at - 2);
  return changed;
}

/** The error of the first partition of a fetch answer. */
function withError(answer: Buffer, error: number): Buffer {
  const changed = Buffer.from(answer);
  const at = changed.indexOf(Buffer.from([0, 1, 0x61]));
  if (at >= 0) changed.writeInt16BE(error, at + 3 + 4 + 4);
  return changed;
}

function replaced(answer: Buffer, from: string, to: string): Buffer {
  const changed = Buffer.from(answer);
  for (let at = changed.indexOf(from); at >= 0; at = changed.indexOf(from, at + 1)) changed.write(to, at);
  return changed;
}
