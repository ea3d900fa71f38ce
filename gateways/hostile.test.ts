import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { deflateRawSync } from 'node:zlib';
import { ERROR_CODES } from '@tidewall/protocol';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed, PUBLISHER } from './gateway-bed.contract.ts';
import type { HostileCase } from './hostile-case.contract.ts';
import { clientFrame, type End, OPCODE, RawClient } from './websocket/raw-client.contract.ts';

/*
 * What a stranger may do at the door of any gateway. Each folder says where its wire differs; one that says nothing fails.
 */

const MiB = 1024 * 1024;
/** Where the bed's clock begins, seconds. */
const NOW_S = 1_700_000_000;

const here = new URL('./', import.meta.url);
const has = (kind: string, file: string) => existsSync(new URL(`${kind}/${file}`, here));
const kinds = readdirSync(here).filter((kind) => has(kind, 'server.ts'));

test('every gateway says what it does about hostile input', () => {
  expect(kinds.filter((kind) => !has(kind, 'hostile.contract.ts'))).toEqual([]);
});

const CASES = await Promise.all(
  kinds
    .filter((kind) => has(kind, 'hostile.contract.ts'))
    .map(async (kind) => {
      const { hostileCase } = (await import(`./${kind}/hostile.contract.ts`)) as { hostileCase: HostileCase };
      return { ...hostileCase, kind };
    }),
);
type Case = Pick<HostileCase, 'definition' | 'settings' | 'signed'> & { readonly kind: string };

const open: { bed?: GatewayBed } = {};

afterEach(async () => {
  await open.bed?.close();
  delete open.bed;
});

async function bedOf(hostile: Case, options: GatewayBedOptions = {}): Promise<GatewayBed> {
  const { definition, settings = {}, signed } = hostile;
  const keys = signed === undefined ? [] : [signed.key];
  open.bed = await openGatewayBed(definition, { gateway: settings, keys, ...options });
  return open.bed;
}

const connections = (bed: GatewayBed, { kind }: Case) =>
  bed.meter.value('tidewall_gateway_connections', { gateway: kind });
const rejected = (bed: GatewayBed, { kind }: Case, reason: string) =>
  bed.meter.value('tidewall_frames_rejected_total', { gateway: kind, reason });

/** What the process holds on to, without what only waits to be collected. */
function bytesInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { external, heapUsed } = process.memoryUsage();
  return external + heapUsed;
}

interface Attack {
  readonly name: string;
  readonly bytes: () => Buffer;
  readonly end: number;
  /** By what it is counted. */
  readonly reason: string;
  /** What it takes to be made: an extension that was agreed on. */
  readonly deflated?: true;
}

const codeOf = (end: End) => (end === 'cut' ? end : end.code);
const piece = (payload: string, opcode: number = OPCODE.continuation) => clientFrame(payload, { opcode, fin: false });
const times = (count: number, frame: Buffer) => Buffer.concat(new Array<Buffer>(count).fill(frame));
const text = (...bytes: number[]) => clientFrame(Buffer.from([0x22, ...bytes, 0x22]));
const control = (payload: string, opcode: number) => clientFrame(payload, { opcode });

