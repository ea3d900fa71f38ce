import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TidewallError } from '@tidewall/protocol';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed } from '../gateway-bed.contract.ts';
import { clientFrame, type End, OPCODE, RawClient } from './raw-client.contract.ts';
import { websocketGateway } from './server.ts';

const MiB = 1024 * 1024;
const beds: GatewayBed[] = [];

afterEach(async () => {
  for (const bed of beds.splice(0)) await bed.close();
});

async function openBed(options?: GatewayBedOptions): Promise<GatewayBed> {
  const bed = await openGatewayBed(websocketGateway, options);
  beds.push(bed);
  return bed;
}

const rejected = (bed: GatewayBed, reason: string) =>
  bed.meter.value('tidewall_frames_rejected_total', { gateway: 'websocket', reason });
const closes = (bed: GatewayBed, code: number) =>
  bed.meter.value('tidewall_closes_total', { gateway: 'websocket', code: String(code) });
const open = (bed: GatewayBed) => bed.meter.value('tidewall_gateway_connections', { gateway: 'websocket' });

/** A client that minds its own business, and must see every publication whatever the others do. */
async function bystander(bed: GatewayBed) {
  const client = await RawClient.connected(bed.port);
  client.send({ id: 2, subscribe: { topic: 'calm/log', kind: 'log' } });
  await client.line();
  let seen = 0;
  return {
    async seesEverything(): Promise<void> {
      for (let i = 0; i < 10; i++) {
        await bed.publish('calm/log', { i });
        seen++;
        expect(await client.line()).toMatchObject({ o: seen, d: { i } });
      }
    },
  };
}

/** What the process holds on to, without what only waits to be collected. */
function bytesInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { external, heapUsed } = process.memoryUsage();
  return external + heapUsed;
}

const text = (payload: Uint8Array | string) => clientFrame(payload);
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

interface Attack {
  readonly title: string;
  readonly bytes: () => Buffer;
  readonly code: number;
  readonly reason: string;
}

const ATTACKS: readonly Attack[] = [
  { title: 'text that is not JSON', bytes: () => text('hello'), code: 4501, reason: 'not_json' },
  { title: 'half a JSON object', bytes: () => text('{"id":1,"publish":{"to'), code: 4501, reason: 'not_json' },
  { title: 'JSON 100,000 deep', bytes: () => text(nested(100_000)), code: 4501, reason: 'not_json' },
  { title: 'brackets without end', bytes: () => text('['.repeat(MiB)), code: 4501, reason: 'not_json' },
  {
    title: 'a flood of text pings',
    bytes: () => Buffer.concat(new Array<Buffer>(20_000).fill(text('ping'))),
    code: 4013,
    reason: 'flood',
  },
  {
    title: 'a flood of empty frames',
    bytes: () => Buffer.concat(new Array<Buffer>(20_000).fill(text(''))),
    code: 4013,
    reason: 'flood',
  },
  { title: 'a frame of a million blank lines', bytes: () => text('\n'.repeat(1_000_000)), code: 4013, reason: 'flood' },
  {
    title: '10,000 commands at once',
    bytes: () => Buffer.concat(new Array<Buffer>(10_000).fill(text('{"id":5,"publish":{"topic":"flood","data":1}}'))),
    code: 4013,
    reason: 'flood',
  },
  {
    title: 'a frame of 10,000 commands',
    bytes: () => text(new Array<string>(10_000).fill('{"id":5,"publish":{"topic":"flood","data":1}}').join('\n')),
    code: 4013,
    reason: 'flood',
  },
];

