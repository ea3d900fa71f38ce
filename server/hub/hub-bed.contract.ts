import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { Access, Push, SomeTopicSettings } from '@tidewall/contracts';
import { DEFAULT_LIMITS, type Limits, type Position, type SubscribeReply, TidewallError } from '@tidewall/protocol';
import { CountingMeter, FakeClock, RecordingOutlet, silentLog } from '@tidewall/testkit';
import { afterEach, expect } from 'vitest';
import { createHub, type Hub, openAccess } from './index.ts';
import type { HubSession } from './session.ts';

export const anyone = { id: 'anyone', roles: [] };
export const WINDOW = DEFAULT_LIMITS.flushWindowMs;

export interface BedOptions {
  readonly settings?: Record<string, SomeTopicSettings>;
  readonly limits?: Partial<Limits>;
  readonly access?: Access;
}

/** Who watches a topic, and what it was sent. */
export interface Watching {
  readonly session: HubSession;
  readonly outlet: RecordingOutlet;
  readonly reply: SubscribeReply;
}

/** A hub on a clock that tests move, over a real broker. After each test it is disposed, and no timer may be left. */
export class HubBed {
  #hub: Hub | undefined;
  clock = new FakeClock();
  meter = new CountingMeter();

  /** The hub that `start` opened. */
  get hub(): Hub {
    if (!this.#hub) throw new Error('start first');
    return this.#hub;
  }

  start(options: BedOptions = {}): void {
    this.clock = new FakeClock();
    this.meter = new CountingMeter();
    let seed = 1;
    const random = () => {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    };
    this.#hub = createHub({
      broker: createMemoryBroker({ random }),
      access: options.access ?? openAccess,
      clock: this.clock,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      meter: this.meter,
      log: silentLog,
      random,
      settingsOf: (topic) => options.settings?.[topic],
    });
  }

  publish(topic: string, data: unknown, more: object = {}): Promise<Position> {
    return this.hub.publish(anyone, { topic, data: data as never, ...more });
  }

  /** A new session that follows a topic. Nothing may be pushed to it before the reply. */
  async watch(topic: string, more: object = {}, outlet = new RecordingOutlet()): Promise<Watching> {
    const session = this.hub.open(anyone, outlet);
    let reply: SubscribeReply | undefined;
    let pushesBeforeReply = -1;
    await session.subscribe({ topic, ...more }, (accepted) => {
      reply = accepted as SubscribeReply;
      pushesBeforeReply = outlet.pushes.length;
    });
    if (!reply) throw new Error('no reply');
    expect(pushesBeforeReply).toBe(0);
    return { session, outlet, reply };
  }

  dispose(): void {
    this.hub.dispose();
    expect(this.clock.pending, 'timers left after dispose').toBe(0);
  }
}

/** A bed for each test of a file. */
export function useHubBed(): HubBed {
  const bed = new HubBed();
  afterEach(() => bed.dispose());
  return bed;
}

/** The JSON texts of pushes, in order. */
export const texts = (pushes: readonly Push[]): string[] =>
  pushes.flatMap((push) => ('json' in push ? [push.json] : []));

/** What a promise was refused with. */
export async function refusal(promise: Promise<unknown>): Promise<TidewallError> {
  const failure = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(TidewallError);
  return failure as TidewallError;
}
