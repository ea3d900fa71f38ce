import { isJsonObject, type JsonObject, type JsonValue, parseJson, systemClock } from '@tidewall/base';
import type { TidewallError } from '@tidewall/protocol';
import type { NatsConfig, StreamSettings } from './config.ts';
import type { NatsLink } from './nats-link.ts';
import { MAX_PAYLOAD_BYTES, type NatsMessage } from './operation-reader.ts';

/** Messages of one answer. */
const MOST_MESSAGES = 100;
/** The server answers after this long when nothing is new. */
const EXPIRES_MS = 5_000;
/** An answer that is later than this does not come. */
const LATE_MS = EXPIRES_MS + 5_000;
/** The server forgets who has not asked for this long. */
const INACTIVE_MS = 60_000;
const NS_PER_MS = 1_000_000;

/** How far a stream was read. */
export interface StreamPlace {
  /** The number of the last message that was read; 0: of none. */
  readonly sequence: number;
  /** When the stream was made: one that is made again under the same name is another. */
  readonly created: string;
}

export interface StreamMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** When the server got it, ms since 1970. */
  readonly at: number;
  readonly place: StreamPlace;
}

export interface StreamReaderOptions {
  readonly link: NatsLink;
  readonly settings: StreamSettings & { readonly from: 'new' | 'last' | 'lastPerSubject' | 'all' };
  readonly config: Pick<NatsConfig, 'domain'>;
  /** Undefined when it was never read. */
  readonly place: StreamPlace | undefined;
}

/** Reads one stream of JetStream by asking for more when what came is taken. */
export class StreamReader {
  readonly #options: StreamReaderOptions;
  readonly #api: string;
  #arrived: NatsMessage[] = [];
  #wake = () => {};
  /** Why nothing more comes. */
  #over: TidewallError | undefined;
  #consumer = '';
  #created = '';
  /** Where the reading begins, as soon as that is known: what was there before is not read. */
  #start: StreamPlace | undefined;

  /** @throws TidewallError source_error naming the stream, and what is wrong with it */
  static async open(options: StreamReaderOptions): Promise<StreamReader> {
    const reader = new StreamReader(options);
    await reader.#begin();
    return reader;
  }

  private constructor(options: StreamReaderOptions) {
    const { domain } = options.config;
    this.#options = options;
    this.#api = domain === undefined ? '$JS.API' : `$JS.${domain}.API`;
    void options.link.over.then((failure) => {
      this.#over = failure ?? this.#failure('cannot be read', 'the connection was closed');
      this.#wake();
    });
  }

  /** The place to go on from when nothing was read yet. */
  get start(): StreamPlace | undefined {
    return this.#start;
  }

  /** Each message once, oldest first, until `signal` aborts. @throws TidewallError source_error */
  async *messages(signal: AbortSignal): AsyncGenerator<StreamMessage, void> {
    while (!signal.aborted) yield* this.#batch(signal);
  }

