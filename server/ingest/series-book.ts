import { type Clock, isJsonObject, type JsonObject } from '@tidewall/base';
import type { HubPort, Log, Principal } from '@tidewall/contracts';
import { type Limits, MAX_TOPIC_NAME_LENGTH, TidewallError } from '@tidewall/protocol';
import { type Label, LEAST_ID_LENGTH, labelSetId } from './label-set.ts';
import { type Refusal, shown } from './refusals.ts';
import { Series } from './series.ts';
import { SeriesTable } from './series-table.ts';
import type { IngestSettings } from './settings.ts';
import { Spellings } from './spellings.ts';
import { escapePart } from './topic-part.ts';

/** Of the newest publications of a series so many tell what it has been told already. */
const RECALLED_PUBLICATIONS = 64;
/** How often is looked for series of which nothing is heard any more. */
const SWEEP_MS = 60_000;
/** Ways to write its label set are remembered for each series that may be, on average. */
const SPELLINGS = 4;

export interface SeriesBookOptions {
  readonly hub: HubPort;
  readonly principal: Principal;
  readonly settings: IngestSettings;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Log;
}

/** Every series that this process knows, each once, however it is written. */
export class SeriesBook {
  readonly #options: SeriesBookOptions;
  readonly #tables = new Map<string, SeriesTable>();
  readonly #spellings = new Map<string, Spellings>();
  #size = 0;
  #adopted = false;
  #cancelSweep: (() => void) | undefined;

  constructor(options: SeriesBookOptions) {
    this.#options = options;
    this.#scheduleSweep();
  }

  /** Series, with those of which only a row is known. */
  get size(): number {
    return this.#size;
  }

  /** @param head what the names of the topics of one tool and one prefix begin with */
  spellings(head: string): Spellings {
    let spellings = this.#spellings.get(head);
    if (spellings === undefined) {
      spellings = new Spellings(head, this.#options.settings.series * SPELLINGS);
      // Whoever makes prefixes up must not fill the memory with them.
      if (this.#spellings.size >= this.#options.settings.series) this.#spellings.clear();
      this.#spellings.set(head, spellings);
    }
    return spellings;
  }

  /** The series of that name and those labels, new or not. */
  open(head: string, name: string, labels: readonly Label[]): Series | Refusal {
    const refusal = this.#refusalOf(name, labels);
    if (refusal !== undefined) return refusal;
    const topic = `${head}/${escapePart(name)}`;
    const room = MAX_TOPIC_NAME_LENGTH - topic.length - 1;
    if (room < LEAST_ID_LENGTH) {
      return { reason: 'names', message: `the name ${shown(name)} is too long to be part of a topic's name` };
    }
    const id = labelSetId(labels, room);
    const known = this.#tables.get(topic);
    const series = known?.series.get(id);
    if (series !== undefined) return series;
    if (this.#size >= this.#options.settings.series && known?.rest?.has(id) !== true) {
      const message = `no room for the series ${topic}/${id}: there are ${this.#size} already (ingest.series)`;
      return { reason: 'series', message };
    }
    return this.#add(known ?? this.#addTable(topic), id, labels);
  }

  /**
   * Learns what was published of series before this process knew them, or before something of them was refused.
   *
   * @param step what to await before going on, when others should have a turn first
   */
  async recall(all: readonly Series[], step: () => Promise<void> | undefined): Promise<void> {
    for (const series of all) {
      const table = this.#tableOf(series);
      await this.#readTable(table);
      await this.#readSeries(series, table);
      const turn = step();
      if (turn !== undefined) await turn;
    }
  }

  /** Lets a series go of which the topic was never made. */
  drop(series: Series): void {
    if (series.gone) return;
    series.gone = true;
    this.#size--;
    const table = this.#tableOf(series);
    table.series.delete(series.id);
    if (table.size === 0) this.#tables.delete(table.topic);
  }

  dispose(): void {
    this.#cancelSweep?.();
  }

  #refusalOf(name: string, labels: readonly Label[]): Refusal | undefined {
    const { settings } = this.#options;
    const names = (message: string): Refusal => ({ reason: 'names', message });
    if (name === '') return names('the name is empty');
    if (name.length > settings.nameLength) return names(tooLong('the name', name, settings.nameLength, 'nameLength'));
    if (labels.length > settings.labels) {
      return names(`${labels.length} labels, at most ${settings.labels} are taken (ingest.labels)`);
    }
    const seen = new Set<string>();
    for (const label of labels) {
      if (label.name === '') return names('the name of a label is empty');
      if (label.name.length > settings.nameLength) {
        return names(tooLong('the name of the label', label.name, settings.nameLength, 'nameLength'));
      }
      if (label.value.length > settings.textLength) {
        const message = tooLong(`the label ${shown(label.name)}`, label.value, settings.textLength, 'textLength');
        return { reason: 'text_length', message };
      }
      if (seen.has(label.name)) return names(`the label ${shown(label.name)} is there twice`);
      seen.add(label.name);
    }
    return undefined;
  }

  #addTable(topic: string): SeriesTable {
    const table = new SeriesTable(topic);
    this.#tables.set(topic, table);
    return table;
  }

