import type { JsonObject } from '@tidewall/base';
import { type ErrorBody, PROTOCOL_VERSION, type PushFrame, TidewallError } from '@tidewall/protocol';
import type { Publication } from './api.ts';
import type { Wire, WireLink } from './wire.ts';

type Reply = { readonly error?: ErrorBody } & { readonly [command: string]: unknown };

/** A client that adds nothing of its own to the wire: it sends commands, and hands on what comes. */
export class WireClient {
  readonly link: WireLink;
  /** Hears every push. */
  pushed: (push: PushFrame) => void = () => {};
  /** The code that the connection ended with. */
  readonly closed: Promise<number>;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #lastId = 0;
  #ended = false;

  private constructor(wire: Wire, url: string, opened: () => void) {
    let settle: (code: number) => void = () => {};
    this.closed = new Promise((resolve) => {
      settle = resolve;
    });
    this.link = wire.open(url, {
      opened,
      line: (text) => this.#take(text),
      closed: (code) => {
        this.#ended = true;
        for (const answer of this.#waiting.values()) answer({ error: ENDED });
        this.#waiting.clear();
        settle(code);
      },
    });
  }

  /** Opens a connection; no command has been sent on it. */
  static async open(wire: Wire, url: string): Promise<WireClient> {
    return new Promise((resolve, reject) => {
      const client = new WireClient(wire, url, () => resolve(client));
      void client.closed.then((code) => reject(new Error(`no connection over ${wire.name}: it ended with ${code}`)));
    });
  }

  /** Opens a connection and a session on it. */
  static async connect(wire: Wire, url: string, name = 'tidewall selftest'): Promise<WireClient> {
    const client = await WireClient.open(wire, url);
    await client.command('connect', { version: PROTOCOL_VERSION, name });
    return client;
  }

  /** @throws TidewallError what the server refuses it with */
  async command(name: string, body: JsonObject): Promise<JsonObject> {
    const id = ++this.#lastId;
    const answered = this.#answer(id);
    if (!this.#ended) this.link.send(JSON.stringify({ id, [name]: body }));
    const { error, ...reply } = await answered;
    if (error !== undefined) throw TidewallError.fromBody(error);
    return reply[name] as JsonObject;
  }

  /** Publishes all of them in one frame; resolves when the last is kept. */
  async publishTogether(publications: readonly Publication[]): Promise<void> {
    const ids = publications.map(() => ++this.#lastId);
    const answered = ids.map((id) => this.#answer(id));
    this.link.send(publications.map((publish, i) => JSON.stringify({ id: ids[i], publish })).join('\n'));
    for (const { error } of await Promise.all(answered)) if (error !== undefined) throw TidewallError.fromBody(error);
  }

  #answer(id: number): Promise<Reply> {
    if (this.#ended) return Promise.resolve({ error: ENDED });
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  #take(text: string): void {
    // A text heartbeat is no object.
    if (!text.startsWith('{')) return;
    const line = JSON.parse(text) as Reply & { readonly id?: number; readonly t?: number };
    if (line.id !== undefined) {
      this.#waiting.get(line.id)?.(line);
      this.#waiting.delete(line.id);
    } else if (line.t !== undefined) this.pushed(line as unknown as PushFrame);
  }
}

const ENDED = new TidewallError('busy', 'the connection ended').toBody();
