import type { Clock, JsonObject } from '@tidewall/base';
import type { Sink, SourceTopic } from '@tidewall/contracts';
import { type Limits, TidewallError } from '@tidewall/protocol';
import { Turns } from '../turns.ts';

/** Points of one publication. */
const MOST_POINTS = 1_000;

export interface RowOutletOptions {
  readonly topic: SourceTopic;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'publicationBytes'>;
  readonly sink: Sink;
  readonly signal: AbortSignal;
  /** The first rows were published already. */
  readonly skip: number;
  /** Whether something was published already: a series is replaced by the first of it. */
  readonly begun: boolean;
}

/** The way of rows to a log, one by one, or to a series, many at once; each waits until the one before is taken. */
export class RowOutlet {
  readonly #options: RowOutletOptions;
  readonly #turns: Turns;
  #skip: number;
  #begun: boolean;
  #rows = 0;
  #publications = 0;

  constructor(options: RowOutletOptions) {
    this.#options = options;
    this.#turns = new Turns(options.clock);
    this.#skip = options.skip;
    this.#begun = options.begun;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Rows that were published since the last mark, now or before. */
  get rowsBehind(): number {
    return this.#rows + this.#skip;
  }

  get publications(): number {
    return this.#publications;
  }

  /** What was published until now is known for good. */
  mark(): void {
    this.#rows = 0;
  }

  /**
   * Stops between two publications when its signal aborts.
   *
   * @param rowBytes no point is larger; asked for when there is one
   */
  async write(rows: Iterable<JsonObject | undefined>, rowBytes: () => number): Promise<void> {
    const { topic, limits, signal } = this.#options;
    const { publicationBytes } = limits;
    let most = 1;
    let batch: JsonObject[] = [];
    for (const row of rows) {
      const turn = this.#turns.step();
      if (turn !== undefined) await turn;
      if (signal.aborted) return;
      if (row === undefined) continue;
      if (this.#skip > 0) {
        this.#skip -= 1;
        this.#rows += 1;
        continue;
      }
      if (batch.length === 0 && topic.kind === 'series') {
        most = Math.max(1, Math.min(MOST_POINTS, Math.floor(publicationBytes / rowBytes())));
      }
      batch.push(row);
      if (batch.length < most) continue;
      await this.#put(batch);
      if (signal.aborted) return;
      batch = [];
    }
    if (batch.length > 0) await this.#put(batch);
  }

  async #put(batch: JsonObject[]): Promise<void> {
    const { sink, topic } = this.#options;
    try {
      if (topic.kind === 'log') await sink.publish(topic.topic, 'append', batch[0] as JsonObject);
      else await sink.publish(topic.topic, this.#begun ? 'append' : 'replace', batch);
      this.#begun = true;
      this.#publications += 1;
    } catch (failure) {
      // A row that does not fit its topic is the row's fault; the next one may fit.
      if (!(failure instanceof TidewallError) || failure.kind !== 'shape_mismatch') throw failure;
      sink.refused(failure.message);
    }
    this.#rows += batch.length;
  }
}
