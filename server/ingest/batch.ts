import type { JsonObject } from '@tidewall/base';
import type { HubPort, Principal } from '@tidewall/contracts';
import type { Limits } from '@tidewall/protocol';
import type { Field, FieldValue } from './field.ts';
import type { NulledBy, SampleSink } from './ingest-definition.ts';
import type { Label } from './label-set.ts';
import { parts } from './parts.ts';
import { type Refusal, type Refusals, shown } from './refusals.ts';
import { Series } from './series.ts';
import type { SeriesBook } from './series-book.ts';
import type { IngestSettings } from './settings.ts';
import type { Spellings } from './spellings.ts';

/** Points of one publication: what a topic lets go when it is over its bounds, it lets go by whole publications. */
const MOST_POINTS = 500;
/** Publications that wait for their position at once. */
const MOST_BEGUN = 1000;

export interface BatchContext {
  readonly hub: HubPort;
  readonly principal: Principal;
  readonly settings: IngestSettings;
  readonly limits: Limits;
  readonly book: SeriesBook;
  readonly spellings: Spellings;
  readonly refusals: Refusals;
  readonly nulls: Map<NulledBy, number>;
  /** ms since 1970. */
  readonly now: number;
  readonly monotonic: number;
  /** Values that were there already, or came too late, are counted with this. */
  repeated(count: number): void;
  /** What to await before going on, when others should have a turn first. */
  step(): Promise<void> | undefined;
}

/**
 * Samples that are published together: a publication for each series that they are of, and the rows that changed. There
 * is one at a time, since series hold what waits for it.
 */
export class Batch implements SampleSink {
  readonly now: number;
  readonly #context: BatchContext;
  readonly #series: Series[] = [];
  readonly #oldest: number;
  readonly #newest: number;
  /** Those of which the hub did not take all. */
  readonly #refused = new Set<Series>();
  #begun: Promise<unknown>[] = [];
  #number: number;
  #kept = 0;

  /** @param first the number of the sample that comes first */
  constructor(context: BatchContext, first: number) {
    const { now, settings } = context;
    this.#context = context;
    this.#number = first - 1;
    this.now = now;
    this.#oldest = now - settings.pastMs;
    this.#newest = now + settings.futureMs;
  }

  /** Samples so far, of the body as a whole. */
  get number(): number {
    return this.#number;
  }

  /** Samples that were taken in. */
  get kept(): number {
    return this.#kept;
  }

  next(): void {
    this.#number++;
  }

  find(raw: string): Series | undefined {
    return this.#context.spellings.get(raw);
  }

  open(raw: string, name: string, labels: readonly Label[]): Series | Refusal {
    const { book, spellings } = this.#context;
    const series = book.open(spellings.head, name, labels);
    if (series instanceof Series) spellings.set(raw, series);
    return series;
  }

  field(series: Series, name: string, raw: string): Field | Refusal {
    const known = series.field(name);
    if (known !== undefined) return known;
    const { settings, limits } = this.#context;
    if (name === '') return { reason: 'names', message: 'the name of a field is empty' };
    if (name.length > settings.nameLength) {
      const message = `the name of the field ${shown(name)} has ${name.length} characters, at most ${settings.nameLength} are taken (ingest.nameLength)`;
      return { reason: 'names', message };
    }
    // One is for the time.
    if (series.fields.length >= limits.seriesColumns - 1) {
      const message = `the field ${shown(name)} would be one too many: a series has ${limits.seriesColumns} columns at most (limits.seriesColumns)`;
      return { reason: 'columns', message };
    }
    return series.addField(name, raw);
  }