describe('one hostile client', () => {
  test.each(ATTACKS)(
    '[W5] $title is closed with $code and counted, and others notice nothing',
    async ({ bytes, code, reason }) => {
      const bed = await openBed();
      const calm = await bystander(bed);
      await calm.seesEverything();
      const attacker = await RawClient.connected(bed.port);
      attacker.socket.write(bytes());
      const ended = (await attacker.ended) as Exclude<End, 'cut'>;
      expect(ended.code).toBe(code);
      expect(ended.reason).not.toBe('');
      const bye = attacker.lines
        .map((line) => JSON.parse(line.startsWith('{') ? line : '{}'))
        .find((line) => 'bye' in line);
      expect(bye).toEqual({ bye: { code, reason: ended.reason } });
      expect(rejected(bed, reason)).toBe(1);
      expect(closes(bed, code)).toBe(1);
      attacker.socket.destroy();
      await bed.until(() => open(bed) === 1);
      await calm.seesEverything();
    },
  );

  test('[W29] of 10,000 commands a burst is carried out, as many are refused with a time to wait, and that is all', async () => {
    const bed = await openBed();
    const attacker = await RawClient.connected(bed.port);
    const frames = Array.from({ length: 10_000 }, (_, i) =>
      text(`{"id":${i + 10},"publish":{"topic":"flood","kind":"log","data":${i}}}`),
    );
    attacker.socket.write(Buffer.concat(frames));
    await attacker.ended;
    const answers = attacker.lines.map(
      (line) => JSON.parse(line) as { publish?: object; error?: { name: string; afterMs: number } },
    );
    const carriedOut = answers.filter((answer) => answer.publish !== undefined).length;
    const refused = answers.flatMap((answer) => (answer.error ? [answer.error] : []));
    // What was still waiting when the flood was noticed has no answer: the connection is over.
    expect(carriedOut).toBeLessThanOrEqual(99);
    expect(refused.length).toBeLessThanOrEqual(100);
    for (const error of refused) {
      expect(error.name).toBe('too_many_requests');
      expect(error.afterMs).toBeGreaterThan(0);
    }
    const { offset } = await bed.hub.history({ id: 'x', roles: [] }, { topic: 'flood' });
    expect(offset).toBeLessThanOrEqual(99);
  });

  test('streaming 100 MiB into one frame takes no memory to speak of', async () => {
    const bed = await openBed();
    const attacker = await RawClient.connected(bed.port);
    const before = process.memoryUsage().rss;
    let peak = before;
    attacker.socket.write(clientFrame('', { claimedLength: 100 * MiB }));
    const chunk = Buffer.alloc(64 * 1024);
    let over = false;
    const end = attacker.ended.then(() => {
      over = true;
    });
    // The server reads no further once it has said goodbye, so that the attacker gets stuck.
    for (let sent = 0; sent < 100 * MiB && !over; sent += chunk.length) {
      if (!attacker.socket.write(chunk)) {
        await Promise.race([end, new Promise((resolve) => attacker.socket.once('drain', resolve))]);
      }
      peak = Math.max(peak, process.memoryUsage().rss);
    }
    expect(await attacker.ended).toMatchObject({ code: 4501 });
    expect(peak - before).toBeLessThan(20 * MiB);
  });

  test('a frame that drips in is cut after too many pieces', async () => {
    const bed = await openBed();
    const attacker = await RawClient.connected(bed.port);
    attacker.socket.setNoDelay(true);
    attacker.socket.write(clientFrame('', { claimedLength: 500_000 }));
    for (let i = 0; i < 6000 && !attacker.socket.destroyed; i++) {
      await new Promise<void>((resolve) => attacker.socket.write('x', () => resolve()));
      await new Promise(setImmediate);
      if (attacker.lines.length > 0) break;
    }
    expect(await attacker.ended).toMatchObject({ code: 4501 });
    expect(rejected(bed, 'too_many_pieces')).toBe(1);
  });

  test('[W28] half a frame and then silence is closed with 4012 after deadMs', async () => {
    const bed = await openBed();
    const attacker = await RawClient.connected(bed.port);
    attacker.socket.write(clientFrame('{"id":2,"publish":{}}').subarray(0, 12));
    await bed.clock.advance(59_000);
    expect(closes(bed, 4012)).toBe(0);
    await bed.clock.advance(2_000);
    expect(await attacker.ended).toEqual({ code: 4012, reason: 'nothing was heard for 60000 ms' });
  });

  test('half an upgrade and then nothing holds no connection of the gateway', async () => {
    const bed = await openBed();
    const socket = connect(bed.port, '127.0.0.1');
    socket.write('GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n');
    await bed.clock.advance(1000);
    expect(open(bed)).toBe(0);
    socket.destroy();
  });

  test('a peer that ends its side while it is owed much is let go at once', async () => {
    const bed = await openBed();
    const attacker = await RawClient.connected(bed.port);
    attacker.send({ id: 2, subscribe: { topic: 'big/log', kind: 'log' } });
    await attacker.line();
    attacker.socket.pause();
    for (let i = 0; bed.refusedWrites() === 0 && i < 500; i++) await bed.publish('big/log', 'x'.repeat(100_000));
    attacker.socket.end();
    await bed.until(() => open(bed) === 0);
    expect(bed.watchers('big/log')).toBe(0);
  });

  test('a reset is an end like any other', async () => {
    const bed = await openBed();
    const attacker = await RawClient.connected(bed.port);
    attacker.socket.resetAndDestroy();
    await bed.until(() => open(bed) === 0);
    expect(closes(bed, 1006)).toBe(1);
  });

  test('who does not answer a close is destroyed after a second', async () => {
    const bed = await openBed();
    const attacker = await RawClient.connected(bed.port);
    attacker.send('not json');
    expect(await attacker.ended).toMatchObject({ code: 4501 });
    await bed.clock.advance(900);
    expect(open(bed)).toBe(1);
    await bed.until(() => open(bed) === 0);
  });

  test('what comes after the close is not looked at', async () => {
    const bed = await openBed();
    const attacker = await RawClient.connected(bed.port);
    attacker.socket.write(Buffer.concat([text('not json'), text('{"id":2,"publish":{"topic":"late","data":1}}')]));
    await attacker.ended;
    expect(bed.hub.topics({ id: 'x', roles: [] })).toEqual([]);
  });
});

