import { type BackoffLimits, backoffMs, type Clock, type JsonValue } from '@tidewall/base';
import type { Demand, Feed, Log, Sink, Source } from '@tidewall/contracts';
import { LATE_AFTER, type Operation, TidewallError, type TopicName } from '@tidewall/protocol';
import type { Delivery } from './delivery.ts';
import type { FamilyTopic } from './families.ts';
import type { PaceOfDemand } from './pace-of-demand.ts';
import type { Put } from './put.ts';
import { reasonOf } from './reason.ts';
import { Turns } from './turns.ts';

/*
 *           first watcher                 first publication, or healthy
 *   idle ─────────────────▶ starting ────────────────────────────────────▶ ok
 *    ▲                       │    ▲                                        │
 *    │ no watcher            │    │ the back-off is over                   │
 *    │ (from any state)      ▼    │                                        │
 *    └─────────────────── failed ◀┴──────────── run rejects ◀──────────────┘
 *
 * Stopping is not a state that anybody sees: it is `idle` with a run that has not settled yet, and what would start
 * waits for it; when that takes too long, it is `failed` until the run settles. A run that resolves by itself leaves
 * the source `ok` and finished for good. A source that is `ok` and has been silent for twice its cadence is told as `late`.
 */
export type SourceState = 'idle' | 'starting' | 'ok' | 'late' | 'failed';

/** How one source is. */
export interface SourceHealth {
  readonly state: SourceState;
  /** Why it failed; present when `failed`. */
  readonly reason?: string;
  /** When it is tried again, ms since 1970; absent when nobody can say. */
  readonly nextTryAt?: number;
  /** Rows and lines that were refused since the server started, and why the last one was. */
  readonly refusals: number;
  readonly lastRefusal?: string;
}

/** What happened, for whoever counts. */
export interface SourceEvents {
  published(): void;
  failed(): void;
  refused(count: number): void;
}

export interface SourceRunnerOptions {
  readonly source: Source;
  /** The way of each topic of the source, by the source's own name for it. */
  readonly deliveries: ReadonlyMap<TopicName, Delivery>;
  readonly pace: PaceOfDemand;
  /** The way to a topic of a family, claimed where it is not yet; undefined when it is of none. */
  claim(topic: TopicName): Promise<FamilyTopic | undefined>;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: SourceEvents;
  /** A number in [0, 1). */
  random(): number;
}

const RETRY: BackoffLimits = { baseMs: 1_000, maxMs: 60_000 };
/** A source that worked for this long has its failures behind it. */
const HEALTHY_MS = 30_000;
/** A run that has not settled this long after its abort is late: whoever watches is told, and a stop waits no more. */
const STOP_MS = 5_000;

interface Run {
  readonly abort: AbortController;
  readonly settled: Promise<void>;
  /** Present from the abort on; resolves when the run has settled, or is late. */
  stopped?: Promise<void>;
  late: boolean;
}

/** Runs one source exactly while somebody watches one of its topics, never twice at once, and again after a failure. */
export class SourceRunner {
  readonly #options: SourceRunnerOptions;
  readonly #feeds = new Map<TopicName, Feed>();
  readonly #watched = new Set<TopicName>();
  readonly #turns: Turns;
  #state: Exclude<SourceState, 'late'> = 'idle';
  #reason: string | undefined;
  #nextTryAt: number | undefined;
  #refusals = 0;
  #lastRefusal: string | undefined;
  /** The cadence of its news, ms, and when there were some last, monotonic. */
  #expectMs: number | undefined;
  #newsAt = 0;
  #run: Run | undefined;
  #failures = 0;
  #okSince = 0;
  #cancelRetry: (() => void) | undefined;
  #finished = false;
  #feedsFailed = false;
  #open = false;
  #disposed = false;

  constructor(options: SourceRunnerOptions) {
    this.#options = options;
    this.#turns = new Turns(options.clock);
    const cadences = options.source.topics.flatMap(({ expectEveryMs }) => expectEveryMs ?? []);
    if (cadences.length > 0) this.#expectMs = Math.min(...cadences);
  }

  get deliveries(): ReadonlyMap<TopicName, Delivery> {
    return this.#options.deliveries;
  }

