import type { JsonObject } from '@tidewall/base';
import type { Source, SourceContext } from '@tidewall/contracts';
import { FakeClock } from '@tidewall/testkit';
import { expect } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { parseSourceConfig } from '../source-config.ts';
import { testContext } from '../source-context.contract.ts';
import { definition } from './definition.ts';

/** A source of kind `http` that runs for a test, whose time passes when the test says so. Tests only. */
export class HttpBed {
  readonly clock = new FakeClock(1_700_000_000_000);
  sink = new RecordingSink();
  #abort = new AbortController();
  #running: Promise<void> | undefined;

  create(settings: JsonObject, more: Partial<SourceContext> = {}): Source {
    const config = parseSourceConfig('probe', definition, settings);
    return definition.create(config, testContext({ clock: this.clock, ...more }));
  }

  run(source: Source): Promise<void> {
    this.#abort = new AbortController();
    this.#running = source.run(this.sink, this.#abort.signal);
    this.#running.catch(() => {});
    return this.#running;
  }

  /** Runs it until it has brought so many results. */
  async results(settings: JsonObject, count = 1, more: Partial<SourceContext> = {}): Promise<unknown[]> {
    const running = this.run(this.create(settings, more));
    await Promise.race([running, this.until(() => this.sink.results.length >= count)]);
    await this.stop();
    return this.sink.results.map(({ data }) => data);
  }

  /** The sentence that a run ends with. */
  failure(settings: JsonObject, more: Partial<SourceContext> = {}): Promise<string> {
    return this.failureOf(this.create(settings, more));
  }

  async failureOf(source: Source): Promise<string> {
    return this.run(source).then(
      () => 'it did not fail',
      (thrown: Error) => thrown.message,
    );
  }

  /** Lets the machine do its work, and no time pass, until that has come about. */
  async until(cameAbout: () => boolean): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!cameAbout() && performance.now() < deadline) await this.clock.advance(0);
    expect(cameAbout()).toBe(true);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running?.catch(() => {});
    expect(this.clock.pending).toBe(0);
  }
}