describe('wrong commands keep the connection', () => {
  const WRONG: readonly { title: string; frame: string; id: number; code: number; name: string }[] = [
    { title: 'a number', frame: '42', id: 0, code: 107, name: 'bad_request' },
    { title: 'a list', frame: '[{"id":3}]', id: 0, code: 107, name: 'bad_request' },
    { title: 'null', frame: 'null', id: 0, code: 107, name: 'bad_request' },
    { title: 'no id', frame: '{"publish":{"topic":"a","data":1}}', id: 0, code: 107, name: 'bad_request' },
    { title: 'a text as id', frame: '{"id":"7","history":{"topic":"a"}}', id: 0, code: 107, name: 'bad_request' },
    { title: 'no command', frame: '{"id":7}', id: 7, code: 104, name: 'unknown_command' },
    {
      title: 'a command of the prototype',
      frame: '{"id":7,"constructor":{}}',
      id: 7,
      code: 104,
      name: 'unknown_command',
    },
    {
      title: '__proto__ as command',
      frame: '{"id":7,"__proto__":{"publish":{"topic":"a","data":1}}}',
      id: 7,
      code: 104,
      name: 'unknown_command',
    },
    { title: 'a wrong field', frame: '{"id":7,"subscribe":{"topic":5}}', id: 7, code: 107, name: 'bad_request' },
    {
      title: 'a lone surrogate as topic',
      frame: '{"id":7,"subscribe":{"topic":"a/\\ud800"}}',
      id: 7,
      code: 107,
      name: 'bad_request',
    },
    {
      title: 'a topic that climbs',
      frame: '{"id":7,"subscribe":{"topic":"a/../b"}}',
      id: 7,
      code: 107,
      name: 'bad_request',
    },
    {
      title: 'a number that is not one',
      frame: '{"id":7,"unsubscribe":{"topic":1e999}}',
      id: 7,
      code: 107,
      name: 'bad_request',
    },
    {
      title: 'an unknown subscription',
      frame: '{"id":7,"unsubscribe":{"topic":99}}',
      id: 7,
      code: 120,
      name: 'not_subscribed',
    },
    {
      title: 'an unknown topic',
      frame: '{"id":7,"history":{"topic":"nowhere"}}',
      id: 7,
      code: 102,
      name: 'unknown_topic',
    },
    {
      title: 'a wrong operation',
      frame: '{"id":7,"publish":{"topic":"a","kind":"log","op":"merge","data":1}}',
      id: 7,
      code: 118,
      name: 'wrong_kind',
    },
    {
      title: 'a wrong shape',
      frame: '{"id":7,"publish":{"topic":"a","kind":"series","data":"high"}}',
      id: 7,
      code: 117,
      name: 'shape_mismatch',
    },
    { title: 'a second connect', frame: '{"id":7,"connect":{"version":1}}', id: 7, code: 107, name: 'bad_request' },
    { title: 'presence nowhere', frame: '{"id":7,"presence":{"topic":"no"}}', id: 7, code: 102, name: 'unknown_topic' },
  ];

  test.each(WRONG)(
    '[W8] $title is answered with $code, counted, and the next command works',
    async ({ frame, id, code, name }) => {
      const bed = await openBed();
      const client = await RawClient.connected(bed.port);
      client.send(frame);
      expect(await client.line()).toMatchObject({ id, error: { code, name } });
      expect(rejected(bed, name)).toBe(1);
      client.send({ id: 8, publish: { topic: 'fine', data: 1 } });
      expect(await client.line()).toMatchObject({ id: 8, publish: { offset: 1 } });
    },
  );

  test('[W30] a publication larger than the limit is answered with limit_exceeded', async () => {
    const bed = await openBed();
    const client = await RawClient.connected(bed.port);
    client.send({ id: 2, publish: { topic: 'a', data: 'x'.repeat(300_000) } });
    expect(await client.line()).toMatchObject({ id: 2, error: { code: 106 } });
  });

  test('[W11] commands before connect are answered with unauthenticated', async () => {
    const bed = await openBed();
    const client = await RawClient.open(bed.port);
    client.send({ id: 1, subscribe: { topic: 'a' } });
    expect(await client.line()).toMatchObject({ id: 1, error: { code: 101, name: 'unauthenticated' } });
    client.send({ id: 2, connect: { version: 1 } });
    expect(await client.line()).toMatchObject({ id: 2, connect: { version: 1, pingMs: 25_000 } });
  });

  test('keys of the prototype travel as data and change no prototype', async () => {
    const bed = await openBed();
    const client = await RawClient.connected(bed.port);
    client.send({ id: 2, subscribe: { topic: 'a', kind: 'state' } });
    await client.line();
    const data = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"s":"\\ud800"}';
    client.send(`{"id":3,"publish":{"topic":"a","op":"replace","data":${data}}}`);
    client.send(`{"id":4,"publish":{"topic":"a","op":"merge","data":{"__proto__":{"more":1}}}}`);
    const frames = [await client.line(), await client.line()];
    await bed.clock.advance(10);
    frames.push(await client.line(), await client.line());
    const values = frames.filter((frame) => 't' in frame);
    expect(values.map((frame) => JSON.stringify(frame['d'] ?? frame['m']))).toEqual([data, '{"__proto__":{"more":1}}']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(({} as { more?: unknown }).more).toBeUndefined();
  });
});

