import { type Clock, isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { SourceTopic } from '@tidewall/contracts';
import { type Limits, type Operation, TidewallError } from '@tidewall/protocol';
import { KeyedRows, pointOfRow, ROW_NUMBER_FIELD, rowsOf, rowsOfSeries } from '@tidewall/request';
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

/** What a row is called, by its index. */
export type PlaceOfRow = (index: number) => string;

const FAULTS_OF_DATA: readonly string[] = ['shape_mismatch', 'limit_exceeded', 'source_error'];
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
  #entries: ReadonlySet<string> | undefined;
  #held: () => JsonValue | undefined = () => undefined;

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

  /** What the topic holds before the first result, of an earlier process or instance: that is not told to it again. */
  resume(held: () => JsonValue | undefined): void {
    this.#held = held;
  }

  /** One thing that happened: what its transforms make of it, which may be nothing or several. */
  async publish(op: Operation, data: JsonValue, at: number | undefined, put: Put): Promise<void> {
    const { pipeline, topic } = this.#options;
    // What takes away, or changes a part, is nothing that rows could be made of.
    if (pipeline === undefined || op === 'remove' || op === 'merge') return put(op, data, at);
    const single = topic.kind === 'state' || topic.kind === 'signal';
    let made: JsonValue;
    try {
      made = await pipeline(!single && (topic.kind === 'log' || isJsonObject(data)) ? [data] : data);
    } catch (failure) {
      // What the transforms cannot take is the fault of that one; the next one may fit.
      if (!(failure instanceof TidewallError) || !FAULTS_OF_DATA.includes(failure.kind)) throw failure;
      this.#options.refused(failure.message);
      return;
    }
    if (single || !Array.isArray(made)) return put(op, made, at);
    if (topic.kind === 'log') for (const entry of made) await put(op, entry, at);
    else if (made.length > 0 || op === 'replace') await put(op, made, at);
  }

  /**
   * All that there is now. Stops between two publications when `signal` aborts.
   *
   * @param place what a row is called when it is refused, by its index
   * @returns how many publications that took; 0 when nothing differs
   */
  async result(
    data: JsonValue,
    at: number | undefined,
    put: Put,
    signal: AbortSignal,
    place: PlaceOfRow = placeByNumber,
  ): Promise<number> {
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
        return this.#tableOf(made, put, signal, pipeline === undefined ? place : placeByNumber);
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
    const known = this.#entries ?? new Set(rowsOf(this.#held() ?? []).map((row) => JSON.stringify(row)));
    const seen = new Set<string>();
    let published = 0;
    let complete = false;
    try {
      for (const row of rowsOf(value)) {
        if (signal.aborted) break;
        const text = JSON.stringify(row);
        if (!known.has(text) && !seen.has(text)) {
          await put('append', row, at);
          published += 1;
        }
        seen.add(text);
        await this.#turns.step();
      }
      complete = !signal.aborted;
    } finally {
      // What was told already is not told again by the result after one that broke off.
      this.#entries = complete ? seen : new Set([...known, ...seen]);
    }
    return published;
  }

  async #seriesOf(value: JsonValue, put: Put, signal: AbortSignal): Promise<number> {
    const complaints = this.#complaints();
    const points = await pointsOf(value, this.#options.clock.now(), complaints.add, this.#turns);
    complaints.end();
    return this.#series?.update(put, points, signal, this.#held) ?? 0;
  }

  async #tableOf(value: JsonValue, put: Put, signal: AbortSignal, place: PlaceOfRow): Promise<number> {
    const complaints = this.#complaints();
    const rows = new KeyedRows(this.#keyField, place);
    for (const [index, row] of rowsOf(value).entries()) {
      const fault = rows.take(row, index);
      if (fault !== undefined) complaints.add(fault);
      await this.#turns.step();
    }
    complaints.end();
    rows.end();
    const sink = { publish: (_topic: unknown, op: Operation, data: JsonValue) => put(op, data) };
    return this.#table?.update(sink, rows.rows, signal) ?? 0;
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

function placeByNumber(index: number): string {
  return `row ${index + 1}`;
}

/** Rows with `t` and numbers, or columns, as points in the order of their time. */
async function pointsOf(
  value: JsonValue,
  now: number,
  refused: (reason: string) => void,
  turns: Turns,
): Promise<readonly JsonObject[]> {
  const points: JsonObject[] = [];
  const rows = rowsOfSeries(value);
  for (const [index, row] of rows.entries()) {
    const point = pointOfRow(row, rows.length === 1 ? now : undefined);
    if (typeof point === 'string') refused(`row ${index + 1} ${point}`);
    else points.push(point);
    await turns.step();
  }
  return points.sort(byTime);
}

function byTime(a: JsonObject, b: JsonObject): number {
  return (a['t'] as number) - (b['t'] as number);
}
