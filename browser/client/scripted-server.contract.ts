import type { JsonObject, JsonValue } from '@tidewall/base';
import type { Transport, TransportEvents, TransportLink } from '@tidewall/browser-contracts/transport';

/** One link to a scripted server: what the client sent, and what the test lets the server say. */
export class ScriptedLink implements TransportLink {
  readonly url: string;
  readonly #events: TransportEvents;
  /** Every line that the client sent, parsed. */
  readonly sent: JsonObject[] = [];
  /** How many frames they came in. */
  frames = 0;
  /** What the client hung up with. */
  hungUp: { readonly code: number; readonly reason: string } | undefined;

  constructor(url: string, events: TransportEvents) {
    this.url = url;
    this.#events = events;
  }

  send(text: string): void {
    this.frames += 1;
    for (const line of text.split('\n')) this.sent.push(JSON.parse(line) as JsonObject);
  }

  close(code: number, reason: string): void {
    this.hungUp = { code, reason };
    this.#events.closed(code, reason);
  }

  opens(): void {
    this.#events.opened();
  }

  closes(code: number, reason = ''): void {
    this.#events.closed(code, reason);
  }

  /** Frames that arrive together. */
  says(...frames: JsonValue[]): void {
    this.#events.received(frames.map((frame) => JSON.stringify(frame)).join('\n'));
  }

  saysText(text: string): void {
    this.#events.received(text);
  }

  /** The commands of that name, oldest first, with their ids. */
  commands(name: string): { readonly id: number; readonly body: JsonObject }[] {
    return this.sent
      .filter((frame) => name in frame)
      .map((frame) => ({ id: frame['id'] as number, body: frame[name] as JsonObject }));
  }

  /** The newest command of that name. */
  command(name: string): { readonly id: number; readonly body: JsonObject } {
    const command = this.commands(name).at(-1);
    if (command === undefined) throw new Error(`no ${name} command was sent`);
    return command;
  }

  /** Opens, and answers the connect command. */
  greets(reply: JsonObject = {}): void {
    this.opens();
    this.says({
      id: this.command('connect').id,
      connect: { session: 's1', node: 'n1', now: 0, pingMs: 25_000, ...reply },
    });
  }

  /** The answer to the newest subscribe command, as a frame. */
  accepted(reply: JsonObject): JsonObject {
    const { id } = this.command('subscribe');
    return { id, subscribe: { topic: 1, recovered: false, freshness: { state: 'quiet', asOf: 0 }, ...reply } };
  }
}

/** A transport without a network: the test is the server. */
export class ScriptedServer implements Transport {
  readonly name: string;
  readonly links: ScriptedLink[] = [];

  constructor(name = 'scripted') {
    this.name = name;
  }

  open(url: string, events: TransportEvents): TransportLink {
    const link = new ScriptedLink(url, events);
    this.links.push(link);
    return link;
  }

  /** The newest link. */
  get link(): ScriptedLink {
    const link = this.links.at(-1);
    if (link === undefined) throw new Error('the client has opened no link');
    return link;
  }
}
