import type { Feed, HubPort, Log } from '@tidewall/contracts';
import { parseTopicPattern, type TopicKind, type TopicName, variantPart, variantTopic } from '@tidewall/protocol';
import { type Parameters, textsOf, type Values, valuesOfVariant } from '@tidewall/request';
import { reasonOf } from './reason.ts';
import { closeInstance, type SourceInstance } from './source-instance.ts';

/** A topic of the source with its standard values. */
export interface BaseTopic {
  readonly topic: TopicName;
  readonly kind: TopicKind;
}

export interface VariantsOptions {
  readonly hub: Pick<HubPort, 'feed' | 'onDemand'>;
  readonly log: Log;
  /** The source's. */
  readonly name: string;
  readonly bases: readonly BaseTopic[];
  readonly parameters: Parameters;
  /** How many are fed at once. */
  readonly most: number;
  /** Makes the source of these values and claims its topics. */
  open(values: Values): Promise<SourceInstance>;
}

/** One combination of values that somebody watches. */
interface Variant {
  readonly values: Values;
  /** Topics of it that are watched. */
  readonly wanted: Map<TopicName, BaseTopic>;
  /** Resolves when its topics are claimed, or could not be. */
  opened: Promise<SourceInstance | undefined>;
  instance: SourceInstance | undefined;
  /** Present while it stops: it has its topics until then, and whoever wants them meanwhile waits for the end. */
  closing: Promise<void> | undefined;
}

/** A watched topic that cannot be fed, and why. */
interface Turned {
  readonly base: BaseTopic;
  /** Present: there is only no room for it. */
  readonly values?: Values;
  feed?: Feed;
  over: boolean;
}

/**
 * A source of its own for each combination of parameters that somebody watches, as long as somebody does. What is watched
 * beyond the most that there may be, or names values that cannot be, has failed with the reason.
 */
export class Variants {
  readonly #options: VariantsOptions;
  readonly #variants = new Map<string, Variant>();
  readonly #turned = new Map<TopicName, Turned>();
  readonly #undemand: readonly (() => void)[];
  #disposed = false;

  constructor(options: VariantsOptions) {
    this.#options = options;
    this.#undemand = options.bases.map((base) =>
      options.hub.onDemand(parseTopicPattern(`${base.topic}/+`), (topic, watched) => {
        if (variantPart(topic, base.topic) === undefined) return;
        if (watched) this.#want(topic, base);
        else this.#leave(topic);
      }),
    );
  }

  /** Those that are fed now. */
  get instances(): readonly SourceInstance[] {
    return [...this.#variants.values()].flatMap(({ instance, closing }) => (closing ? [] : (instance ?? [])));
  }

  get size(): number {
    return this.#variants.size;
  }

  /** Stops all of them and waits for them. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    for (const stop of this.#undemand) stop();
    for (const turned of this.#turned.values()) this.#giveUp(turned);
    this.#turned.clear();
    const variants = [...this.#variants.values()];
    this.#variants.clear();
    await Promise.allSettled(
      variants.map(({ opened, closing }) => closing ?? opened.then((instance) => instance && closeInstance(instance))),
    );
  }

  #want(topic: TopicName, base: BaseTopic): void {
    let values: Values | undefined;
    try {
      values = valuesOfVariant(topic, base.topic, this.#options.parameters);
    } catch (failure) {
      this.#turnAway(topic, { base, over: false }, reasonOf(failure));
      return;
    }
    if (values !== undefined) this.#admit(topic, base, values);
  }

  #admit(topic: TopicName, base: BaseTopic, values: Values): void {
    const { parameters, most } = this.#options;
    const key = keyOf(parameters, values);
    const known = this.#variants.get(key);
    if (known !== undefined) known.wanted.set(topic, base);
    else if (this.#variants.size < most) {
      const wanted = new Map([[topic, base]]);
      const opened = Promise.resolve(undefined);
      const variant: Variant = { values, wanted, opened, instance: undefined, closing: undefined };
      this.#variants.set(key, variant);
      this.#open(key, variant);
    } else {
      const reason = `${most} combinations of parameters are fed already (maxVariants); there is room when others are left`;
      this.#turnAway(topic, { base, values, over: false }, reason);
    }
  }

  #open(key: string, variant: Variant): void {
    variant.opened = this.#options.open(variant.values).then(
      (instance) => {
        variant.instance = instance;
        return instance;
      },
      (failure: unknown) => {
        this.#cannotOpen(key, variant, reasonOf(failure));
        return undefined;
      },
    );
  }

  /** Those who watch are told why, but for topics that somebody else feeds: those are theirs. */
  #cannotOpen(key: string, variant: Variant, reason: string): void {
    const { name, log } = this.#options;
    log.warn({ source: name, params: variant.values, reason }, 'a combination of parameters cannot be fed');
    if (this.#variants.get(key) !== variant) return;
    this.#variants.delete(key);
    for (const [topic, base] of variant.wanted) this.#turnAway(topic, { base, over: false }, reason);
    this.#admitNext();
  }

  #leave(topic: TopicName): void {
    const turned = this.#turned.get(topic);
    if (turned !== undefined) {
      this.#turned.delete(topic);
      this.#giveUp(turned);
      return;
    }
    const entry = [...this.#variants].find(([, { wanted }]) => wanted.has(topic));
    if (entry === undefined) return;
    const [key, variant] = entry;
    variant.wanted.delete(topic);
    if (variant.wanted.size === 0) variant.closing ??= this.#close(key, variant);
  }

  /** Its topics are given up when it has stopped; who has come meanwhile has it opened anew. */
  async #close(key: string, variant: Variant): Promise<void> {
    const instance = await variant.opened;
    if (instance !== undefined) await closeInstance(instance);
    variant.instance = undefined;
    variant.closing = undefined;
    if (this.#disposed || this.#variants.get(key) !== variant) return;
    if (variant.wanted.size > 0) this.#open(key, variant);
    else {
      this.#variants.delete(key);
      this.#admitNext();
    }
  }

  /** The combination that has waited longest for room has it now. */
  #admitNext(): void {
    const { most, parameters } = this.#options;
    if (this.#disposed || this.#variants.size >= most) return;
    const next = [...this.#turned.values()].find(({ values, feed }) => values !== undefined && feed !== undefined);
    if (next?.values === undefined) return;
    const key = keyOf(parameters, next.values);
    for (const [topic, turned] of [...this.#turned]) {
      if (turned.values === undefined || keyOf(parameters, turned.values) !== key) continue;
      this.#turned.delete(topic);
      this.#giveUp(turned);
      this.#admit(topic, turned.base, turned.values);
    }
  }

  #turnAway(topic: TopicName, turned: Turned, reason: string): void {
    const { hub, name, log } = this.#options;
    this.#turned.set(topic, turned);
    hub
      .feed(topic, name, { kind: turned.base.kind }, () => {})
      .then((feed) => {
        if (turned.over) return feed.dispose();
        turned.feed = feed;
        feed.fail(reason);
        this.#admitNext();
      })
      .catch((failure) =>
        log.warn({ source: name, topic, reason: reasonOf(failure) }, 'a topic cannot be told that it failed'),
      );
  }

  #giveUp(turned: Turned): void {
    turned.over = true;
    turned.feed?.dispose();
  }
}

function keyOf(parameters: Parameters, values: Values): string {
  return variantTopic('v' as TopicName, textsOf(parameters, values));
}
