import { type Client, createClient } from '@tidewall/client';
import { Api } from './api.ts';
import type { Random } from './random.ts';
import { Refuted } from './refuted.ts';
import type { Wire } from './wire.ts';
import { WireClient } from './wire-client.ts';

export interface BenchOptions {
  readonly url: string;
  readonly wires: readonly Wire[];
  readonly random: Random;
  /** Begins the names of the scenario's topics. */
  readonly prefix: string;
  /** 1 is the usual size of a scenario; less is quicker and finds less. */
  readonly scale: number;
  /** How long anything may take that has no bound of its own: this is about whether, not about how fast. */
  readonly patienceMs: number;
}

/** An SDK client whose link can be broken. */
export interface BreakableClient {
  readonly client: Client;
  /** As a broken network does it: without a word. */
  cut(): void;
}

const LOOK_MS = 5;

/** What a scenario works with. Whatever it opens is closed when the scenario ends, however that is. */
export class Bench {
  readonly url: string;
  readonly wires: readonly Wire[];
  readonly random: Random;
  readonly api: Api;
  readonly #options: BenchOptions;
  readonly #cleanUps: (() => void | Promise<void>)[] = [];
  #fault: string | undefined;

  constructor(options: BenchOptions) {
    const { url, wires, random } = options;
    this.url = url;
    this.wires = wires;
    this.random = random;
    this.api = new Api(url);
    this.#options = options;
  }

  /** The full name of one of the scenario's own topics. */
  topic(name: string): string {
    return `${this.#options.prefix}/${name}`;
  }

  /** A number at the size of this run. */
  sized(usual: number, least = 1): number {
    return Math.max(least, Math.round(usual * this.#options.scale));
  }

  /** As `sized`, for each of the wires: together they have as many as one alone would. */
  share(usual: number, least = 1): number {
    return this.sized(usual / this.wires.length, least);
  }

  async connect(wire: Wire): Promise<WireClient> {
    const client = await WireClient.connect(wire, this.url);
    this.defer(() => client.link.cut());
    return client;
  }

  async open(wire: Wire): Promise<WireClient> {
    const client = await WireClient.open(wire, this.url);
    this.defer(() => client.link.cut());
    return client;
  }

  /** A client of the SDK over that wire alone. */
  sdk(wire: Wire): BreakableClient {
    const { transport, cut } = wire.createTransport();
    const failed = (failure: unknown) => this.report(`a callback failed: ${String(failure)}`);
    const { next } = this.random;
    const client = createClient({
      url: this.url,
      transports: [transport],
      random: next,
      name: 'tidewall selftest',
      failed,
    });
    this.defer(() => client.close());
    return { client, cut };
  }

  /** Says what the topics of a pattern are, for as long as the scenario lasts. */
  async settle(pattern: string, settings: Parameters<Api['settle']>[1]): Promise<void> {
    await this.api.settle(pattern, settings);
    this.defer(() => this.api.unsettle(pattern));
  }

  /** Notes a broken rule where nobody can be told at once; the first one counts. */
  report = (fault: string): void => {
    this.#fault ??= fault;
  };

  /** @throws Refuted */
  holds(condition: boolean, otherwise: string): void {
    if (this.#fault !== undefined) throw new Refuted(this.#fault);
    if (!condition) throw new Refuted(otherwise);
  }

  /**
   * Waits for something that must happen.
   *
   * @param what is told when it does not: `not so: <what>`
   * @throws Refuted
   */
  async until(what: string | (() => string), condition: () => boolean | Promise<boolean>): Promise<void> {
    const { patienceMs } = this.#options;
    const giveUpAt = performance.now() + patienceMs;
    while (!(await condition())) {
      this.holds(true, '');
      if (performance.now() > giveUpAt) {
        throw new Refuted(`not so after ${patienceMs / 1000} s: ${typeof what === 'string' ? what : what()}`);
      }
      await this.wait(LOOK_MS);
    }
    this.holds(true, '');
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  defer(cleanUp: () => void | Promise<void>): void {
    this.#cleanUps.push(cleanUp);
  }

  /** Lets go of everything, and of the topics. */
  async dispose(): Promise<void> {
    for (const cleanUp of this.#cleanUps.splice(0).reverse()) await cleanUp();
    const own = (await this.api.topics()).filter((topic) => topic.startsWith(`${this.#options.prefix}/`));
    for (const topic of own) await this.api.remove(topic);
  }
}
