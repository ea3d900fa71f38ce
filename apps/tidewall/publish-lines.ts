import type { Clock, JsonValue } from '@tidewall/base';
import type { ErrorBody } from '@tidewall/protocol';
import { CommandFailure } from './command-failure.ts';
import { LineQueue } from './line-queue.ts';
import { askServer, errorIn, reasonOf, refusalIn, Unreachable } from './server-api.ts';
import { splitLines } from './split-lines.ts';

export interface PublishLinesOptions {
  readonly url: string;
  /** What goes around each line's data. */
  readonly publication: { readonly topic: string; readonly op?: string; readonly kind?: string };
  /** Line n has the key `<key>:n`, so that all of it may be sent again. */
  readonly key?: string | undefined;
  /** @throws CommandFailure when the line is not what it must be */
  readonly parseValue: (line: string) => JsonValue;
  readonly clock: Clock;
  /** Hears, for the reader, what was refused and what the link is doing. */
  readonly tell: (sentence: string) => void;
}

export interface PublishedCounts {
  published: number;
  refused: number;
}

/** One request: what comes while it is under way goes with the next, so that a burst costs few and a single line waits for nothing. */
const BATCH_LINES = 500;
const BATCH_CHARACTERS = 256 * 1024;
/** What is read ahead of the server; beyond it the program that feeds us waits. */
const AHEAD = { lines: 2000, characters: 2 * 1024 * 1024 };
const RETRY_MS = 1000;
/** After the last line a server that is away is waited for this long. */
const LAST_TRIES = 5;
const MAX_TOLD = 10;

/** Publishes each line as soon as it is there, in order, and counts what became of them. */
export async function publishLines(
  pieces: AsyncIterable<string>,
  options: PublishLinesOptions,
): Promise<PublishedCounts> {
  const queue = new LineQueue(AHEAD);
  const publisher = new LinePublisher(options);
  let ended = false;
  const reading = (async () => {
    let number = 0;
    for await (const line of splitLines(pieces)) {
      number++;
      if (line === undefined) publisher.refuse(`line ${number} is too long`);
      else if (line.trim() !== '') await putLine(line, number, queue, publisher, options);
    }
  })().finally(() => {
    ended = true;
    queue.end();
  });
  try {
    for (let batch = await queue.take(BATCH_LINES, BATCH_CHARACTERS); batch; ) {
      await publisher.send(batch, () => ended);
      batch = await queue.take(BATCH_LINES, BATCH_CHARACTERS);
    }
    await reading;
  } catch (failure) {
    // What is still being read is nobody's any more, and its end is no news.
    reading.catch(() => {});
    throw failure;
  } finally {
    publisher.summarize();
  }
  return publisher.counts;
}

async function putLine(
  line: string,
  number: number,
  queue: LineQueue,
  publisher: LinePublisher,
  { publication, key, parseValue }: PublishLinesOptions,
): Promise<void> {
  let data: JsonValue;
  try {
    data = parseValue(line);
  } catch (failure) {
    if (!(failure instanceof CommandFailure)) throw failure;
    publisher.refuse(`line ${number}: ${failure.message}`);
    return;
  }
  await queue.put(JSON.stringify({ ...publication, ...(key !== undefined && { key: `${key}:${number}` }), data }));
}

class LinePublisher {
  readonly counts: PublishedCounts = { published: 0, refused: 0 };
  readonly #options: PublishLinesOptions;
  #everReached = false;
  #sent = 0;

  constructor(options: PublishLinesOptions) {
    this.#options = options;
  }

  refuse(reason: string): void {
    this.counts.refused++;
    if (this.counts.refused <= MAX_TOLD) this.#options.tell(reason);
  }

  summarize(): void {
    const more = this.counts.refused - MAX_TOLD;
    if (more > 0) this.#options.tell(`and ${more} more were refused`);
  }

  /** Sends until the server has answered. @throws Unreachable when it was never there, or is not back at the end */
  async send(batch: readonly string[], ended: () => boolean): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        const answer = await askServer(this.#options.url, 'api/publish', { body: `${batch.join('\n')}\n` });
        if (answer.status !== 503) {
          this.#everReached = true;
          this.#count(batch.length, answer.status, answer.text);
          return;
        }
        if (!this.#mayTryAgain(tries, ended)) throw new CommandFailure(refusalIn(answer));
        if (tries === 1) this.#options.tell(`${refusalIn(answer)}; trying again`);
      } catch (failure) {
        const harmless = failure instanceof Unreachable || (failure instanceof CommandFailure && this.#options.key);
        if (harmless && this.#everReached && this.#mayTryAgain(tries, ended)) {
          if (tries === 1) this.#options.tell(`${failure.message}; trying again`);
        } else if (failure instanceof CommandFailure && !(failure instanceof Unreachable) && this.#everReached) {
          // The server may have them, so they are not sent twice.
          for (const _ of batch) this.refuse(`${failure.message}; whether a line was published is not known`);
          return;
        } else throw failure;
      }
      await this.#pause();
    }
  }

  #mayTryAgain(tries: number, ended: () => boolean): boolean {
    return !ended() || tries < LAST_TRIES;
  }

  #count(lines: number, status: number, text: string): void {
    const from = this.#sent;
    this.#sent += lines;
    if (status !== 200) {
      const reason = refusalIn({ status, text });
      for (let i = 0; i < lines; i++) this.refuse(reason);
      return;
    }
    const answers = text.split('\n').filter((line) => line !== '');
    for (const [i, answer] of answers.entries()) {
      const error = errorIn(answer);
      if (error === undefined) this.counts.published++;
      else this.refuse(`publication ${from + i + 1}: ${reasonOf(withoutLine(error))}`);
    }
    for (let i = answers.length; i < lines; i++) this.refuse('the server ended before it answered');
  }

  // The process must stay alive meanwhile, which the clock's timers do not see to.
  async #pause(): Promise<void> {
    const alive = setInterval(() => {}, RETRY_MS);
    await new Promise<void>((resolve) => this.#options.clock.after(RETRY_MS, resolve));
    clearInterval(alive);
  }
}

/** The server counts lines of one request, which says nothing to whoever counts all of them. */
function withoutLine(error: Partial<ErrorBody>): Partial<ErrorBody> {
  return { ...error, message: (error.message ?? '').replace(/^line \d+: /, '') };
}
