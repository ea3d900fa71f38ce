import type { Socket } from 'node:net';
import { systemClock } from '@tidewall/base';
import type { Outgoing } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { connectSocket, hostAndPort } from '../connect-socket.ts';
import { readByTurns } from '../read-by-turns.ts';
import { reasonOf } from '../reason.ts';
import { socketReason } from '../socket-reason.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { BrokerPlace, KafkaConfig } from './config.ts';
import { wordsOfKafkaError } from './error-words.ts';
import { API, type Asking, askVersions, type Question, type Versions } from './requests.ts';
import { showPassword } from './sasl.ts';

/*
 *   connecting ──▶ (TLS) ──▶ versions ──▶ (SASL) ──▶ open ──▶ over      what is over stays over: whoever has the link
 *        │           │          │           │                         opens another
 *        ▼           ▼          ▼           ▼
 *                  (open rejects with a sentence)
 */

/** A broker that does not take a connection, or does not answer, within this is not there. */
export const ANSWER_MS = 10_000;
/** A larger answer is nothing that we asked for. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const CLIENT = 'tidewall';

/** What is asked, and in which versions. */
const NEEDED: readonly (readonly [api: number, least: number, most: number])[] = [
  [API.fetch, 4, 4],
  [API.listOffsets, 1, 1],
  [API.metadata, 1, 4],
];

export interface BrokerLinkOptions {
  readonly config: KafkaConfig;
  readonly outgoing: Outgoing;
  readonly place: BrokerPlace;
  readonly signal: AbortSignal;
}

interface Waiting {
  answer(reader: ByteReader): void;
  fail(failure: TidewallError): void;
}

/** One connection to one broker, which ends with the first thing that goes wrong. */
export class BrokerLink implements Asking {
  readonly #options: BrokerLinkOptions;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #versions: Versions = new Map();
  #count = 0;
  #pieces: Buffer[] = [];
  #length = 0;
  #over: TidewallError | undefined;
  #open = false;

  /**
   * Connects, and shows who we are.
   *
   * @throws TidewallError source_error in a sentence that names the broker, and no secret; what the signal aborts with
   */
  static async open(options: BrokerLinkOptions): Promise<BrokerLink> {
    const { config, outgoing, place, signal } = options;
    const socket = await connectSocket({
      called: 'the Kafka broker',
      ...{ ...place, outgoing, signal, timeoutMs: ANSWER_MS },
      tls: config.tls ? config : undefined,
    });
    const link = new BrokerLink(options, socket);
    try {
      await link.#greet();
      return link;
    } catch (failure) {
      link.close();
      signal.throwIfAborted();
      throw failure;
    }
  }