/** RFC 6455 as it must not be spoken; the ends are those of our own half of it. */
const ATTACKS: readonly Attack[] = [
  {
    name: 'a frame that claims 100 MiB',
    bytes: () => clientFrame('x', { claimedLength: 100 * MiB }),
    end: 4501,
    reason: 'too_large',
  },
  {
    name: 'a frame that claims 2^60 bytes',
    bytes: () => clientFrame('x', { claimedLength: 2 ** 60 }),
    end: 4501,
    reason: 'too_large',
  },
  {
    name: 'a million fragments',
    bytes: () => Buffer.concat([piece('x', OPCODE.text), times(999_999, piece('x'))]),
    end: 4501,
    reason: 'too_many_pieces',
  },
  {
    name: 'fragments that are too large together',
    bytes: () => Buffer.concat([piece('x'.repeat(700_000), OPCODE.text), piece('x'.repeat(700_000))]),
    end: 4501,
    reason: 'too_large',
  },
  { name: 'a binary frame', bytes: () => control('{}', OPCODE.binary), end: 4501, reason: 'binary' },
  { name: 'text that is not UTF-8', bytes: () => text(0xc3, 0x28), end: 1007, reason: 'not_utf8' },
  { name: 'half of a surrogate pair', bytes: () => text(0xed, 0xa0, 0x80), end: 1007, reason: 'not_utf8' },
  { name: 'an overlong encoding', bytes: () => text(0xc0, 0xaf), end: 1007, reason: 'not_utf8' },
  {
    name: 'a frame without a mask',
    bytes: () => clientFrame('{}', { masked: false }),
    end: 1002,
    reason: 'not_websocket',
  },
  {
    name: 'the reserved bit 2',
    bytes: () => clientFrame('{}', { reserved: 0x20 }),
    end: 1002,
    reason: 'not_websocket',
  },
  {
    name: 'the reserved bit 3',
    bytes: () => clientFrame('{}', { reserved: 0x10 }),
    end: 1002,
    reason: 'not_websocket',
  },
  {
    name: 'compression that was not agreed on',
    bytes: () => clientFrame('{}', { reserved: 0x40 }),
    end: 1002,
    reason: 'not_websocket',
  },
  { name: 'an opcode that there is not', bytes: () => control('{}', 3), end: 1002, reason: 'not_websocket' },
  {
    name: 'a continuation of nothing',
    bytes: () => control('{}', OPCODE.continuation),
    end: 1002,
    reason: 'not_websocket',
  },
  { name: 'a ping in fragments', bytes: () => piece('', OPCODE.ping), end: 1002, reason: 'not_websocket' },
  {
    name: 'a ping that is too long',
    bytes: () => control('x'.repeat(126), OPCODE.ping),
    end: 1002,
    reason: 'not_websocket',
  },
  {
    name: 'a close code that there is not',
    bytes: () => clientFrame(Buffer.from([0x03, 0xed]), { opcode: OPCODE.close }),
    end: 1002,
    reason: 'not_websocket',
  },
  {
    name: 'a flood of pings',
    bytes: () => times(20_000, control('x'.repeat(125), OPCODE.ping)),
    end: 4013,
    reason: 'flood',
  },
  {
    name: 'a flood of pongs',
    bytes: () => times(20_000, control('x'.repeat(125), OPCODE.pong)),
    end: 4013,
    reason: 'flood',
  },
  {
    name: 'a message that is a thousand times as large inside',
    bytes: () => clientFrame(deflateRawSync(Buffer.alloc(100 * MiB, 0x20)), { reserved: 0x40 }),
    end: 4501,
    reason: 'too_large',
    deflated: true,
  },
];

const spoken = CASES.flatMap((hostile) =>
  hostile.webSocket === undefined ? [] : [{ ...hostile, webSocket: hostile.webSocket }],
);

describe.each(spoken)('[W5] WebSocket as it must not be spoken: $kind', (hostile) => {
  const { webSocket, kind } = hostile;

  async function greeted(bed: GatewayBed, headers: Record<string, string> = {}): Promise<RawClient> {
    const client = await RawClient.open(bed.port, headers, webSocket.path);
    await webSocket.greet?.(client);
    return client;
  }

  /** Whether it is answered. */
  async function isServed(client: RawClient): Promise<boolean> {
    const before = client.pongs.length;
    client.socket.write(control('there?', OPCODE.ping));
    await expect.poll(() => client.pongs.length, { timeout: 10_000, interval: 5 }).toBe(before + 1);
    return client.pongs.at(-1) === 'there?';
  }

  const attacks = ATTACKS.filter(({ deflated }) => deflated !== true || webSocket.deflates);
  test.each(attacks)('$name ends with its code, costs no memory, and others notice nothing', async (attack) => {
    const bed = await bedOf(hostile);
    const calm = await greeted(bed);
    const offer = attack.deflated ? { 'Sec-WebSocket-Extensions': 'permessage-deflate' } : {};
    const attacker = await greeted(bed, offer);
    await bed.until(() => connections(bed, hostile) === 2);
    const bytes = attack.bytes();
    const refusals = bed.rejections(kind);
    const before = bytesInUse();
    attacker.socket.write(bytes);
    const ended = await attacker.ended;
    expect(bytesInUse() - before).toBeLessThan(20 * MiB);
    expect(codeOf(ended)).toBe(webSocket.ends?.[attack.name] ?? attack.end);
    attacker.socket.destroy();
    await bed.until(() => connections(bed, hostile) === 1);
    expect(bed.rejections(kind)).toBeGreaterThan(refusals);
    if (webSocket.ends === undefined) {
      expect((ended as { readonly reason: string }).reason).not.toBe('');
      // Who breaks WebSocket itself is told nothing in words of a wire.
      if (attack.end < 4000) expect(attacker.lines).toEqual([]);
      expect(rejected(bed, hostile, attack.reason)).toBe(1);
      expect(bed.meter.value('tidewall_closes_total', { gateway: kind, code: String(attack.end) })).toBe(1);
    }
    expect(await isServed(calm)).toBe(true);
    calm.socket.destroy();
  });
});

const silences = CASES.flatMap((hostile) => hostile.silent.map((silence) => ({ ...hostile, silence })));

