import { existsSync, readdirSync } from 'node:fs';
import type { JsonValue } from '@tidewall/base';
import type { GatewayDefinition, SigningKey } from '@tidewall/contracts';
import type { Limits, TopicKind } from '@tidewall/protocol';
import { TcpProxy } from '@tidewall/testkit';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, test } from 'vitest';
import { wireCase as flaskSse, StreamReader } from './flask-sse/wire.contract.ts';
import { type GatewayBed, openGatewayBed } from './gateway-bed.contract.ts';
import type { GatewayCase } from './gateway-case.contract.ts';
import { wireCase as heartCheck } from './heart-check/wire.contract.ts';
import { ask } from './http/http-client.contract.ts';
import { wireCase as koaSocket } from './koa-socket/wire.contract.ts';
import { gatewayCase as poll } from './poll/gateway.contract.ts';
import { wireCase as socketIo } from './socket-io/wire.contract.ts';
import { EventReader } from './sse/event-reader.contract.ts';
import { gatewayCase as sse } from './sse/gateway.contract.ts';
import { wireCase as tcv } from './tcv/wire.contract.ts';
import { gatewayCase as websocket } from './websocket/gateway.contract.ts';
import type { WireCase } from './wire-case.contract.ts';

/*
 * Links that stay open and carry nothing, in either direction: a plug was pulled, or a proxy keeps what its client has
 * left. Whatever a client spoke, nothing of it is left after a minute; where it has no word to say, after the life of its
 * stream and the time in which it might have come back.
 */

const MINUTE_MS = 60_000;
/** What runs out is looked at once a second, and a goodbye has a second to be said in. */
const LOOKS_MS = 2500;
/** By default a stream lives for five minutes and a tenth at most, and its client is waited for ten seconds. */
const LIFE_MS = 330_000 + 10_000;
/** Streams whose clients that vanish are to be gone within the minute. */
const SHORT_LIVES = { maxAgeMs: 40_000 };

interface HalfOpenCase {
  readonly title: string;
  readonly definition: GatewayDefinition;
  readonly keys?: readonly SigningKey[];
  readonly gateway?: object;
  readonly limits?: Partial<Limits>;
  readonly topic: string;
  readonly kind: TopicKind;
  data(i: number): JsonValue;
  /** Follows the topic. What it returns lets go of what the test itself holds. */
  join(port: number): Promise<() => void>;
  readonly withinMs: number;
  /** Its timers are the machine's, whose time cannot be moved on. */
  readonly realTime?: boolean;
}

function session(title: string, { definition, dial }: GatewayCase): HalfOpenCase {
  return {
    ...{ title, definition, topic: 'a', kind: 'state', data: (i) => ({ i }), withinMs: MINUTE_MS },
    async join(port) {
      const client = await dial(port);
      for (const command of [{ connect: { version: 1 } }, { subscribe: { topic: 'a' } }]) {
        client.send(JSON.stringify({ id: 1, ...command }));
        await client.next();
      }
      return () => client.vanish();
    },
  };
}

function foreign(title: string, wireCase: WireCase, more: Partial<HalfOpenCase> = {}): HalfOpenCase {
  const { settings = {}, join, ...shared } = wireCase;
  return {
    ...{ ...shared, title, gateway: settings, withinMs: MINUTE_MS },
    data: (i) => shared.data(i),
    join: async (port) => {
      const client = await join(port);
      return () => client.vanish();
    },
    ...more,
  };
}

async function streamOfTopics(port: number): Promise<() => void> {
  const reader = await EventReader.open(port, '/sse?topic=a');
  return () => reader.cut();
}

async function heldPoll(port: number): Promise<() => void> {
  const { headers } = await ask(port, '/poll?topic=a');
  const gone = new AbortController();
  const cursor = encodeURIComponent(String(headers['x-tidewall-cursor']));
  ask(port, `/poll?topic=a&cursor=${cursor}&waitMs=60000`, { signal: gone.signal }).catch(() => {});
  return () => gone.abort();
}

async function pollingRoom(port: number): Promise<() => void> {
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['polling'], reconnection: false, forceNew: true });
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  await socket.emitWithAck('join', { room: 'sales' });
  return () => void socket.disconnect();
}

