import { type JsonObject, systemClock } from '@tidewall/base';
import type { SourceContext, SourceDefinition } from '@tidewall/contracts';
import { expect, vi } from 'vitest';
import { reasonOf } from '../reason.ts';
import { RecordingSink } from '../recording-sink.ts';
import { parseSourceConfig } from '../source-config.ts';
import { testContext } from '../source-context.contract.ts';

const WAIT = { timeout: 20_000, interval: 10 };

/** A source of a database under test, run as the supervisor would run it. Tests only. */
export class SqlProbe {
  readonly sink = new RecordingSink();
  readonly #abort = new AbortController();
  readonly #run: Promise<unknown>;
  #failure: string | undefined;
  #settled = false;

  constructor(definition: SourceDefinition, config: JsonObject, context: Partial<SourceContext> = {}) {
    const checked = parseSourceConfig('probe', definition, { intervalMs: 100, minIntervalMs: 100, ...config });
    const source = definition.create(checked, testContext({ clock: systemClock, ...context }));
    this.#run = source.run(this.sink, this.#abort.signal).then(
      () => {
        this.#settled = true;
      },
      (failure) => {
        this.#failure = reasonOf(failure);
        this.#settled = true;
      },
    );
  }

  /** The data of its publications so far. */
  get data(): unknown[] {
    return this.sink.publications.map(({ data }) => data);
  }

  /** @throws Error with the failure when the run ends before */
  async until(cameAbout: () => boolean): Promise<void> {
    await vi.waitFor(() => expect(cameAbout() || this.#settled).toBe(true), WAIT);
    if (!cameAbout()) throw new Error(this.#failure ?? 'the run has ended');
  }

  published(count: number): Promise<void> {
    return this.until(() => this.sink.publications.length >= count);
  }

  /** Why the run rejected. */
  async failed(): Promise<string> {
    await vi.waitFor(() => expect(this.#settled).toBe(true), WAIT);
    return this.#failure ?? '';
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#run;
  }
}

/** Asks sources of one kind that have a part of their configuration in common. */
export interface Asker {
  /** What is published first. */
  first(config: JsonObject, params?: SourceContext['params']): Promise<unknown>;
  /** Why nothing is. */
  failure(config: JsonObject, context?: Partial<SourceContext>): Promise<string>;
  probe(config: JsonObject, context?: Partial<SourceContext>): SqlProbe;
}

/** @param common settings that a test need not repeat */
export function createAsker(definition: SourceDefinition, common: () => JsonObject): Asker {
  const probe: Asker['probe'] = (config, context) => new SqlProbe(definition, { ...common(), ...config }, context);
  return {
    probe,
    first: async (config, params = {}) => {
      const source = probe(config, { params });
      try {
        await source.published(1);
        return source.data[0];
      } finally {
        await source.stop();
      }
    },
    failure: async (config, context) => {
      const source = probe(config, context);
      try {
        const failure = await source.failed();
        expect(source.data).toEqual([]);
        return failure;
      } finally {
        await source.stop();
      }
    },
  };
}
