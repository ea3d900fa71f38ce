import type { TopicLog } from '@tidewall/contracts';
import type { Position } from '@tidewall/protocol';

/**
 * The keys of a topic's newest publications that had one, so that a publication that is made again is known. The oldest
 * are forgotten first. A restart forgets those whose publications are not kept.
 */
export class PublicationKeys {
  readonly #most: number;
  readonly #positions = new Map<string, Promise<Position> | Position>();

  constructor(most: number, log: TopicLog) {
    this.#most = most;
    for (let offset = log.first; offset <= log.head; offset++) {
      const key = log.at(offset)?.key;
      if (key !== undefined) this.#remember(key, { epoch: log.epoch, offset });
    }
  }

  /** The position of the publication with that key: of the one that was made, or is being made, or is made now. */
  async once(key: string, publish: () => Promise<Position>): Promise<Position> {
    const known = this.#positions.get(key);
    if (known) return known;
    const made = publish();
    this.#remember(key, made);
    try {
      const position = await made;
      if (this.#positions.get(key) === made) this.#positions.set(key, position);
      return position;
    } catch (failure) {
      // It was not made, so that it may be tried again.
      if (this.#positions.get(key) === made) this.#positions.delete(key);
      throw failure;
    }
  }

  #remember(key: string, position: Promise<Position> | Position): void {
    this.#positions.set(key, position);
    if (this.#positions.size <= this.#most) return;
    const [oldest] = this.#positions.keys();
    if (oldest !== undefined) this.#positions.delete(oldest);
  }
}
