import { type ClientRequest, get, type IncomingMessage, request } from 'node:http';
import type { JsonValue } from '@tidewall/base';
import type { JoinedClient, WireCase } from '../wire-case.contract.ts';
import { flaskSseGateway } from './server.ts';

/** One event, as its reader has it. */
export interface ReadEvent {
  readonly type: string;
  readonly data: string;
  readonly id: string;
}

/** A reader of event streams, written from the HTML standard. */
export class EventReader {
  readonly events: ReadEvent[] = [];
  retryMs: number | undefined;
  #text = '';
  #type = '';
  #data: string[] = [];
  #id: string;

  /** @param id that the page has of a stream before */
  constructor(id = '') {
    this.#id = id;
  }

  /** What it says when it comes back. */
  get lastEventId(): string {
    return this.#id;
  }

  read(chunk: string): void {
    this.#text += chunk;
    const lines = this.#text.split(/\r\n|\r|\n/);
    this.#text = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === '') {
      if (this.#data.length > 0)
        this.events.push({ type: this.#type || 'message', data: this.#data.join('\n'), id: this.#id });
      this.#type = '';
      this.#data = [];
      return;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#type = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
  }
}

/** A page's connection, one step below `EventSource`: bytes can be left on the network. */
export class StreamReader implements JoinedClient {
  readonly reader: EventReader;
  readonly port: number;
  readonly closed: Promise<void>;
  readonly #request: ClientRequest;
  readonly #response: IncomingMessage;
  #changed = () => {};
  #ended = false;

  static async open(port: number, path = '/stream', lastEventId = ''): Promise<StreamReader> {
    // As an `EventSource` says it: the bytes of its UTF-8.
    const headers = lastEventId === '' ? {} : { 'last-event-id': Buffer.from(lastEventId).toString('latin1') };
    const asked = get({ port, path, headers, host: '127.0.0.1', agent: false });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      asked.once('response', resolve).once('error', reject);
    });
    return new StreamReader(port, new EventReader(lastEventId), asked, response);
  }

  private constructor(port: number, reader: EventReader, asked: ClientRequest, response: IncomingMessage) {
    this.port = port;
    this.reader = reader;
    this.#request = asked;
    this.#response = response;
    response.setEncoding('utf8').on('data', (text: string) => {
      this.reader.read(text);
      this.#changed();
    });
    response.on('error', () => {});
    asked.on('error', () => {});
    this.closed = new Promise((resolve) => {
      response.once('close', () => {
        this.#ended = true;
        this.#changed();
        resolve();
      });
    });
  }

  get status(): number {
    return this.#response.statusCode ?? 0;
  }

  async nextEvent(): Promise<ReadEvent> {
    for (;;) {
      const event = this.reader.events.shift();
      if (event !== undefined) return event;
      if (this.#ended) throw new Error('the stream has ended');
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  async next(): Promise<JsonValue> {
    return JSON.parse((await this.nextEvent()).data) as JsonValue;
  }

  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  vanish(): void {
    this.#request.destroy();
  }
}

function ask(client: JoinedClient, method: string, path: string): void {
  const { port } = client as StreamReader;
  request({ port, path, method, host: '127.0.0.1', agent: false })
    .on('response', (response) => response.resume())
    .on('error', () => {})
    .end();
}

export const wireCase: WireCase = {
  definition: flaskSseGateway,
  settings: { topics: { sse: 'shop/news' } },
  topic: 'shop/news',
  kind: 'signal',
  data: (i) => ({ n: i, text: 'x'.repeat(100) }),
  join: (port) => StreamReader.open(port),
  hostile: [
    { title: 'a channel that no topic can be', send: (client) => ask(client, 'GET', '/stream?channel=a%0Adata:x') },
    { title: 'a channel without an end', send: (client) => ask(client, 'GET', `/stream?channel=${'x'.repeat(2000)}`) },
    { title: 'a method that is none of a stream', send: (client) => ask(client, 'POST', '/stream') },
  ],
};
