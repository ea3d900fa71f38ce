import { backoffMs, type Clock } from '@tidewall/base';
import type { Following, FollowOptions, TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import { Replica } from '@tidewall/client/replica';
import { combineWants } from '@tidewall/client/wants';
import { LATE_AFTER, STALE_AFTER, TidewallError } from '@tidewall/protocol';
import { intervalOf, type PageRequest, RequestTemplate, type Values } from '@tidewall/request';
import { type Asking, ask } from './ask.ts';
import { AskedResult } from './asked-result.ts';
import type { PageSight } from './page-sight.ts';
import { fetchSteps, type Steps } from './steps.ts';

/** What asking needs of the page. */
export interface Surroundings extends Asking {
  readonly clock: Clock;
  /** A number in [0, 1). */
  random(): number;
  serverNow(): number;
  readonly sight: PageSight;
  /** Rows of an answer were refused, and why the first of them was; the others are shown. */
  refused(topic: string, reason: string): void;
}

export interface AskedTopicOptions {
  readonly topic: string;
  readonly request: PageRequest;
  /** Of all parameters; or why there are none, and then nothing is asked. */
  readonly values: Values | string;
  /** Where the count of changes begins. */
  readonly revision: number | undefined;
  /** Nobody follows it any more. */
  left(): void;
}

interface Follower {
  options: FollowOptions;
  readonly changed: (replica: TopicReplica) => void;
}

const RETRY = { baseMs: 1_000, maxMs: 60_000 };
/** Not a whole number, so that who comes over from what the server holds of the topic takes it for another state. */
const FIRST_REVISION = 0.5;

/**
 * One topic that this page asks for: at once when somebody follows it, then again and again as long as somebody does and
 * the page is seen, and never twice at once. After a failure, which all who follow are told, it waits with back-off.
 */
export class AskedTopic {
  readonly request: PageRequest;
  readonly replica: Replica;
  readonly #around: Surroundings;
  readonly #options: AskedTopicOptions;
  readonly #result: AskedResult;
  readonly #followers = new Set<Follower>();
  #template: RequestTemplate | undefined;
  #steps: Steps | undefined;
  #asking: AbortController | undefined;
  /** Of the last question, by the clock that never jumps; undefined before the first. */
  #begunAt: number | undefined;
  /** Not before. */
  #dueAt = 0;
  /** Of this answer. */
  #refusals: string[] = [];
  #failures = 0;
  #failed = false;
  #cancelNext: (() => void) | undefined;
  #cancelAging: (() => void) | undefined;
  #unsee: (() => void) | undefined;

  constructor(around: Surroundings, options: AskedTopicOptions) {
    const { topic, request, revision = FIRST_REVISION } = options;
    const { topicKind: kind, keyField } = request;
    this.request = request;
    this.#around = around;
    this.#options = options;
    this.replica = new Replica(topic);
    this.#result = new AskedResult(request, this.replica, {
      serverNow: () => around.serverNow(),
      refused: (reason) => void this.#refusals.push(reason),
    });
    const freshness = { state: 'quiet', asOf: 0 } as const;
    const accepted = { ...{ topic: 0, kind, epoch: '', offset: 0, recovered: true, freshness }, presence: undefined };
    this.replica.accept({ ...accepted, keyField: keyField ?? this.#result.keyField });
    this.replica.revision = revision;
  }

  follow(options: FollowOptions, changed: (replica: TopicReplica) => void): Following {
    const refused = this.#refusalOf(options);
    if (refused !== undefined) {
      if (this.#followers.size === 0) this.#options.left();
      return refuse(this.#options.topic, refused, changed);
    }
    const follower: Follower = { options, changed };
    this.#followers.add(follower);
    this.replica.keep(this.#wants().keep);
    if (this.#followers.size === 1) this.#begin();
    else if (this.replica.value() !== undefined || this.#failed) {
      queueMicrotask(() => {
        if (this.#followers.has(follower)) changed(this.replica);
      });
    }
    this.#schedule();
    const end = () => {
      if (!this.#followers.delete(follower)) return;
      if (this.#followers.size === 0) this.#end();
      else this.#schedule();
    };
    return Object.assign(end, {
      configure: ({ rateHz }: { readonly rateHz: number | undefined }) => {
        follower.options = { ...follower.options, rateHz };
        this.#schedule();
      },
    });
  }

  /** What an answer cannot be made to be; a server could. */
  #refusalOf({ kind, filter, fields, presence }: FollowOptions): TidewallError | undefined {
    const { topicKind, name } = this.request;
    if (kind !== undefined && kind !== topicKind) {
      return new TidewallError('wrong_kind', `the topic is a ${topicKind}, and was asked for as a ${kind}`);
    }
    const what = filter !== undefined ? 'filter' : fields !== undefined ? 'fields' : presence ? 'presence' : undefined;
    if (what === undefined) return undefined;
    return new TidewallError(
      'not_available',
      `${what} is for the server, and pages ask for this topic (source ${name})`,
    );
  }

  #begin(): void {
    const { values, request } = this.#options;
    const { sight } = this.#around;
    this.#unsee = sight.onChange(() => this.#schedule());
    try {
      if (typeof values === 'string') throw new TidewallError('bad_request', values);
      this.#template = new RequestTemplate(request, values);
    } catch (failure) {
      // The name of the topic, or the source, must be another one first.
      this.#tellFailed(reasonOf(failure));
      queueMicrotask(() => this.#tell());
    }
  }

  #end(): void {
    this.#cancelNext?.();
    this.#cancelAging?.();
    this.#unsee?.();
    this.#asking?.abort();
    this.#options.left();
  }

  get #interval(): number {
    const rates = [...this.#followers].map(({ options: { rateHz } }) => rateHz);
    const paced = rates.flatMap((rate) => (rate === undefined ? [] : [1000 / rate]));
    const fastestMs = paced.length === 0 ? undefined : Math.min(...paced);
    return intervalOf(this.request, { fastestMs, unpaced: paced.length < rates.length });
  }

  #wants() {
    return combineWants([...this.#followers].map(({ options }) => options));
  }

  /** The next question, at its time; none while one is under way, or nobody sees the page. */
  #schedule(): void {
    const { clock, sight } = this.#around;
    this.#cancelNext?.();
    this.#cancelNext = undefined;
    if (this.#template === undefined || this.#followers.size === 0 || this.#asking !== undefined || sight.hidden)
      return;
    const regularAt = this.#begunAt === undefined || this.#failed ? 0 : this.#begunAt + this.#interval;
    const waitMs = Math.max(this.#dueAt, regularAt) - clock.monotonic();
    if (waitMs <= 0) void this.#ask(this.#template);
    else this.#cancelNext = clock.after(waitMs, () => this.#schedule());
  }

  async #ask(template: RequestTemplate): Promise<void> {
    const { clock } = this.#around;
    const { timeoutMs, minIntervalMs, transforms } = this.request;
    const asking = new AbortController();
    this.#asking = asking;
    const begunAt = clock.monotonic();
    this.#begunAt = begunAt;
    let late = false;
    const cancel = clock.after(timeoutMs, () => {
      late = true;
      asking.abort();
    });
    let failure: unknown;
    try {
      this.#steps ??= await fetchSteps(transforms);
      const refused = (reason: string) => void this.#refusals.push(reason);
      const data = await ask(this.#around, { template, request: this.request, signal: asking.signal, refused });
      if (!asking.signal.aborted) this.#result.take(this.#steps(data));
    } catch (thrown) {
      failure = thrown;
    }
    cancel();
    this.#asking = undefined;
    this.#tellRefused();
    if (this.#followers.size === 0) return;
    if (late) failure = new TidewallError('source_error', `there was no answer within ${timeoutMs} ms (timeoutMs)`);
    if (failure === undefined) {
      this.#succeeded(clock.monotonic() - begunAt < this.#interval ? 0 : minIntervalMs);
    } else this.#tellFailed(reasonOf(failure), failure instanceof TidewallError ? failure.afterMs : 0);
    this.#tell();
    this.#schedule();
  }

  #succeeded(restMs: number): void {
    const { clock } = this.#around;
    const expectEveryMs = this.#interval;
    this.#failures = 0;
    this.#failed = false;
    this.#dueAt = clock.monotonic() + restMs;
    this.replica.freshness = { state: 'ok', asOf: this.replica.asOf, expectEveryMs };
    this.#age('late', LATE_AFTER * expectEveryMs, () =>
      this.#age('stale', (STALE_AFTER - LATE_AFTER) * expectEveryMs, () => {}),
    );
  }

  /** Old answers are told as such, whatever else the page hears. */
  #age(state: 'late' | 'stale', afterMs: number, then: () => void): void {
    this.#cancelAging?.();
    this.#cancelAging = this.#around.clock.after(afterMs, () => {
      this.replica.freshness = { ...this.replica.freshness, state };
      this.#tell();
      then();
    });
  }

  /** @param restMs how long the far end wants to be left alone */
  #tellFailed(reason: string, restMs = 0): void {
    const { clock, random } = this.#around;
    const { maxIntervalMs } = this.request;
    const delayMs = Math.max(backoffMs(this.#failures, RETRY, random()), Math.min(restMs, maxIntervalMs));
    this.#failures += 1;
    this.#failed = true;
    this.#dueAt = clock.monotonic() + delayMs;
    this.#cancelAging?.();
    const outlook = this.#template === undefined ? '' : `; next try in ${Math.ceil(delayMs / 1000)} s`;
    this.replica.freshness = { state: 'failed', asOf: this.replica.asOf, reason: `${reason}${outlook}` };
  }

  #tellRefused(): void {
    const [first, ...more] = this.#refusals;
    this.#refusals = [];
    if (first === undefined) return;
    const others = more.length === 0 ? '' : `; and ${more.length} more, for reasons like this one`;
    this.#around.refused(this.#options.topic, `${first}${others}`);
  }

  #tell(): void {
    for (const { changed } of this.#followers) {
      try {
        changed(this.replica);
      } catch (failure) {
        this.#around.failed(failure);
      }
    }
  }
}

function refuse(topic: string, { kind, message }: TidewallError, changed: Follower['changed']): Following {
  let over = false;
  const replica = new Replica(topic);
  replica.refused = { name: kind, message };
  queueMicrotask(() => {
    if (!over) changed(replica);
  });
  const end = () => {
    over = true;
  };
  return Object.assign(end, { configure() {} });
}

function reasonOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
