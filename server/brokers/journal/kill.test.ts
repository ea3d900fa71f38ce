import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@tidewall/base';
import { runTidewall, startTidewall, type TidewallServer } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';

/*
 * The built server, killed with SIGKILL at a moment that nobody has chosen, while publications of four publishers are
 * being acknowledged. Every one that was acknowledged must be there after the next start, at its position.
 */

const RUNS = 20;
const PUBLICATIONS = 10_000;
const TOPICS = ['kill/log-a', 'kill/log-b', 'kill/state', 'kill/socket'] as const;
type Topic = (typeof TOPICS)[number];
const EACH = PUBLICATIONS / TOPICS.length;
/** Lines that go out with one write. */
const LINES = 25;
/** Members of the state: what it holds stays small, however much is merged into it. */
const MEMBERS = 200;
/** Commands of the socket without an answer yet. */
const IN_FLIGHT = 64;

const KEEP = { count: 6000, bytes: 16 * 1024 * 1024 };
const SETTINGS = {
  topics: [
    { pattern: 'kill/state', kind: 'state', keep: KEEP },
    { pattern: 'kill/#', kind: 'log', keep: KEEP },
  ],
  limits: {
    commandsPerSecond: 1_000_000,
    commandBurst: 1_000_000,
    historyEntries: 100_000,
    frameBytes: 64 * 1024 * 1024,
  },
  // So little that old files are replaced while the server is killed, too. A disk that other tests keep busy is no fault:
  // when it is too slow, topics have new epochs after a restart, which is right but not what is looked at here.
  journal: { maxBytes: 16 * 1024 * 1024, stallMs: 60_000 },
};

let folder: string;
let server: TidewallServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-kill-'));
  const config = join(folder, 'tidewall.yaml');
  await writeFile(config, JSON.stringify(SETTINGS));
  server = await startTidewall(['--config', config, '--no-demo']);
});

afterEach(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** One topic over all runs: what was sent to it, in order, and how much of that was acknowledged. */
interface Sent {
  epoch: string | undefined;
  readonly data: unknown[];
  acknowledged: number;
}

/** Publishes until it has sent its share or the server is gone. */
type Publisher = (topic: Topic, sent: Sent, acknowledged: () => void) => Promise<void>;

function nextData(topic: Topic, sent: Sent): { op: string; kind: string; data: unknown } {
  const n = sent.data.length + 1;
  const merges = topic === 'kill/state';
  const data = merges ? { [`m${n % MEMBERS}`]: n } : { n, text: `entry ${n} of ${topic}` };
  sent.data.push(data);
  return { op: merges ? 'merge' : 'append', kind: merges ? 'state' : 'log', data };
}

function take(sent: Sent, position: { epoch?: string; offset?: number }): void {
  sent.epoch ??= position.epoch;
  expect(position).toEqual({ epoch: sent.epoch, offset: sent.acknowledged + 1 });
  sent.acknowledged++;
}

const overHttp: Publisher = async (topic, sent, acknowledged) => {
  const posted = request(`${server.url}/api/publish`, { method: 'POST' });
  posted.on('error', () => {});
  const closed = new Promise<void>((resolve) => posted.once('close', resolve));
  const answered = readAnswers(posted, (line) => {
    take(sent, JSON.parse(line) as object);
    acknowledged();
  });
  for (let line = 0; line < EACH && !posted.destroyed; line += LINES) {
    const lines = Array.from({ length: LINES }, () => JSON.stringify({ topic, ...nextData(topic, sent) }));
    if (!posted.write(`${lines.join('\n')}\n`)) await Promise.race([happened(posted, 'drain'), closed]);
  }
  posted.end();
  await Promise.race([answered, closed]);
  await closed;
};

async function readAnswers(posted: ReturnType<typeof request>, answer: (line: string) => void): Promise<void> {
  const response = await happened<IncomingMessage>(posted, 'response');
  response.setEncoding('utf8').on('error', () => {});
  let rest = '';
  response.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) answer(line);
  });
  await new Promise((resolve) => response.once('close', resolve));
}

/** As `once`, and an error is nobody's: whoever waits also waits for the end. */
function happened<T>(emitter: NodeJS.EventEmitter, name: string): Promise<T> {
  return new Promise((resolve) => emitter.once(name, resolve));
}

