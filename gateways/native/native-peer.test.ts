import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { Encoding, HubPort } from '@tidewall/contracts';
import { createHub, openAccess } from '@tidewall/hub';
import { CLOSE_CODES, type CloseName, DEFAULT_LIMITS, type Limits, TidewallError } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNonceMemory } from '../signed/index.ts';
import { createGatewayMetrics } from './gateway-metrics.ts';
import { encodeBye, encodePushes } from './native-encoding.ts';
import { NativePeer, type NativeWire } from './native-peer.ts';
import { MOST_UNANSWERED } from './pipeline.ts';

type Line = Record<string, unknown> & { id?: number; error?: { name: string; afterMs: number } };

const encoding: Encoding = { name: 'test', encode: (pushes) => Buffer.from(encodePushes(pushes)) };

/** A wire that ends in an array. */
class ArrayWire implements NativeWire {
  readonly encoding = encoding;
  readonly texts: string[] = [];
  frames = 0;
  longest = 0;
  congested = false;
  paused = false;
  taken = 0;
  closedWith: { code: CloseName; reason: string } | undefined;
  peer: NativePeer | undefined;

  write(frames: readonly Uint8Array[]): boolean {
    for (const frame of frames) this.send(Buffer.from(frame).toString());
    return !this.congested;
  }

  send(text: string): void {
    if (this.closedWith !== undefined) return;
    this.frames++;
    this.longest = Math.max(this.longest, text.length);
    this.texts.push(...text.split('\n'));
  }

  takenBytes = () => this.taken;
  pause = () => {
    this.paused = true;
  };
  resume = () => {
    this.paused = false;
  };

  close(code: CloseName, reason: string): void {
    if (this.closedWith !== undefined) return;
    this.send(encodeBye(code, reason));
    this.closedWith = { code, reason };
    this.peer?.ended();
  }

  get lines(): Line[] {
    return this.texts.map((text) => (text.startsWith('{') ? (JSON.parse(text) as Line) : { text }));
  }
}

function setUp(options: { limits?: Partial<Limits>; publish?: HubPort['publish'] } = {}) {
  const clock = new FakeClock();
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const counter = { add() {} };
  const meter = { counter: () => counter, gauge() {}, gauges() {} };
  const errors: object[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => void errors.push(fields) };
  const random = () => 0.5;
  const broker = createMemoryBroker({ random });
  const settingsOf = () => undefined;
  const hub = createHub({ broker, access: openAccess, clock, limits, meter, log, random, settingsOf });
  if (options.publish) hub.publish = options.publish;
  const wire = new ArrayWire();
  const metrics = createGatewayMetrics(meter, 'test', () => 0);
  const identify = () => ({ id: 'x', roles: [] });
  const keys = { find: () => undefined, principalOf: () => undefined, noteUse() {} };
  const nonces = createNonceMemory({ clock, meter });
  const who = { identify, identifyToken: async () => identify() };
  const context = { hub, limits, clock, log, meter, node: 'n1', keys, nonces, ...who };
  const peer = new NativePeer(context, wire, { id: 'x', roles: [] }, metrics);
  wire.peer = peer;
  const receive = (text: string) => peer.receive(Buffer.from(text));
  const send = (...frames: object[]) => receive(frames.map((frame) => JSON.stringify(frame)).join('\n'));
  const settle = () => clock.advance(0);
  const connect = async () => {
    send({ id: 1, connect: { version: 1 } });
    await settle();
    wire.texts.length = 0;
  };
  return { clock, hub, wire, peer, receive, send, settle, connect, errors };
}

interface HeldPublish {
  readonly data: unknown;
  readonly done: boolean;
  answer(offset: number): void;
  refuse(): void;
}

/** A broker that answers when it is told to. */
function heldPublishes() {
  const begun: HeldPublish[] = [];
  const publish: HubPort['publish'] = (_principal, { data }) =>
    new Promise((resolve, reject) => {
      const held = {
        data,
        done: false,
        answer(offset: number) {
          held.done = true;
          resolve({ epoch: 'e', offset });
        },
        refuse() {
          held.done = true;
          reject(new TidewallError('busy', 'not now'));
        },
      };
      begun.push(held);
    });
  return { publish, begun };
}

