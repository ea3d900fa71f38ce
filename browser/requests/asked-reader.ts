import type {
  Following,
  FollowOptions,
  LinkStatus,
  TopicReader,
  TopicReplica,
} from '@tidewall/browser-contracts/topic-reader';
import type { PageRequest } from '@tidewall/request';
import type { AskedTopics, AskedTopicsOptions } from './asked-topics.ts';

export interface AskedReaderOptions extends Omit<AskedTopicsOptions, 'serverNow'> {
  /** Where all other topics are. */
  readonly reader: TopicReader;
}

/** Where somebody follows: what asks for the topic, or undefined for the reader behind. */
type Place = ReturnType<AskedTopics['find']>;

interface Route {
  readonly topic: string;
  options: FollowOptions;
  readonly changed: (replica: TopicReplica) => void;
  place: Place;
  following: Following | undefined;
}

/**
 * Topics that pages ask for are asked for by this page; every other one goes to the reader behind, untouched. Who follows a
 * topic when that changes goes over by itself.
 *
 * What asks is fetched when there is something to ask, and not before.
 */
export class AskedReader implements TopicReader {
  readonly #options: AskedReaderOptions;
  readonly #routes = new Set<Route>();
  #topics: AskedTopics | undefined;
  #newest: readonly PageRequest[] = [];

  constructor(options: AskedReaderOptions) {
    this.#options = options;
  }

  get status(): LinkStatus {
    return this.#options.reader.status;
  }

  onStatus(changed: (status: LinkStatus) => void): () => void {
    return this.#options.reader.onStatus(changed);
  }

  serverNow(): number {
    return this.#options.reader.serverNow();
  }

  follow(topic: string, options: FollowOptions, changed: (replica: TopicReplica) => void): Following {
    const route: Route = { topic, options, changed, place: this.#topics?.find(topic), following: undefined };
    this.#routes.add(route);
    this.#enter(route);
    const end = () => {
      this.#routes.delete(route);
      route.following?.();
      route.following = undefined;
    };
    return Object.assign(end, {
      configure(change: { readonly rateHz: number | undefined }) {
        route.options = { ...route.options, ...change };
        route.following?.configure(change);
      },
    });
  }

  /**
   * What pages ask from now on, as the server tells it. Rejects when what asks cannot be fetched; nothing has changed then.
   */
  async use(requests: readonly PageRequest[]): Promise<void> {
    this.#newest = requests;
    if (this.#topics === undefined) {
      if (requests.length === 0) return;
      const { AskedTopics: Topics } = await import('./asked-topics.ts');
      const { reader, ...rest } = this.#options;
      this.#topics ??= new Topics({ ...rest, serverNow: () => reader.serverNow() });
    }
    this.#topics.use(this.#newest);
    for (const route of this.#routes) this.#reroute(route);
  }

  /** Lets go of all; who follows hears nothing more. */
  dispose(): void {
    for (const { following } of this.#routes) following?.();
    this.#routes.clear();
    this.#topics?.dispose();
  }

  #reroute(route: Route): void {
    const place = this.#topics?.find(route.topic);
    if (place === route.place) return;
    const left = route.following;
    route.place = place;
    this.#enter(route);
    left?.();
  }

  #enter(route: Route): void {
    const { topic, options, place, changed } = route;
    // What was left may have something under way still.
    const told = (replica: TopicReplica) => {
      if (this.#routes.has(route) && route.place === place) changed(replica);
    };
    route.following =
      place === undefined ? this.#options.reader.follow(topic, options, told) : place.follow(options, told);
  }
}
