import type { Socket } from 'node:net';
import { systemClock } from '@tidewall/base';
import type { Outgoing } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { IConnackPacket, IPublishPacket, ISubackPacket, Packet, Parser } from 'mqtt-packet';
import { connectSocket, hostAndPort } from '../connect-socket.ts';
import { Keepalive } from '../keepalive.ts';
import { readByTurns } from '../read-by-turns.ts';
import { reasonOf } from '../reason.ts';
import { type ServerPlace, serverPlace } from '../server-url.ts';
import { greetingReason, socketReason } from '../socket-reason.ts';
import { MQTT_SCHEMES, type MqttConfig } from './config.ts';
import { refusalOf } from './refusals.ts';

/*
 *   connecting ──▶ greeting ──▶ open ──▶ lost        what is lost stays lost: whoever has the link opens another
 *        │ refused     │ refused  │
 *        ▼             ▼          ▼ close
 *      (open rejects with a sentence)
 */

/** A broker that does not take a connection, or does not answer, within this is not there. */
const CONNECT_MS = 10_000;
/** A larger packet is nothing that a wall shows; the protocol allows 256 MiB, which would all wait in memory. */
export const MAX_PACKET_BYTES = 16 * 1024 * 1024;
/** Acknowledgements that the broker does not read. */
const MOST_UNSENT_BYTES = 1024 * 1024;
/** Messages that a broker sends before it waits for acknowledgements, where it can be told. */
const RECEIVE_MAXIMUM = 100;

type Codec = Pick<typeof import('mqtt-packet'), 'generate' | 'parser'>;

export interface MqttLinkOptions {
  readonly config: MqttConfig;
  readonly outgoing: Outgoing;
  readonly clientId: string;
  readonly signal: AbortSignal;
  /** Packet identifiers of messages of QoS 2 that came and are not released yet. They are the session's, and outlive the link. */
  readonly unreleased: Set<number>;
  /** One message. It is acknowledged when `done` is called. */
  message(packet: IPublishPacket, done: () => void): void;
  /** What to await before more is read; undefined when there is room. */
  room(): Promise<void> | undefined;
}

/** One connection to an MQTT broker, which ends with the first thing that goes wrong. */
export class MqttLink {
  /** Resolves when the connection is over: with a sentence when it was lost, and nothing when we closed it. */
  readonly over: Promise<TidewallError | undefined>;
  readonly #options: MqttLinkOptions;
  readonly #place: ServerPlace;
  readonly #socket: Socket;
  readonly #codec: Codec;
  readonly #parser: Parser;
  #settle: (failure?: TidewallError) => void = () => {};
  #greeted = false;
  #closed = false;
  #keepalive: Keepalive | undefined;
  #answered: ((packet: IConnackPacket | ISubackPacket) => void) | undefined;

  /**
   * Connects and greets.
   *
   * @throws TidewallError source_error in a sentence that names the broker, and no secret; what the signal aborts with
   */
  static async open(options: MqttLinkOptions): Promise<MqttLink> {
    const { config, outgoing, signal } = options;
    const place = serverPlace(config.url, MQTT_SCHEMES);
    const { host, port, tls } = place;
    // Only who has a broker pays for the codec.
    const { default: codec } = await import('mqtt-packet');
    // It would keep a buffer for each of 65,536 numbers.
    codec.writeToStream.cacheNumbers = false;
    const socket = await connectSocket({
      called: 'the MQTT broker',
      ...{ host, port, outgoing, signal, timeoutMs: CONNECT_MS },
      tls: tls ? config : undefined,
    });
    const link = new MqttLink(options, place, socket, codec);
    try {
      await link.#greet();
      return link;
    } catch (failure) {
      link.close();
      throw failure;
    }
  }