test.each(silences)(
  '[W11] who opens a link and says nothing is let go in time: $kind, $silence.title',
  async (hostile) => {
    const { open: dial, code, withinMs, realTime } = hostile.silence;
    const bed = await bedOf(hostile, { limits: realTime ?? {} });
    const close = await dial(bed.port);
    await bed.until(() => connections(bed, hostile) === 1);
    const from = bed.clock.monotonic();
    if (realTime === undefined) await bed.clock.advance(withinMs - 2000);
    expect(connections(bed, hostile)).toBe(1);
    while (connections(bed, hostile) > 0) {
      if (realTime === undefined) await bed.clock.advance(100);
      else await new Promise((resolve) => setTimeout(resolve, 10));
      expect(bed.clock.monotonic() - from, 'how long it was kept').toBeLessThanOrEqual(withinMs + 2500);
    }
    expect(bed.meter.value('tidewall_closes_total', { gateway: hostile.kind, code: String(code) })).toBe(1);
    expect(bed.meter.value('tidewall_sessions')).toBe(0);
    close();
  },
);

const signing = CASES.flatMap((hostile) =>
  hostile.signed === undefined ? [] : [{ ...hostile, signed: hostile.signed }],
);

describe.each(signing)('[W52] whoever signs: $kind', (hostile) => {
  const { signed } = hostile;

  test.each(signed.forgeries)('$title is not signed by anybody', async ({ forge }) => {
    const bed = await bedOf(hostile);
    for (let nonce = 1; nonce <= 5; nonce++) {
      expect(await signed.knock(bed.port, forge(signed.sign(NOW_S, nonce)))).toBeOneOf([
        4500,
        4501,
        ERROR_CODES.bad_request.code,
      ]);
    }
    expect(bed.rejections(hostile.kind)).toBe(5);
    // What was refused has used up nothing.
    expect(await signed.knock(bed.port, signed.sign(NOW_S, 1))).toBe('let in');
  });

  test('what is signed is good once, and near its time', async () => {
    const bed = await bedOf(hostile);
    const knock = (offS: number, nonce: number) => signed.knock(bed.port, signed.sign(NOW_S + offS, nonce));
    expect(await knock(0, 1)).toBe('let in');
    expect(await knock(0, 1)).toBe(4500);
    for (const [i, offS] of [-signed.skewS, signed.skewS].entries()) expect(await knock(offS, 2 + i)).toBe('let in');
    for (const [i, offS] of [-signed.skewS - 1, signed.skewS + 1].entries())
      expect(await knock(offS, 4 + i)).toBe(4010);
    expect(await knock(0, 4)).toBe('let in');
  });
});

const asked = CASES.flatMap((hostile) => hostile.unknown.map((question) => ({ ...hostile, question })));

test.each(asked)(
  'what is not known is answered in words of the wire, or counted: $kind, $question.title',
  async (hostile) => {
    const { ask, answer, counted } = hostile.question;
    const bed = await bedOf(hostile);
    const got = await ask(bed);
    if (typeof answer === 'object') expect(got).toMatchObject(answer as object);
    else expect(got).toBe(answer);
    await bed.until(() => rejected(bed, hostile, counted) === 1);
  },
);

/** A frame of each wire, and where that is spoken. */
const FRAMES: readonly { readonly wire: string; readonly frame: string; readonly door: string }[] = [
  { wire: 'websocket', frame: '{"id":1,"subscribe":{"topic":"a"}}', door: 'spoken at /ws' },
  { wire: 'tcv', frame: '{"version":1,"action":"Ping"}', door: 'spoken at /tcv' },
  { wire: 'koa-socket', frame: '{"action":"getData","chartName":"trend"}', door: 'spoken at /socket-service' },
  { wire: 'heart-check', frame: '{"type":"auth","data":"a token"}', door: 'spoken at /heart-check' },
  { wire: 'socket-io', frame: '42["join",{"room":"sales"}]', door: 'spoken at /socket.io/' },
];

const misdirected = CASES.flatMap((hostile) =>
  FRAMES.flatMap(({ wire, frame, door }) => {
    const { frames } = hostile;
    return frames === undefined || frames.takes.includes(wire) ? [] : [{ ...hostile, frames, wire, frame, door }];
  }),
);

test.each(misdirected)(
  'a frame of $wire at the door of $kind is refused, and the right door named',
  async (hostile) => {
    const bed = await bedOf(hostile);
    expect(await hostile.frames.first(bed.port, hostile.frame)).toContain(hostile.door);
    expect(bed.rejections(hostile.kind)).toBe(1);
  },
);

