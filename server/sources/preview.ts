import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { Sink } from '@tidewall/contracts';
import { matchesPattern, type TopicKind, type TopicName } from '@tidewall/protocol';
import { chosenValues } from '@tidewall/request';
import { type CellType, isDateTime } from './cell.ts';
import { LinkedAbort } from './linked-abort.ts';
import { pause } from './pause.ts';
import { reasonOf } from './reason.ts';
import { parseSettings } from './settings.ts';
import { createInstance, type SourceInstance, type SourceSurroundings } from './source-instance.ts';
import type { SourceSpec } from './source-spec.ts';

export interface PreviewOptions {
  /** Values of parameters, as texts; the standard ones where absent. */
  readonly params?: Readonly<Record<string, string>>;
  /** Rows that are told; 50 when absent. */
  readonly rows?: number;
  /** For how long it is run at most, ms; 10 s when absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface PreviewColumn {
  readonly name: string;
  /** What its values are; `mixed` when they are not all the same, `empty` when there are none. */
  readonly type: CellType | 'object' | 'list' | 'mixed' | 'empty';
}

/** What a source brings first to one of its topics. */
export interface TopicPreview {
  readonly topic: TopicName;
  readonly kind: TopicKind;
  readonly columns: readonly PreviewColumn[];
  /** The first of them, behind the transforms. */
  readonly rows: readonly JsonValue[];
  /** How many there were. */
  readonly rowCount: number;
}

/** What came of running a source for a moment. */
export interface Preview {
  /** Whether it brought something, or said that it is well. */
  readonly ok: boolean;
  /** Why not: what failed, with its cure, or that nothing came in time. */
  readonly error?: string;
  readonly topics: readonly TopicPreview[];
  /** Until the first of its data. */
  readonly firstMs?: number;
  readonly tookMs: number;
  /** Rows that were refused, and why the first ones were. */
  readonly refusals: number;
  readonly refused: readonly string[];
}

const TIMEOUT_MS = 10_000;
const ROWS = 50;
const MOST_REFUSALS = 10;
/** Topics of families that are told; what comes to others is passed over. */
const MOST_FOUND = 20;
/** Of all rows that are told, as JSON; one that finds no room is only counted. */
const MOST_CHARACTERS = 4 * 1024 * 1024;
/** What comes in small pieces is listened to for a little longer. */
const MORE_MS = 300;
/** For a run that does not end when it is told to. */
const STOP_MS = 2_000;

/** Runs a source until it has brought something, and for a moment longer. */
export async function previewSource(
  surroundings: SourceSurroundings,
  spec: SourceSpec,
  options: PreviewOptions,
): Promise<Preview> {
  const checked = parseSettings(spec.name, spec.definition, spec.settings);
  const values = chosenValues(checked.common.params, options.params ?? {});
  const events = { published() {}, failed() {}, refused() {} };
  const topicFor = (declared: TopicName) => declared;
  const instance = createInstance(surroundings, { spec, checked, values, events, topicFor, trial: true });
  return new PreviewRun(surroundings, instance, options).run();
}

class PreviewRun {
  readonly #surroundings: SourceSurroundings;
  readonly #instance: SourceInstance;
  readonly #options: PreviewOptions;
  readonly #rows = new Map<TopicName, { readonly rows: JsonValue[]; count: number }>();
  readonly #refused: string[] = [];
  readonly #abort: LinkedAbort;
  readonly #begun: number;
  #characters = 0;
  #refusals = 0;
  #firstMs: number | undefined;
  #well = false;
  #noticed = () => {};

  constructor(surroundings: SourceSurroundings, instance: SourceInstance, options: PreviewOptions) {
    this.#surroundings = surroundings;
    this.#instance = instance;
    this.#options = options;
    this.#abort = new LinkedAbort(options.signal ?? new AbortController().signal);
    this.#begun = surroundings.clock.monotonic();
  }

