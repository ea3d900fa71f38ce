import type { Labels, Log, Meter } from '@tidewall/contracts';

/** A log for tests that look elsewhere. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A meter whose counters can be read back by name; labels are joined as `name{a=b}`. */
export class CountingMeter implements Meter {
  readonly counts = new Map<string, number>();
  readonly #gauges = new Map<string, () => number>();
  readonly #families = new Map<string, () => Iterable<[Labels, number]>>();

  counter(name: string): ReturnType<Meter['counter']> {
    return {
      add: (amount, labels = {}) => {
        const text = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
        const key = text.length === 0 ? name : `${name}{${text.join(',')}}`;
        this.counts.set(key, (this.counts.get(key) ?? 0) + amount);
      },
    };
  }

  gauge(name: string, _help: string, read: () => number): void {
    this.#gauges.set(name, read);
  }

  gauges(name: string, _help: string, _labels: readonly string[], read: () => Iterable<[Labels, number]>): void {
    this.#families.set(name, read);
  }

  /** The rows of a family of gauges, the labels joined as in `counts`. */
  rows(name: string): Record<string, number> {
    const rows = [...(this.#families.get(name)?.() ?? [])];
    return Object.fromEntries(rows.map(([labels, value]) => [Object.values(labels).join(), value]));
  }

  /** What a counter or gauge says now; 0 for one that has never counted. */
  read(name: string): number {
    return this.counts.get(name) ?? this.#gauges.get(name)?.() ?? 0;
  }
}
