import type { Clock, JsonObject, JsonValue } from '@tidewall/base';
import type { Sink } from '@tidewall/contracts';
import { OPERATIONS_OF_KIND, TidewallError, type TopicKind, type TopicName } from '@tidewall/protocol';
import { pieces } from '../pieces.ts';
import { Turns } from '../turns.ts';
import type { SqlAnswer } from './answer.ts';
import type { SqlRow } from './rows-of-answer.ts';
import type { BoundValue } from './statement/given-parameter.ts';

/** As `timeText` writes it. */
const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/;

export interface PublishedNewsOptions {
  readonly topic: TopicName;
  readonly kind: TopicKind;
  readonly keyField: string | undefined;
  readonly sink: Sink;
  readonly clock: Clock;
  /** Largest publication, in bytes of JSON. */
  readonly pieceBytes: number;
  readonly signal: AbortSignal;
}

/** Rows that were not there before, and the column that says how far they reach. */
export interface News {
  readonly answer: SqlAnswer;
  readonly rows: readonly SqlRow[];
  /** Which column is the cursor. */
  readonly place: number;
}

/**
 * Publishes rows that are all new, in their order, and says after each publication how far the topic has come: what
 * fails is asked for again, and what the hub has is not.
 */
export class PublishedNews {
  readonly #options: PublishedNewsOptions;

  constructor(options: PublishedNewsOptions) {
    this.#options = options;
  }

  /** @param reached is told the cursor's value of the last row that the hub has, as the database wrote it */
  async publish({ answer, rows, place }: News, reached: (value: BoundValue) => void): Promise<void> {
    const { sink, signal, clock } = this.#options;
    const turns = new Turns(clock);
    await refuseDisorder(answer, place, turns);
    const rebind = answer.columns[place]?.rebind;
    const tell = (index: number) => {
      let at = index;
      // A row without a value of the cursor says nothing of how far it is.
      while (at > 0 && !isBound(answer.rows[at]?.[place])) at -= 1;
      const raw = answer.rows[at]?.[place];
      if (isBound(raw)) reached(rebind?.(raw) ?? raw);
    };
    const news: SqlRow[] = [];
    for (const each of rows) {
      const row = this.#fit(each);
      if (row !== undefined) news.push({ row, index: each.index });
      await turns.step();
    }
    for (const piece of this.#pieces(news)) {
      signal.throwIfAborted();
      await this.#put(piece.map(({ row }) => row));
      tell(piece.at(-1)?.index ?? 0);
    }
    // Also of what was refused: it would be refused again.
    tell(answer.rows.length - 1);
    if (news.length === 0) sink.healthy();
  }

  #pieces(news: readonly SqlRow[]): Iterable<readonly SqlRow[]> {
    if (this.#options.kind === 'log') return news.map((row) => [row]);
    return pieces(news, ({ row }) => JSON.stringify(row), this.#options.pieceBytes);
  }

  async #put(rows: readonly JsonObject[]): Promise<void> {
    const { sink, topic, kind } = this.#options;
    const op = kind === 'table' ? 'upsert' : OPERATIONS_OF_KIND[kind][0];
    const data: JsonValue = kind === 'log' ? (rows[0] as JsonObject) : [...rows];
    try {
      await sink.publish(topic, op, data);
    } catch (failure) {
      if (!(failure instanceof TidewallError) || failure.kind !== 'shape_mismatch') throw failure;
      // A row that does not fit its topic is the row's fault; the others may fit.
      if (rows.length > 1) for (const row of rows) await this.#put([row]);
      else sink.refused(failure.message);
    }
  }

  /** The row as its topic takes it; undefined when it cannot, which is counted. */
  #fit({ row, index }: SqlRow): JsonObject | undefined {
    const { kind, keyField, sink } = this.#options;
    if (kind === 'table' && keyField !== undefined && !['string', 'number'].includes(typeof row[keyField])) {
      sink.refused(`row ${index + 1} has no ${keyField}, a text or a number that identifies it`);
      return undefined;
    }
    if (kind !== 'series') return row;
    if (typeof row['t'] !== 'number') {
      sink.refused(`row ${index + 1} has no t, its time in ms since 1970 (timeField)`);
      return undefined;
    }
    return Object.fromEntries(Object.entries(row).filter(([, each]) => typeof each === 'number' || each === null));
  }
}

/** What is not in order would be passed over: the next question asks for what is beyond the last row. */
async function refuseDisorder({ columns, rows }: SqlAnswer, place: number, turns: Turns): Promise<void> {
  const column = columns[place];
  if (column === undefined) return;
  let before: number | string | undefined;
  for (const [index, row] of rows.entries()) {
    const raw = row[place] ?? null;
    const value = raw === null ? undefined : comparable(column.read(raw));
    await turns.step();
    if (value === undefined) continue;
    if (typeof value === typeof before && value < (before as typeof value)) {
      throw new TidewallError(
        'source_error',
        `row ${index + 1} has a smaller ${column.name} than the one before: the query must end with ORDER BY ${column.name} (cursor.column)`,
      );
    }
    before = value;
  }
}

/** Numbers and times; the order of other texts is for the database to know. */
function comparable(value: JsonValue | symbol): number | string | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && INSTANT.test(value) ? value : undefined;
}

function isBound(value: unknown): value is BoundValue {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}