  async #begin(): Promise<void> {
    const { settings, place } = this.#options;
    const { stream, subject, from } = settings;
    const info = await this.#ask(`STREAM.INFO.${stream}`, {});
    this.#created = String(info['created']);
    const { last_seq: last = 0 } = info['state'] as { last_seq?: number };
    // One that was made anew, or put back from a copy, has other messages under the same numbers.
    // Who asks for the newest wants what is the newest now.
    const continues = from === 'new' || from === 'all';
    const goesOn = continues && place !== undefined && place.created === this.#created && place.sequence <= last;
    if (!goesOn && from === 'new') this.#start = { sequence: last, created: this.#created };
    const after = goesOn ? place : this.#start;
    const answer = await this.#ask(`CONSUMER.CREATE.${stream}`, {
      stream_name: stream,
      config: {
        ...(after === undefined
          ? { deliver_policy: { last: 'last', lastPerSubject: 'last_per_subject', all: 'all', new: 'new' }[from] }
          : { deliver_policy: 'by_start_sequence', opt_start_seq: after.sequence + 1 }),
        // The newest of each subject is asked for by subjects.
        ...(subject === undefined && from !== 'lastPerSubject' ? {} : { filter_subject: subject ?? '>' }),
        ack_policy: 'none',
        replay_policy: 'instant',
        inactive_threshold: INACTIVE_MS * NS_PER_MS,
        mem_storage: true,
        num_replicas: 1,
      },
    });
    this.#consumer = String(answer['name']);
  }

  /** What the server has, up to so many; it may take its time when nothing is there. */
  async *#batch(signal: AbortSignal): AsyncGenerator<StreamMessage, void> {
    const { link, settings } = this.#options;
    const inbox = link.newInbox();
    this.#arrived = [];
    const unsubscribe = link.subscribe(inbox, (message) => {
      if (this.#arrived.length > MOST_MESSAGES)
        this.#over = this.#failure('is given up', 'more comes than was asked for');
      else this.#arrived.push(message);
      this.#wake();
    });
    const abort = () => this.#wake();
    signal.addEventListener('abort', abort, { once: true });
    try {
      const wanted = { batch: MOST_MESSAGES, expires: EXPIRES_MS * NS_PER_MS, max_bytes: MAX_PAYLOAD_BYTES };
      link.publish(
        `${this.#api}.CONSUMER.MSG.NEXT.${settings.stream}.${this.#consumer}`,
        inbox,
        JSON.stringify(wanted),
      );
      for (let count = 0; count < MOST_MESSAGES; count++) {
        const message = await this.#next(signal);
        if (message === undefined) return;
        yield this.#read(message);
      }
    } finally {
      signal.removeEventListener('abort', abort);
      unsubscribe();
    }
  }

  /** The next message of a batch; undefined when it has no more, or `signal` aborts. */
  async #next(signal: AbortSignal): Promise<NatsMessage | undefined> {
    while (this.#arrived.length === 0 && this.#over === undefined && !signal.aborted) {
      const isLate = await new Promise<boolean>((resolve) => {
        const cancel = systemClock.after(LATE_MS, () => resolve(true));
        this.#wake = () => {
          cancel();
          resolve(false);
        };
      });
      if (isLate) throw this.#failure('cannot be read', `nothing came within ${LATE_MS} ms`);
    }
    if (signal.aborted) return undefined;
    const message = this.#arrived.shift();
    if (message === undefined) throw this.#over;
    const { status } = message;
    if (status === undefined) return message;
    if (isEndOfBatch(status)) return undefined;
    throw this.#failure('cannot be read any more', wordsOf(status));
  }

  #read({ subject, data, reply = '' }: NatsMessage): StreamMessage {
    const { sequence, at } = placeOf(reply) ?? {};
    if (sequence === undefined || at === undefined)
      throw this.#failure('cannot be read', 'a message has no place in it');
    return { subject, data, at, place: { sequence, created: this.#created } };
  }

  async #ask(call: string, question: JsonObject): Promise<JsonObject> {
    const { link } = this.#options;
    const { status, data } = await link.request(`${this.#api}.${call}`, JSON.stringify(question));
    if (status !== undefined) throw this.#failure('cannot be read', wordsOf(status));
    const answer = jsonOf(data);
    const error = answer['error'];
    if (error === undefined) return answer;
    const { description } = isJsonObject(error) ? error : {};
    throw this.#failure('cannot be read', String(description ?? 'it does not say why').slice(0, 200));
  }

  #failure(what: string, why: string): TidewallError {
    const { link, settings } = this.#options;
    return link.failure(`answers that its stream ${settings.stream} ${what}`, why);
  }
}

/** Where a message stands, as the subject that it would be acknowledged by says (ADR-15). */
function placeOf(reply: string): { readonly sequence: number; readonly at: number } | undefined {
  const tokens = reply.split('.');
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || tokens.length < 9) return undefined;
  // The newer form has the domain and the account before the stream.
  const shift = tokens.length > 9 ? 2 : 0;
  const sequence = Number(tokens[5 + shift]);
  const at = Number(BigInt(/^\d+$/.test(tokens[7 + shift] ?? '') ? (tokens[7 + shift] as string) : 0) / 1_000_000n);
  return Number.isSafeInteger(sequence) && sequence > 0 ? { sequence, at } : undefined;
}

function isEndOfBatch({ code, words }: { readonly code: number; readonly words: string }): boolean {
  return code === 404 || code === 408 || (code === 409 && /batch completed/i.test(words));
}

function wordsOf({ code, words }: { readonly code: number; readonly words: string }): string {
  if (code === 503) return 'nobody answers for it: JetStream is not enabled there, or not for this account or domain';
  return words === '' ? `its status is ${code}` : words.slice(0, 200).toLowerCase();
}

function jsonOf(data: Uint8Array): JsonObject {
  let answer: JsonValue;
  try {
    answer = parseJson(new TextDecoder().decode(data));
  } catch {
    return { error: { description: 'it answers with what is not JSON' } };
  }
  return isJsonObject(answer) ? answer : { error: { description: 'it answers with what is no object' } };
}