describe('the upgrade', () => {
  test('[W2] with our subprotocol among others it is accepted and named', async () => {
    const bed = await openBed();
    const client = await RawClient.open(bed.port, { 'Sec-WebSocket-Protocol': 'other, tidewall.v1.json' });
    expect(client.head).toMatch(/^HTTP\/1\.1 101 /);
    expect(client.head).toMatch(/\r\nSec-WebSocket-Protocol: tidewall\.v1\.json(\r\n|$)/);
  });

  test('without a subprotocol it is accepted and names none', async () => {
    const bed = await openBed();
    const client = await RawClient.open(bed.port);
    expect(client.head).toMatch(/^HTTP\/1\.1 101 /);
    expect(client.head).not.toMatch(/sec-websocket-protocol/i);
  });

  test.each([
    ['only other subprotocols', { 'Sec-WebSocket-Protocol': 'graphql-ws, mqtt' }],
    ['no key', { 'Sec-WebSocket-Key': '' }],
    ['another version of WebSocket', { 'Sec-WebSocket-Version': '7' }],
    ['a malformed list of subprotocols', { 'Sec-WebSocket-Protocol': 'tidewall.v1.json,,;' }],
  ])('[W2] with %s it is refused with 400', async (_title, headers) => {
    const bed = await openBed();
    const client = await RawClient.open(bed.port, headers);
    expect(client.head).toMatch(/^HTTP\/1\.1 400 /);
    expect(open(bed)).toBe(0);
  });

  test.each([
    ['unauthenticated', 4500],
    ['permission_denied', 4507],
    ['token_expired', 4005],
    ['internal', 4004],
  ] as const)('[W13] of somebody who is %s ends with %d', async (kind, code) => {
    const identify = () => {
      throw new TidewallError(kind, 'who are you?');
    };
    const bed = await openBed({ identify });
    const client = await RawClient.open(bed.port);
    expect(await client.ended).toEqual({ code, reason: 'who are you?' });
  });

  test('[W13] beyond the limit of sessions ends with 4504, and there is room again when one leaves', async () => {
    const bed = await openBed({ limits: { sessions: 2 } });
    const first = await RawClient.connected(bed.port);
    await RawClient.connected(bed.port);
    const third = await RawClient.open(bed.port);
    expect(await third.ended).toMatchObject({ code: 4504 });
    third.socket.destroy();
    first.socket.destroy();
    await bed.until(() => open(bed) === 1);
    await RawClient.connected(bed.port);
  });
});

