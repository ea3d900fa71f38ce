import type { Series } from './series.ts';

/** Series by what a tool calls them, of one tool and one prefix. */
export class Spellings {
  /** What the names of their topics begin with. */
  readonly head: string;
  readonly #most: number;
  readonly #series = new Map<string, Series>();

  constructor(head: string, most: number) {
    this.head = head;
    this.#most = most;
  }

  get(raw: string): Series | undefined {
    const series = this.#series.get(raw);
    return series === undefined || series.gone ? undefined : series;
  }

  set(raw: string, series: Series): void {
    if (this.#series.size >= this.#most) this.#series.clear();
    this.#series.set(raw, series);
  }
}
