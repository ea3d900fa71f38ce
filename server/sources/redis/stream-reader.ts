import { TidewallError } from '@tidewall/protocol';
import { type RedisBounds, RedisLink } from './redis-link.ts';

/** Redis answers an XREAD after this long when nothing is new; shorter than the time after which a link is dead. */
const BLOCK_MS = 5_000;
/** Entries of one answer. */
const MOST_ENTRIES = 100;
/** Before every entry of a stream. */
const BEGINNING = '0-0';

export interface StreamEntry {
  readonly stream: string;
  readonly id: string;
  /** The first half of its id: when Redis got it, ms since 1970. */
  readonly at: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** Reads streams of one Redis server, each from where it has been read to. */
export class StreamReader {
  readonly #link: RedisLink;
  readonly #places = new Map<string, string>();
  #first: StreamEntry[] = [];

  /** @throws TidewallError source_error when Redis cannot be reached */
  static async open(url: string, signal: AbortSignal, bounds: RedisBounds): Promise<StreamReader> {
    return new StreamReader(await RedisLink.open(url, signal, bounds));
  }

  private constructor(link: RedisLink) {
    this.#link = link;
  }

  /** @param places what has been read of each stream before; undefined: nothing, and it begins at the end that it has now */
  async begin(
    places: ReadonlyMap<string, string | undefined>,
    where: 'with the newest' | 'after the newest',
  ): Promise<void> {
    for (const [stream, place] of places) {
      const newest = place !== undefined && where === 'after the newest' ? undefined : await this.#newestOf(stream);
      this.#places.set(stream, newest?.id ?? place ?? BEGINNING);
      if (newest !== undefined && where === 'with the newest') this.#first.push(newest);
    }
  }

  /** Each entry once, oldest first; ends soon after `signal` aborts. @throws TidewallError source_error */
  async *entries(signal: AbortSignal): AsyncGenerator<StreamEntry, void> {
    // A read that waits for news is ended by ending its connection.
    const stop = () => this.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      yield* this.#first;
      while (!signal.aborted) yield* await this.#next();
    } catch (failure) {
      if (!signal.aborted) throw failure;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  close(): void {
    this.#link.close();
  }

  async #next(): Promise<StreamEntry[]> {
    const streams = [...this.#places].map(([key, id]) => ({ key, id }));
    const answer = await this.#ask(() => this.#link.client.xRead(streams, { BLOCK: BLOCK_MS, COUNT: MOST_ENTRIES }));
    const read = (answer ?? []) as { name: string; messages: RawEntry[] }[];
    const entries = read.flatMap(({ name, messages }) => messages.map((entry) => entryOf(name, entry)));
    for (const { stream, id } of entries) this.#places.set(stream, id);
    return entries;
  }

  async #newestOf(stream: string): Promise<StreamEntry | undefined> {
    const [newest] = (await this.#ask(() => this.#link.client.xRevRange(stream, '+', '-', { COUNT: 1 }))) ?? [];
    return newest && entryOf(stream, newest);
  }

  async #ask<Answer>(command: () => Promise<Answer>): Promise<Answer> {
    try {
      return await command();
    } catch (failure) {
      throw failure instanceof TidewallError ? failure : this.#link.failure('cannot be read', failure);
    }
  }
}

interface RawEntry {
  readonly id: string;
  readonly message: Readonly<Record<string, string>>;
}

function entryOf(stream: string, { id, message }: RawEntry): StreamEntry {
  return { stream, id, at: Number(id.split('-')[0]), fields: message };
}
