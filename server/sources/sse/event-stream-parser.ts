import { TextDecoder } from 'node:util';
import { MAX_MESSAGE_BYTES } from '../message-text.ts';

/** One event of a stream, or what else its lines say. */
export type StreamPart =
  | {
      readonly type: 'event';
      /** `message` when the stream names none. */
      readonly name: string;
      readonly data: string;
      /** The last one that the stream has told, up to here. */
      readonly id: string;
    }
  /** An id without an event. */
  | { readonly type: 'id'; readonly id: string }
  | { readonly type: 'retry'; readonly ms: number }
  /** A comment: the far end is there. */
  | { readonly type: 'beat' }
  | { readonly type: 'refused'; readonly reason: string };

const STANDARD_NAME = 'message';

/**
 * Makes events of the bytes of a `text/event-stream` (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 * Any of its three line ends may be split over two chunks, as characters may. What is not ended by an empty line is no
 * event. Of an event or a line that is too long nothing arrives but that it is refused, and the next one is read.
 */
export class EventStreamParser {
  readonly #decoder = new TextDecoder();
  readonly #maxCharacters: number;
  /** The line that has not ended. */
  #line = '';
  #skipsLineFeed = false;
  #skipsLine = false;
  #name = '';
  #data: string[] = [];
  #characters = 0;
  #overlong = false;
  #id: string;
  #toldId: string;

  /** @param lastId what an earlier part of the stream ended with; empty when there was none */
  constructor(lastId: string, maxCharacters = MAX_MESSAGE_BYTES) {
    this.#id = lastId;
    this.#toldId = lastId;
    this.#maxCharacters = maxCharacters;
  }

  /** What these bytes say. */
  *push(bytes: Uint8Array): Generator<StreamPart, void> {
    const text = this.#decoder.decode(bytes, { stream: true });
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code !== LINE_FEED && code !== CARRIAGE_RETURN) {
        this.#skipsLineFeed = false;
        continue;
      }
      if (code === LINE_FEED && this.#skipsLineFeed) {
        this.#skipsLineFeed = false;
        from = at + 1;
        continue;
      }
      this.#skipsLineFeed = code === CARRIAGE_RETURN;
      this.#keep(text.slice(from, at));
      from = at + 1;
      yield* this.#endLine();
    }
    this.#keep(text.slice(from));
  }

  #keep(part: string): void {
    if (this.#skipsLine) return;
    this.#line += part;
    if (this.#line.length <= this.#maxCharacters) return;
    this.#skipsLine = true;
    this.#line = '';
  }

  *#endLine(): Generator<StreamPart, void> {
    const line = this.#line;
    this.#line = '';
    if (this.#skipsLine) {
      this.#skipsLine = false;
      this.#dropEvent();
    } else if (line === '') yield* this.#dispatch();
    else yield* this.#field(line);
  }

  *#field(line: string): Generator<StreamPart, void> {
    const colon = line.indexOf(':');
    if (colon === 0) {
      yield { type: 'beat' };
      return;
    }
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') this.#addData(value);
    else if (name === 'event') this.#name = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^\d{1,15}$/.test(value)) yield { type: 'retry', ms: Number(value) };
  }

  #addData(value: string): void {
    // Lines are joined by a character each.
    this.#characters += value.length + 1;
    if (this.#characters - 1 > this.#maxCharacters) this.#dropEvent();
    else this.#data.push(value);
  }

  #dropEvent(): void {
    this.#overlong = true;
    this.#data = [];
  }

  *#dispatch(): Generator<StreamPart, void> {
    const [data, name, overlong] = [this.#data, this.#name, this.#overlong];
    this.#data = [];
    this.#name = '';
    this.#characters = 0;
    this.#overlong = false;
    const id = this.#id;
    const isNewId = id !== this.#toldId;
    this.#toldId = id;
    if (overlong) {
      yield { type: 'refused', reason: `an event has more than ${this.#maxCharacters} characters` };
      if (isNewId) yield { type: 'id', id };
    } else if (data.length > 0) {
      yield { type: 'event', name: name === '' ? STANDARD_NAME : name, data: data.join('\n'), id };
    } else if (isNewId) yield { type: 'id', id };
  }
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
