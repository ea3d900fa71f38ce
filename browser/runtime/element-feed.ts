import type { DataState, Dataset, TopicReader, TopicReplica } from '@tidewall/browser-contracts';
import type { Mismatch } from '@tidewall/protocol';
import { type ContractName, type ScreenElement, topicWith, type VariableValues } from '@tidewall/screen';
import { ElementData } from './dataset.ts';
import { type ElementFreshness, elementFreshness, type LinkFacts } from './freshness.ts';
import { PipelineFetch } from './pipeline.ts';
import { Receipt } from './receipt.ts';

export interface ElementFeedOptions {
  readonly contract: ContractName;
  readonly element: ScreenElement;
  /** The topic that feeds it when it is bound to nothing else. */
  readonly ownTopic: string;
  /** Of the variables that stand in the name of the topic it is bound to. */
  readonly values: VariableValues;
  readonly reader: TopicReader;
  /** ms that never jump back. */
  now(): number;
  /** Something came; `first` until anything has been drawn of it. */
  changed(first: boolean): void;
}

const ALIVE: ElementFreshness = { state: 'quiet', ageMs: undefined, reason: '' };
const WAITING: ElementFreshness = { state: 'waiting', ageMs: undefined, reason: '' };

/**
 * Where an element's data comes from: a topic, the screen itself, or nowhere for a component that takes none. Reads the
 * topic only in the frame, however often it changed before.
 */
export class ElementFeed {
  /** Undefined when it follows none. */
  readonly topic: string | undefined;
  readonly #data: ElementData<ContractName>;
  readonly #expectEveryMs: number | undefined;
  readonly #unfollow: (() => void) | undefined;
  readonly #now: () => number;
  readonly #receipt = new Receipt();
  readonly #fetch: PipelineFetch;
  /** Whether it is bound to the topic of a variable that has no value. */
  #lacksValue = false;
  #disposed = false;
  #replica: TopicReplica | undefined;
  #seen: number | undefined;
  #paintedRevision: number | undefined;
  #paintLatencyMs: number | undefined;
  #catchingUp = true;

  constructor(options: ElementFeedOptions) {
    const { contract, element, reader } = options;
    const { binding, transforms } = element.data;
    this.#data = new ElementData(contract, transforms);
    this.#fetch = new PipelineFetch(transforms, (pipeline) => {
      this.#data.use(pipeline);
      if (!this.#disposed) options.changed(this.#paintedRevision === undefined);
    });
    this.#now = options.now;
    this.#expectEveryMs = element.freshness?.expectEveryMs;
    if (contract === 'NONE') return;
    this.#fetch.again();
    if (binding?.type === 'static') {
      this.#data.takeStatic(binding.data);
      return;
    }
    this.topic = binding === undefined ? options.ownTopic : topicWith(binding.topic, options.values);
    this.#lacksValue = this.topic === undefined;
    if (this.topic === undefined) return;
    const rewind = binding?.rewind;
    const follow = {
      // What is pushed to an element replaces what it shows; a bound topic is whatever it is.
      ...(binding === undefined ? { kind: 'state' as const } : {}),
      ...(rewind === undefined ? {} : { rewindCount: rewind }),
    };
    this.#unfollow = reader.follow(this.topic, follow, (replica) => {
      this.#replica = replica;
      this.#receipt.note(replica, options.now(), reader.serverNow());
      this.#fetch.again();
      options.changed(this.#paintedRevision === undefined);
    });
  }

  get mismatch(): Mismatch | undefined {
    return this.#data.mismatch;
  }

  get paintLatencyMs(): number | undefined {
    return this.#paintLatencyMs;
  }

  /** Whether the topic has changed since it was last read. */
  get hasNew(): boolean {
    return this.#replica !== undefined && this.#replica.revision !== this.#seen;
  }

  freshness(now: number, link: LinkFacts, heardAt: number): ElementFreshness {
    if (this.topic === undefined) return this.#lacksValue ? WAITING : ALIVE;
    const replica = this.#replica;
    return elementFreshness({
      now,
      link,
      heardAt,
      present: replica !== undefined && replica.value() !== undefined,
      asOf: replica?.asOf ?? 0,
      silentMs: this.#receipt.silentMs(this.#now()),
      freshness: replica?.freshness,
      refused: replica?.refused?.message,
      expectEveryMs: this.#expectEveryMs,
    });
  }

  /** The dataset of this frame. */
  dataset(state: DataState, now: number): Dataset | undefined {
    if (this.#replica !== undefined) {
      this.#data.take(this.#replica, now);
      if (this.#data.ready) this.#seen = this.#replica.revision;
    }
    return this.#data.dataset(state);
  }

  /** The link is back: what comes now is old already, and says nothing of how fast the way is. */
  recovering(): void {
    this.#catchingUp = true;
    this.#fetch.again();
    this.#receipt.catchUp();
  }

  /** So much of the topic's silence was of our own asking. */
  excuse(ms: number): void {
    this.#receipt.excuse(ms, this.#now());
  }

  /** The frame has drawn what `dataset` gave. */
  painted(now: number): void {
    const revision = this.#replica?.revision;
    if (revision === undefined || revision === this.#paintedRevision) return;
    this.#paintedRevision = revision;
    if (!this.#catchingUp && this.#data.asOf > 0) this.#paintLatencyMs = Math.max(0, now - this.#data.asOf);
    this.#catchingUp = false;
  }

  dispose(): void {
    this.#disposed = true;
    this.#unfollow?.();
  }
}
