import type { CommandName, PushFrame, Replies, ReplyFrame, ServerFrame } from '@tidewall/protocol';
import { expect } from 'vitest';
import type { GatewayBed } from './gateway-bed.contract.ts';
import type { CaseClient } from './gateway-case.contract.ts';

/** What one command names, with the answer that it gets. */
type Command = { readonly [Name in CommandName]?: object };

/**
 * A client of the native wire that has connected. It keeps what is pushed apart from what is answered, and can tell when
 * nothing more is under way.
 */
export class WireClient {
  readonly #bed: GatewayBed;
  readonly #client: CaseClient;
  readonly #pushes: PushFrame[] = [];
  #id = 1;

  constructor(bed: GatewayBed, client: CaseClient) {
    this.#bed = bed;
    this.#client = client;
  }

  get closed(): CaseClient['closed'] {
    return this.#client.closed;
  }

  /** Is gone without a word. */
  leave(): void {
    this.#client.vanish();
  }

  /** Sends lines as one frame. */
  send(...lines: readonly (string | object)[]): void {
    this.#client.send(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  }

  /** The answer to a command, given as JSON text where it has to be written in a special way. */
  async ask(command: Command | string): Promise<ReplyFrame> {
    const id = ++this.#id;
    const text = typeof command === 'string' ? command : JSON.stringify(command);
    this.send(`{"id":${id},${text.slice(1)}`);
    const reply = await this.reply();
    expect(reply.id).toBe(id);
    return reply;
  }

  /** What a command that is not refused is answered. */
  async done<Name extends CommandName>(name: Name, body: object): Promise<Replies[Name]> {
    const reply = await this.ask({ [name]: body });
    expect(reply.error).toBeUndefined();
    return reply[name] as Replies[Name];
  }

  /** The name of the error that a command is refused with. */
  async refused(command: Command | string): Promise<string | undefined> {
    return (await this.ask(command)).error?.name;
  }

  /** The next answer. */
  async reply(): Promise<ReplyFrame> {
    for (;;) {
      const frame = await this.next();
      if ('id' in frame) return frame;
      if ('t' in frame) this.#pushes.push(frame);
    }
  }

  next(): Promise<ServerFrame> {
    return this.#client.next();
  }

  /** Everything that was pushed since this was asked last, once a flush window has gone by and nothing is under way. */
  async pushed(): Promise<PushFrame[]> {
    await this.#bed.clock.advance(this.#bed.windowMs);
    this.send({ ping: { t0: 0 } });
    for (;;) {
      const frame = await this.next();
      if ('pong' in frame) return this.#pushes.splice(0);
      if ('t' in frame) this.#pushes.push(frame);
      else throw new Error(`unexpected: ${JSON.stringify(frame)}`);
    }
  }
}