describe('many hostile clients', () => {
  test('whatever the bytes, the end has a code of the wire or of RFC 6455, and the others see everything', async () => {
    const bed = await openBed();
    const calm = await bystander(bed);
    const good = Buffer.concat([
      text('{"id":2,"subscribe":{"topic":"a"}}'),
      clientFrame('{"id":3,"publish":', { fin: false }),
      clientFrame('{"topic":"a","data":[1,2]}}', { opcode: OPCODE.continuation }),
      clientFrame('x', { opcode: OPCODE.ping }),
      text('ping'),
    ]);
    const edits = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(edits, fc.nat(good.length), async (changes, cutAt) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        const attacker = await RawClient.connected(bed.port);
        attacker.socket.end(bytes.subarray(0, cutAt));
        const end = await attacker.ended;
        if (end !== 'cut') expect(end.code).toBeOneOf([1000, 1002, 1005, 1007, 4501]);
        await new Promise<void>((resolve) => {
          if (attacker.socket.destroyed) resolve();
          else attacker.socket.once('close', () => resolve());
        });
      }),
      { numRuns: 150 },
    );
    await bed.until(() => open(bed) === 1);
    await calm.seesEverything();
  });

  test('200 that never read a fast topic cost a bounded amount, and the others see everything', async () => {
    const bed = await openBed();
    const calm = await bystander(bed);
    const sockets = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const client = await RawClient.connected(bed.port);
        client.send({ id: 2, subscribe: { topic: 'fast/state', kind: 'state' } });
        await client.line();
        client.socket.pause();
        return client.socket;
      }),
    );
    const payload = 'x'.repeat(200_000);
    for (let i = 0; i < 20; i++) await bed.publish('fast/state', `${i}${payload}`);
    const before = bytesInUse();
    for (let i = 0; i < 60; i++) {
      await bed.publish('fast/state', `${i}${payload}`);
      if (i % 20 === 0) await calm.seesEverything();
    }
    // 60 × 200 kB × 200 clients would be 2.4 GB.
    expect(bytesInUse() - before).toBeLessThan(5 * MiB);
    await calm.seesEverything();
    for (const socket of sockets) socket.destroy();
    await bed.until(() => open(bed) === 1);
  });
});
