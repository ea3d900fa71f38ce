import { type IncomingMessage, request } from 'node:http';

export interface ReadEvent {
  readonly type: string;
  readonly data: string;
  /** As an `EventSource` has it after this event. */
  readonly lastEventId: string;
}

/** Reads a stream of events by the rules of the HTML standard, 9.2.6, and no faster than it is asked to. */
export class EventReader {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** What `retry:` said last. */
  retryMs: number | undefined;
  /** Comments that came. */
  comments = 0;
  lastEventId: string;
  readonly #stream: IncomingMessage;
  readonly #events: ReadEvent[] = [];
  #text = '';
  #type = '';
  #data: string[] = [];
  #over = false;
  #wake = () => {};

  private constructor(stream: IncomingMessage, lastEventId: string) {
    this.#stream = stream;
    this.status = stream.statusCode ?? 0;
    this.headers = stream.headers;
    this.lastEventId = lastEventId;
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => this.#take(text));
    stream.on('error', () => {});
    stream.on('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  static open(port: number, path: string, lastEventId = ''): Promise<EventReader> {
    const headers = lastEventId === '' ? {} : { 'last-event-id': lastEventId };
    return new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, headers, agent: false }, (stream) =>
        resolve(new EventReader(stream, lastEventId)),
      );
      asked.on('error', reject);
      asked.end();
    });
  }

  /** The next event; undefined when there will be none. */
  async next(): Promise<ReadEvent | undefined> {
    while (this.#events.length === 0 && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#events.shift();
  }

  /** The data of the next event, as JSON. */
  async json(): Promise<Record<string, never>> {
    const event = await this.next();
    if (event === undefined) throw new Error('the stream ended');
    return JSON.parse(event.data) as Record<string, never>;
  }

  /** The events that are still to come, until the stream ends. */
  async rest(): Promise<ReadEvent[]> {
    const events: ReadEvent[] = [];
    for (let event = await this.next(); event !== undefined; event = await this.next()) events.push(event);
    return events;
  }

  /** Data of events that have come and were not asked for. */
  taken(): string[] {
    return this.#events.splice(0).map(({ data }) => data);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  cut(): void {
    this.#stream.destroy();
  }

  #take(text: string): void {
    const lines = (this.#text + text).split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
    this.#wake();
  }

  #line(line: string): void {
    const [, field, value = ''] = /^(\w*): ?(.*)$/s.exec(line) ?? [];
    if (line === '') {
      const { lastEventId } = this;
      if (this.#data.length > 0) {
        this.#events.push({ type: this.#type || 'message', data: this.#data.join('\n'), lastEventId });
      }
      this.#data = [];
      this.#type = '';
    } else if (line.startsWith(':')) this.comments++;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#type = value;
    else if (field === 'id') this.lastEventId = value;
    else if (field === 'retry') this.retryMs = Number(value);
  }
}
