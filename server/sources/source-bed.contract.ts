import { type JsonObject, type JsonValue, systemClock } from '@tidewall/base';
import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { Meter, Outlet, Source, SourceContext, SourceDefinition } from '@tidewall/contracts';
import { createHub, openAccess } from '@tidewall/hub';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { DEFAULT_LIMITS } from '@tidewall/protocol';
import { silentLog } from '@tidewall/testkit';
import { expect, vi } from 'vitest';
import { RecordingSink } from './recording-sink.ts';
import { parseSourceConfig } from './source-config.ts';
import { testContext } from './source-context.contract.ts';
import type { SourceHealth } from './source-runner.ts';
import { createSupervisor } from './supervisor.ts';

const meter: Meter = { counter: () => ({ add() {} }), gauge() {}, gauges() {} };
const outlet: Outlet = {
  encoding: { name: 'none', encode: () => new Uint8Array() },
  write: () => true,
  takenBytes: () => 0,
  close() {},
};

/** A source that somebody watches, under a real supervisor and a real hub. Tests only. */
export interface Watched {
  health(): SourceHealth;
  /** What one of its topics shows. */
  snapshot(topic: string): Promise<JsonValue | undefined>;
  close(): Promise<void>;
}

/** Sources of one kind that run for a test, by the machine's clock, and end with it. Tests only. */
export class SourceBed {
  readonly #definition: SourceDefinition;
  #abort = new AbortController();
  #runs: Promise<unknown>[] = [];

  static of<Config>(definition: SourceDefinition<Config>): SourceBed {
    return new SourceBed(definition as SourceDefinition);
  }

  private constructor(definition: SourceDefinition) {
    this.#definition = definition;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  create(config: JsonObject, more: Partial<SourceContext> = {}): Source {
    const context = testContext({ clock: systemClock, ...more });
    return this.#definition.create(parseSourceConfig('probe', this.#definition, config), context);
  }

  /** Runs it, and resolves when it says that it is well. Rejects when the run fails before. */
  async listen(source: Source, sink = new RecordingSink()): Promise<{ sink: RecordingSink; run: Promise<void> }> {
    const before = sink.healthyCalls;
    const run = source.run(sink, this.#abort.signal);
    run.catch(() => {});
    this.#runs.push(run);
    const healthy = vi.waitFor(() => expect(sink.healthyCalls).toBeGreaterThan(before), { timeout: 15_000 });
    await Promise.race([healthy, run.then(() => healthy)]);
    return { sink, run };
  }

  /** The sentence that a run ends with. */
  async failureOf(source: Source): Promise<string> {
    return source.run(new RecordingSink(), this.#abort.signal).then(
      () => 'it did not fail',
      (failure: Error) => failure.message,
    );
  }

  /** Aborts all runs, and waits for them. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.allSettled(this.#runs.splice(0));
    this.#abort = new AbortController();
  }

  async watch(settings: JsonObject, topic: string): Promise<Watched> {
    const random = () => 0;
    const surroundings = { clock: systemClock, log: silentLog, meter, random, limits: DEFAULT_LIMITS };
    const settingsOf = () => undefined;
    const broker = createMemoryBroker({ random });
    const hub = createHub({ ...surroundings, broker, access: openAccess, settingsOf });
    const supervisor = createSupervisor({ ...surroundings, hub, compileTransforms: () => (data) => data });
    const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: true });
    await supervisor.add({ name: 'probe', definition: this.#definition, settings, baseDir: '.', outgoing });
    const viewer = { id: 'viewer', roles: [] };
    await hub.open(viewer, outlet).subscribe({ topic }, () => {});
    return {
      health: () => supervisor.list()[0] as SourceHealth,
      snapshot: async (name) => {
        const { json } = await hub.snapshot(viewer, name);
        return json === undefined ? undefined : (JSON.parse(json) as JsonValue);
      },
      close: async () => {
        await supervisor.dispose();
        hub.dispose();
      },
    };
  }
}

/** Resolves when so many messages were published or refused. */
export function arrived(sink: RecordingSink, count: number): Promise<void> {
  const seen = () => sink.publications.length + sink.refusals.length;
  return vi.waitFor(() => expect(seen()).toBeGreaterThanOrEqual(count), { timeout: 15_000, interval: 10 });
}

/** Resolves when something is so. */
export function eventually(isSo: () => boolean | Promise<boolean>, timeout = 15_000): Promise<void> {
  return vi.waitFor(async () => expect(await isSo()).toBe(true), { timeout, interval: 20 });
}