describe('connecting', () => {
  test('[W11] the answer names the session, the node, the clock and the limits', async () => {
    const { send, settle, wire, clock } = setUp();
    send({ id: 1, connect: { version: 1 } });
    await settle();
    expect(wire.lines).toEqual([
      {
        id: 1,
        connect: {
          session: expect.any(String),
          node: 'n1',
          version: 1,
          now: clock.now(),
          pingMs: 25_000,
          limits: {
            frameBytes: 1_048_576,
            publicationBytes: 262_144,
            subscriptions: 256,
            commandsPerSecond: 50,
            commandBurst: 100,
          },
        },
      },
    ]);
  });

  test('commands that follow in the same frame are carried out', async () => {
    const { send, settle, wire } = setUp();
    send(
      { id: 1, connect: { version: 1 } },
      { id: 2, subscribe: { topic: 'a' } },
      { id: 3, publish: { topic: 'a', data: 1 } },
    );
    await settle();
    expect(wire.lines.map(({ id }) => id)).toEqual([1, 2, undefined, 3]);
  });

  test('[W12] another version is closed with version_mismatch', async () => {
    const { send, settle, wire } = setUp();
    send({ id: 1, connect: { version: 2 } });
    await settle();
    expect(wire.closedWith?.code).toBe('version_mismatch');
  });

  test('[W13] a hub that is full closes with connection_limit', async () => {
    const { send, settle, wire } = setUp({ limits: { sessions: 0 } });
    send({ id: 1, connect: { version: 1 } });
    await settle();
    expect(wire.closedWith?.code).toBe('connection_limit');
  });
});

describe('heartbeats', () => {
  test('[W26] are answered at once, before connect and between commands', () => {
    const { receive, wire, clock } = setUp();
    receive('ping');
    receive('HeartBeat\n{"ping":{"t0":5}}\r\n');
    const now = clock.now();
    expect(wire.texts).toEqual(['pong', 'HeartBeat', `{"pong":{"t0":5,"t1":${now},"t2":${now}}}`]);
  });

  test('[W7] a clock ping does not wait for a command that is under way', async () => {
    const { send, settle, connect, wire } = setUp({ publish: () => new Promise(() => {}) });
    await connect();
    send({ id: 2, publish: { topic: 'a', data: 1 } }, { ping: { t0: 1 } });
    await settle();
    expect(wire.lines).toEqual([{ pong: expect.objectContaining({ t0: 1 }) }]);
  });

  test('[W26] on a full wire only the newest is answered, when there is room again', () => {
    const { peer, receive, wire } = setUp();
    wire.congested = true;
    for (let i = 0; i < 50; i++) receive(`{"ping":{"t0":${i}}}`);
    expect(wire.texts).toEqual([]);
    wire.congested = false;
    peer.drained();
    expect(wire.lines).toEqual([{ pong: expect.objectContaining({ t0: 49 }) }]);
  });

  test('[W28] silence for deadMs closes with no_pong, and any frame puts it off', async () => {
    const { peer, receive, wire, connect, clock } = setUp();
    await connect();
    await clock.advance(59_999);
    receive('');
    await clock.advance(59_999);
    peer.sweep();
    expect(wire.closedWith).toBeUndefined();
    await clock.advance(1);
    peer.sweep();
    expect(wire.closedWith?.code).toBe('no_pong');
  });
});

