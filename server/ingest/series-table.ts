import type { JsonObject } from '@tidewall/base';
import type { Series } from './series.ts';

/** All series of one name, which have a row each in one topic. */
export class SeriesTable {
  readonly topic: string;
  readonly series = new Map<string, Series>();
  /** Rows by key of which no series of this process knows; undefined until they have been read. */
  rest: Map<string, JsonObject> | undefined;

  constructor(topic: string) {
    this.topic = topic;
  }

  /** Series that it has, known or not. */
  get size(): number {
    return this.series.size + (this.rest?.size ?? 0);
  }
}
