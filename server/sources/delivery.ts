import { type Clock, isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { SourceTopic } from '@tidewall/contracts';
import type { Limits, Operation } from '@tidewall/protocol';
import { ROW_NUMBER_FIELD } from './output.ts';
import { PublishedSeries } from './published-series.ts';
import { PublishedTable } from './published-table.ts';
import type { Put } from './put.ts';
import { Turns } from './turns.ts';

/** Data through the transforms of a source. */
export type Pipeline = (data: JsonValue) => JsonValue | Promise<JsonValue>;

export interface DeliveryOptions {
  readonly topic: SourceTopic;
  /** Absent: everything goes on as it is. */
  readonly pipeline: Pipeline | undefined;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'publicationBytes'>;
  /** @param count how many rows it is about; 1 when absent */
  refused(reason: string, count?: number): void;
}

/** Complaints of one result; the rest of them are only counted. */
const MOST_COMPLAINTS = 10;

/**
 * What a source says of one topic, on its way to it: through the transforms, and of a result only what differs from what
 * the topic was told before. It outlives a run, so that the next one does not say everything again.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #table: PublishedTable | undefined;
  readonly #series: PublishedSeries | undefined;
  readonly #turns: Turns;
  /** JSON texts: of a `state` its value, of a `log` the rows of the last result. */
  #value: string | undefined;
  #entries: ReadonlySet<string> = new Set();

  constructor(options: DeliveryOptions) {
    const { topic, clock, limits } = options;
    this.#options = options;
    this.#turns = new Turns(clock);
    const shared = { topic: topic.topic, pieceBytes: limits.publicationBytes, clock };
    if (topic.kind === 'table') this.#table = new PublishedTable({ ...shared, keyField: this.#keyField });
    if (topic.kind === 'series') this.#series = new PublishedSeries(shared);
  }

  get #keyField(): string {
    return this.#options.topic.keyField ?? ROW_NUMBER_FIELD;
  }

  /** One thing that happened: what its transforms make of it, which may be nothing or several. */
  async publish(op: Operation, data: JsonValue, at: number | undefined, put: Put): Promise<void> {
    const { pipeline, topic } = this.#options;
    // What takes away, or changes a part, is nothing that rows could be made of.
    if (pipeline === undefined || op === 'remove' || op === 'merge') return put(op, data, at);
    if (topic.kind === 'state' || topic.kind === 'signal') return put(op, await pipeline(data), at);
    const made = await pipeline(topic.kind === 'log' || isJsonObject(data) ? [data] : data);
    if (!Array.isArray(made)) return put(op, made, at);
    if (topic.kind === 'log') for (const entry of made) await put(op, entry, at);
    else if (made.length > 0 || op === 'replace') await put(op, made, at);
  }

  /**
   * All that there is now. Stops between two publications when `signal` aborts.
   *
   * @returns how many publications that took; 0 when nothing differs
   */
  async result(data: JsonValue, at: number | undefined, put: Put, signal: AbortSignal): Promise<number> {
    const { pipeline, topic } = this.#options;
    const made = pipeline === undefined ? data : await pipeline(data);
    if (signal.aborted) return 0;
    switch (topic.kind) {
      case 'state':
        return this.#state(made, at, put);
      case 'signal':
        await put('emit', made, at);
        return 1;
      case 'log':
        return this.#log(made, at, put, signal);
      case 'series':
        return this.#seriesOf(made, put, signal);
      case 'table':
        return this.#tableOf(made, put, signal);
    }
  }

  async #state(value: JsonValue, at: number | undefined, put: Put): Promise<number> {
    const text = JSON.stringify(value);
    if (text === this.#value) return 0;
    await put('replace', value, at);
    this.#value = text;
    return 1;
  }

  async #log(value: JsonValue, at: number | undefined, put: Put, signal: AbortSignal): Promise<number> {
    const known = this.#entries;
    const seen = new Set<string>();
    let published = 0;
    for (const row of Array.isArray(value) ? value : [value]) {
      if (signal.aborted) break;
      const text = JSON.stringify(row);
      if (!known.has(text) && !seen.has(text)) {
        await put('append', row, at);
        published += 1;
      }
      seen.add(text);
      await this.#turns.step();
    }
    if (!signal.aborted) this.#entries = seen;
    return published;
  }

  async #seriesOf(value: JsonValue, put: Put, signal: AbortSignal): Promise<number> {
    const complaints = this.#complaints();
    const points = await pointsOf(value, this.#options.clock.now(), complaints.add, this.#turns);
    complaints.end();
    return this.#series?.update(put, points, signal) ?? 0;
  }

  async #tableOf(value: JsonValue, put: Put, signal: AbortSignal): Promise<number> {
    const complaints = this.#complaints();
    const rows: JsonObject[] = [];
    const numbers = new Map<string, number>();
    const keyField = this.#keyField;
    let number = 0;
    for (const row of Array.isArray(value) ? value : [value]) {
      number += 1;
      const keyed =
        isJsonObject(row) && keyField === ROW_NUMBER_FIELD && !(keyField in row) ? { [keyField]: number, ...row } : row;
      const fault = faultOfRow(keyed, keyField, numbers);
      if (fault !== undefined) complaints.add(`row ${number} ${fault}`);
      else {
        numbers.set(String((keyed as JsonObject)[keyField]), number);
        rows.push(keyed as JsonObject);
      }
      await this.#turns.step();
    }
    complaints.end();
    const sink = { publish: (_topic: unknown, op: Operation, data: JsonValue) => put(op, data) };
    return this.#table?.update(sink, rows, signal) ?? 0;
  }

  /** The first few by themselves, and how many more there were. */
  #complaints(): { add(reason: string): void; end(): void } {
    let count = 0;
    return {
      add: (reason) => {
        count += 1;
        if (count <= MOST_COMPLAINTS) this.#options.refused(reason);
      },
      end: () => {
        const more = count - MOST_COMPLAINTS;
        if (more > 0) this.#options.refused(`${more} more rows, for reasons like these`, more);
      },
    };
  }
}

