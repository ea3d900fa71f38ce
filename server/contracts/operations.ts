/** Structured logging; `fields` hold no secret and no payload. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(amount: number, labels?: Labels): void;
}

/** Where everything counts what it does. Names start with `tidewall_` and follow Prometheus' conventions. */
export interface Meter {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  /** `read` is called at each scrape. */
  gauge(name: string, help: string, read: () => number): void;
  /** As `gauge`, a row a label set. */
  gauges(name: string, help: string, labelNames: readonly string[], read: () => Iterable<[Labels, number]>): void;
}
