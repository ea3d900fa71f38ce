import { applyMergePatch, type JsonObject, type JsonValue } from '@tidewall/base';
import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { ConfigureRequest, Push, Session, SubscribeRequest } from '@tidewall/contracts';
import { DEFAULT_LIMITS, type Operation, type Since, type SubscribeReply, type TopicKind } from '@tidewall/protocol';
import { CountingMeter, FakeClock, RecordingEncoding, RecordingOutlet, silentLog } from '@tidewall/testkit';
import fc from 'fast-check';
import { expect } from 'vitest';
import { createHub, type Hub, openAccess } from './index.ts';

/*
 * For tests of this: whatever the grouping of arrivals, stalls, reconnects and flushes, a subscriber ends with what the hub holds.
 * The subscriber here is the plainest possible one; it knows the wire's meaning and nothing of the hub's insides.
 */

const anyone = { id: 'anyone', roles: [] };
const TOPIC = 'under/test';

export type Step =
  | { readonly do: 'publish'; readonly op: Operation; readonly data: JsonValue }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'stall' | 'resume' | 'reconnect' }
  | { readonly do: 'configure'; readonly change: ConfigureRequest };

/** What a subscriber asks of its view. */
export type Options = Pick<SubscribeRequest, 'rateHz' | 'filter' | 'fields' | 'delta'>;

export class PlainSubscriber {
  readonly kind: TopicKind;
  readonly options: Options;
  held: JsonValue | undefined;
  /** Offsets of a log: delivered, or told to be gone. */
  accounted: number[] = [];
  /** Those that were told to be gone. */
  readonly gone = new Set<number>();
  view = 0;
  since: Since | undefined;
  outlet = new RecordingOutlet();
  session: Session | undefined;
  #read = 0;
  #awaitsReset = false;
  readonly #encoding: RecordingEncoding;

  constructor(kind: TopicKind, encoding: RecordingEncoding, options: Options = {}) {
    this.kind = kind;
    this.options = options;
    this.#encoding = encoding;
  }

