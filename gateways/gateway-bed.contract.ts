import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonValue } from '@tidewall/base';
import { createMemoryBroker } from '@tidewall/brokers/memory';
import type {
  Access,
  Counter,
  Gateway,
  GatewayContext,
  GatewayDefinition,
  GatewayRequest,
  HubPort,
  KeyRing,
  Labels,
  Log,
  Meter,
  Outlet,
  SigningKey,
  SomeTopicSettings,
} from '@tidewall/contracts';
import { createHub, openAccess } from '@tidewall/hub';
import { DEFAULT_LIMITS, type Limits, type TopicKind } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { createNonceMemory } from './signed/index.ts';

export interface GatewayBedOptions {
  readonly limits?: Partial<Limits>;
  readonly identify?: GatewayContext['identify'];
  readonly identifyToken?: GatewayContext['identifyToken'];
  readonly access?: Access;
  readonly keys?: readonly SigningKey[];
  /** What the configuration says of the gateway itself. */
  readonly gateway?: object;
  /** What the configuration says of topics, by name. */
  readonly settings?: Readonly<Record<string, SomeTopicSettings>>;
}

/** One gateway on a real HTTP server and a real hub, with time and metrics in the test's hands. */
export interface GatewayBed {
  readonly clock: FakeClock;
  readonly hub: HubPort;
  readonly gateway: Gateway;
  readonly meter: ReadableMeter;
  readonly port: number;
  /** After so much time, what was published has been pushed. */
  readonly windowMs: number;
  /** From now on no `publish` of a client is ever answered, as with a broker that is stuck. */
  hangCommands(): void;
  hanging(): number;
  /** How often an outlet said "send no more", over all sessions. */
  readonly refusedWrites: () => number;
  publish(topic: string, data: JsonValue, kind?: TopicKind): Promise<void>;
  watchers(topic: string): number;
  /** Frames that a kind of gateway has refused or passed over, for whatever reason. */
  rejections(kind: string): number;
  /** Lets time go on in small steps, with real input and output in between, until something holds. */
  until(holds: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** A meter that can be read back. */
export interface ReadableMeter extends Meter {
  value(name: string, labels?: Labels): number;
  /** Of a counter, over all rows whose labels are asked for. */
  sum(name: string, of: (labels: Labels) => boolean): number;
}

export const PUBLISHER = { id: 'publisher', roles: [] };

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };
const MAX_STEPS = 20000;

export async function openGatewayBed(
  definition: GatewayDefinition,
  options: GatewayBedOptions = {},
): Promise<GatewayBed> {
  const clock = new FakeClock();
  const meter = createReadableMeter();
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  let turn = 0;
  const random = () => (turn++ % 997) / 997;
  const broker = createMemoryBroker({ random });
  const settingsOf = (topic: string) => options.settings?.[topic];
  const hub = createHub({
    broker,
    access: options.access ?? openAccess,
    clock,
    limits,
    meter,
    log: SILENT,
    random,
    settingsOf,
  });
  let refusedWrites = 0;
  let hangs = false;
  let hanging = 0;
  const watchedHub: HubPort = Object.assign(Object.create(hub) as HubPort, {
    open: (...[principal, outlet, name]: Parameters<HubPort['open']>) => {
      const watched: Outlet = {
        encoding: outlet.encoding,
        write: (frames) => {
          const takesMore = outlet.write(frames);
          if (!takesMore) refusedWrites++;
          return takesMore;
        },
        takenBytes: () => outlet.takenBytes(),
        close: (code, reason) => outlet.close(code, reason),
      };
      return hub.open(principal, watched, name);
    },
    publish: (...request: Parameters<HubPort['publish']>) => {
      if (!hangs) return hub.publish(...request);
      hanging++;
      return new Promise(() => {});
    },
    history: hub.history.bind(hub),
    presence: hub.presence.bind(hub),
    snapshot: hub.snapshot.bind(hub),
  });
  const identify = options.identify ?? (() => ({ id: 'anybody', roles: [] }));
  const identifyToken = options.identifyToken ?? (async () => ({ id: 'anybody', roles: [] }));
  const keys: KeyRing = {
    find: (id) => options.keys?.find((key) => key.id === id),
    principalOf: (id) => (keys.find(id) === undefined ? undefined : { id: `key:${id}`, roles: ['key'] }),
    noteUse() {},
  };
  const nonces = createNonceMemory({ clock, meter });
  const context = {
    hub: watchedHub,
    limits,
    clock,
    log: SILENT,
    meter,
    node: 'n1',
    keys,
    nonces,
    ...{ identify, identifyToken },
  };
  const settings = definition.settings?.parse(options.gateway ?? {});
  const gateway = definition.create(context, settings);
  const asked = (http: IncomingMessage): GatewayRequest => {
    const { pathname, searchParams } = new URL(http.url ?? '', 'http://localhost');
    return { http, rest: pathname.slice(definition.path.length), query: searchParams };
  };
  const server = createServer();
  server.on('upgrade', (request, socket, head) => gateway.upgrade?.(asked(request), socket, head));
  server.on('request', (request, response) => gateway.answer?.(asked(request), response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    clock,
    hub,
    gateway,
    meter,
    port: (server.address() as AddressInfo).port,
    windowMs: limits.flushWindowMs,
    refusedWrites: () => refusedWrites,
    hangCommands: () => {
      hangs = true;
    },
    hanging: () => hanging,
    async publish(topic, data, kind) {
      await hub.publish(PUBLISHER, { topic, data, kind });
      await clock.advance(limits.flushWindowMs);
    },
    rejections: (kind) => meter.sum('tidewall_frames_rejected_total', (row) => row['gateway'] === kind),
    watchers: (topic) => hub.topics(PUBLISHER).find((row) => row.topic === topic)?.watchers ?? 0,
    async until(holds) {
      for (let step = 0; step < MAX_STEPS; step++) {
        if (holds()) return;
        await clock.advance(1);
      }
      throw new Error('it did not come to hold');
    },
    async close() {
      gateway.close();
      hub.dispose();
      await broker.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function createReadableMeter(): ReadableMeter {
  const counts = new Map<string, number>();
  const rows = new Map<string, { readonly name: string; readonly labels: Labels }>();
  const reads = new Map<string, () => Iterable<[Labels, number]>>();
  const keyOf = (name: string, labels: Labels = {}) =>
    `${name}${JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
  return {
    counter: (name): Counter => ({
      add(amount, labels = {}) {
        const key = keyOf(name, labels);
        counts.set(key, (counts.get(key) ?? 0) + amount);
        rows.set(key, { name, labels });
      },
    }),
    gauge: (name, _help, read) => void reads.set(name, () => [[{}, read()]]),
    gauges: (name, _help, _labelNames, read) => void reads.set(name, read),
    sum(name, of) {
      let sum = 0;
      for (const [key, row] of rows) if (row.name === name && of(row.labels)) sum += counts.get(key) ?? 0;
      return sum;
    },
    value(name, labels = {}) {
      for (const [row, value] of reads.get(name)?.() ?? []) if (keyOf(name, row) === keyOf(name, labels)) return value;
      return counts.get(keyOf(name, labels)) ?? 0;
    },
  };
}
