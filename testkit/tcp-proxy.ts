import { connect, createServer, type Server, type Socket } from 'node:net';

/** How often `drip` lets its bytes through. */
const DRIP_TICK_MS = 10;
/** Bytes that a stalled or slowed direction holds before it stops reading, so that the sender feels it. */
const HELD_BYTES = 64 * 1024;

type Weather =
  | { readonly type: 'fair' }
  | { readonly type: 'cut' }
  | { readonly type: 'stalled' }
  | { readonly type: 'delayed'; readonly ms: number }
  | { readonly type: 'dripping'; readonly bytesPerTick: number };

/** A real TCP proxy on loopback whose owner decides how bad the network is. */
export class TcpProxy {
  readonly #targetPort: number;
  readonly #server: Server;
  readonly #pipes = new Set<Pipe>();
  #weather: Weather = { type: 'fair' };
  #accepted = 0;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** Listens on a free port of loopback; `targetPort` may be opened later. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('broken invariant: the proxy listens');
    return address.port;
  }

  /** Connections that are open through it. */
  get connections(): number {
    return this.#pipes.size;
  }

  /** Connections that came, whatever became of them. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Destroys every connection, and every new one at once. */
  cut(): void {
    this.#weather = { type: 'cut' };
    for (const pipe of this.#pipes) pipe.destroy();
  }

  /** Fair weather again; what was held goes out. */
  heal(): void {
    this.#set({ type: 'fair' });
  }

  /** Half open: accepts, and keeps open, and forwards nothing in either direction. */
  stall(): void {
    this.#set({ type: 'stalled' });
  }

  /** Every byte arrives this much later, in order. */
  delay(ms: number): void {
    this.#set({ type: 'delayed', ms });
  }

  /** So many bytes each 10 ms in each direction of each connection. */
  drip(bytesPerTick: number): void {
    this.#set({ type: 'dripping', bytesPerTick });
  }

  /** Ends every connection and stops listening. */
  async close(): Promise<void> {
    this.cut();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #set(weather: Weather): void {
    this.#weather = weather;
    for (const pipe of this.#pipes) pipe.weather(weather);
  }

  #accept(client: Socket): void {
    this.#accepted += 1;
    if (this.#weather.type === 'cut') {
      client.destroy();
      return;
    }
    const pipe = new Pipe(
      client,
      connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true }),
      this.#weather,
      () => {
        this.#pipes.delete(pipe);
      },
    );
    this.#pipes.add(pipe);
  }
}

/** One connection: both of its directions, each with its own weather. */
class Pipe {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #ways: readonly [Way, Way];

  constructor(client: Socket, server: Socket, weather: Weather, ended: () => void) {
    this.#client = client;
    this.#server = server;
    this.#ways = [new Way(client, server, weather), new Way(server, client, weather)];
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      // Resets and refusals are the weather that is being made here.
      socket.on('error', () => {});
      socket.on('close', () => {
        const way = this.#ways[socket === client ? 0 : 1];
        // After a proper end the other side still gets what is held for it; after anything else, nobody gets anything.
        if (!way.ended) this.destroy();
        if (client.destroyed && server.destroyed) ended();
      });
    }
  }

  weather(weather: Weather): void {
    for (const way of this.#ways) way.weather(weather);
  }

  destroy(): void {
    for (const way of this.#ways) way.stop();
    this.#client.destroy();
    this.#server.destroy();
  }
}

interface Held {
  readonly bytes: Buffer;
  readonly dueAt: number;
}

/** One direction of a connection. */
class Way {
  readonly #from: Socket;
  readonly #to: Socket;
  #weather: Weather;
  #held: Held[] = [];
  #heldBytes = 0;
  /** Its sender has said that nothing more comes. */
  ended = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, weather: Weather) {
    this.#from = from;
    this.#to = to;
    this.#weather = weather;
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    from.on('end', () => {
      this.ended = true;
      this.#move();
    });
    to.on('drain', () => this.#move());
  }

  weather(weather: Weather): void {
    this.#weather = weather;
    this.#move();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#held = [];
    this.#heldBytes = 0;
  }

  #take(bytes: Buffer): void {
    const wait = this.#weather.type === 'delayed' ? this.#weather.ms : 0;
    this.#held.push({ bytes, dueAt: performance.now() + wait });
    this.#heldBytes += bytes.length;
    this.#move();
  }

  /** Writes what may go now, and comes back for the rest. */
  #move(): void {
    clearTimeout(this.#timer);
    if (this.#from.destroyed && !this.ended) return;
    let allowed = this.#weather.type === 'dripping' ? this.#weather.bytesPerTick : Number.POSITIVE_INFINITY;
    if (this.#weather.type === 'stalled' || this.#weather.type === 'cut') allowed = 0;
    while (allowed > 0 && this.#held.length > 0 && !this.#to.writableNeedDrain) {
      const { bytes, dueAt } = this.#held[0] as Held;
      if (this.#weather.type === 'delayed' && dueAt > performance.now()) break;
      const going = bytes.subarray(0, allowed);
      this.#held[0] = { bytes: bytes.subarray(going.length), dueAt };
      if (going.length === bytes.length) this.#held.shift();
      this.#heldBytes -= going.length;
      allowed -= going.length;
      this.#to.write(going);
    }
    if (this.#heldBytes > HELD_BYTES) this.#from.pause();
    else this.#from.resume();
    const next = this.#held[0];
    if (next === undefined) {
      // A half-open link passes nothing on, the end of the other side neither.
      if (this.ended && allowed > 0) this.#to.end();
    } else if (this.#weather.type === 'dripping') this.#again(DRIP_TICK_MS);
    else if (this.#weather.type === 'delayed') this.#again(Math.max(1, next.dueAt - performance.now()));
  }

  #again(ms: number): void {
    this.#timer = setTimeout(() => this.#move(), ms);
  }
}
