import { isTopicPattern, parseTopicName, TidewallError, type TopicName, variantPart } from '@tidewall/protocol';
import { PAGE_REQUEST_LIMITS, type PageRequest, standardValues, type Values, valuesOfVariant } from '@tidewall/request';
import { AskedTopic, type Surroundings } from './asked-topic.ts';

export type AskedTopicsOptions = Surroundings;

/** All topics that this page asks for, each once for all who follow it. */
export class AskedTopics {
  readonly #options: AskedTopicsOptions;
  readonly #topics = new Map<string, AskedTopic>();
  /** Where the count of changes goes on, for topics that are asked for in another way now. */
  readonly #revisions = new Map<string, number>();
  #requests: readonly PageRequest[] = [];

  constructor(options: AskedTopicsOptions) {
    this.#options = options;
  }

  /** What is asked from now on: `find` gives another answer for what has changed. */
  use(requests: readonly PageRequest[]): void {
    this.#requests = requests.slice(0, PAGE_REQUEST_LIMITS.sources);
    this.#revisions.clear();
    const texts = new Set(this.#requests.map((request) => JSON.stringify(request)));
    for (const [topic, asked] of this.#topics) {
      if (texts.has(JSON.stringify(asked.request))) continue;
      this.#topics.delete(topic);
      this.#revisions.set(topic, asked.replica.revision + 1);
    }
  }

  /** What asks for a topic, to be followed at once; undefined when pages do not ask for it. */
  find(topic: string): AskedTopic | undefined {
    const known = this.#topics.get(topic);
    if (known !== undefined || this.#requests.length === 0 || isTopicPattern(topic)) return known;
    const found = this.#look(topic);
    if (found === undefined) return undefined;
    const { topics: most } = PAGE_REQUEST_LIMITS;
    const full = this.#topics.size >= most ? `this page asks for ${most} topics already` : undefined;
    const asked = new AskedTopic(this.#options, {
      topic,
      revision: this.#revisions.get(topic),
      left: () => {
        if (this.#topics.get(topic) === asked) this.#topics.delete(topic);
      },
      ...found,
      ...(full === undefined ? {} : { values: full }),
    });
    this.#revisions.delete(topic);
    this.#topics.set(topic, asked);
    return asked;
  }

  dispose(): void {
    this.#requests = [];
    this.#topics.clear();
  }

  /** The request that feeds a topic, with the values that its name says, or why it says none. */
  #look(name: string): { readonly request: PageRequest; readonly values: Values | string } | undefined {
    const topic = topicOf(name);
    if (topic === undefined) return undefined;
    for (const request of this.#requests) {
      const { topics, params } = request;
      if (topics.includes(topic)) return { request, values: standardValues(params) };
      if (Object.keys(params).length === 0) continue;
      const base = topics.map(topicOf).find((each) => each !== undefined && variantPart(topic, each) !== undefined);
      if (base !== undefined) return { request, values: valuesOf(topic, base, request) };
    }
    return undefined;
  }
}

function valuesOf(topic: TopicName, base: TopicName, { params }: PageRequest): Values | string {
  try {
    return valuesOfVariant(topic, base, params) ?? standardValues(params);
  } catch (failure) {
    if (failure instanceof TidewallError) return failure.message;
    throw failure;
  }
}

/** A name that none can be is for the reader behind to refuse. */
function topicOf(name: string): TopicName | undefined {
  try {
    return parseTopicName(name);
  } catch {
    return undefined;
  }
}
