import type { Clock } from '@tidewall/base';
import type { Sink } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import { MAX_MESSAGE_BYTES, messageText } from './message-text.ts';
import { publishMessage } from './publish-message.ts';
import { type MessageForm, readMessage } from './read-message.ts';
import { Turns } from './turns.ts';

/** Waiting messages: as much as Redis and other brokers keep for one who does not read. */
const MOST_CHARACTERS = 8 * 1024 * 1024;
const MOST_MESSAGES = 10_000;
/** With less than this waiting, a piece of 64 KiB finds room, whatever is in it, and so does a longest message. */
const FEW_MESSAGES = 500;
const FEW_CHARACTERS = MOST_CHARACTERS - MAX_MESSAGE_BYTES - 64 * 1024;

export interface MessageInboxOptions {
  readonly sink: Pick<Sink, 'publish' | 'refused'>;
  readonly clock: Clock;
  readonly form: MessageForm;
  /** Where what came by a pattern tells its name: `channel`, `subject`. */
  readonly nameField?: string;
}

/** One message as the far end hands it over. */
export interface OfferedMessage {
  readonly topic: TopicName;
  readonly body: string | Uint8Array;
  /** Of a pattern: the name that it came by. */
  readonly name?: string;
  /** When its origin saw it, ms since 1970; now when absent. */
  readonly at?: number;
  /** It is published, or refused for good: to acknowledge it. Not called for what waits when the inbox is given up. */
  readonly done?: () => void;
}

interface WaitingMessage {
  readonly topic: TopicName;
  readonly text: string;
  readonly name: string | undefined;
  readonly at: number;
  readonly done: (() => void) | undefined;
}

/**
 * Messages of a far end that does not wait for those who listen: they are published in order, and what comes while the
 * inbox is full is refused and counted, so that what is there is kept and nothing grows.
 */
export class MessageInbox {
  readonly #options: MessageInboxOptions;
  #waiting: WaitingMessage[] = [];
  #characters = 0;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #emptied: Promise<void> | undefined;
  #empty: () => void = () => {};

  constructor(options: MessageInboxOptions) {
    this.#options = options;
  }

  /** Takes a message, or refuses it. */
  offer({ topic, body, name, at, done }: OfferedMessage): void {
    const { sink, clock } = this.#options;
    if (this.#ended) return;
    const full = this.#waiting.length >= MOST_MESSAGES || this.#characters + body.length > MOST_CHARACTERS;
    const reading = full ? { refused: 'messages come faster than they can be taken in' } : messageText(body);
    if ('refused' in reading) {
      sink.refused(reading.refused);
      done?.();
      return;
    }
    const { text } = reading;
    this.#waiting.push({ topic, text, name, at: at ?? clock.now(), done });
    this.#characters += text.length;
    this.#wake?.();
  }

  /** For who can make a far end wait: resolves when few messages wait; undefined when that is so now. */
  room(): Promise<void> | undefined {
    if (this.#ended || this.#hasRoom) return undefined;
    this.#emptied ??= new Promise((resolve) => {
      this.#empty = resolve;
    });
    return this.#emptied;
  }

  /** Nothing more comes. @param failure what `publishAll` rejects with when it has published what is there */
  end(failure?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#wake?.();
    this.#tellEmpty();
  }

  /**
   * Publishes what was and is offered until the inbox is ended, or the signal aborts.
   *
   * @throws the failure that the inbox was ended with; never after the abort
   */
  async publishAll(signal: AbortSignal): Promise<void> {
    const stop = () => this.end();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) return;
      await this.#publishAll(signal);
      if (this.#failure !== undefined) throw this.#failure;
    } catch (failure) {
      if (!signal.aborted) throw failure;
    } finally {
      signal.removeEventListener('abort', stop);
      this.end();
      this.#waiting = [];
    }
  }

  async #publishAll(signal: AbortSignal): Promise<void> {
    const { sink, clock, form, nameField } = this.#options;
    // Messages that are refused never wait for anything.
    const turns = new Turns(clock);
    for (let messages = await this.#take(); messages !== undefined; messages = await this.#take()) {
      for (const { topic, text, name, at, done } of messages) {
        if (signal.aborted) return;
        const by = nameField !== undefined && name !== undefined ? { field: nameField, name } : undefined;
        await publishMessage(sink, { topic, kind: form.topicKind }, readMessage(text, at, form, by), at);
        done?.();
        await turns.step();
      }
      if (this.#hasRoom) this.#tellEmpty();
    }
  }

  /** Everything that is there, as soon as there is something; undefined at the end. */
  async #take(): Promise<readonly WaitingMessage[] | undefined> {
    while (this.#waiting.length === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const messages = this.#waiting;
    this.#waiting = [];
    this.#characters = 0;
    return messages;
  }

  get #hasRoom(): boolean {
    return this.#waiting.length < FEW_MESSAGES && this.#characters < FEW_CHARACTERS;
  }

  #tellEmpty(): void {
    this.#emptied = undefined;
    this.#empty();
  }
}