  async connect(hub: Hub): Promise<void> {
    this.outlet = new RecordingOutlet(this.#encoding);
    this.#read = 0;
    this.session = hub.open(anyone, this.outlet);
    let reply: SubscribeReply | undefined;
    const first = this.since === undefined;
    if (this.#awaitsReset) {
      this.since = undefined;
      this.held = undefined;
      this.#awaitsReset = false;
    }
    const request = {
      topic: TOPIC,
      since: this.since,
      ...this.options,
      rewind: first && this.kind === 'log' ? { count: 1e6 } : undefined,
    };
    await this.session.subscribe(request, (accepted) => {
      reply = accepted as SubscribeReply;
    });
    if (!reply) throw new Error('no reply');
    this.view = reply.topic;
    this.since = { epoch: reply.epoch, offset: reply.offset };
    this.read();
  }

  /** Takes in what has been written; a stalled peer's last write is read too, as it is in its socket. */
  read(): void {
    for (; this.#read < this.outlet.pushes.length; this.#read++) this.#apply(this.outlet.pushes[this.#read] as Push);
  }

  configure(change: ConfigureRequest): void {
    // Its position is of what was shown until now. Of a log, what was shown stays.
    const shows = () => JSON.stringify([this.options.filter, this.options.fields]);
    const before = shows();
    Object.assign(
      this.options,
      Object.fromEntries(Object.entries(change).map(([name, value]) => [name, value ?? undefined])),
    );
    if (shows() !== before && this.kind !== 'log') this.#awaitsReset = true;
    this.session?.configure(this.view, change, (view) => {
      this.view = view;
    });
  }

  get #plain(): boolean {
    const { filter, fields, delta } = this.options;
    return filter === undefined && fields === undefined && delta === undefined;
  }

  #apply(push: Push): void {
    if (!('n' in push) && push.type !== 'gap') return;
    const before = this.since?.offset ?? 0;
    if (push.type === 'gap') {
      for (let offset = push.from; offset <= push.to; offset++) {
        this.accounted.push(offset);
        this.gone.add(offset);
      }
    } else {
      if (this.kind === 'signal') expect(push.offset).toBeGreaterThan(before);
      else if (!(push.type === 'value' && push.reset)) {
        // Nothing may be missing; only in a view that leaves things out may a push reach back behind the subscriber.
        expect(push.offset).toBeGreaterThan(before);
        if (this.#plain) expect(push.offset - push.n).toBe(before);
        else expect(push.offset - push.n).toBeLessThanOrEqual(before);
      }
      if (push.type === 'value' && push.reset) this.#awaitsReset = false;
      this.held = fold(this.kind, this.held, push);
      if (push.type === 'position') {
        // Nothing but the position.
      } else if (this.kind === 'log' || this.kind === 'signal') this.accounted.push(push.offset);
    }
    this.since = { epoch: this.since?.epoch ?? '', offset: push.offset };
  }
}

function fold(kind: TopicKind, held: JsonValue | undefined, push: Push): JsonValue | undefined {
  if (push.type === 'merge') return applyMergePatch(held, JSON.parse(push.json));
  if (push.type === 'rows') {
    const rows = new Map(((held ?? []) as JsonObject[]).map((row) => [String(row['id']), row]));
    for (const key of JSON.parse(push.removals) as (string | number)[]) rows.delete(String(key));
    for (const row of JSON.parse(push.upserts) as JsonObject[]) rows.set(String(row['id']), row);
    return [...rows.values()];
  }
  if (push.type !== 'value') return held;
  const data = JSON.parse(push.json) as JsonValue;
  if (kind !== 'series' || push.reset || held === undefined) return data;
  return joinColumns(held as Record<string, JsonValue[]>, data as Record<string, JsonValue[]>);
}

function joinColumns(held: Record<string, JsonValue[]>, more: Record<string, JsonValue[]>): JsonValue {
  const [before, added] = [held['t']?.length ?? 0, more['t']?.length ?? 0];
  const names = [...new Set([...Object.keys(held), ...Object.keys(more)])];
  const pad = (count: number) => new Array<JsonValue>(count).fill(null);
  return Object.fromEntries(
    names.map((name) => [name, [...(held[name] ?? pad(before)), ...(more[name] ?? pad(added))]]),
  );
}

/** Points by column, without columns that hold nothing: which empty columns there are depends on what was dropped. */
export function points(value: JsonValue | undefined): JsonValue[] {
  const columns = (value ?? { t: [] }) as Record<string, JsonValue[]>;
  return (columns['t'] ?? []).map((t, i) => {
    const row = Object.keys(columns).map((name) => [name, columns[name]?.[i] ?? null] as const);
    return Object.fromEntries(row.filter(([name, cell]) => name === 't' || cell !== null).concat([['t', t ?? null]]));
  });
}

/** All points that were published after the last replace, that one's included, as the hub orders them. */
export function sinceLastReplace(script: readonly Step[]): JsonValue[] {
  let all: JsonValue[] = [];
  for (const step of script) {
    if (step.do !== 'publish') continue;
    const rows = [...(step.data as JsonObject[])].sort((a, b) => (a['t'] as number) - (b['t'] as number));
    const plain = rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== null)));
    all = step.op === 'replace' ? plain : [...all, ...plain];
  }
  return all;
}

export function expectTail(all: readonly JsonValue[], tail: readonly JsonValue[]): void {
  expect(all.slice(Math.max(0, all.length - tail.length))).toEqual(tail);
}