describe('commands', () => {
  test('[W7] are answered in order, refused ones too', async () => {
    const { send, settle, connect, wire } = setUp();
    await connect();
    send(
      { id: 2, publish: { topic: 'a', data: 1 } },
      { id: 3, subscribe: { topic: 5 } },
      { id: 4, publish: { topic: 'a', data: 2 } },
      { id: 5, dance: {} },
      { id: 6, history: { topic: 'nowhere' } },
      { id: 7, publish: { topic: 'a', data: 3 } },
    );
    await settle();
    expect(wire.lines.map(({ id }) => id)).toEqual([2, 3, 4, 5, 6, 7]);
  });

  test('[W7] publishes begin in order without waiting for the one before, and are answered in order', async () => {
    const { publish, begun } = heldPublishes();
    const { send, settle, connect, wire } = setUp({ publish });
    await connect();
    for (let id = 2; id < 6; id++) send({ id, publish: { topic: 'a', data: id } });
    await settle();
    expect(begun.map(({ data }) => data)).toEqual([2, 3, 4, 5]);
    begun[2]?.answer(3);
    begun[1]?.answer(2);
    await settle();
    expect(wire.lines).toEqual([]);
    begun[0]?.answer(1);
    await settle();
    expect(wire.lines).toEqual([2, 3, 4].map((id) => ({ id, publish: { epoch: 'e', offset: id - 1 } })));
  });

  test('[W7] a refused publish keeps its place between those that are under way', async () => {
    const { publish, begun } = heldPublishes();
    const { send, settle, connect, wire } = setUp({ publish });
    await connect();
    send(
      { id: 2, publish: { topic: 'a', data: 1 } },
      { id: 3, publish: { topic: 5, data: 1 } },
      { id: 4, publish: { topic: 'a', data: 2 } },
      { id: 5, dance: {} },
      { id: 6, publish: { topic: 'a', data: 3 } },
    );
    await settle();
    begun[1]?.refuse();
    begun[2]?.answer(2);
    await settle();
    expect(wire.lines).toEqual([]);
    begun[0]?.answer(1);
    await settle();
    expect(wire.lines.map(({ id, error }) => [id, error?.name])).toEqual([
      [2, undefined],
      [3, 'bad_request'],
      [4, 'busy'],
      [5, 'unknown_command'],
      [6, undefined],
    ]);
  });

  test('[W7] other commands wait for the publishes before them, and those after wait for them', async () => {
    const { publish, begun } = heldPublishes();
    const { hub, send, settle, connect, wire } = setUp({ publish });
    let asked: (() => void) | undefined;
    hub.presence = () =>
      new Promise((resolve) => {
        asked = () => resolve({ count: 7 });
      });
    await connect();
    send(
      { id: 2, publish: { topic: 'a', data: 1 } },
      { id: 3, publish: { topic: 'a', data: 2 } },
      { id: 4, presence: { topic: 'a' } },
      { id: 5, publish: { topic: 'a', data: 3 } },
    );
    begun[1]?.answer(2);
    await settle();
    expect(asked).toBeUndefined();
    begun[0]?.answer(1);
    await settle();
    expect(asked).toBeDefined();
    expect(begun.length).toBe(2);
    asked?.();
    await settle();
    expect(begun.length).toBe(3);
    begun[2]?.answer(3);
    await settle();
    expect(wire.lines.map(({ id }) => id)).toEqual([2, 3, 4, 5]);
  });

  test('whatever is refused, held or answered late, each command has one answer, in order', async () => {
    const COMMANDS = {
      publish: { publish: { topic: 'a', data: 1 } },
      wrong: { publish: { topic: '', data: 1 } },
      unknown: { dance: {} },
      history: { history: { topic: 'nowhere' } },
      subscribe: { subscribe: { topic: 's' } },
      configure: { configure: { topic: 99, rateHz: 1 } },
      presence: { presence: { topic: 's' } },
      unsubscribe: { unsubscribe: { topic: 98 } },
    };
    const names = fc.array(fc.constantFrom(...(Object.keys(COMMANDS) as (keyof typeof COMMANDS)[])), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(names, fc.infiniteStream(fc.nat()), async (commands, choices) => {
        const { publish, begun } = heldPublishes();
        const { send, settle, connect, wire } = setUp({ publish });
        await connect();
        send(...commands.map((name, i) => ({ id: i + 10, ...COMMANDS[name] })));
        await settle();
        for (const choice of choices) {
          const open = begun.filter(({ done }) => !done);
          if (open.length === 0) break;
          open[choice % open.length]?.[choice % 3 === 0 ? 'refuse' : 'answer'](1);
          if (choice % 2 === 0) await settle();
          else if (open.length === 1) await settle();
        }
        expect(wire.lines.map(({ id }) => id).filter((id) => id !== undefined)).toEqual(commands.map((_, i) => i + 10));
      }),
      { numRuns: 100 },
    );
  });

  test('[W30] the answers of one turn are one frame, or as few as the limit lets hold them', async () => {
    const { send, settle, connect, wire } = setUp({ limits: { frameBytes: 600 } });
    await connect();
    wire.frames = wire.longest = 0;
    for (let id = 10; id < 20; id++) send({ id, publish: { topic: 'a', data: 1 } });
    await settle();
    expect(wire.lines.length).toBe(10);
    expect(wire.frames).toBeGreaterThan(1);
    expect(wire.frames).toBeLessThan(5);
    expect(wire.longest * 3).toBeLessThanOrEqual(600);
  });

  test('[W15] the reply to subscribe precedes its pushes', async () => {
    const { hub, send, settle, connect, wire } = setUp();
    await connect();
    await hub.publish({ id: 'p', roles: [] }, { topic: 'a', data: 1 });
    send({ id: 2, subscribe: { topic: 'a' } });
    await settle();
    expect(wire.lines).toMatchObject([
      { id: 2, subscribe: { recovered: false, offset: 1 } },
      { o: 1, r: 1, d: 1 },
    ]);
  });

  test('a failure that is not a TidewallError is logged, and answered without its words', async () => {
    const publish = () => Promise.reject(new Error('password=secret'));
    const { send, settle, connect, wire, errors } = setUp({ publish });
    await connect();
    send({ id: 2, publish: { topic: 'a', data: 1 } });
    await settle();
    expect(wire.lines).toMatchObject([{ id: 2, error: { name: 'internal' } }]);
    expect(JSON.stringify(wire.lines)).not.toContain('secret');
    expect(errors.length).toBe(1);
  });

  test('with many unanswered the wire is not read, and no more than that begin', async () => {
    const { publish, begun } = heldPublishes();
    const limits = { commandsPerSecond: 100_000, commandBurst: 100_000 };
    const { send, settle, connect, wire, peer, clock } = setUp({ publish, limits });
    await connect();
    for (let id = 2; id < MOST_UNANSWERED + 102; id++) send({ id, publish: { topic: 'a', data: 1 } });
    expect(wire.paused).toBe(true);
    expect(begun.length).toBe(MOST_UNANSWERED);
    await clock.advance(120_000);
    peer.sweep();
    expect(wire.closedWith, 'what it sends is not seen, so it is not called dead').toBeUndefined();
    for (let i = 0; i < 99; i++) begun[i]?.answer(i);
    await settle();
    expect(wire.paused).toBe(true);
    for (let i = 99; i < MOST_UNANSWERED + 100; i++) begun[i]?.answer(i);
    await settle();
    expect(wire.paused).toBe(false);
    peer.sweep();
    expect(wire.closedWith).toBeUndefined();
    for (const { done, answer } of begun) if (!done) answer(0);
    await settle();
    expect(wire.lines.length).toBe(MOST_UNANSWERED + 100);
  });

  test('with many bytes waiting the wire is not read', async () => {
    const { send, connect, wire } = setUp({ publish: () => new Promise(() => {}) });
    await connect();
    for (let id = 2; id < 9; id++) send({ id, publish: { topic: 'a', data: 'x'.repeat(200_000) } });
    expect(wire.paused).toBe(true);
  });

  test('on a full wire they wait until there is room', async () => {
    const { send, settle, connect, wire, peer } = setUp();
    await connect();
    wire.congested = true;
    send({ id: 2, publish: { topic: 'a', data: 1 } });
    await settle();
    expect(wire.lines).toEqual([]);
    wire.congested = false;
    peer.drained();
    await settle();
    expect(wire.lines).toMatchObject([{ id: 2, publish: { offset: 1 } }]);
  });

  test('[W25] replies that nobody takes close with no_progress, slow reading does not', async () => {
    const { connect, wire, peer, clock } = setUp({ limits: { deadMs: 1_000_000 } });
    await connect();
    wire.congested = true;
    for (let i = 0; i < 100; i++) {
      await clock.advance(1000);
      wire.taken += i % 20 === 0 ? 1 : 0;
      peer.sweep();
    }
    expect(wire.closedWith).toBeUndefined();
    for (let i = 0; i < 31; i++) {
      await clock.advance(1000);
      peer.sweep();
    }
    expect(wire.closedWith?.code).toBe('no_progress');
  });
});

