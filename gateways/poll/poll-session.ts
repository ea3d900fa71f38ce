import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Encoding, GatewayContext, Principal } from '@tidewall/contracts';
import { CLOSE_CODES, type CloseName, TidewallError } from '@tidewall/protocol';
import { answerError } from '../http/answer.ts';
import { Uplink } from '../http/uplink.ts';
import type { Connection } from '../native/connections.ts';
import { createLastWord, type GatewayMetrics, NativePeer, type NativeWire } from '../native/index.ts';
import { HeldRequest } from './held-request.ts';

/*
 *   what is written ──▶ waiting ──▶ the batch ──▶ forgotten
 *                              asked for     acknowledged, by asking for what comes after it
 *
 * The batch is kept until then, so that whoever did not get it asks for it again.
 */

/** RFC 6455, 7.1.5: there was no goodbye. */
const ABNORMAL = 1006;
/** Nobody guesses 128 bits. */
const ID_BYTES = 16;
/** A client asks again at once. One that does not for this part of `deadMs` is gone, though nobody has heard it go. */
const GONE_AFTER = 1 / 20;
/** The same while an answer may still be on its way, over a slow link. */
const GONE_AFTER_ANSWER = 1 / 6;
/** How long the last word waits to be asked for. */
const GOODBYE_MS = 5_000;

export interface PollSessionOptions {
  readonly context: GatewayContext;
  readonly metrics: GatewayMetrics;
  readonly encoding: Encoding;
  readonly principal: Principal;
  /** Nothing is left to be said. */
  gone(session: PollSession): void;
}

/** A session whose frames are asked for, a batch at a time. */
export class PollSession implements NativeWire, Connection {
  readonly id = randomBytes(ID_BYTES).toString('base64url');
  readonly encoding: Encoding;
  readonly principal: Principal;
  readonly uplink: Uplink;
  readonly #options: PollSessionOptions;
  readonly #peer: NativePeer;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** What was answered last, while it is not acknowledged. */
  #batch: Buffer | undefined;
  /** The number of the newest batch. */
  #cursor = 0;
  #takenBytes = 0;
  #stalled = false;
  #held: HeldRequest | undefined;
  /** When it last began or ceased to ask, monotonic. */
  #askedAt: number;
  #closedAt: number | undefined;

