import type { JsonObject } from '@tidewall/base';
import { WebSocket } from 'ws';

/** A client of a wire whose frames are JSON objects: `ws`, as everybody uses it. */
export class JsonClient {
  readonly ws: WebSocket;
  /** Texts as they came, in order. */
  readonly texts: string[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #wake: () => void = () => {};
  #over = false;

  private constructor(url: string) {
    this.ws = new WebSocket(url);
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => {
        this.#over = true;
        resolve({ code, reason: String(reason) });
        this.#wake();
      });
    });
    this.ws.on('message', (data) => {
      this.texts.push(String(data));
      this.#wake();
    });
  }

  static async open(url: string): Promise<JsonClient> {
    const client = new JsonClient(url);
    await new Promise<void>((resolve, reject) => {
      client.ws.once('open', resolve);
      client.ws.once('error', reject);
    });
    client.ws.on('error', () => {});
    return client;
  }

  send(frame: object | string): void {
    this.ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** Resolves when something has come, or the connection has ended. */
  more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** The next text; rejects when the connection ends before. */
  async text(): Promise<string> {
    while (this.texts.length === 0) {
      if (this.#over) throw new Error('the connection ended');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.texts.shift() as string;
  }

  async frame(): Promise<JsonObject> {
    return JSON.parse(await this.text()) as JsonObject;
  }

  vanish(): void {
    this.ws.terminate();
  }
}

/** What somebody is told at whose first frame its connection ends. */
export async function firstWord(url: string, text: string): Promise<string> {
  const client = await JsonClient.open(url);
  client.send(text);
  return (await client.closed).reason;
}

/** Frames that are of no wire of JSON objects, each to be counted. */
export const NO_FRAMES: readonly { readonly title: string; readonly text: string }[] = [
  { title: 'text that is not JSON', text: '{"action":' },
  { title: 'JSON that is no object', text: '[1,2]' },
  { title: 'nothing at all', text: '' },
  { title: 'JSON too deep to read', text: `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}` },
  { title: 'a frame of the native wire', text: '{"id":1,"connect":{"version":1}}' },
  { title: 'a packet of Socket.IO', text: '42["join",{"room":"a"}]' },
  { title: 'more than a frame may have', text: `{"type":"${'x'.repeat(1024 * 1024)}"}` },
];