describe('the end', () => {
  test('[W36] finish waits for what is under way, and refuses what comes after', async () => {
    const { publish, begun } = heldPublishes();
    const { send, settle, connect, wire, peer } = setUp({ publish });
    await connect();
    send({ id: 2, publish: { topic: 'a', data: 1 } }, { id: 3, publish: { topic: 'a', data: 2 } });
    await settle();
    let finished = false;
    const finishing = peer.finish().then(() => {
      finished = true;
    });
    send({ id: 4, publish: { topic: 'a', data: 3 } });
    begun[0]?.answer(1);
    await settle();
    expect(finished).toBe(false);
    begun[1]?.answer(2);
    await finishing;
    expect(wire.lines).toMatchObject([
      { id: 2, publish: {} },
      { id: 3, publish: {} },
      { id: 4, error: { name: 'busy' } },
    ]);
  });

  test('a peer that goes while finish waits is finished', async () => {
    const { send, settle, connect, peer } = setUp({ publish: () => new Promise(() => {}) });
    await connect();
    send({ id: 2, publish: { topic: 'a', data: 1 } });
    await settle();
    const finishing = peer.finish();
    peer.ended();
    await finishing;
  });

  test('an ended peer answers nothing, holds no session, and may end again', async () => {
    const { hub, send, settle, connect, wire, peer } = setUp();
    await connect();
    send({ id: 2, subscribe: { topic: 'a', kind: 'state' } });
    await settle();
    expect(hub.topics({ id: 'x', roles: [] })[0]?.watchers).toBe(1);
    peer.ended();
    peer.ended();
    expect(hub.topics({ id: 'x', roles: [] })[0]?.watchers).toBe(0);
    const before = wire.texts.length;
    send({ id: 3, publish: { topic: 'a', data: 1 } });
    expect(peer.heartbeat()).toBe(false);
    await settle();
    expect(wire.texts.length).toBe(before);
  });
});

