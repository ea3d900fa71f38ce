import { randomBytes } from 'node:crypto';
import type { Encoding, GatewayContext, Principal } from '@tidewall/contracts';
import { CLOSE_CODES, type CloseName } from '@tidewall/protocol';
import { Uplink } from '../http/uplink.ts';
import type { Connection } from '../native/connections.ts';
import { createLastWord, type GatewayMetrics, NativePeer, type NativeWire } from '../native/index.ts';
import { eventOf } from './event-encoding.ts';
import { EventStream, type StreamOptions } from './event-stream.ts';

/** RFC 6455, 7.1.5: there was no goodbye. */
const ABNORMAL = 1006;
/** Nobody guesses 128 bits. */
const ID_BYTES = 16;

export interface SessionStreamOptions extends Omit<StreamOptions, 'first' | 'drained' | 'gone'> {
  readonly context: GatewayContext;
  readonly metrics: GatewayMetrics;
  readonly encoding: Encoding;
  readonly principal: Principal;
  /** Events that come before the first one of the session. */
  readonly head: string;
  gone(session: SessionStream): void;
}

/** A session whose frames go down as events of one stream, and come up by requests of their own. */
export class SessionStream implements NativeWire, Connection {
  readonly id = randomBytes(ID_BYTES).toString('base64url');
  readonly encoding: Encoding;
  readonly principal: Principal;
  readonly uplink: Uplink;
  readonly #options: SessionStreamOptions;
  readonly #peer: NativePeer;
  readonly #stream: EventStream;
  #over = false;

  constructor(options: SessionStreamOptions) {
    const { context, metrics, principal, encoding, head } = options;
    this.#options = options;
    this.encoding = encoding;
    this.principal = principal;
    this.#peer = new NativePeer(context, this, principal, metrics);
    const close = (name: CloseName, reason: string) => this.close(name, reason);
    this.uplink = new Uplink({ context, metrics, peer: this.#peer, close });
    this.#stream = new EventStream({
      ...options,
      first: `${head}event: session\n${eventOf(JSON.stringify({ session: this.id }))}`,
      drained: () => this.#peer.drained(),
      gone: () => this.#gone(),
    });
  }

  get congested(): boolean {
    return this.#stream.congested;
  }

  write(frames: readonly Uint8Array[]): boolean {
    const [first] = frames;
    return this.#stream.write(frames.length === 1 && first !== undefined ? first : Buffer.concat(frames));
  }

  send(text: string): void {
    this.#stream.write(Buffer.from(eventOf(text)));
  }

  takenBytes(): number {
    return this.#stream.takenBytes();
  }

  pause(): void {
    this.uplink.pause();
  }

  resume(): void {
    this.uplink.resume();
  }

  close(name: CloseName, reason: string, afterMs?: readonly [number, number]): void {
    if (this.#over) return;
    const word = createLastWord(this.#options.context.clock)(name, reason, afterMs);
    this.#stream.end(eventOf(word));
    this.#end(CLOSE_CODES[name].code, name, reason);
  }

  finish(): Promise<void> {
    return this.#peer.finish();
  }

  cut(): void {
    this.#stream.cut();
  }

  sweep(): void {
    if (!this.#over) this.#peer.sweep();
    this.#stream.sweep(this.#options.context.clock.monotonic());
  }

  #gone(): void {
    this.#end(ABNORMAL, 'state_invalidated', 'the stream of this session has ended');
    this.#options.gone(this);
  }

  #end(code: number, name: CloseName, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.metrics.closed(code);
    this.uplink.end(name, reason);
    this.#peer.ended();
  }
}
