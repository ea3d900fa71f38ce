import { type Clock, isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import { differsInThePast, type KnownPoints, rowsOfColumns } from '@tidewall/request';
import { pieces } from './pieces.ts';
import type { Put } from './put.ts';
import { Turns } from './turns.ts';

export interface PublishedSeriesOptions {
  /** Largest publication, in bytes of JSON. */
  readonly pieceBytes: number;
  readonly clock: Clock;
}

/**
 * Brings a topic of kind `series` to the points of one result after another by publishing only those behind the newest
 * that it holds; all of them anew where the past is told otherwise than before.
 *
 * The first result is held against what the topic holds already, which may be of an earlier process: what is newer than
 * that goes behind it. It remembers a result when the hub has all of it; after one that failed it looks again at what the
 * topic holds.
 */
export class PublishedSeries {
  readonly #options: PublishedSeriesOptions;
  #known: KnownPoints | undefined;

  constructor(options: PublishedSeriesOptions) {
    this.#options = options;
  }

  /**
   * Stops between two publications when `signal` aborts.
   *
   * @param points each with `t`, in the order of their time; of two of the same time the later one counts
   * @param held the columns that the topic holds, asked for while it is not known
   * @returns how many publications that took; 0 when nothing differs
   */
  async update(
    put: Put,
    points: readonly JsonObject[],
    signal: AbortSignal,
    held: () => JsonValue | undefined = () => undefined,
  ): Promise<number> {
    this.#known ??= knownOf(held());
    const turns = new Turns(this.#options.clock);
    const texts = new Map<number, string>();
    const byTime = new Map<number, JsonObject>();
    for (const point of points) {
      const t = point['t'] as number;
      texts.set(t, JSON.stringify(point));
      byTime.set(t, point);
      await turns.step();
    }
    const known = this.#known;
    const anew = known === undefined || differsInThePast(known, texts);
    const fresh = anew
      ? [...byTime.values()]
      : [...byTime.values()].filter((point) => (point['t'] as number) > known.last);
    const published = await this.#publish(put, fresh, anew, signal);
    if (signal.aborted) return published;
    const times = [...texts.keys()];
    // A result of nothing says nothing of what was before.
    if (times.length > 0) this.#known = { points: texts, last: times.at(-1) ?? 0 };
    return published;
  }

  async #publish(put: Put, points: readonly JsonObject[], replaces: boolean, signal: AbortSignal): Promise<number> {
    let published = 0;
    this.#known = points.length > 0 ? undefined : this.#known;
    for (const run of pieces(points, (point) => JSON.stringify(point), this.#options.pieceBytes)) {
      if (signal.aborted) return published;
      await put(replaces && published === 0 ? 'replace' : 'append', run);
      published += 1;
    }
    return published;
  }
}

function knownOf(held: JsonValue | undefined): KnownPoints | undefined {
  const times = isJsonObject(held) ? held['t'] : undefined;
  if (!Array.isArray(times) || times.length === 0) return undefined;
  const points = rowsOfColumns(held as JsonObject, times).map((point) => [point['t'] as number, JSON.stringify(point)]);
  return { points: new Map(points as [number, string][]), last: times.at(-1) as number };
}
