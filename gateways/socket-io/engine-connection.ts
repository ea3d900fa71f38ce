import type { Encoding, GatewayContext, Outlet } from '@tidewall/contracts';
import { CLOSE_CODES, type CloseName } from '@tidewall/protocol';
import type { Socket as EngineSocket } from 'engine.io';
import { COMMAND_COST, CommandRate, type GatewayMetrics, HEARTBEAT_COST, Progress } from '../native/index.ts';
import { EngineOutput, type NetSocketOf } from './engine-output.ts';

export interface EngineConnectionOptions {
  readonly context: GatewayContext;
  readonly metrics: GatewayMetrics;
  readonly encoding: Encoding;
  readonly netSocketOf: NetSocketOf;
}

/** A packet of Engine.IO, as its socket shows it before anything is made of it. */
interface EnginePacket {
  type: string;
  readonly data?: unknown;
}

/** RFC 6455, 7.1.5: there was no goodbye. */
const ABNORMAL = 1006;
const GOING_AWAY = 1001;
/** What the network does to a connection; all other errors of a transport are its client's. */
const WEATHER = new Set([
  'write error',
  'poll connection closed prematurely',
  'data request connection closed prematurely',
]);

/** One client on Engine.IO, by whatever transport: what it may send, how much waits for it, and why it ended. */
export class EngineConnection implements Outlet {
  readonly encoding: Encoding;
  readonly #engine: EngineSocket;
  readonly #context: GatewayContext;
  readonly #metrics: GatewayMetrics;
  readonly #output: EngineOutput;
  readonly #rate: CommandRate;
  readonly #progress: Progress;
  /** Why we end it; undefined as long as we do not. */
  #closing: CloseName | undefined;
  /** Called when it takes more again. */
  drained: () => void = () => {};

  constructor(engine: EngineSocket, { context, metrics, encoding, netSocketOf }: EngineConnectionOptions) {
    const now = context.clock.monotonic();
    this.encoding = encoding;
    this.#engine = engine;
    this.#context = context;
    this.#metrics = metrics;
    this.#output = new EngineOutput(engine, netSocketOf, context.limits.highWaterBytes, () => this.drained());
    this.#rate = new CommandRate(context.limits, now);
    this.#progress = new Progress(now);
    engine.on('packet', (packet: EnginePacket) => this.#admit(packet));
    engine.once('close', (reason: string, why?: unknown) => this.#ended(reason, why));
  }

  get open(): boolean {
    return this.#engine.readyState === 'open';
  }

  get congested(): boolean {
    return this.#output.congested;
  }

  write(frames: readonly Uint8Array[]): boolean {
    if (!this.open) return false;
    const [first] = frames;
    const bytes = frames.length === 1 && first !== undefined ? first : Buffer.concat(frames);
    // The wire may have no word for what was pushed.
    if (bytes.length > 0) {
      this.#metrics.tally.bytesWritten += bytes.length;
      this.#output.write(bytes);
    }
    return !this.#output.congested;
  }

  takenBytes(): number {
    return this.#output.takenBytes();
  }

  /** The wire has no place for the reason: its client sees that the connection ended, and comes back by itself. */
  close(code: CloseName, reason: string): void {
    if (this.#closing !== undefined) return;
    this.#closing = code;
    this.#context.log.debug({ gateway: 'socket-io', code, reason }, 'a client is sent away');
    this.#engine.close();
    // One that waits to get rid of its packets first would wait as long as its client likes.
    if (code !== 'shutdown') this.cut();
  }

  /** Ends it without waiting for anything. */
  cut(): void {
    this.#engine.close(true);
  }

  /** Closes the connection when nothing has been taken for too long; called about once a second. */
  sweep(now: number): void {
    const { noProgressMs } = this.#context.limits;
    const stillMs = this.#progress.stillMs(now, this.takenBytes(), this.congested);
    if (stillMs >= noProgressMs) this.close('no_progress', `nothing was read for ${noProgressMs} ms`);
  }

  #admit(packet: EnginePacket): void {
    this.#metrics.tally.framesReceived += 1;
    if (packet.type === 'error') {
      // Its socket closes by itself for this.
      this.#metrics.rejected('not_engine_io');
      return;
    }
    const message = packet.type === 'message';
    const verdict = this.#rate.take(message ? COMMAND_COST : HEARTBEAT_COST, this.#context.clock.monotonic());
    const binary = message && typeof packet.data !== 'string';
    if (verdict.type === 'admitted' && !binary) return;
    // This is before its socket looks at the packet, and so nothing is made of it.
    packet.type = 'noop';
    if (binary) {
      this.#metrics.rejected('binary');
      this.close('bad_frame', 'binary events are not of this wire');
      return;
    }
    this.#metrics.rejected(verdict.type === 'flooding' ? 'flood' : 'too_many_requests');
    if (verdict.type === 'flooding') this.close('too_many_requests', 'went on after being passed over');
  }

  #ended(reason: string, why: unknown): void {
    this.#metrics.closed(this.#codeOf(reason));
    if (this.#closing !== undefined) return;
    // What is no Socket.IO is ended by that package itself, and so is who says nothing at all.
    if (reason === 'forced close') this.#metrics.rejected('not_socket_io');
    if (reason === 'transport error' && why instanceof Error && !WEATHER.has(why.message)) {
      this.#metrics.rejected('transport_error');
    }
  }

  #codeOf(reason: string): number {
    if (this.#closing !== undefined) return CLOSE_CODES[this.#closing].code;
    switch (reason) {
      case 'ping timeout':
        return CLOSE_CODES.no_pong.code;
      case 'forced close':
      case 'parse error':
        return CLOSE_CODES.bad_frame.code;
      case 'transport close':
        return GOING_AWAY;
      default:
        return ABNORMAL;
    }
  }
}