  private constructor(options: BrokerLinkOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    readByTurns(socket, (piece) => this.#read(piece));
    socket.on('error', (error) => this.#fail(socketReason(error)));
    socket.on('close', () => this.#fail(socketReason(undefined)));
  }

  /** The newest version of metadata that both know. */
  get metadataVersion(): number {
    return Math.min(4, this.#versions.get(API.metadata)?.most ?? 1);
  }

  /**
   * Asks, and resolves with the answer.
   *
   * @param withinMs how long that may take
   * @throws TidewallError source_error when there is none; it ends the link. What the signal aborts with
   */
  async ask<Answer>(question: Question<Answer>, withinMs: number = ANSWER_MS): Promise<Answer> {
    const { signal } = this.#options;
    if (this.#over !== undefined) throw this.#over;
    const id = ++this.#count;
    let cancel = () => {};
    let abort = () => {};
    try {
      const answer = await new Promise<ByteReader>((resolve, reject) => {
        signal.throwIfAborted();
        abort = () => reject(signal.reason);
        signal.addEventListener('abort', abort, { once: true });
        this.#waiting.set(id, { answer: resolve, fail: reject });
        // A network's time is the machine's, whatever clock the source is given.
        cancel = systemClock.after(withinMs, () => this.#fail(`nothing was heard for ${withinMs / 1000} s`));
        this.#send(question, id);
      });
      return question.read(answer);
    } catch (failure) {
      if (!(failure instanceof RangeError)) throw failure;
      this.#fail(`it answers with what is not Kafka (${reasonOf(failure)})`);
      throw this.#over;
    } finally {
      cancel();
      signal.removeEventListener('abort', abort);
      this.#waiting.delete(id);
    }
  }

  /** Ends the connection. Closing twice is closing once. */
  close(): void {
    this.#end(this.failure('is left', 'we closed the connection'));
  }

  failure(what: string, why: string): TidewallError {
    const { place, config } = this.#options;
    const sentence = `the Kafka broker at ${hostAndPort(place.host, place.port)} ${what}: ${why}`;
    const { password } = config.sasl ?? {};
    return new TidewallError('source_error', password ? sentence.replaceAll(password, '***') : sentence);
  }

  // --- the connection

  async #greet(): Promise<void> {
    const { sasl } = this.#options.config;
    const { error, versions } = await this.ask(askVersions());
    if (error !== 0) throw this.failure('cannot be used', wordsOfKafkaError(error));
    this.#versions = versions;
    for (const [api, least, most] of NEEDED) {
      const known = versions.get(api);
      // Before it knows who we are, a broker may tell only how that is shown.
      if (known === undefined && sasl !== undefined) continue;
      if (known === undefined || known.most < least || known.least > most) {
        throw this.failure('cannot be used', 'it is older than Kafka 0.11, or newer than we know');
      }
    }
    if (sasl !== undefined) await showPassword(this, sasl);
    this.#open = true;
  }

  #send({ api, version, body }: Question<unknown>, id: number): void {
    const head = new ByteWriter().int16(api).int16(version).int32(id).string(CLIENT).finish();
    this.#socket.write(
      new ByteWriter()
        .int32(head.length + body.length)
        .raw(head)
        .raw(body)
        .finish(),
    );
  }

  #read(piece: Buffer): undefined {
    if (this.#over !== undefined) return;
    this.#pieces.push(piece);
    this.#length += piece.length;
    while (this.#over === undefined && this.#length >= 4) {
      const first = this.#first(4);
      const size = first.readInt32BE(0);
      if (size < 4 || size > MAX_ANSWER_BYTES) {
        this.#fail(this.#open ? `it answers with ${size} bytes; at most ${MAX_ANSWER_BYTES} are read` : NO_KAFKA);
        return;
      }
      if (this.#length < 4 + size) return;
      const frame = this.#first(4 + size).subarray(4, 4 + size);
      this.#drop(4 + size);
      this.#waiting.get(frame.readInt32BE(0))?.answer(new ByteReader(frame.subarray(4)));
    }
  }

  /** The first bytes of what has come, in one piece. */
  #first(length: number): Buffer {
    const [first] = this.#pieces;
    if (first !== undefined && first.length >= length) return first;
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [whole];
    return whole;
  }

  #drop(length: number): void {
    const [first, ...rest] = this.#pieces;
    const left = first?.subarray(length);
    this.#pieces = left === undefined || left.length === 0 ? rest : [left, ...rest];
    this.#length -= length;
  }

  #fail(why: string): void {
    const isCut = why === socketReason(undefined) && !this.#open;
    this.#end(
      this.failure(this.#open ? 'is gone' : 'cannot be used', isCut ? `${why} before it answered; ${NO_ANSWER}` : why),
    );
  }

  #end(failure: TidewallError): void {
    if (this.#over !== undefined) return;
    this.#over = failure;
    this.#socket.destroy();
    for (const { fail } of this.#waiting.values()) fail(failure);
    this.#pieces = [];
  }
}

const NO_KAFKA = 'it does not speak Kafka there; is that the port for TLS (tls: true)?';
const NO_ANSWER = 'is that the port of Kafka, and does it ask for tls or sasl?';