const overSocket: Publisher = async (topic, sent, acknowledged) => {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, 'tidewall.v1.json');
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const publish = () => {
    const publication = { topic, ...nextData(topic, sent) };
    socket.send(JSON.stringify({ id: sent.data.length, publish: publication }));
  };
  let left = EACH;
  socket.on('message', (frame) => {
    for (const line of String(frame).split('\n')) {
      const { connect, publish: position } = JSON.parse(line) as { connect?: object; publish?: object };
      if (position) {
        take(sent, position);
        acknowledged();
      }
      for (let i = connect ? IN_FLIGHT : 1; i > 0 && left > 0; i--, left--) publish();
    }
    if (left === 0 && sent.acknowledged === sent.data.length) socket.close();
  });
  await Promise.race([happened(socket, 'open'), closed]);
  if (socket.readyState === WebSocket.OPEN) socket.send('{"id":1,"connect":{"version":1}}');
  await closed;
};

async function read(topic: Topic, query = ''): Promise<JsonObject> {
  const answer = await fetch(`${server.url}/api/topics/${topic}${query}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as JsonObject;
}

/** What was acknowledged is there; what was sent and not acknowledged may be, and nothing else is. */
async function expectAll(topic: Topic, sent: Sent, since: number): Promise<void> {
  const { epoch, offset, data } = (await read(topic)) as { epoch: string; offset: number; data: unknown };
  expect(epoch).toBe(sent.epoch);
  expect(offset).toBeGreaterThanOrEqual(sent.acknowledged);
  expect(offset).toBeLessThanOrEqual(sent.data.length);
  // What was never acknowledged and is not there never happened.
  sent.data.length = offset;
  sent.acknowledged = offset;
  if (topic === 'kill/state') {
    expect(data).toEqual(Object.assign({}, ...(sent.data as object[])));
  }
  const first = Math.max(since, offset - EACH);
  const { entries } = (await read(topic, `?since=${epoch}:${first}&limit=100000`)) as unknown as {
    entries: { o: number; d: unknown }[];
  };
  expect(entries.map(({ o }) => o)).toEqual(Array.from({ length: offset - first }, (_, i) => first + 1 + i));
  expect(entries.map(({ d }) => d)).toEqual(sent.data.slice(first));
}

test(`[J2] kill -9 during ${PUBLICATIONS} acknowledged publications loses none of them, ${RUNS} times`, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seeded(seed);
  const topics = new Map<Topic, Sent>(TOPICS.map((topic) => [topic, { epoch: undefined, data: [], acknowledged: 0 }]));
  for (let run = 1; run <= RUNS; run++) {
    const publishing: Promise<void>[] = [];
    const killAfter = 1 + Math.floor(random() * (PUBLICATIONS - 1));
    const offsets = new Map([...topics].map(([topic, { acknowledged }]) => [topic, acknowledged]));
    let count = 0;
    const killed = new Promise<void>((resolve) => {
      const acknowledged = () => {
        if (++count !== killAfter) return;
        server.process.kill('SIGKILL');
        resolve();
      };
      for (const [topic, sent] of topics) {
        publishing.push((topic === 'kill/socket' ? overSocket : overHttp)(topic, sent, acknowledged));
      }
    });
    await killed;
    await Promise.all(publishing);
    const { process: before } = server;
    await server.restart('SIGKILL');
    try {
      for (const [topic, sent] of topics) await expectAll(topic, sent, offsets.get(topic) ?? 0);
    } catch (failure) {
      const said = `${before.stdout.slice(-1000)}${server.process.stdout.slice(-1000)}`;
      const where = `run ${run} of seed ${seed}, killed after ${killAfter}`;
      throw new Error(`${where}: ${(failure as Error).message}; it said ${said}`, { cause: failure });
    }
  }
}, 240_000);

test('[J13] a second server on the same data folder says whose it is, and stops', async () => {
  const second = runTidewall(['serve', '--no-demo', '--port', '0', '--data-dir', server.dataDir]);
  const { code } = await second.ended;
  expect(code).toBe(1);
  expect(second.stderr).toContain(`is in use by process ${server.process.pid} on`);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

/** mulberry32: the same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
