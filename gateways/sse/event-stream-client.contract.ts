import { type IncomingMessage, request } from 'node:http';
import { HttpCaseClient } from '../http/http-client.contract.ts';

/** A session over `/sse`, by Node's own HTTP. */
export class EventStreamClient extends HttpCaseClient {
  #stream: IncomingMessage | undefined;
  #text = '';
  #type = '';

  static async dial(port: number): Promise<EventStreamClient> {
    const client = new EventStreamClient(port, '/sse');
    await client.#open();
    return client;
  }

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  vanish(): void {
    this.#stream?.destroy();
  }

  /** Resolves when the session has an id, or is refused. */
  #open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port: this.port, path: this.path, agent: false }, (stream) => {
        this.#stream = stream;
        stream.setEncoding('utf8');
        stream.on('data', (text: string) => {
          this.#take(text);
          if (this.session !== '' || this.over) resolve();
        });
        stream.on('close', () => this.ended(1006, ''));
        stream.on('error', () => {});
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  #take(text: string): void {
    const lines = (this.#text + text).split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) {
      const [, field, value = ''] = /^(\w*): ?(.*)$/s.exec(line) ?? [];
      if (line === '') this.#type = '';
      else if (field === 'event') this.#type = value;
      else if (field === 'data' && this.#type === 'session') {
        this.session = (JSON.parse(value) as { session: string }).session;
      } else if (field === 'data') this.took(value);
    }
  }
}