  #tableOf({ table: topic }: Series): SeriesTable {
    return this.#tables.get(topic) ?? this.#addTable(topic);
  }

  #add(table: SeriesTable, id: string, labels: readonly Label[]): Series {
    const series = new Series(table.topic, id, labels);
    table.series.set(id, series);
    // One of which the row is known is counted already.
    if (table.rest?.has(id) !== true) this.#size++;
    return series;
  }

  async #readTable(table: SeriesTable): Promise<void> {
    if (table.rest !== undefined) return;
    const rest = new Map<string, JsonObject>();
    try {
      const { json } = await this.#options.hub.snapshot(this.#options.principal, table.topic);
      const rows: unknown = JSON.parse(json ?? '[]');
      for (const row of Array.isArray(rows) ? rows : []) {
        if (isJsonObject(row) && typeof row['id'] === 'string') rest.set(row['id'], row);
      }
    } catch (failure) {
      ignoreRefusal(failure);
    }
    table.rest = rest;
    for (const id of rest.keys()) if (!table.series.has(id)) this.#size++;
  }

  async #readSeries(series: Series, table: SeriesTable): Promise<void> {
    const { hub, principal } = this.#options;
    const row = table.rest?.get(series.id);
    if (row !== undefined) {
      series.recallRow(row);
      table.rest?.delete(series.id);
    }
    try {
      const { topic } = series;
      const page = await hub.history(principal, { topic, reverse: true, limit: RECALLED_PUBLICATIONS });
      if (page.kind === 'series') series.recallPoints(page.entries.map(({ json }) => json));
      series.kept = true;
    } catch (failure) {
      // Nearly always there is nothing yet.
      ignoreRefusal(failure);
    }
    series.recalled = true;
  }

  #scheduleSweep(): void {
    const { clock, settings } = this.#options;
    if (settings.idleMs === 0) return;
    this.#cancelSweep = clock.after(SWEEP_MS, () => {
      this.#scheduleSweep();
      this.#adopt().then(
        () => this.#sweep(),
        (err: unknown) => this.#options.log.error({ err }, 'series could not be looked through'),
      );
    });
  }

  /** Learns, once, of the tables that are there from before and that nobody has written to since. */
  async #adopt(): Promise<void> {
    if (this.#adopted) return;
    this.#adopted = true;
    const { hub, principal, settings } = this.#options;
    for (const { topic, kind, keyField } of hub.topics(principal)) {
      const ours = kind === 'table' && keyField === 'id' && topic.startsWith(`${settings.prefix}/`);
      if (ours && !this.#tables.has(topic)) await this.#readTable(this.#addTable(topic));
    }
  }

  #sweep(): void {
    const { clock, settings } = this.#options;
    const since = clock.monotonic() - settings.idleMs;
    const sinceAt = clock.now() - settings.idleMs;
    for (const table of [...this.#tables.values()]) {
      const idle: string[] = [];
      for (const series of [...table.series.values()]) {
        if (series.usedAt >= since) continue;
        idle.push(series.id);
        this.drop(series);
      }
      for (const [id, row] of table.rest ?? []) {
        // A row that somebody else has put there may have no time.
        if (typeof row['t'] !== 'number' || row['t'] >= sinceAt) continue;
        idle.push(id);
        table.rest?.delete(id);
        this.#size--;
      }
      if (table.size === 0) this.#tables.delete(table.topic);
      if (idle.length > 0) void this.#forget(table, idle);
    }
  }

  /** Nobody waits for this: what cannot be let go stays. */
  async #forget({ topic, size }: SeriesTable, ids: readonly string[]): Promise<void> {
    const { hub, principal, log } = this.#options;
    log.info({ topic, series: ids.length }, 'series of which nothing was heard for long are let go');
    const each = ids.map((id) => hub.forget(principal, `${topic}/${id}`));
    each.push(
      size === 0
        ? hub.forget(principal, topic)
        : hub.publish(principal, { topic, kind: 'table', op: 'remove', data: [...ids] }).then(() => {}),
    );
    for (const outcome of await Promise.allSettled(each)) {
      if (outcome.status === 'rejected' && !(outcome.reason instanceof TidewallError)) {
        log.error({ err: outcome.reason, topic }, 'a series could not be let go');
      }
    }
  }
}

/** That there is no such topic, or that it may not be read: then nothing is known of it. */
function ignoreRefusal(failure: unknown): void {
  if (!(failure instanceof TidewallError)) throw failure;
}

function tooLong(what: string, text: string, most: number, setting: string): string {
  return `${what} ${shown(text)} has ${text.length} characters, at most ${most} are taken (ingest.${setting})`;
}