/** Ways to write "one folder up", and to end a name early. */
const UP = ['..', '%2e%2e', '.%2e', '%2E.', '..%00', '%252e%252e', '..;', '%c0%ae%c0%ae', '．．', '..%09'];
const SLASH = ['/', '%2f', '%2F', '\\', '%5c', '%5C', '%252f', '%c0%af', '//', '/./'];
const CANARIES = ['canary', 'canary.json'];

describe('a whole server', () => {
  let host: TestHost;
  let names: string[];

  beforeAll(async () => {
    const many = 1_000_000;
    host = await startTestHost({
      settings: {
        host: '127.0.0.1',
        listen: Object.fromEntries(kinds.map((kind) => [kind, 0])),
        gateways: Object.fromEntries(CASES.flatMap(({ kind, settings }) => (settings ? [[kind, settings]] : []))),
        limits: { commandsPerSecond: many, commandBurst: many },
      },
    });
    for (const { signed } of CASES) {
      if (signed === undefined) continue;
      const body = JSON.stringify({ id: signed.key.id, secret: signed.key.secrets[0] });
      await fetch(`${host.url}/api/keys`, { method: 'POST', body });
    }
    for (const name of CANARIES) await writeFile(join(host.dataDir, name), '"the canary sings"');
    for (const topic of ['canary', 'shop/canary', 'redis/canary', 'screens/canary/variables']) {
      await host.hub.publish(PUBLISHER, { topic, kind: 'log', data: 'the canary sings' }).catch(() => {});
    }
    const climbing = UP.flatMap((up) => SLASH.flatMap((slash) => CANARIES.map((end) => `${up}${slash}${end}`)));
    const absolute = CANARIES.flatMap((end) => [join(host.dataDir, end), `trend/../${end}`, `trend%2f..%2f${end}`]);
    names = [...climbing, ...absolute, 'trend%00', 'file:%2f%2f', '*', '%zz', '+', '%23', ' '];
    expect(names.length).toBeGreaterThanOrEqual(200);
  });
  afterAll(() => host.close());

  async function counted(kind: string): Promise<number> {
    const metrics = await (await fetch(`${host.url}/metrics`)).text();
    const rows = metrics.matchAll(/^tidewall_frames_rejected_total\{gateway="([^"]+)",[^}]*\} (\d+)/gm);
    return [...rows].reduce((sum, [, gateway, count]) => sum + (gateway === kind ? Number(count) : 0), 0);
  }

  const namers = CASES.flatMap((hostile) => hostile.names.map((named) => ({ ...hostile, named })));

  test.each(namers)(
    'no name leads out of the names, and what lies there is not read: $kind, $named.title',
    async (hostile) => {
      const { kind, named } = hostile;
      const before = await counted(kind);
      const answers = await named.answers(host, names);
      for (const answer of answers) expect(answer).not.toContain('sings');
      const refused = async () => (named.counted === false ? names.length : (await counted(kind)) - before);
      await expect.poll(refused, { timeout: 10_000 }).toBe(names.length);
    },
  );

  /** The status that a request is answered with, a stream as it begins. */
  function statusOf(port: number, door: string, origin: string | undefined): Promise<number> {
    const [method = '', path = ''] = door.split(' ');
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const lines = [
      `${method === 'upgrade' ? 'GET' : method} ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      ...(origin === undefined ? [] : [`Origin: ${origin}`]),
      ...(method === 'upgrade' ? [...upgrade, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='] : ['Content-Length: 0']),
    ];
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('data', (bytes) => {
        socket.destroy();
        resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(String(bytes))?.[1]));
      });
      socket.on('error', reject);
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    });
  }

  const FOREIGN = ['http://elsewhere.example', 'https://127.0.0.1.elsewhere.example', 'null', 'file://'];
  const doors = CASES.flatMap((hostile) => hostile.doors.map((door) => ({ ...hostile, door })));

  test.each(doors)('a page of another site is refused where there is no right to be: $kind, $door', async (hostile) => {
    const { kind, door, definition } = hostile;
    const answer = await statusOf(host.port, door, undefined);
    expect(answer).not.toBe(403);
    expect(await statusOf(host.port, door, `http://127.0.0.1:${host.port}`)).toBe(answer);
    for (const origin of [...FOREIGN, 'http://127.0.0.1:1', `http://localhost:${host.port}`]) {
      expect([origin, await statusOf(host.port, door, origin)]).toEqual([origin, definition.anyPage ? answer : 403]);
    }
    // On a port of its own, pages of the same host may come from any port of it.
    const port = host.ports[kind] as number;
    const own = await statusOf(port, door, undefined);
    expect(own).not.toBe(403);
    expect(await statusOf(port, door, 'http://127.0.0.1:8080')).toBe(own);
    for (const origin of FOREIGN) {
      expect([origin, await statusOf(port, door, origin)]).toEqual([origin, definition.anyPage ? own : 403]);
    }
  });
});
