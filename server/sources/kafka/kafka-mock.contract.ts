import { spawn } from 'node:child_process';
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { findProgram, type TestCertificate } from '@tidewall/testkit';

/*
 * The brokers are those that librdkafka has for its own tests, inside of Debian's kcat. They speak the real protocol, keep
 * everything in memory, and know neither TLS nor SASL; a front before them does.
 */

/** Whether Debian's kcat is here. */
export const HAS_KCAT = findProgram('kcat') !== undefined;

/** Brokers of Kafka for a test, which can die and come back empty in the same place. Tests only. */
export interface KafkaMock {
  /** The first of them, through the front. */
  readonly broker: string;
  readonly port: number;
  /** Writes each line as a message with the real `kcat`; `key<TAB>value` with `-K`. */
  produce(topic: string, lines: Iterable<string | Uint8Array>, ...args: string[]): Promise<void>;
  /** What the real `kcat` reads of a topic with these properties; what it complains of when it cannot. */
  consume(topic: string, ...properties: string[]): Promise<string>;
  /** Half open: nothing is forwarded any more. */
  stall(): void;
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface KafkaMockOptions {
  readonly brokers?: number;
  readonly tls?: TestCertificate & { readonly ca: string };
  readonly sasl?: { readonly username: string; readonly password: string; readonly mechanisms: readonly string[] };
  /** Changes an answer before it is forwarded; by the api that was asked. */
  change?(api: number, answer: Buffer): Buffer;
}

export async function startKafka(options: KafkaMockOptions = {}): Promise<KafkaMock> {
  const { brokers = 1 } = options;
  const front = await Front.open(brokers, options);
  let cluster = await startCluster(brokers);
  front.target(cluster.ports);
  return {
    broker: `127.0.0.1:${front.ports[0]}`,
    port: front.ports[0] ?? 0,
    produce: async (topic, lines, ...args) => {
      const child = spawn('kcat', ['-P', '-q', '-b', `127.0.0.1:${cluster.ports[0]}`, '-t', topic, ...args], {
        stdio: ['pipe', 'ignore', 'pipe'],
      });
      let said = '';
      child.stderr.on('data', (text) => (said += String(text)));
      child.stdin.on('error', () => {});
      child.stdin.end(Buffer.concat([...lines].flatMap((line) => [Buffer.from(line), Buffer.from('\n')])));
      const code = await new Promise((resolve) => child.once('close', resolve));
      if (code !== 0) throw new Error(`kcat: ${said}`);
    },
    consume: async (topic, ...properties) => {
      const args = ['-C', '-e', '-o', 'beginning', '-m', '2', '-b', `127.0.0.1:${front.ports[0]}`, '-t', topic];
      const child = spawn('kcat', [...args, ...properties.flatMap((each) => ['-X', each])], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
      await new Promise((resolve) => child.once('close', resolve));
      return said;
    },
    stall: () => front.stall(),
    kill: async () => {
      await cluster.kill();
      front.cut();
    },
    start: async () => {
      cluster = await startCluster(brokers);
      front.target(cluster.ports);
    },
    close: async () => {
      await cluster.kill();
      await front.close();
    },
  };
}

async function startCluster(brokers: number) {
  // Its own connection goes nowhere: the mock takes the place of what is named.
  const args = [
    '-C',
    '-t',
    'tidewall-idle',
    '-b',
    '127.0.0.1:1',
    '-X',
    `test.mock.num.brokers=${brokers}`,
    '-d',
    'mock',
  ];
  const child = spawn('kcat', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ports = await new Promise<number[]>((resolve, reject) => {
    let said = '';
    child.once('error', reject);
    child.once('close', () => reject(new Error(`kcat ended: ${said.slice(0, 2_000)}`)));
    child.stderr.on('data', (text) => {
      if (said.length > 100_000) return;
      said += String(text);
      const line = /bootstrap\.servers=(\S+)\n/.exec(said);
      if (line?.[1] !== undefined) resolve(line[1].split(',').map((each) => Number(each.split(':')[1])));
    });
  });
  return {
    ports,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const METADATA = 3;
const HANDSHAKE = 17;
const AUTHENTICATE = 36;
const VERSIONS = 18;

/** Ports that stay, before brokers whose ports do not; what these tell of themselves is changed to the ports that stay. */
class Front {
  readonly #options: KafkaMockOptions;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  #targets: readonly number[] = [];
  #stalled = false;

  static async open(count: number, options: KafkaMockOptions): Promise<Front> {
    const front = new Front(options);
    for (let index = 0; index < count; index++) await front.#listen(index);
    return front;
  }

  private constructor(options: KafkaMockOptions) {
    this.#options = options;
  }

  get ports(): number[] {
    return this.#servers.map((server) => (server.address() as { port: number }).port);
  }

  target(ports: readonly number[]): void {
    this.#targets = ports;
  }

  stall(): void {
    this.#stalled = true;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    for (const server of this.#servers) await new Promise((resolve) => server.close(resolve));
  }

  async #listen(index: number): Promise<void> {
    const { tls } = this.#options;
    const accept = (client: Socket) => this.#accept(client, index);
    const server = tls === undefined ? createServer(accept) : createTlsServer({ ...tls, requestCert: false }, accept);
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#servers.push(server);
  }

  #accept(client: Socket, index: number): void {
    const broker = connect(this.#targets[index] ?? 1, '127.0.0.1');
    const asked = new Map<number, number>();
    const login = this.#options.sasl === undefined ? undefined : new Login(this.#options.sasl);
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    byFrames(client, (frame) => {
      if (this.#stalled) return;
      const api = frame.readInt16BE(4);
      const id = frame.readInt32BE(8);
      const isNewer = login !== undefined && api === VERSIONS && frame.readInt16BE(6) > 0;
      const answer = isNewer ? Buffer.concat([int16(35), int32(0)]) : login?.answer(api, frame);
      if (answer !== undefined) client.write(framed(id, answer));
      else if (login === undefined || login.done || api === VERSIONS) {
        asked.set(id, api);
        broker.write(frame);
      } else client.destroy();
    });
    byFrames(broker, (frame) => {
      if (this.#stalled) return;
      const api = asked.get(frame.readInt32BE(4)) ?? -1;
      const told = api === VERSIONS && login !== undefined ? withLogin(frame) : frame;
      const changed = api === METADATA ? this.#withOurPorts(told) : told;
      client.write(this.#options.change?.(api, changed) ?? changed);
    });
  }

  #withOurPorts(frame: Buffer): Buffer {
    const changed = Buffer.from(frame);
    const host = Buffer.from('127.0.0.1');
    for (let at = changed.indexOf(host); at >= 0; at = changed.indexOf(host, at + 1)) {
      const index = this.#targets.indexOf(changed.readInt32BE(at + host.length));
      if (index >= 0) changed.writeInt32BE(this.ports[index] ?? 0, at + host.length);
    }
    return changed;
  }
}

/** What a broker with SASL says beside what it knows, in the oldest form of that. */
function withLogin(frame: Buffer): Buffer {
  const id = frame.readInt32BE(4);
  const known = [HANDSHAKE, AUTHENTICATE].map((api) => Buffer.concat([int16(api), int16(0), int16(1)]));
  const count = int32(frame.readInt32BE(10) + known.length);
  return framed(id, Buffer.concat([frame.subarray(8, 10), count, frame.subarray(14), ...known]));
}

function byFrames(socket: Socket, take: (frame: Buffer) => void): void {
  let bytes = Buffer.alloc(0);
  socket.on('data', (piece) => {
    bytes = Buffer.concat([bytes, piece]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
      const end = 4 + bytes.readInt32BE(0);
      take(bytes.subarray(0, end));
      bytes = bytes.subarray(end);
    }
  });
}

function framed(id: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + body.length, 0);
  head.writeInt32BE(id, 4);
  return Buffer.concat([head, body]);
}

/** The broker's side of SASL, apart from the client's that is tested. */
class Login {
  readonly #sasl: NonNullable<KafkaMockOptions['sasl']>;
  #mechanism = '';
  #first = '';
  #answer = '';
  done = false;

  constructor(sasl: NonNullable<KafkaMockOptions['sasl']>) {
    this.#sasl = sasl;
  }

  /** Undefined when it is not about who asks. */
  answer(api: number, frame: Buffer): Buffer | undefined {
    const body = frame.subarray(14 + frame.readInt16BE(12));
    if (api === HANDSHAKE) {
      this.#mechanism = body.toString('utf8', 2);
      const { mechanisms } = this.#sasl;
      const known = mechanisms.map((name) => Buffer.concat([int16(name.length), Buffer.from(name)]));
      return Buffer.concat([int16(mechanisms.includes(this.#mechanism) ? 0 : 33), int32(known.length), ...known]);
    }
    if (api !== AUTHENTICATE) return undefined;
    const said = body.toString('utf8', 4);
    const reply = this.#mechanism === 'PLAIN' ? this.#plain(said) : this.#scram(said);
    if (reply === undefined) return Buffer.concat([int16(58), int16(6), Buffer.from('wrong!'), int32(0)]);
    return Buffer.concat([int16(0), int16(-1), int32(reply.length), Buffer.from(reply)]);
  }

  #plain(said: string): string | undefined {
    const { username, password } = this.#sasl;
    this.done = said === `\0${username}\0${password}`;
    return this.done ? '' : undefined;
  }

  #scram(said: string): string | undefined {
    const hash = this.#mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512';
    if (this.#first === '') {
      this.#first = said.replace('n,,', '');
      const nonce = /r=(.*)/.exec(said)?.[1];
      this.#answer = `r=${nonce}server,s=${Buffer.from('salt').toString('base64')},i=4096`;
      return this.#answer;
    }
    const [withoutProof, proof = ''] = said.split(',p=');
    const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
    const length = hash === 'sha256' ? 32 : 64;
    const salted = pbkdf2Sync(this.#sasl.password, 'salt', 4096, length, hash);
    const all = `${this.#first},${this.#answer},${withoutProof}`;
    const stored = createHash(hash).update(hmac(salted, 'Client Key')).digest();
    const signature = hmac(stored, all);
    const key = Buffer.from(Buffer.from(proof, 'base64').map((byte, index) => byte ^ (signature[index] ?? 0)));
    this.done =
      createHash(hash).update(key).digest().equals(stored) && this.#first.startsWith(`n=${this.#sasl.username},`);
    return this.done ? `v=${hmac(hmac(salted, 'Server Key'), all).toString('base64')}` : undefined;
  }
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
