import type { Following, FollowOptions, LinkStatus, TopicReader, TopicReplica } from '@tidewall/browser-contracts';

/** How often a page that nobody can see is sent something: enough not to come back to nothing. */
export const HIDDEN_RATE_HZ = 0.5;

/** Whether anybody can see the page. */
export interface PageVisibility {
  readonly hidden: boolean;
  /** Calls back when `hidden` changes, until the returned function is called. */
  onVisibility(changed: () => void): () => void;
}

/**
 * Topics at the rate at which they can be seen: while the page is hidden, whatever it follows comes at most every two
 * seconds, and as before from the moment that somebody can see it. Nothing is lost by that: what is held catches up.
 */
export class PageReader implements TopicReader {
  readonly #reader: TopicReader;
  readonly #page: PageVisibility;
  /** Sets the rate of each following anew. */
  readonly #followings = new Set<() => void>();
  readonly #unwatch: () => void;

  constructor(reader: TopicReader, page: PageVisibility) {
    this.#reader = reader;
    this.#page = page;
    this.#unwatch = page.onVisibility(() => {
      for (const pace of this.#followings) pace();
    });
  }

  get status(): LinkStatus {
    return this.#reader.status;
  }

  onStatus(changed: (status: LinkStatus) => void): () => void {
    return this.#reader.onStatus(changed);
  }

  serverNow(): number {
    return this.#reader.serverNow();
  }

  follow(topic: string, options: FollowOptions, changed: (replica: TopicReplica) => void): Following {
    // As it is meant, so that it shares its subscription with those that follow when the page is seen.
    const following = this.#reader.follow(topic, options, changed);
    let { rateHz } = options;
    const pace = () => {
      const slow = Math.min(rateHz ?? HIDDEN_RATE_HZ, HIDDEN_RATE_HZ);
      following.configure({ rateHz: this.#page.hidden ? slow : rateHz });
    };
    this.#followings.add(pace);
    if (this.#page.hidden) pace();
    const stop = () => {
      this.#followings.delete(pace);
      following();
    };
    return Object.assign(stop, {
      configure(change: { readonly rateHz: number | undefined }) {
        rateHz = change.rateHz;
        pace();
      },
    });
  }

  /** Leaves every following at the rate that it has. */
  dispose(): void {
    this.#unwatch();
    this.#followings.clear();
  }
}
