import type { Counter, Labels, Meter } from '@tidewall/contracts';
import { Gauge, Counter as PrometheusCounter, Registry } from 'prom-client';

/** Where everything counts, and what Prometheus reads. */
export interface Metrics extends Meter {
  readonly contentType: string;
  /** All of it in the text format. */
  scrape(): Promise<string>;
  dispose(): void;
}

/**
 * The metrics of one server; two servers in a process count apart. Asking for a name again gives the same counter; gauges of one
 * name are read one after the other, each with rows of its own.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const counters = new Map<string, Counter>();
  const readers = new Map<string, (() => Iterable<[Labels, number]>)[]>();
  return {
    contentType: registry.contentType,
    scrape: () => registry.metrics(),
    dispose: () => registry.clear(),
    counter(name, help, labelNames = []) {
      const known = counters.get(name);
      if (known !== undefined) return known;
      // The library's counter costs more than much of what is counted; without labels it is asked once a scrape.
      let uncounted = 0;
      const counter = new PrometheusCounter({
        name,
        help,
        labelNames: [...labelNames],
        registers: [registry],
        collect() {
          if (uncounted > 0) this.inc(uncounted);
          uncounted = 0;
        },
      });
      const port: Counter = {
        add(amount: number, labels?: Labels) {
          if (labels === undefined) uncounted += amount;
          else counter.inc(labels, amount);
        },
      };
      counters.set(name, port);
      return port;
    },
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(read());
        },
      });
    },
    gauges(name, help, labelNames, read) {
      const known = readers.get(name);
      if (known !== undefined) {
        known.push(read);
        return;
      }
      const all = [read];
      readers.set(name, all);
      new Gauge({
        name,
        help,
        labelNames: [...labelNames],
        registers: [registry],
        collect() {
          // Rows that are gone must not stay in the list for ever.
          this.reset();
          for (const each of all) for (const [labels, value] of each()) this.set(labels, value);
        },
      });
    },
  };
}
