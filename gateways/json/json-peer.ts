import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@tidewall/base';
import type { GatewayContext } from '@tidewall/contracts';
import { TEXT_HEARTBEATS, TidewallError } from '@tidewall/protocol';
import {
  COMMAND_COST,
  CommandRate,
  type GatewayMetrics,
  HEARTBEAT_COST,
  type NativeWire,
  Progress,
} from '../native/index.ts';
import { textHint, wireHint } from './wire-hint.ts';

/** What a wire makes of its frames: each a JSON object, one after the other. */
export interface JsonConversation {
  /**
   * Takes one frame; the next one is given when this has resolved.
   *
   * @throws TidewallError when it is refused
   */
  take(frame: JsonObject, text: string): void | Promise<void>;
  /** What a refused frame is answered with; undefined: it is only counted. */
  refusal?(error: TidewallError, frame: JsonObject | undefined): string | undefined;
  /** The wire takes more again. */
  drained?(): void;
  /** About once a second. */
  sweep?(now: number): void;
  ended(): void;
}

export interface JsonPeerOptions {
  readonly kind: string;
  readonly context: GatewayContext;
  readonly metrics: GatewayMetrics;
  readonly wire: NativeWire & {
    /** Asks, in words of the transport, whether anybody is there. */
    ask(): void;
  };
  converse(peer: JsonPeer): JsonConversation;
}

/** With so many frames waiting for their turn, the wire stops reading; it goes on when a quarter is left. */
const MOST_WAITING = 64;

/** One client of a wire whose frames are JSON objects: what all of these wires have in common. */
export class JsonPeer {
  readonly #options: JsonPeerOptions;
  readonly #conversation: JsonConversation;
  readonly #rate: CommandRate;
  readonly #progress: Progress;
  #heardAt: number;
  #asked = false;
  /** Some frame of it was of this wire. */
  #understood = false;
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #paused = false;
  #finishing = false;
  #ended = false;

  constructor(options: JsonPeerOptions) {
    const { clock, limits } = options.context;
    const now = clock.monotonic();
    this.#options = options;
    this.#heardAt = now;
    this.#rate = new CommandRate(limits, now);
    this.#progress = new Progress(now);
    this.#conversation = options.converse(this);
  }

  /** Sends one frame; what a client that does not read is not sent is lost to it alone. */
  send(frame: JsonValue | string): void {
    if (this.#ended) return;
    if (this.#options.wire.congested) this.#options.metrics.rejected('not_read');
    else this.#options.wire.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  receive(message: Buffer): void {
    const { wire, metrics } = this.#options;
    metrics.tally.framesReceived += 1;
    this.#heard();
    const text = message.toString().trim();
    const heartbeat = TEXT_HEARTBEATS.get(text);
    if (!this.#admit(heartbeat === undefined ? COMMAND_COST : HEARTBEAT_COST)) return;
    if (heartbeat !== undefined) {
      if (!wire.congested) wire.send(heartbeat);
      return;
    }
    if (this.#finishing) return;
    const frame = parse(text);
    if (frame instanceof TidewallError) this.#refuse(frame, undefined, textHint(text));
    else this.#enqueue(frame, text);
  }

  heartbeat(): boolean {
    this.#heard();
    return this.#admit(HEARTBEAT_COST);
  }

  drained(): void {
    this.#conversation.drained?.();
  }

  sweep(): void {
    const { wire, context } = this.#options;
    const { limits, clock } = context;
    const now = clock.monotonic();
    this.#conversation.sweep?.(now);
    if (this.#ended) return;
    const silentMs = now - this.#heardAt;
    const stillMs = this.#progress.stillMs(now, wire.takenBytes(), wire.congested);
    if (stillMs >= limits.noProgressMs) wire.close('no_progress', `nothing was read for ${limits.noProgressMs} ms`);
    else if (!this.#paused && silentMs >= limits.deadMs)
      wire.close('no_pong', `nothing was heard for ${limits.deadMs} ms`);
    else if (silentMs >= limits.pingMs && !this.#asked) {
      this.#asked = true;
      wire.ask();
    }
  }

  finish(): Promise<void> {
    this.#finishing = true;
    return this.#turn;
  }

  ended(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#conversation.ended();
  }

  #heard(): void {
    this.#heardAt = this.#options.context.clock.monotonic();
    this.#asked = false;
  }

  /** Too fast is counted and passed over; who goes on is cut off. */
  #admit(cost: number): boolean {
    if (this.#ended) return false;
    const { context, wire, metrics } = this.#options;
    const verdict = this.#rate.take(cost, context.clock.monotonic());
    if (verdict.type === 'admitted') return true;
    metrics.rejected(verdict.type === 'flooding' ? 'flood' : 'too_many_requests');
    const { commandsPerSecond, commandBurst } = context.limits;
    if (verdict.type === 'flooding') {
      wire.close('too_many_requests', `more than ${commandsPerSecond} frames a second, ${commandBurst} at once`);
    }
    return false;
  }

  #enqueue(frame: JsonObject, text: string): void {
    this.#waiting++;
    this.#turn = this.#turn.then(() => this.#take(frame, text));
    if (this.#paused || this.#waiting < MOST_WAITING) return;
    this.#paused = true;
    this.#options.wire.pause();
  }

  async #take(frame: JsonObject, text: string): Promise<void> {
    try {
      if (!this.#ended) {
        await this.#conversation.take(frame, text);
        this.#understood = true;
      }
    } catch (failure) {
      this.#refuse(this.#asTidewallError(failure), frame, wireHint(frame, this.#options.kind));
    }
    this.#waiting--;
    if (!this.#paused || this.#waiting > MOST_WAITING / 4 || this.#ended) return;
    this.#paused = false;
    this.#heard();
    this.#options.wire.resume();
  }

  /** @param hint the right door, where this is a frame of another wire */
  #refuse(error: TidewallError, frame: JsonObject | undefined, hint: string | undefined): void {
    if (this.#ended) return;
    const { metrics, wire } = this.#options;
    metrics.rejected(error.kind);
    const answer = this.#conversation.refusal?.(error, frame);
    if (answer !== undefined) this.send(answer);
    // These wires have no word for it. Who has said nothing else is at the wrong door, and would wait there for ever.
    else if (hint !== undefined && !this.#understood) wire.close('bad_frame', hint);
  }

  #asTidewallError(failure: unknown): TidewallError {
    if (failure instanceof TidewallError) return failure;
    this.#options.context.log.error({ err: failure, gateway: this.#options.kind }, 'a frame could not be handled');
    return new TidewallError('internal', 'the server failed; it has logged why', { cause: failure });
  }
}

function parse(text: string): JsonObject | TidewallError {
  let frame: JsonValue;
  try {
    frame = parseJson(text);
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'not JSON';
    return new TidewallError('bad_request', `a frame must be a JSON object: ${why}`);
  }
  return isJsonObject(frame) ? frame : new TidewallError('bad_request', 'a frame must be a JSON object');
}