  constructor(options: PollSessionOptions) {
    const { context, metrics, principal, encoding } = options;
    this.#options = options;
    this.#askedAt = context.clock.monotonic();
    this.encoding = encoding;
    this.principal = principal;
    this.#peer = new NativePeer(context, this, principal, metrics);
    const close = (name: CloseName, reason: string) => this.close(name, reason);
    this.uplink = new Uplink({ context, metrics, peer: this.#peer, close });
  }

  get congested(): boolean {
    const bytes = this.#waitingBytes + (this.#batch?.length ?? 0);
    if (!this.#stalled) this.#stalled = bytes >= this.#options.context.limits.highWaterBytes;
    return this.#stalled;
  }

  write(frames: readonly Uint8Array[]): boolean {
    if (this.#closedAt !== undefined) return false;
    this.#keep(frames);
    this.#answer();
    return !this.congested;
  }

  send(text: string): void {
    this.write([Buffer.from(`${text}\n`)]);
  }

  /** What its client has said that it has. */
  takenBytes(): number {
    return this.#takenBytes;
  }

  pause(): void {
    this.uplink.pause();
  }

  resume(): void {
    this.uplink.resume();
  }

  /**
   * Answers with what comes after a batch, when there is something.
   *
   * @param cursor the number of the newest batch that the client has
   */
  ask(response: ServerResponse, cursor: number, waitMs: number): void {
    const { clock, limits } = this.#options.context;
    this.#askedAt = clock.monotonic();
    if (this.#closedAt === undefined && !this.#peer.heartbeat() && this.#closedAt === undefined) {
      const { commandsPerSecond } = limits;
      const message = `asked faster than ${commandsPerSecond * 10} times a second`;
      answerError(response, new TidewallError('too_many_requests', message, { afterMs: 1000 }));
      return;
    }
    const lost = cursor === this.#cursor - 1 && this.#batch !== undefined;
    if (cursor !== this.#cursor && !lost) {
      const message = `cursor: the newest batch is ${this.#cursor}, and what comes after ${cursor} cannot be asked for`;
      answerError(response, new TidewallError('bad_request', message));
      return;
    }
    // One of two that ask at once is a request that broke on its way.
    this.#sayNothing();
    this.#held = new HeldRequest({
      response,
      clock,
      // Its silence counts from here on, and the next request needs its time.
      waitMs: Math.min(waitMs, limits.deadMs * (1 - GONE_AFTER_ANSWER)),
      late: () => this.#sayNothing(),
      gone: () => {
        this.#held = undefined;
        this.#askedAt = clock.monotonic();
      },
    });
    if (lost) this.#answerWith(this.#batch as Buffer);
    else this.#acknowledged();
    if (waitMs === 0) this.#sayNothing();
  }

  close(name: CloseName, reason: string, afterMs?: readonly [number, number]): void {
    if (this.#closedAt !== undefined) return;
    const { clock } = this.#options.context;
    // Behind a full buffer no goodbye arrives in time.
    const reachable = !this.congested;
    if (reachable) this.#keep([Buffer.from(`${createLastWord(clock)(name, reason, afterMs)}\n`)]);
    this.#end(CLOSE_CODES[name].code, name, reason);
    if (reachable) this.#answer();
    else this.cut();
  }

  /** The client says that it goes. */
  left(): void {
    this.#end(1000, 'state_invalidated', 'this session has ended');
    this.cut();
  }

  finish(): Promise<void> {
    return this.#peer.finish();
  }

  cut(): void {
    this.#end(ABNORMAL, 'state_invalidated', 'this session has ended');
    this.#waiting = [];
    this.#held?.cut();
    this.#options.gone(this);
  }

  sweep(): void {
    const now = this.#options.context.clock.monotonic();
    if (this.#closedAt !== undefined) {
      if (now - this.#closedAt >= GOODBYE_MS) this.cut();
    } else if (this.#isLost(now)) this.cut();
    else this.#peer.sweep();
  }

  #isLost(now: number): boolean {
    // Of one that reads slowly, or not at all, something else is told.
    if (this.#held !== undefined || this.congested) return false;
    const silence = (now - this.#askedAt) / this.#options.context.limits.deadMs;
    return silence >= (this.#batch === undefined ? GONE_AFTER : GONE_AFTER_ANSWER);
  }

  #keep(frames: readonly Uint8Array[]): void {
    for (const frame of frames) {
      this.#waiting.push(frame);
      this.#waitingBytes += frame.length;
    }
  }

  /** Lets go of the batch, answers with the next one, and takes more. */
  #acknowledged(): void {
    this.#takenBytes += this.#batch?.length ?? 0;
    this.#batch = undefined;
    this.#answer();
    if (!this.#stalled || this.#closedAt !== undefined) return;
    this.#stalled = false;
    if (!this.congested) this.#peer.drained();
  }

  #answer(): void {
    if (this.#held === undefined || this.#waiting.length === 0) return;
    this.#cursor++;
    const body = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#answerWith(body);
    // Nothing comes after the last word.
    if (this.#closedAt !== undefined) this.#options.gone(this);
  }

  #answerWith(batch: Buffer): void {
    this.#batch = batch;
    this.#options.metrics.tally.bytesWritten += batch.length;
    this.#say(batch);
  }

  /** Answers who asks that there is nothing new. */
  #sayNothing(): void {
    if (this.#held !== undefined) this.#say(undefined);
  }

  #say(batch: Buffer | undefined): void {
    this.#held?.answer(batch, String(this.#cursor));
    this.#held = undefined;
    this.#askedAt = this.#options.context.clock.monotonic();
  }

  #end(code: number, name: CloseName, reason: string): void {
    if (this.#closedAt !== undefined) return;
    this.#closedAt = this.#options.context.clock.monotonic();
    this.#options.metrics.closed(code);
    this.uplink.end(name, reason);
    this.#peer.ended();
  }
}
