import type { JsonObject } from '@tidewall/base';
import type { TopicReader } from '@tidewall/browser-contracts';
import type { Client } from '@tidewall/client';
import { type Screen, variablesTopic } from '@tidewall/screen';
import { type Asked, EMBED_VERSION, type EmbedEvent, parseAsked } from './embed-message.ts';
import { MessageRate } from './message-rate.ts';

export interface EmbeddingOptions {
  readonly window: Window;
  readonly screen: Pick<Screen, 'id' | 'embed'>;
  readonly reader: TopicReader;
  /** Sets variables, as whoever looks at the page. */
  readonly publisher: Pick<Client, 'publish'>;
  /** Holds the elements. */
  readonly stage: HTMLElement;
  readonly signal: AbortSignal;
}

/** Messages of the page around that are read; what it sends beyond is passed over. */
const ASKED_PER_SECOND = 20;
/** Changes of variables, and clicks, that it is told; of variables the newest always. */
const TOLD_PER_SECOND = 10;

/**
 * Lets the page around a screen set its variables and follow what happens in it, if its origin is one that the screen
 * names. Nobody else is heard, told anything, or told that somebody listens.
 */
export function openEmbedding(options: EmbeddingOptions): void {
  const { window, screen, signal } = options;
  if (window.parent === window) return;
  const origins = new Set([...(screen.embed ?? []), window.location.origin]);
  const embedding = new Embedding(options, origins);
  window.addEventListener('message', (event) => embedding.receive(event), { signal });
  signal.addEventListener('abort', () => embedding.end());
  embedding.announce();
}

class Embedding {
  readonly #options: EmbeddingOptions;
  readonly #origins: ReadonlySet<string>;
  readonly #asked: MessageRate;
  readonly #clicks: MessageRate;
  /** At most one a second. */
  readonly #complaints: MessageRate;
  #following: (() => void)[] = [];

  constructor(options: EmbeddingOptions, origins: ReadonlySet<string>) {
    const now = () => performance.now();
    this.#options = options;
    this.#origins = origins;
    this.#asked = new MessageRate(ASKED_PER_SECOND, now);
    this.#clicks = new MessageRate(TOLD_PER_SECOND, now);
    this.#complaints = new MessageRate(0.5, now);
  }

  /** Says that it is there, to the page around. A browser that does not say which that is drops what is for another. */
  announce(): void {
    const { ancestorOrigins } = this.#options.window.location;
    for (const origin of ancestorOrigins === undefined ? this.#origins : [...ancestorOrigins].slice(0, 1)) {
      if (this.#origins.has(origin)) this.#ready(origin, {});
    }
  }

  receive({ source, origin, data }: MessageEvent): void {
    // A frame beside it, or one that has opened it, may know its window; only the page around is meant.
    if (source !== this.#options.window.parent || !this.#origins.has(origin)) return;
    if (!this.#asked.take()) {
      const message = `more than ${ASKED_PER_SECOND} messages a second; the rest is not read`;
      if (this.#complaints.take()) this.#say(origin, 'error', { code: 'rate_limited', message });
      return;
    }
    const asked = parseAsked(data);
    if (asked !== undefined) this.#answer(origin, asked);
  }

  end(): void {
    for (const unfollow of this.#following.splice(0)) unfollow();
  }

  #answer(origin: string, asked: Asked): void {
    const about = asked.id === undefined ? {} : { id: asked.id };
    switch (asked.type) {
      case 'wrong':
        this.#say(origin, 'error', { ...about, code: 'bad_request', message: asked.message });
        break;
      case 'hello':
        this.#ready(origin, about);
        break;
      case 'set':
        void this.#set(origin, asked.variables, about);
        break;
      case 'follow':
        this.#follow(origin, new Set(asked.events));
        this.#say(origin, 'done', about);
    }
  }

  async #set(origin: string, variables: JsonObject, about: JsonObject): Promise<void> {
    const { publisher, screen } = this.#options;
    try {
      await publisher.publish(variablesTopic(screen.id), variables, { kind: 'state', op: 'merge' });
      this.#say(origin, 'done', about);
    } catch (failure) {
      const { kind = 'internal', message } = failure as { kind?: string; message: string };
      this.#say(origin, 'error', { ...about, code: kind, message });
    }
  }

  /** From now on these, and no others; each begins with how it is. */
  #follow(origin: string, events: ReadonlySet<EmbedEvent>): void {
    const { reader, screen, stage } = this.#options;
    this.end();
    if (events.has('status')) {
      this.#following.push(reader.onStatus(({ type }) => this.#say(origin, 'status', { status: type })));
    }
    if (events.has('variables')) {
      const options = { kind: 'state', rateHz: TOLD_PER_SECOND } as const;
      const following = reader.follow(variablesTopic(screen.id), options, (replica) => {
        const { refused } = replica;
        if (refused !== undefined) this.#say(origin, 'error', { code: refused.name, message: refused.message });
        else this.#say(origin, 'variables', { variables: (replica.value() ?? {}) as JsonObject });
      });
      this.#following.push(following);
    }
    if (events.has('element')) {
      const clicked = (event: Event) => this.#clicked(origin, event);
      stage.addEventListener('click', clicked);
      this.#following.push(() => stage.removeEventListener('click', clicked));
    }
  }

  #clicked(origin: string, { target }: Event): void {
    const element = (target as Element | null)?.closest<HTMLElement>('[data-element]');
    if (element === null || element === undefined || !this.#clicks.take()) return;
    const { element: id = '', alias, type = '' } = element.dataset;
    this.#say(origin, 'element', {
      event: 'click',
      element: id,
      elementType: type,
      ...(alias !== undefined && { alias }),
    });
  }

  #ready(origin: string, about: JsonObject): void {
    this.#say(origin, 'ready', { ...about, screen: this.#options.screen.id });
  }

  /** To that origin alone: where the page around has gone elsewhere meanwhile, the browser drops it. */
  #say(origin: string, type: string, more: JsonObject): void {
    this.#options.window.parent.postMessage({ type: `tidewall.${type}`, v: EMBED_VERSION, ...more }, origin);
  }
}
