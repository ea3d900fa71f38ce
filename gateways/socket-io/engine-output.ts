import type { Socket as NetSocket } from 'node:net';
import type { Socket as EngineSocket, Transport } from 'engine.io';
import { takenBytesOf } from '../websocket/taken-bytes.ts';
import { asPollPayload } from './update-encoding.ts';

/** The network's socket below a WebSocket of `ws`; the gateway knows it from the upgrade. */
export type NetSocketOf = (webSocket: object) => NetSocket | undefined;

/** A packet that Engine.IO has made, as it shows it. */
interface EnginePacket {
  readonly data?: { readonly length: number };
  /** A finished frame is sent as it is where the transport is WebSocket. */
  readonly options: { readonly wsPreEncodedFrame?: readonly Uint8Array[] };
}

type SendOptions = NonNullable<Parameters<EngineSocket['write']>[1]>;

/**
 * The bytes on their way out of one Engine.IO connection, whatever its transport is at the moment: in order, and shared
 * with all other connections where it is WebSocket.
 */
export class EngineOutput {
  readonly #engine: EngineSocket;
  readonly #netSocketOf: NetSocketOf;
  readonly #highWaterBytes: number;
  readonly #drained: () => void;
  /** The transport that `#net` is of. */
  #transport: Transport | undefined;
  #net: NetSocket | undefined;
  /** Bytes that Engine.IO keeps until its transport takes them, answers among them, and that were polled. */
  #keptBytes = 0;
  #polledBytes = 0;
  #awaitsDrain = false;

  constructor(engine: EngineSocket, netSocketOf: NetSocketOf, highWaterBytes: number, drained: () => void) {
    this.#engine = engine;
    this.#netSocketOf = netSocketOf;
    this.#highWaterBytes = highWaterBytes;
    this.#drained = drained;
    engine.on('packetCreate', (packet: EnginePacket) => {
      this.#keptBytes += packet.options.wsPreEncodedFrame?.[0]?.length ?? packet.data?.length ?? 0;
    });
    // Said by Engine.IO when its transport has been given all that was kept.
    engine.on('drain', () => this.#flushed());
  }

  /** So much waits that nothing more is taken; `drained` is called when it is gone. */
  get congested(): boolean {
    const net = this.#netSocket();
    // Below its own mark a stream never says 'drain'.
    const full = net !== undefined && net.writableLength >= Math.max(this.#highWaterBytes, net.writableHighWaterMark);
    if (full && !this.#awaitsDrain) {
      this.#awaitsDrain = true;
      net.once('drain', () => this.#tellDrained());
    }
    return full || this.#keptBytes >= this.#highWaterBytes;
  }

  takenBytes(): number {
    const net = this.#netSocket();
    return this.#polledBytes + (net === undefined ? 0 : takenBytesOf(net));
  }

  /** @param frames finished WebSocket frames */
  write(frames: Uint8Array): void {
    const net = this.#netSocket();
    // A transport that is writable has nothing waiting in Engine.IO that this would overtake.
    if (net !== undefined && this.#engine.transport.writable && net.writable) net.write(frames);
    else this.#keep(frames, net === undefined);
  }

  #keep(frames: Uint8Array, polls: boolean): void {
    // Who polls may be on WebSocket by the time that this is sent, but not the other way round. The first "4" of the text
    // is put there by Engine.IO.
    const text = polls ? asPollPayload(frames).slice(1) : '';
    const options: EnginePacket['options'] & SendOptions = { compress: polls, wsPreEncodedFrame: [frames] };
    this.#engine.write(text, options);
  }

  #flushed(): void {
    const bytes = this.#keptBytes;
    this.#keptBytes = 0;
    if (this.#netSocket() === undefined) this.#polledBytes += bytes;
    if (bytes >= this.#highWaterBytes) this.#tellDrained();
  }

  #tellDrained(): void {
    this.#awaitsDrain = false;
    if (!this.congested) this.#drained();
  }

  #netSocket(): NetSocket | undefined {
    const { transport } = this.#engine;
    if (transport !== this.#transport) {
      this.#transport = transport;
      const { socket } = transport as unknown as { readonly socket?: object };
      this.#net = socket === undefined ? undefined : this.#netSocketOf(socket);
    }
    return this.#net;
  }
}