describe('mutated frames', () => {
  const SEEDS = [
    '{"id":2,"subscribe":{"topic":"a/b","since":{"epoch":"e","offset":3},"rewind":{"count":5}}}',
    '{"id":3,"publish":{"topic":"a","op":"merge","data":{"v":[1,2,{"x":null}]},"at":1700000000000}}',
    '{"id":4,"history":{"topic":"a","limit":10,"reverse":true}}',
    '{"id":5,"unsubscribe":{"topic":1}}',
    '{"ping":{"t0":1}}',
    'ping',
  ];
  const mutated = fc
    .tuple(
      fc.constantFrom(...SEEDS),
      fc.array(fc.tuple(fc.nat(200), fc.nat(3), fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 3 }),
    )
    .map(([seed, edits]) =>
      edits.reduce(
        (text, [at, cut, insert]) =>
          text.slice(0, at % (text.length + 1)) + insert + text.slice((at % (text.length + 1)) + cut),
        seed,
      ),
    );

  test('[W6] each command has one answer or the connection is closed as a bad frame; nothing throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(mutated, { minLength: 1, maxLength: 20 }), async (texts) => {
        const { receive, wire, settle, connect } = setUp({ limits: { commandBurst: 10_000 } });
        await connect();
        for (const text of texts) receive(text);
        await settle();
        if (wire.closedWith !== undefined) {
          expect(wire.closedWith.code).toBe('bad_frame');
          expect(wire.lines.at(-1)).toMatchObject({ bye: { code: CLOSE_CODES.bad_frame.code } });
          return;
        }
        const commands = texts
          .flatMap((text) => text.split('\n'))
          .map((line) => line.trim())
          .filter((line) => line !== '' && line !== 'ping')
          .filter((line) => !(JSON.parse(line) instanceof Object && JSON.parse(line).ping?.t0 !== undefined));
        const answers = wire.lines.filter((line) => line.id !== undefined);
        expect(answers.length).toBe(commands.length);
        for (const { error } of answers) expect(error?.name).not.toBe('internal');
      }),
      { numRuns: 300 },
    );
  });
});
