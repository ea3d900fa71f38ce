import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, freePort, type StartedProgram, startProgram } from '@tidewall/testkit';

const NATS_SERVER = findProgram('nats-server');

/** Whether Debian's NATS server is here. */
export const HAS_NATS = NATS_SERVER !== undefined;

export interface NatsServerOptions {
  /** More lines of its configuration; `<folder>` in them is its own. */
  readonly settings?: readonly string[];
  readonly jetstream?: boolean;
  /** Files in its folder, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A real NATS server for a test, which can die and come back in the same place. Tests only. */
export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** A client that says what a test wants, in the protocol's own words. */
  client(credentials?: object): Promise<NatsTestClient>;
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** A few lines of the protocol, apart from those that are tested. */
export interface NatsTestClient {
  publish(subject: string, body: string | Uint8Array): void;
  /** Resolves when the server has all that was published. */
  flush(): Promise<void>;
  /** Asks JetStream; resolves with its answer. */
  ask(call: string, question: object): Promise<Record<string, unknown>>;
  close(): void;
}

export async function startNats(options: NatsServerOptions = {}): Promise<NatsServer> {
  const { settings = [], files = {}, jetstream = false } = options;
  const folder = mkdtempSync(join(tmpdir(), 'tidewall-nats-'));
  const port = await freePort();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const lines = [
    `listen: "127.0.0.1:${port}"`,
    ...(jetstream ? [`jetstream: { store_dir: "${folder}/store" }`] : []),
    ...settings.map((line) => line.replaceAll('<folder>', folder)),
  ];
  writeFileSync(join(folder, 'nats.conf'), `${lines.join('\n')}\n`);
  const command = () => [NATS_SERVER ?? '', '-c', join(folder, 'nats.conf')];
  const start = () => startProgram({ port, folder, command });
  let running: StartedProgram | undefined = await start();
  const clients = new Set<NatsTestClient>();
  const end = async (signal?: NodeJS.Signals) => {
    await running?.stop(signal);
    running = undefined;
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    client: async (credentials = {}) => {
      const client = await openClient(port, credentials);
      clients.add(client);
      return client;
    },
    kill: () => end('SIGKILL'),
    start: async () => {
      running = await start();
    },
    close: async () => {
      for (const client of clients) client.close();
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openClient(port: number, credentials: object): Promise<NatsTestClient> {
  const socket: Socket = connect(port, '127.0.0.1');
  const pongs: (() => void)[] = [];
  const answers: ((answer: Record<string, unknown>) => void)[] = [];
  let text = '';
  socket.setEncoding('utf8');
  socket.on('error', () => {});
  socket.on('data', (piece: string) => {
    text += piece;
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 2);
      if (line === 'PONG') pongs.shift()?.();
      else if (line.startsWith('{')) answers.shift()?.(JSON.parse(line) as Record<string, unknown>);
      else if (line === 'PING') socket.write('PONG\r\n');
    }
  });
  const flush = () =>
    new Promise<void>((resolve) => {
      pongs.push(resolve);
      socket.write('PING\r\n');
    });
  socket.write(`CONNECT ${JSON.stringify({ verbose: false, protocol: 1, ...credentials })}\r\nSUB answers 1\r\n`);
  await flush();
  return {
    publish: (subject, body) => {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body;
      socket.write(Buffer.concat([Buffer.from(`PUB ${subject} ${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]));
    },
    flush,
    ask: (call, question) => {
      const body = JSON.stringify(question);
      return new Promise((resolve) => {
        answers.push(resolve);
        socket.write(`PUB $JS.API.${call} answers ${Buffer.byteLength(body)}\r\n${body}\r\n`);
      });
    },
    close: () => socket.destroy(),
  };
}
