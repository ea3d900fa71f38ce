import type { Socket } from 'node:net';
import { createTestAuthority, TcpProxy } from '@tidewall/testkit';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { mostBetweenTurns } from '../most-between-turns.ts';
import { startPretender } from '../pretender.contract.ts';
import { RecordingSink } from '../recording-sink.ts';
import { arrived, eventually, SourceBed } from '../source-bed.contract.ts';
import { definition } from './definition.ts';
import { HAS_NATS, type NatsServer, type NatsServerOptions, startNats } from './nats-server.contract.ts';

const bed = SourceBed.of(definition);
const closers: (() => unknown)[] = [];

afterEach(async () => {
  await bed.stop();
  for (const close of closers.splice(0).reverse()) await close();
});

async function nats(options?: NatsServerOptions): Promise<NatsServer> {
  const server = await startNats(options);
  closers.push(() => server.close());
  return server;
}

const INFO = 'INFO {"server_id":"x","headers":true}\r\n';

/** It greets, takes what a client says first, and then says what a test wants. */
async function pretender(then: (socket: Socket, said: string) => void, info = INFO): Promise<string> {
  const server = await startPretender(
    (socket, piece) => {
      const said = piece.toString();
      if (said.includes('PING')) socket.write('PONG\r\n');
      then(socket, said);
    },
    (socket) => void socket.write(info),
  );
  closers.push(() => server.close());
  return `nats://127.0.0.1:${server.port}`;
}

const subjects = { a: 'a' };