async function page(port: number): Promise<() => void> {
  const reader = await StreamReader.open(port);
  return () => reader.vanish();
}

/** The engine of Socket.IO has timers of its own; with these it lets go after half a second. */
const QUICK = { limits: { pingMs: 200, deadMs: 500 }, realTime: true };

const CASES: readonly HalfOpenCase[] = [
  session('websocket', websocket),
  session('sse, a session', sse),
  { ...session('sse, topics', sse), join: streamOfTopics, withinMs: LIFE_MS },
  { ...session('sse, topics, shorter lives', sse), join: streamOfTopics, gateway: SHORT_LIVES },
  session('poll, a session', poll),
  { ...session('poll, topics', poll), join: heldPoll },
  foreign('tcv', tcv),
  foreign('socket-io', socketIo, QUICK),
  foreign('socket-io, polling', socketIo, { ...QUICK, join: pollingRoom }),
  foreign('koa-socket', koaSocket),
  foreign('heart-check', heartCheck),
  foreign('flask-sse', flaskSse, { join: page, withinMs: LIFE_MS }),
  foreign('flask-sse, shorter lives', flaskSse, { join: page, gateway: { ...flaskSse.settings, ...SHORT_LIVES } }),
];

/** Who answers requests one by one holds no link. */
const HOLDS_NONE = ['koa-http'];

test('every gateway is in the table', () => {
  const here = new URL('./', import.meta.url);
  const kinds = readdirSync(here).filter((kind) => existsSync(new URL(`${kind}/server.ts`, here)));
  const held = [...HOLDS_NONE, ...CASES.map(({ definition }) => definition.kind)];
  expect(kinds.filter((kind) => !held.includes(kind))).toEqual([]);
});

describe.each(CASES)('a link of $title that carries nothing any more', (wire) => {
  const open: { bed?: GatewayBed; proxy?: TcpProxy; vanish?: () => void } = {};

  afterEach(async () => {
    open.vanish?.();
    await open.proxy?.close();
    await open.bed?.close();
    for (const name of ['bed', 'proxy', 'vanish'] as const) delete open[name];
  });

  async function halfOpen(): Promise<GatewayBed> {
    const { definition, topic, kind, keys = [], gateway = {}, limits = {} } = wire;
    const bed = await openGatewayBed(definition, { settings: { [topic]: { kind } }, keys, gateway, limits });
    open.bed = bed;
    // Of patterns, only topics that there are have watchers.
    await bed.publish(topic, wire.data(0), kind);
    const proxy = await TcpProxy.start(bed.port);
    open.proxy = proxy;
    const joining = wire.join(proxy.port).then((vanish) => {
      open.vanish = vanish;
    });
    await Promise.all([joining, bed.until(() => open.vanish !== undefined && bed.watchers(topic) === 1)]);
    proxy.stall();
    return bed;
  }

  function isLeft(bed: GatewayBed): boolean {
    const { kind } = wire.definition;
    const gauges = ['tidewall_sessions', 'tidewall_views'].map((name) => bed.meter.value(name));
    gauges.push(bed.meter.value('tidewall_gateway_connections', { gateway: kind }), bed.watchers(wire.topic));
    return gauges.some((value) => value > 0);
  }

  async function expectFreed(bed: GatewayBed, meanwhile: (second: number) => Promise<void>): Promise<void> {
    const { withinMs, realTime } = wire;
    const from = bed.clock.monotonic();
    for (let second = 1; isLeft(bed); second++) {
      await meanwhile(second);
      if (realTime) await new Promise((resolve) => setTimeout(resolve, 20));
      else await bed.clock.advance(1000);
      expect(bed.clock.monotonic() - from, 'how long it has been kept').toBeLessThanOrEqual(withinMs + LOOKS_MS);
    }
  }

  test('is let go in time when nothing happens', async () => {
    await expectFreed(await halfOpen(), async () => {});
  });

  test('is let go in time when there is always something to send', async () => {
    const bed = await halfOpen();
    await expectFreed(bed, (second) => bed.publish(wire.topic, wire.data(second), wire.kind));
  });
});