function faultOfRow(row: JsonValue, keyField: string, numbers: ReadonlyMap<string, number>): string | undefined {
  if (!isJsonObject(row)) return 'is no row of named fields';
  const key = Object.hasOwn(row, keyField) ? row[keyField] : undefined;
  if (typeof key !== 'string' && typeof key !== 'number')
    return `has no ${keyField}, a text or a number that identifies it`;
  const first = numbers.get(String(key));
  return first === undefined ? undefined : `has the ${keyField} ${JSON.stringify(key)} of row ${first}`;
}

/** Rows with `t` and numbers, or columns, as points in the order of their time. */
async function pointsOf(
  value: JsonValue,
  now: number,
  refused: (reason: string) => void,
  turns: Turns,
): Promise<readonly JsonObject[]> {
  if (isJsonObject(value) && Array.isArray(value['t'])) return pointsOfColumns(value, value['t']);
  const points: JsonObject[] = [];
  const rows = Array.isArray(value) ? value : [value];
  for (const [index, row] of rows.entries()) {
    const point = pointOfRow(row, rows.length === 1 ? now : undefined);
    if (typeof point === 'string') refused(`row ${index + 1} ${point}`);
    else points.push(point);
    await turns.step();
  }
  return points.sort(byTime);
}

/** @param now the time of a row that names none; undefined: it must name one */
function pointOfRow(row: JsonValue, now: number | undefined): JsonObject | string {
  if (!isJsonObject(row)) return 'is no row of named fields';
  const t = row['t'] ?? now;
  if (typeof t !== 'number') return 'has no t, its time in ms since 1970';
  const entries = Object.entries(row).filter(
    ([name, each]) => name !== 't' && (typeof each === 'number' || each === null),
  );
  if (entries.length === 0) return 'has no number beside its time';
  return Object.fromEntries([['t', t], ...entries]);
}

function pointsOfColumns(columns: JsonObject, times: readonly JsonValue[]): readonly JsonObject[] {
  const named = Object.entries(columns).flatMap(([name, each]) => (Array.isArray(each) ? [[name, each] as const] : []));
  const points: JsonObject[] = [];
  for (const [index, t] of times.entries()) {
    if (typeof t === 'number')
      points.push(Object.fromEntries(named.map(([name, each]) => [name, each[index] ?? null])));
  }
  return points.sort(byTime);
}

function byTime(a: JsonObject, b: JsonObject): number {
  return (a['t'] as number) - (b['t'] as number);
}