describe.skipIf(!HAS_NATS)('a NATS source', () => {
  test('heals by itself after its server was killed', { timeout: 40_000 }, async () => {
    const server = await nats();
    const watched = await bed.watch({ url: server.url, subjects: { a: 'a.*' }, topicKind: 'table' }, 'a');
    closers.push(() => watched.close());
    await eventually(() => watched.health().state === 'ok');
    (await server.client()).publish('a.b', '1');
    await eventually(async () => JSON.stringify(await watched.snapshot('a')).includes('"value":1'));
    await server.kill();
    await eventually(() => watched.health().state === 'failed');
    expect(watched.health().reason).toMatch(/^the NATS server at 127\.0\.0\.1:\d+ /);
    await server.start();
    await eventually(() => watched.health().state === 'ok');
    (await server.client()).publish('a.b', '2');
    await eventually(async () => JSON.stringify(await watched.snapshot('a')).includes('"value":2'));
  });

  test.each([
    ['subjects', { subjects }],
    ['streams', { streams: { a: { stream: 'A' } } }],
  ])('gives up a link that is half open (%s)', async (_, settings) => {
    const { port, client } = await nats({ jetstream: true });
    await (await client()).ask('STREAM.CREATE.A', { name: 'A', subjects: ['a'] });
    const proxy = await TcpProxy.start(port);
    closers.push(() => proxy.close());
    const source = bed.create({ url: `nats://127.0.0.1:${proxy.port}`, keepAliveS: 2, ...settings });
    const { run } = await bed.listen(source);
    proxy.stall();
    await expect(run).rejects.toThrow(/is gone: nothing was heard for 2 s$/);
  });

  test('stays on a link on which nothing is said but that it lives', async () => {
    const { url, client } = await nats({ settings: ['ping_interval: "1s"'] });
    const { sink } = await bed.listen(bed.create({ url, subjects, keepAliveS: 2 }));
    const until = performance.now() + 4_500;
    await eventually(() => performance.now() > until);
    (await client()).publish('a', '1');
    await arrived(sink, 1);
  });

  test('says that the password is wrong, and not which one it was', async () => {
    const { url } = await nats({ settings: ['authorization: { user: wall, password: "open sesame" }'] });
    for (const wrong of [{ user: 'wall', password: 'guess-1234' }, { token: 'guess-1234' }, {}]) {
      const failure = await bed.failureOf(bed.create({ url, subjects, ...wrong }));
      expect(failure).toMatch(/refuses us: the user, password or token is wrong, or it lets nobody in without$/);
      expect(failure).not.toContain('guess');
    }
    await bed.listen(bed.create({ url, subjects, user: 'wall', password: 'open sesame' }));
  });

  test('shows a token', async () => {
    const { url } = await nats({ settings: ['authorization: { token: "s3same" }'] });
    expect(await bed.failureOf(bed.create({ url, subjects, token: 'other' }))).toContain('token is wrong');
    await bed.listen(bed.create({ url, subjects, token: 's3same' }));
  });

  test('says what this user may not do', async () => {
    const { url } = await nats({
      jetstream: true,
      settings: [
        'authorization: { users: [{ user: wall, password: sesame, permissions: { subscribe: ["plant.>", "mine.>"], publish: "none" } }] }',
      ],
    });
    const settings = { url, user: 'wall', password: 'sesame' };
    await bed.listen(bed.create({ ...settings, subjects: { a: 'plant.a' } }));
    const refused = await bed.failureOf(bed.create({ ...settings, subjects: { a: 'plant.a', b: 'secret' } }));
    expect(refused).toMatch(/refuses us: this user may not listen to "secret"$/);
    const streams = { a: { stream: 'A' } };
    expect(await bed.failureOf(bed.create({ ...settings, streams }))).toMatch(/may not listen to "_INBOX\./);
    const asked = await bed.failureOf(bed.create({ ...settings, streams, inboxPrefix: 'mine' }));
    expect(asked).toMatch(/may not ask "\$JS\.API\.STREAM\.INFO\.A"/);
  });

  test('says what is wrong with TLS, and takes a certificate that is vouched for', async () => {
    const authority = createTestAuthority();
    const { cert, key } = authority.issue('DNS:localhost');
    const client = authority.issue('DNS:wall');
    const files = { ca: authority.ca, cert, key };
    const tls = 'cert_file: "<folder>/cert", key_file: "<folder>/key", ca_file: "<folder>/ca"';
    const server = await nats({ files, settings: [`tls: { ${tls}, verify: true }`] });
    const plain = await nats();
    const url = `tls://localhost:${server.port}`;
    const mine = { ca: authority.ca, cert: client.cert, key: client.key };
    const failureOf = (settings: object) => bed.failureOf(bed.create({ url, subjects, ...settings }));
    expect(await failureOf({})).toContain('is of an authority that is not known; name it in ca');
    expect(await failureOf({ ...mine, url: `tls://127.0.0.1:${server.port}` })).toContain('is for another name');
    expect(await failureOf({ ca: authority.ca })).toMatch(/set cert and key|connection was cut/);
    expect(await failureOf({ url: `nats://localhost:${server.port}` })).toMatch(/asks for TLS; use tls:\/\//);
    expect(await failureOf({ url: `tls://localhost:${plain.port}` })).toMatch(/has no TLS; use nats:\/\//);
    await bed.listen(bed.create({ url, subjects, ...mine }));
    await bed.listen(bed.create({ url: `tls://127.0.0.1:${server.port}`, subjects, ...mine, serverName: 'localhost' }));
  });

  test('takes a hundred thousand messages at once, counts those it has no room for, and lets others work', {
    timeout: 60_000,
  }, async () => {
    const { url, client } = await nats();
    const sink = new RecordingSink();
    const { run } = await bed.listen(bed.create({ url, subjects }), sink);
    const publisher = await client();
    const seen = () => sink.publications.length + sink.refusals.length;
    for (let n = 0; n < 100_000; n++) publisher.publish('a', `{"n":${n}}`);
    const most = await mostBetweenTurns(Promise.race([run, arrived(sink, 100_000)]), seen);
    expect(most).toBeLessThan(10_000);
    expect(sink.publications.length).toBeGreaterThan(1_000);
    const numbers = sink.publications.map(({ data }) => (data as { n: number }).n);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(sink.refusals)).toEqual(
      new Set(sink.refusals.length > 0 ? ['messages come faster than they can be taken in'] : []),
    );
  });

  test('a stream of a hundred thousand messages is read to its end, and nothing is left out', {
    timeout: 60_000,
  }, async () => {
    const { url, client } = await nats({ jetstream: true });
    const publisher = await client();
    await publisher.ask('STREAM.CREATE.A', { name: 'A', subjects: ['a'], storage: 'memory' });
    for (let n = 0; n < 100_000; n++) publisher.publish('a', `${n}`);
    await publisher.flush();
    const source = bed.create({ url, streams: { a: { stream: 'A', subject: 'a', from: 'all' } } });
    const sink = new RecordingSink();
    const { run } = await bed.listen(source, sink);
    await Promise.race([run, eventually(() => sink.publications.length === 100_000, 50_000)]);
    expect(sink.publications.every(({ data }, n) => data === n)).toBe(true);
  });

  test('ends soon when it is aborted, wherever it is', async () => {
    const silent = await startPretender(() => {});
    closers.push(() => silent.close());
    const half = await startPretender(
      () => {},
      (socket) => void socket.write(INFO),
    );
    closers.push(() => half.close());
    const deaf = await pretender(() => {});
    const { url } = await nats();
    const streams = { a: { stream: 'A' } };
    const settings = [
      { url: `nats://127.0.0.1:${silent.port}`, subjects },
      { url: `nats://127.0.0.1:${half.port}`, subjects },
      { url: deaf, streams },
      { url, subjects },
    ];
    for (const each of settings) {
      const run = bed.create(each).run(new RecordingSink(), bed.signal);
      const started = performance.now();
      await eventually(() => performance.now() > started + 50);
      await bed.stop();
      await run;
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });
});

describe('a server that is no good NATS', () => {
  test('that does not speak it is named', async () => {
    const url = await pretender(() => {}, 'HTTP/1.1 400 Bad Request\r\n\r\n');
    expect(await bed.failureOf(bed.create({ url, subjects }))).toMatch(
      /^the NATS server at .* does not speak NATS: it says "HTTP\/1\.1 400 Bad Request"$/,
    );
  });

  test('that announces a message of 60 MB is left before it comes', async () => {
    const url = await pretender((socket, said) => {
      if (said.includes('SUB')) socket.write('MSG a 1 60000000\r\n');
    });
    expect(await bed.failureOf(bed.create({ url, subjects }))).toMatch(
      /a message has 60000000 bytes; at most 16777216 are read$/,
    );
  });

  test('that sends more of a stream than was asked for is left', async () => {
    const url = await pretender((socket, said) => {
      const [, inbox, sid] = [...said.matchAll(/SUB (\S+) (\d+)/g)].at(-1) ?? [];
      const say = (body: object) => {
        const text = JSON.stringify(body);
        socket.write(`MSG ${inbox} ${sid} ${text.length}\r\n${text}\r\n`);
      };
      if (said.includes('STREAM.INFO')) say({ created: 'x', state: { last_seq: 1 } });
      else if (said.includes('CONSUMER.CREATE')) say({ name: 'c' });
      else if (said.includes('MSG.NEXT')) {
        socket.write(`MSG a ${sid} $JS.ACK.A.c.1.1.1.1700000000000000000.0 1\r\n1\r\n`.repeat(5_000));
      }
    });
    const failure = await bed.failureOf(bed.create({ url, streams: { a: { stream: 'A' } } }));
    expect(failure).toMatch(/more comes than was asked for$/);
  });

  test('that sends anything at all ends in a sentence, and in nothing else', async () => {
    let bytes = new Uint8Array();
    const url = await pretender((socket, said) => {
      if (said.includes('SUB')) socket.end(bytes);
    });
    const source = bed.create({ url, subjects: { a: '>' } });
    const message = Buffer.from('HMSG a 1 12 13\r\nNATS/1.0\r\n\r\n1\r\n');
    const mutated = fc
      .array(fc.tuple(fc.nat(message.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
      .map((changes) => changes.reduce((all, [at, byte]) => all.fill(byte, at, at + 1), Buffer.from(message)));
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, fc.uint8Array({ maxLength: 60 })), async (sent) => {
        bytes = sent;
        expect(await bed.failureOf(source)).toMatch(/^the NATS server at /);
      }),
      { numRuns: 150 },
    );
  });
});