  private constructor(options: MqttLinkOptions, place: ServerPlace, socket: Socket, codec: Codec) {
    this.#options = options;
    this.#place = place;
    this.#socket = socket;
    this.#codec = codec;
    this.#parser = codec.parser({ protocolVersion: this.#version });
    this.over = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#parser.on('packet', (packet) => this.#take(packet));
    this.#parser.on('error', (error) => this.#fail('sends what is not MQTT', reasonOf(error)));
    readByTurns(socket, (piece) => this.#read(piece));
    socket.on('error', (error) => this.#cut(error));
    socket.on('close', () => this.#cut());
  }

  /**
   * Resolves when the broker has taken all filters.
   *
   * @throws TidewallError source_error naming the filter that it refuses
   */
  async subscribe(filters: readonly string[]): Promise<void> {
    const { config } = this.#options;
    const { qos, protocol } = config;
    const subscriptions = filters.map((topic) => {
      // With 5 it need not send what is passed over here anyway.
      return protocol === '5'
        ? { topic, qos, nl: false, rap: false, rh: takesRetained(config) ? 0 : 2 }
        : { topic, qos };
    });
    const { granted } = (await this.#ask({ cmd: 'subscribe', messageId: 1, subscriptions }, 'suback')) as ISubackPacket;
    for (const [index, code] of (granted as number[]).entries()) {
      if (code < 128) continue;
      const filter = JSON.stringify(filters[index]);
      throw this.#sentence(`refuses the subscription to ${filter}`, refusalOf(code, protocol, 'other'));
    }
  }

  /** Ends the connection. Closing twice is closing once. */
  close(): void {
    if (this.#closed) return;
    // What is written last goes out, when it can do so at once.
    if (!this.#socket.destroyed) this.#send({ cmd: 'disconnect' });
    this.#end();
  }

  get #version(): 4 | 5 {
    return this.#options.config.protocol === '5' ? 5 : 4;
  }

  // --- the connection

  async #greet(): Promise<void> {
    const { config, clientId, unreleased } = this.#options;
    const { username, password, persistent, keepAliveS, sessionExpiryS, protocol } = config;
    const answer = (await this.#ask(
      {
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: this.#version,
        clientId,
        clean: !persistent,
        keepalive: keepAliveS,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password: Buffer.from(password) }),
        ...(protocol === '5'
          ? {
              properties: {
                receiveMaximum: RECEIVE_MAXIMUM,
                maximumPacketSize: MAX_PACKET_BYTES,
                ...(persistent ? { sessionExpiryInterval: sessionExpiryS } : {}),
              },
            }
          : {}),
      },
      'connack',
    )) as IConnackPacket;
    const code = (protocol === '5' ? answer.reasonCode : answer.returnCode) ?? 0;
    if (code !== 0) throw this.#sentence('does not let us in', refusalOf(code, protocol, 'connect'));
    if (!answer.sessionPresent) unreleased.clear();
    this.#greeted = true;
    const silenceS = answer.properties?.serverKeepAlive || keepAliveS;
    this.#keepalive = new Keepalive({
      silenceMs: silenceS * 1000,
      ask: () => this.#send({ cmd: 'pingreq' }),
      dead: () => this.#fail('is gone', `nothing was heard for ${silenceS} s`),
    });
  }

  async #ask(packet: Packet, expected: 'connack' | 'suback'): Promise<IConnackPacket | ISubackPacket> {
    const { signal } = this.#options;
    let cancel = () => {};
    let abort = () => {};
    try {
      return await new Promise((resolve, reject) => {
        signal.throwIfAborted();
        abort = () => reject(signal.reason);
        signal.addEventListener('abort', abort, { once: true });
        const silence = `it does not answer within ${CONNECT_MS} ms; is that the port of MQTT?`;
        cancel = systemClock.after(CONNECT_MS, () => reject(this.#sentence('cannot be used', silence)));
        void this.over.then((failure) => reject(failure ?? this.#sentence('is left', 'we closed the connection')));
        this.#answered = (answer) => {
          if (answer.cmd === expected) resolve(answer);
          else reject(this.#sentence('cannot be used', `it answers with ${answer.cmd} where ${expected} is due`));
        };
        this.#send(packet);
      });
    } finally {
      cancel();
      signal.removeEventListener('abort', abort);
      this.#answered = undefined;
    }
  }

  #read(piece: Buffer): Promise<void> | undefined {
    this.#parse(piece);
    // What is not acknowledged the broker keeps, though not every one of them keeps to how much it may send.
    const room = this.#closed || this.#options.config.qos === 0 ? undefined : this.#options.room();
    if (room === undefined) return undefined;
    this.#keepalive?.listens(false);
    return room.then(() => this.#keepalive?.listens(true));
  }

  #parse(piece: Buffer): void {
    if (this.#closed) return;
    this.#keepalive?.heard();
    try {
      this.#parser.parse(piece);
    } catch (failure) {
      this.#fail('sends what is not MQTT', reasonOf(failure));
      return;
    }
    const { length } = (this.#parser as unknown as { packet: { length: number } }).packet;
    if (length > MAX_PACKET_BYTES) {
      this.#fail('is given up', `a message has ${length} bytes; at most ${MAX_PACKET_BYTES} are read`);
    }
  }

  #take(packet: Packet): void {
    if (this.#closed) return;
    if (packet.cmd === 'publish') this.#takeMessage(packet);
    else if (packet.cmd === 'connack' || packet.cmd === 'suback') this.#answered?.(packet);
    else if (packet.cmd === 'disconnect') {
      this.#fail('ends the connection', refusalOf(packet.reasonCode ?? 128, '5', 'other'));
    } else if (packet.cmd === 'pubrel') {
      const { messageId = 0 } = packet;
      this.#options.unreleased.delete(messageId);
      this.#send({ cmd: 'pubcomp', messageId });
    }
  }

  #takeMessage(packet: IPublishPacket): void {
    const { message, unreleased } = this.#options;
    const { qos, messageId = 0 } = packet;
    const answer: Packet = { cmd: qos === 1 ? 'puback' : 'pubrec', messageId };
    // It came before, and has been the hub's since.
    if (qos === 2 && unreleased.has(messageId)) this.#send(answer);
    else {
      message(packet, () => {
        if (qos === 2) unreleased.add(messageId);
        if (qos > 0) this.#send(answer);
      });
    }
  }

  #send(packet: Packet): void {
    if (this.#closed || this.#socket.destroyed) return;
    this.#socket.write(this.#codec.generate(packet, { protocolVersion: this.#version }));
    if (this.#socket.writableLength > MOST_UNSENT_BYTES) this.#fail('is given up', 'it does not read');
  }

  #cut(error?: Error): void {
    if (this.#greeted) this.#fail('is gone', socketReason(error));
    else this.#fail('cannot be used', greetingReason(error, 'MQTT'));
  }

  #fail(what: string, why: string): void {
    if (this.#closed) return;
    this.#end(this.#sentence(what, why));
  }

  #end(failure?: TidewallError): void {
    this.#closed = true;
    this.#settle(failure);
    this.#keepalive?.stop();
    // A broker that does not read must not keep the socket; what is to go out has gone out by the next turn.
    this.#socket.destroySoon();
    setImmediate(() => this.#socket.destroy());
  }

  #sentence(what: string, why: string): TidewallError {
    const { host, port } = this.#place;
    const { password } = this.#options.config;
    const sentence = `the MQTT broker at ${hostAndPort(host, port)} ${what}: ${why}`;
    return new TidewallError('source_error', password ? sentence.replaceAll(password, '***') : sentence);
  }
}

/** Whether what the broker had kept is news to a topic of that kind. */
export function takesRetained({ retained, topicKind }: MqttConfig): boolean {
  return retained ?? (topicKind === 'state' || topicKind === 'table');
}