const name = fc.constantFrom('a', 'b', 'c', '__proto__');
const leaf = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(null), fc.constantFrom('x', '汉'));
const patch = fc.letrec<{ node: JsonValue }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(fc.tuple(name, tie('node')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  ),
})).node;
const key = fc.constantFrom('k1', 'k2', 'k3', 'k4');
const row = fc.record({ id: key, v: fc.integer({ min: 0, max: 9 }) });
const point = fc.record(
  { t: fc.integer({ min: 0, max: 99 }), a: fc.integer(), b: fc.option(fc.integer()) },
  { requiredKeys: ['t'] },
);

export const PUBLISH: { readonly [K in TopicKind]: fc.Arbitrary<Step> } = {
  state: fc.record({
    do: fc.constant('publish' as const),
    op: fc.constantFrom('replace', 'merge', 'merge', 'merge'),
    data: patch,
  }),
  table: fc.oneof(
    fc.record({
      do: fc.constant('publish' as const),
      op: fc.constantFrom('upsert', 'upsert', 'replace'),
      data: fc.array(row, { maxLength: 3 }),
    }),
    fc.record({
      do: fc.constant('publish' as const),
      op: fc.constant('remove'),
      data: fc.array(key, { maxLength: 2 }),
    }),
  ) as fc.Arbitrary<Step>,
  series: fc.record({
    do: fc.constant('publish' as const),
    op: fc.constantFrom('append', 'append', 'append', 'replace'),
    data: fc.array(point, { maxLength: 3 }),
  }) as fc.Arbitrary<Step>,
  log: fc.record({ do: fc.constant('publish' as const), op: fc.constant('append'), data: leaf }) as fc.Arbitrary<Step>,
  signal: fc.record({ do: fc.constant('publish' as const), op: fc.constant('emit'), data: leaf }) as fc.Arbitrary<Step>,
};

export const steps = (kind: TopicKind) =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: PUBLISH[kind] },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 8, 9) }) },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constantFrom('stall' as const, 'resume' as const, 'reconnect' as const) }),
      },
    ),
    { maxLength: 60 },
  );

export async function run(
  kind: TopicKind,
  script: readonly Step[],
  keepCount: number,
  windowMs: number,
  options: Options = {},
) {
  const clock = new FakeClock();
  let seed = 7;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  const hub = createHub({
    broker: createMemoryBroker({ random }),
    access: openAccess,
    clock,
    limits: { ...DEFAULT_LIMITS, flushWindowMs: windowMs },
    meter: new CountingMeter(),
    log: silentLog,
    random,
    settingsOf: () => ({ kind, keep: { count: keepCount, bytes: 1e6 } }),
  });
  const encoding = new RecordingEncoding();
  const subscriber = new PlainSubscriber(kind, encoding, { ...options });
  await subscriber.connect(hub);
  // Somebody who is there all the time, so that the one under test comes and goes within a living view.
  const steady = new PlainSubscriber(kind, encoding, { ...options });
  await steady.connect(hub);
  let published = 0;
  for (const step of script) {
    if (step.do === 'publish') {
      await hub.publish(anyone, { topic: TOPIC, op: step.op, data: step.data });
      published++;
    } else if (step.do === 'configure') {
      subscriber.read();
      subscriber.configure(step.change);
    } else if (step.do === 'wait') await clock.advance(step.ms);
    else if (step.do === 'stall') subscriber.outlet.stall();
    else if (step.do === 'resume') {
      subscriber.outlet.resume();
      subscriber.session?.drained();
    } else {
      subscriber.read();
      subscriber.session?.end();
      await subscriber.connect(hub);
    }
    subscriber.read();
    steady.read();
  }
  subscriber.outlet.resume();
  subscriber.session?.drained();
  // The slowest rate that is asked for here is 2 Hz.
  await clock.advance(1100);
  subscriber.read();
  steady.read();
  const truth = published === 0 ? undefined : await hub.snapshot(anyone, TOPIC);
  hub.dispose();
  expect(clock.pending).toBe(0);
  return {
    subscriber,
    steady,
    published,
    truth: truth?.json === undefined ? undefined : (JSON.parse(truth.json) as JsonValue),
  };
}