  async run(): Promise<Preview> {
    const { clock } = this.#surroundings;
    const { timeoutMs = TIMEOUT_MS } = this.#options;
    const something = new Promise<void>((resolve) => (this.#noticed = resolve));
    let failure: string | undefined;
    let ended = false;
    const running = this.#run().then(
      () => (ended = true),
      (thrown: unknown) => {
        if (!this.#abort.signal.aborted) failure = reasonOf(thrown);
      },
    );
    await Promise.race([running, something, pause(clock, timeoutMs, this.#abort.signal)]);
    if (failure === undefined && this.#firstMs !== undefined) {
      await Promise.race([running, pause(clock, MORE_MS, this.#abort.signal)]);
    }
    const silence = this.#silence(ended ? 'it has ended, and brought nothing' : `nothing came within ${timeoutMs} ms`);
    this.#abort.abort();
    this.#abort.letGo();
    const never = new AbortController();
    await Promise.race([running, pause(clock, STOP_MS, never.signal)]);
    never.abort();
    return this.#preview(failure ?? silence);
  }

  /** One that throws at once has failed, too. */
  async #run(): Promise<void> {
    await this.#instance.source.run(this.#sink(), this.#abort.signal);
  }

  /** @param why nothing came */
  #silence(why: string): string | undefined {
    if (this.#abort.signal.aborted) return 'it was broken off';
    return this.#firstMs !== undefined || this.#well ? undefined : why;
  }

  #sink(): Sink {
    const { runner, createDelivery, source } = this.#instance;
    const deliveryOf = (topic: TopicName) => {
      const declared = runner.deliveries.get(topic);
      if (declared !== undefined) return declared;
      const family = source.families?.find(({ pattern }) => matchesPattern(pattern, topic));
      if (family === undefined) throw new TypeError(`the source does not feed the topic ${topic}`);
      return createDelivery({ ...family, topic });
    };
    const take = (topic: TopicName) => {
      this.#abort.signal.throwIfAborted();
      return async (_op: unknown, data: JsonValue) => this.#take(topic, data);
    };
    return {
      publish: async (topic, op, data, at) => deliveryOf(topic).publish(op, data, at, take(topic)),
      result: async (topic, data, at, place) => {
        await deliveryOf(topic).result(data, at, take(topic), this.#abort.signal, place);
        this.#notice();
      },
      healthy: () => {
        this.#well = true;
      },
      expect() {},
      refused: (reason) => {
        this.#refusals += 1;
        if (this.#refused.length < MOST_REFUSALS) this.#refused.push(reasonOf(reason));
      },
    };
  }

  /** Those that it declares, and those of its families that something came to. */
  #topics(): readonly Pick<TopicPreview, 'topic' | 'kind'>[] {
    const { topics, families = [] } = this.#instance.source;
    const declared = new Set(topics.map(({ topic }) => topic));
    const found = [...this.#rows.keys()].filter((topic) => !declared.has(topic)).slice(0, MOST_FOUND);
    return [
      ...topics,
      ...found.map((topic) => ({
        topic,
        kind: families.find(({ pattern }) => matchesPattern(pattern, topic))?.kind ?? 'state',
      })),
    ];
  }

  #take(topic: TopicName, data: JsonValue): void {
    const { rows: most = ROWS } = this.#options;
    this.#notice();
    const { length } = this.#instance.source.topics;
    const held = this.#rows.get(topic) ?? { rows: [], count: 0 };
    if (!this.#rows.has(topic) && this.#rows.size >= length + MOST_FOUND) return;
    this.#rows.set(topic, held);
    const rows = rowsOf(data);
    held.count += rows.length;
    for (const row of rows.slice(0, Math.max(0, most - held.rows.length))) {
      const { length: characters } = JSON.stringify(row);
      if (this.#characters + characters > MOST_CHARACTERS) return;
      this.#characters += characters;
      held.rows.push(row);
    }
  }

  #notice(): void {
    this.#firstMs ??= this.#surroundings.clock.monotonic() - this.#begun;
    this.#noticed();
  }

  #preview(error: string | undefined): Preview {
    const tookMs = Math.round(this.#surroundings.clock.monotonic() - this.#begun);
    const refusals = this.#refusals + this.#instance.runner.health.refusals;
    const last = this.#instance.runner.health.lastRefusal;
    return {
      ok: error === undefined,
      ...(error === undefined ? {} : { error }),
      topics: this.#topics().map(({ topic, kind }) => {
        const { rows, count } = this.#rows.get(topic) ?? { rows: [], count: 0 };
        return { topic, kind, columns: columnsOf(rows), rows, rowCount: count };
      }),
      ...(this.#firstMs === undefined ? {} : { firstMs: Math.round(this.#firstMs) }),
      tookMs,
      refusals,
      refused: last === undefined ? this.#refused : [...this.#refused, last],
    };
  }
}

/** Rows, also of columns; a value that is none is a row by itself. */
function rowsOf(data: JsonValue): readonly JsonValue[] {
  if (Array.isArray(data)) return data;
  const times = isJsonObject(data) ? data['t'] : undefined;
  if (!Array.isArray(times)) return [data];
  return times.map((_, index) => {
    const entries = Object.entries(data as JsonObject).map(([name, each]) => [
      name,
      Array.isArray(each) ? (each[index] ?? null) : each,
    ]);
    return Object.fromEntries(entries) as JsonObject;
  });
}

function columnsOf(rows: readonly JsonValue[]): readonly PreviewColumn[] {
  const types = new Map<string, Set<PreviewColumn['type']>>();
  for (const row of rows) {
    for (const [name, value] of isJsonObject(row) ? Object.entries(row) : [['', row] as const]) {
      const seen = types.get(name) ?? new Set();
      types.set(name, seen);
      if (value !== null && value !== undefined) seen.add(typeOf(value));
    }
  }
  return [...types].map(([name, seen]) => ({ name, type: seen.size > 1 ? 'mixed' : ([...seen][0] ?? 'empty') }));
}

function typeOf(value: JsonValue): PreviewColumn['type'] {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string') return isDateTime(value) ? 'date-time' : 'text';
  return typeof value === 'object' ? 'object' : (typeof value as 'number' | 'boolean');
}