  get health(): SourceHealth {
    return {
      state: this.#isLate ? 'late' : this.#state,
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      ...(this.#nextTryAt === undefined ? {} : { nextTryAt: this.#nextTryAt }),
      refusals: this.#refusals,
      ...(this.#lastRefusal === undefined ? {} : { lastRefusal: this.#lastRefusal }),
    };
  }

  /**
   * Gives the source the ways to its topics; `dispose` gives them up. It does not run before that, though a topic may
   * be watched already while the others are still being claimed.
   */
  open(feeds: ReadonlyMap<TopicName, Feed>): void {
    if (this.#disposed) {
      for (const feed of feeds.values()) feed.dispose();
      return;
    }
    for (const [topic, feed] of feeds) {
      this.#feeds.set(topic, feed);
      this.deliveries.get(topic)?.resume(() => feed.held());
    }
    this.#open = true;
    this.#startIfWanted();
  }

  /** A topic of a family is the source's from now on. */
  addFeed(topic: TopicName, feed: Feed): void {
    this.#feeds.set(topic, feed);
    if (this.#state === 'failed') feed.fail(this.#reason ?? 'the source has failed');
    else if (this.#expectMs !== undefined) feed.expect(this.#expectMs);
  }

  /** A topic of a family is the source's no more. */
  removeFeed(topic: TopicName): void {
    this.#feeds.delete(topic);
    this.demand(topic, { watched: false, unpaced: false });
  }

  /** Counts what was refused before it came to a run. */
  refused(reason: string, count = 1): void {
    this.#refusals += count;
    this.#lastRefusal = reasonOf(reason);
    this.#options.events.refused(count);
  }

  get #isLate(): boolean {
    if (this.#state !== 'ok' || this.#expectMs === undefined || this.#finished) return false;
    return this.#options.clock.monotonic() - this.#newsAt > LATE_AFTER * this.#expectMs;
  }

  /** What those who watch that topic want. */
  demand(topic: TopicName, demand: Demand): void {
    this.#options.pace.set(topic, demand);
    if (demand.watched) this.#watched.add(topic);
    else this.#watched.delete(topic);
    if (this.#watched.size > 0) this.#startIfWanted();
    else this.#stop();
  }

  /** Stops the run, waits for it, and gives the topics up. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#watched.clear();
    this.#stop();
    await this.#run?.stopped;
    for (const feed of this.#feeds.values()) feed.dispose();
    this.#feeds.clear();
  }

  #startIfWanted(): void {
    const wanted = this.#watched.size > 0 && this.#open && !this.#disposed && !this.#finished;
    if (!wanted || this.#cancelRetry) return;
    if (this.#run) {
      if (this.#run.late && this.#state === 'idle') this.#failLate();
      return;
    }
    this.#become('starting');
    const abort = new AbortController();
    this.#run = { abort, settled: this.#runOnce(abort.signal), late: false };
  }

  #stop(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    if (this.#run) this.#run.stopped ??= this.#abort(this.#run);
    this.#failures = 0;
    if (!this.#finished) this.#become('idle');
  }

  #abort(run: Run): Promise<void> {
    const { clock, log } = this.#options;
    run.abort.abort();
    return new Promise((resolve) => {
      const cancel = clock.after(STOP_MS, () => {
        run.late = true;
        log.warn({ waitedMs: STOP_MS }, 'the source does not stop; it is left alone');
        this.#startIfWanted();
        resolve();
      });
      void run.settled.then(() => {
        cancel();
        resolve();
      });
    });
  }

  async #runOnce(signal: AbortSignal): Promise<void> {
    // A run that fails at once must not do so before `#run` is set.
    await Promise.resolve();
    try {
      await this.#options.source.run(this.#sinkFor(signal), signal);
      this.#run = undefined;
      if (!signal.aborted) this.#finish();
    } catch (failure) {
      this.#run = undefined;
      if (signal.aborted) this.#options.log.debug({ failure: reasonOf(failure) }, 'the source failed while it stopped');
      else this.#fail(reasonOf(failure));
    }
    this.#startIfWanted();
  }

  #finish(): void {
    this.#finished = true;
    this.#becomeOk();
    this.#options.log.info({}, 'the source has nothing more to bring');
  }

  #fail(reason: string): void {
    const { clock, log, random } = this.#options;
    if (this.#state === 'ok' && clock.monotonic() - this.#okSince >= HEALTHY_MS) this.#failures = 0;
    const delayMs = backoffMs(this.#failures, RETRY, random());
    this.#failures += 1;
    this.#becomeFailed(reason, `next try in ${Math.ceil(delayMs / 1000)} s`);
    this.#nextTryAt = Math.round(clock.now() + delayMs);
    this.#cancelRetry = clock.after(delayMs, () => {
      this.#cancelRetry = undefined;
      this.#startIfWanted();
    });
    log.warn({ reason, retryMs: Math.round(delayMs) }, 'the source failed');
  }

  /** Somebody watches, but the run before has still not settled. */
  #failLate(): void {
    const reason = `the source has not stopped ${STOP_MS / 1000} s after it was told to`;
    this.#becomeFailed(reason, 'it starts again when it has');
  }

  /** A topic of a family. One that cannot be claimed, since others have it, costs what is for it, and nothing else. */
  async #member(topic: TopicName): Promise<FamilyTopic | 'refused' | undefined> {
    try {
      return await this.#options.claim(topic);
    } catch (failure) {
      if (!(failure instanceof TidewallError)) throw failure;
      this.refused(failure.message);
      return 'refused';
    }
  }

  #sinkFor(signal: AbortSignal): Sink {
    const way = async (topic: TopicName) => {
      const declared = this.#options.deliveries.get(topic);
      const member = declared ? undefined : await this.#member(topic);
      if (member === 'refused') {
        signal.throwIfAborted();
        await this.#turns.step();
        return undefined;
      }
      const feed = declared ? this.#feeds.get(topic) : member?.feed;
      const delivery = declared ?? member?.delivery;
      if (!feed || !delivery) throw new TypeError(`the source does not feed the topic ${topic}`);
      // Somebody else may watch already what a stopped run would overwrite; so it hears that it is over.
      signal.throwIfAborted();
      const put: Put = async (op: Operation, data: JsonValue, at?: number) => {
        signal.throwIfAborted();
        await feed.publish(op, data, at);
        this.#options.events.published();
        if (!signal.aborted) this.#becomeOk(feed);
        await this.#turns.step();
      };
      return { feed, delivery, put };
    };
    return {
      publish: async (topic, op, data, at) => {
        const found = await way(topic);
        await found?.delivery.publish(op, data, at, found.put);
      },
      result: async (topic, data, at, place) => {
        const found = await way(topic);
        if (found === undefined) return;
        const { delivery, put, feed } = found;
        const published = await delivery.result(data, at, put, signal, place);
        if (published > 0 || signal.aborted) return;
        this.#becomeOk();
        feed.healthy();
      },
      healthy: () => {
        if (signal.aborted) return;
        this.#becomeOk();
        for (const feed of this.#feeds.values()) feed.healthy();
      },
      expect: (everyMs) => {
        if (signal.aborted) return;
        this.#expectMs = everyMs;
        for (const feed of this.#feeds.values()) feed.expect(everyMs);
      },
      refused: (reason) => this.refused(reason),
    };
  }

  /** @param fresh a topic that its own publication has just shown to be well */
  #becomeOk(fresh?: Feed): void {
    this.#newsAt = this.#options.clock.monotonic();
    if (this.#state === 'ok') return;
    this.#become('ok');
    this.#okSince = this.#options.clock.monotonic();
    if (!this.#feedsFailed) return;
    this.#feedsFailed = false;
    this.#options.log.info({}, 'the source works again');
    // Its other topics were marked failed too, and may have nothing new for long.
    for (const feed of this.#feeds.values()) if (feed !== fresh) feed.healthy();
  }

  #becomeFailed(reason: string, outlook: string): void {
    this.#become('failed');
    this.#reason = reason;
    this.#options.events.failed();
    for (const feed of this.#feeds.values()) feed.fail(`${reason}; ${outlook}`);
    this.#feedsFailed = true;
  }

  #become(state: Exclude<SourceState, 'late'>): void {
    this.#state = state;
    this.#reason = undefined;
    this.#nextTryAt = undefined;
  }
}
