import { pbkdf2Sync, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { createTestAuthority, TcpProxy } from '@tidewall/testkit';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { afterEach, describe, expect, test } from 'vitest';
import { mostBetweenTurns } from '../most-between-turns.ts';
import { startPretender } from '../pretender.contract.ts';
import { RecordingSink } from '../recording-sink.ts';
import { arrived, eventually, SourceBed } from '../source-bed.contract.ts';
import { definition } from './definition.ts';
import { HAS_MOSQUITTO, type Mosquitto, type MosquittoOptions, startMosquitto } from './mosquitto.contract.ts';

const bed = SourceBed.of(definition);
const closers: (() => unknown)[] = [];

afterEach(async () => {
  await bed.stop();
  for (const close of closers.splice(0).reverse()) await close();
});

async function mosquitto(options?: MosquittoOptions): Promise<Mosquitto> {
  const broker = await startMosquitto(options);
  closers.push(() => broker.close());
  return broker;
}

async function pretender(answer: (socket: Socket, piece: Buffer) => void): Promise<string> {
  const server = await startPretender(answer);
  closers.push(() => server.close());
  return `mqtt://127.0.0.1:${server.port}`;
}

const CONNACK = generate({ cmd: 'connack', returnCode: 0, sessionPresent: false });
const isConnect = (chunk: Buffer) => chunk[0] === 0x10;
const suback = (messageId: number) => generate({ cmd: 'suback', messageId, granted: [0] });

describe.skipIf(!HAS_MOSQUITTO)('an MQTT source', () => {
  test('heals by itself after its broker was killed', { timeout: 40_000 }, async () => {
    const broker = await mosquitto();
    const watched = await bed.watch({ url: broker.url, filters: { a: 'a/#' }, topicKind: 'table' }, 'a');
    closers.push(() => watched.close());
    await eventually(() => watched.health().state === 'ok');
    broker.publish('a/b', '1');
    await eventually(async () => JSON.stringify(await watched.snapshot('a')).includes('"value":1'));
    await broker.kill();
    await eventually(() => watched.health().state === 'failed');
    expect(watched.health().reason).toMatch(/^the MQTT broker at 127\.0\.0\.1:\d+ /);
    await broker.start();
    await eventually(() => watched.health().state === 'ok');
    broker.publish('a/b', '2');
    await eventually(async () => JSON.stringify(await watched.snapshot('a')).includes('"value":2'));
  });

  test('gives up a link that is half open', async () => {
    const { port } = await mosquitto();
    const proxy = await TcpProxy.start(port);
    closers.push(() => proxy.close());
    const source = bed.create({ url: `mqtt://127.0.0.1:${proxy.port}`, filters: { a: 'a' }, keepAliveS: 2 });
    const { run } = await bed.listen(source);
    proxy.stall();
    await expect(run).rejects.toThrow(/is gone: nothing was heard for 2 s$/);
  });

  test('stays on a link on which nothing is said but that it lives', async () => {
    const { url, publish } = await mosquitto();
    const { sink } = await bed.listen(bed.create({ url, filters: { a: 'a' }, keepAliveS: 2 }));
    const until = performance.now() + 4_500;
    await eventually(() => performance.now() > until);
    publish('a', '1');
    await arrived(sink, 1);
  });

  test.each(['3.1.1', '5'] as const)(
    'says that the password is wrong, and not which one it was (MQTT %s)',
    async (protocol) => {
      const { url, publish } = await mosquitto({ passwords: { wall: 'open sesame' } });
      const settings = { url, protocol, filters: { a: 'a' }, username: 'wall' };
      for (const wrong of [{ password: 'guess-1234' }, {}]) {
        const failure = await bed.failureOf(bed.create({ ...settings, ...wrong }));
        expect(failure).toMatch(/does not let us in: the username or password is wrong, or may not connect$/);
        expect(failure).not.toContain('guess');
      }
      const { sink } = await bed.listen(bed.create({ ...settings, password: 'open sesame' }));
      publish('a', '1', '-u', 'wall', '-P', 'open sesame');
      await arrived(sink, 1);
    },
  );

  test.each(['3.1.1', '5'] as const)('says which subscription is refused (MQTT %s)', async (protocol) => {
    const library = '/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so';
    const { url } = await mosquitto({
      settings: [`plugin ${library}`, 'plugin_opt_config_file <folder>/security.json'],
      files: { 'security.json': JSON.stringify(securityOf('wall', 'sesame', 'plant/#')) },
    });
    const settings = { url, protocol, username: 'wall', password: 'sesame' };
    await bed.listen(bed.create({ ...settings, filters: { a: 'plant/#' } }));
    const failure = await bed.failureOf(bed.create({ ...settings, filters: { a: 'plant/#', b: 'secret' } }));
    expect(failure).toMatch(/refuses the subscription to "secret": that is not allowed$/);
  });

  test('says what is wrong with TLS, and takes a certificate that is vouched for', async () => {
    const authority = createTestAuthority();
    const { cert, key } = authority.issue('DNS:localhost');
    const client = authority.issue('DNS:wall');
    const { port, publish } = await mosquitto({
      settings: ['cafile <folder>/ca', 'certfile <folder>/cert', 'keyfile <folder>/key', 'require_certificate true'],
      files: { ca: authority.ca, cert, key, clientCert: client.cert, clientKey: client.key },
    });
    const filters = { a: 'a' };
    const url = `mqtts://localhost:${port}`;
    const mine = { ca: authority.ca, cert: client.cert, key: client.key };
    const failureOf = (settings: object) => bed.failureOf(bed.create({ url, filters, ...settings }));
    expect(await failureOf({})).toContain('is of an authority that is not known; name it in ca');
    expect(await failureOf({ ...mine, url: `mqtts://127.0.0.1:${port}` })).toContain('certificate is for another name');
    expect(await failureOf({ ca: authority.ca })).toMatch(/set cert and key|connection was cut/);
    expect(await failureOf({ url: `mqtt://localhost:${port}` })).toMatch(/connection was cut before it answered/);
    await bed.listen(bed.create({ url, filters, ...mine }));
    await bed.listen(bed.create({ url: `mqtts://127.0.0.1:${port}`, filters, ...mine, serverName: 'localhost' }));
    expect(publish).toBeDefined();
  });

  test('takes a hundred thousand messages at once, counts those it has no room for, and lets others work', {
    timeout: 60_000,
  }, async () => {
    const { url, publishLines } = await mosquitto();
    const sink = new RecordingSink();
    await bed.listen(bed.create({ url, filters: { a: 'a' } }), sink);
    const seen = () => sink.publications.length + sink.refusals.length;
    const publishing = publishLines(
      'a',
      Array.from({ length: 100_000 }, (_, n) => `{"n":${n}}`),
    );
    const most = await mostBetweenTurns(Promise.all([publishing, arrived(sink, 1)]), seen);
    let before = -1;
    // Mosquitto drops what it has no room for, and tells nobody.
    await eventually(() => {
      const now = seen();
      const isQuiet = now === before;
      before = now;
      return isQuiet;
    });
    expect(most).toBeLessThan(10_000);
    expect(sink.publications.length).toBeGreaterThan(1_000);
    const numbers = sink.publications.map(({ data }) => (data as { n: number }).n);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  test('with acknowledgements, none of many is lost', { timeout: 60_000 }, async () => {
    const { url, publishLines } = await mosquitto({ settings: ['max_queued_messages 0'] });
    const { sink } = await bed.listen(bed.create({ url, qos: 1, keepAliveS: 2, filters: { a: 'a' } }));
    // Longer than the link may be silent for: who does not listen must not take it for dead.
    sink.hold();
    const until = performance.now() + 4_000;
    await publishLines(
      'a',
      Array.from({ length: 20_000 }, (_, n) => `${n}`),
      '-q',
      '1',
    );
    await eventually(() => performance.now() > until);
    sink.release();
    await arrived(sink, 20_000);
    expect(sink.refusals).toEqual([]);
    expect(sink.publications.map(({ data }) => data)).toEqual(Array.from({ length: 20_000 }, (_, n) => n));
  });

  test('ends soon when it is aborted, wherever it is', async () => {
    const quiet = await pretender(() => {});
    const half = await pretender((socket, chunk) => void (isConnect(chunk) && socket.write(CONNACK)));
    const { url } = await mosquitto();
    for (const each of [quiet, half, url]) {
      const run = bed.create({ url: each, filters: { a: 'a' } }).run(new RecordingSink(), bed.signal);
      const started = performance.now();
      await eventually(() => performance.now() > started + 50);
      await bed.stop();
      await run;
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });
});

describe('a server that is no good broker', () => {
  test('that does not speak MQTT is named', async () => {
    const url = await pretender((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await bed.failureOf(bed.create({ url, filters: { a: 'a' } }))).toMatch(
      /^the MQTT broker at .*(is not MQTT|port of MQTT)/,
    );
  });

  test.each(['3.1.1', '5'] as const)(
    'that sends anything at all ends in a sentence, and in nothing else (MQTT %s)',
    async (protocol) => {
      let bytes = new Uint8Array();
      const url = await pretender((socket) => {
        socket.write(protocol === '5' ? Buffer.from([0x20, 3, 0, 0, 0]) : CONNACK);
        socket.end(bytes);
      });
      const source = bed.create({ url, protocol, filters: { a: '#' } });
      const publish = generate(
        {
          cmd: 'publish',
          topic: 'a/b',
          payload: '1',
          qos: 1,
          messageId: 7,
          dup: false,
          retain: false,
          properties: { contentType: 'x' },
        },
        { protocolVersion: protocol === '5' ? 5 : 4 },
      );
      const mutated = fc
        .array(fc.tuple(fc.nat(publish.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
        .map((changes) => changes.reduce((all, [at, byte]) => all.fill(byte, at, at + 1), Buffer.from(publish)));
      await fc.assert(
        fc.asyncProperty(fc.oneof(mutated, fc.uint8Array({ maxLength: 60 })), async (sent) => {
          bytes = sent;
          expect(await bed.failureOf(source)).toMatch(/^the MQTT broker at /);
        }),
        { numRuns: 150 },
      );
    },
  );

  test('that announces a packet of 200 MiB is left before it comes', async () => {
    const url = await pretender((socket, chunk) => {
      if (isConnect(chunk)) socket.write(CONNACK);
      else if (chunk[0] === 0x82)
        socket.write(Buffer.concat([suback(chunk.readUInt16BE(2)), Buffer.from([0x30, 0x80, 0x80, 0x80, 0x64])]));
    });
    const failure = await bed.failureOf(bed.create({ url, filters: { a: 'a' } }));
    expect(failure).toMatch(/a message has 209715200 bytes; at most 16777216 are read$/);
  });

  test.each([
    ['3.1.1', generate({ cmd: 'connack', returnCode: 1, sessionPresent: false }), /set protocol to 5/],
    ['3.1.1', generate({ cmd: 'connack', returnCode: 3, sessionPresent: false }), /not available now/],
    [
      '5',
      generate({ cmd: 'connack', reasonCode: 0x84, sessionPresent: false }, { protocolVersion: 5 }),
      /set protocol to 3\.1\.1/,
    ],
    ['5', generate({ cmd: 'connack', reasonCode: 0x8a, sessionPresent: false }, { protocolVersion: 5 }), /banned/],
  ] as const)('says why it does not let us in (MQTT %s)', async (protocol, answer, says) => {
    const url = await pretender((socket) => void socket.write(answer));
    expect(await bed.failureOf(bed.create({ url, protocol, filters: { a: 'a' } }))).toMatch(says);
  });

  test('that ends the connection says why (MQTT 5)', async () => {
    const version = { protocolVersion: 5 };
    const url = await pretender((socket, chunk) => {
      if (isConnect(chunk)) socket.write(generate({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, version));
      else if (chunk[0] === 0x82) {
        socket.write(generate({ cmd: 'suback', messageId: 1, granted: [0] }, version));
        socket.write(generate({ cmd: 'disconnect', reasonCode: 0x8e }, version));
      }
    });
    const failure = await bed.failureOf(bed.create({ url, protocol: '5', filters: { a: 'a' } }));
    expect(failure).toMatch(/ends the connection: another client connected with the same clientId$/);
  });
});

/** One client that may subscribe to one pattern, as Mosquitto's dynamic security keeps it. */
function securityOf(username: string, password: string, pattern: string) {
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, 101, 64, 'sha512');
  return {
    defaultACLAccess: { publishClientSend: false, publishClientReceive: true, subscribe: false, unsubscribe: true },
    clients: [
      {
        username,
        password: hash.toString('base64'),
        salt: salt.toString('base64'),
        iterations: 101,
        roles: [{ rolename: 'reader' }],
      },
    ],
    roles: [{ rolename: 'reader', acls: [{ acltype: 'subscribePattern', topic: pattern, allow: true }] }],
  };
}