  take(series: Series, t: number, fields: readonly Field[], values: readonly FieldValue[], count: number): void {
    if (!(t >= this.#oldest && t <= this.#newest)) {
      this.refuse(this.#outOfTime(t));
      return;
    }
    if (series.samples === 0) {
      this.#series.push(series);
      series.firstSample = this.#number;
      series.usedAt = this.#context.monotonic;
    }
    series.samples++;
    this.#kept++;
    series.take(t, fields, values, count);
  }

  get tells(): boolean {
    return this.#context.refusals.tells;
  }

  refuse(refusal: Refusal): void {
    this.#context.refusals.add(refusal, this.#number);
  }

  nulled(by: NulledBy): void {
    const { nulls } = this.#context;
    nulls.set(by, (nulls.get(by) ?? 0) + 1);
  }

  /** Publishes all of it; resolves when the last publication is kept or refused, and has been begun when `begun` is called. */
  async publish(begun: () => void): Promise<void> {
    const { book, step } = this.#context;
    try {
      const unknown = this.#series.filter(({ recalled }) => !recalled);
      if (unknown.length > 0) await book.recall(unknown, step);
      const tables = new Map<string, RowsOfTable>();
      const fresh: Series[] = [];
      for (const series of this.#series) {
        // A new one has a row only if it may have a topic.
        if (this.#publishSeries(series) && !series.kept) fresh.push(series);
        else this.#gatherRow(series, tables);
        if (this.#begun.length >= MOST_BEGUN) await this.#settle();
        const turn = step();
        if (turn !== undefined) await turn;
      }
      if (fresh.length > 0) await this.#settle();
      for (const series of fresh) {
        if (this.#refused.has(series)) continue;
        series.kept = true;
        this.#gatherRow(series, tables);
      }
      for (const [topic, rows] of tables) this.#publishRows(topic, rows);
    } finally {
      for (const series of this.#series) series.samples = 0;
      begun();
    }
    await this.#settle();
  }

  /** @returns whether there was something to publish */
  #publishSeries(series: Series): boolean {
    const points = series.takePoints(this.#context.repeated);
    if (points === undefined) return false;
    const { hub, principal, limits } = this.#context;
    const { topic, samples, firstSample } = series;
    const refused = (failure: unknown) => this.#refuseSeries(series, failure, samples, firstSample);
    for (const { columns, times } of parts(points, MOST_POINTS, limits.publicationBytes)) {
      const request = { topic, kind: 'series', op: 'append', data: columns, at: times[times.length - 1] } as const;
      this.#begun.push(hub.publish(principal, request).catch(refused));
    }
    return true;
  }

  #refuseSeries(series: Series, failure: unknown, samples: number, firstSample: number): void {
    const again = this.#refused.has(series);
    this.#refused.add(series);
    this.#context.refusals.addFailure(failure, firstSample, again ? 0 : samples);
    if (!again) this.#kept -= samples;
    // What it holds is not what was handed over, so it is asked.
    series.recalled = false;
    if (!series.kept) this.#context.book.drop(series);
  }

  #gatherRow(series: Series, tables: Map<string, RowsOfTable>): void {
    const row = series.takeRow();
    if (row === undefined) return;
    let rows = tables.get(series.table);
    if (rows === undefined) {
      rows = { rows: [], bytes: 0, first: series.firstSample };
      tables.set(series.table, rows);
    }
    const { rowBytes } = series;
    if (rows.rows.length > 0 && rows.bytes + rowBytes > this.#context.limits.publicationBytes) {
      this.#publishRows(series.table, rows);
      rows.rows = [];
      rows.bytes = 0;
    }
    series.kept = true;
    rows.rows.push(row);
    rows.bytes += rowBytes;
  }

  #publishRows(topic: string, { rows, first }: RowsOfTable): void {
    let at = 0;
    for (const { t } of rows) at = Math.max(at, t as number);
    const { hub, principal, refusals } = this.#context;
    const published = hub.publish(principal, { topic, kind: 'table', op: 'upsert', data: rows, at });
    // The series have what they have all the same.
    this.#begun.push(published.catch((failure: unknown) => refusals.addFailure(failure, first, 0)));
  }

  async #settle(): Promise<void> {
    const begun = this.#begun;
    this.#begun = [];
    await Promise.all(begun);
  }

  #outOfTime(t: number): Refusal {
    const { settings } = this.#context;
    const when = Math.abs(t) <= 8.64e15 ? new Date(t).toISOString() : String(t);
    return t > this.#newest
      ? { reason: 'future', message: `its time ${when} is more than ${settings.futureMs} ms ahead (ingest.futureMs)` }
      : { reason: 'past', message: `its time ${when} is more than ${settings.pastMs} ms ago (ingest.pastMs)` };
  }
}

interface RowsOfTable {
  rows: JsonObject[];
  bytes: number;
  readonly first: number;
}
