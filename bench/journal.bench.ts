import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { WebSocket } from 'ws';
import { type Bench, Benchmark } from './benchmark.ts';
import { tidewall } from './contenders/tidewall.ts';
import { readOptions } from './options.ts';
import { cpuNs } from './process-cost.ts';
import type { Figures } from './rows.ts';
import { column } from './table.ts';

/*
 * What it costs that topics outlive the server: the same publications with the journal and with memory alone, over each
 * way in. Nobody subscribes, so that publishing is all there is to pay for.
 */

const TOPICS = 100;
const PAYLOAD = { text: 'x'.repeat(180) };
const WARM_UP_MS = 1000;

const options = readOptions();
const contenders = [
  tidewall({ name: 'memory', kind: 'state', config: ['broker: memory'] }),
  tidewall({ name: 'journal', kind: 'state', config: ['broker: journal'] }),
];
const benchmark = new Benchmark('journal', options, [
  column('cpuUs', 'CPU µs/publication', 2),
  column('perSecond', 'publications/s'),
  column('p50Ms', 'p50 ms', 2),
  column('p99Ms', 'p99 ms', 2),
]);

/** Publishes `size` publications and resolves when all of them are acknowledged. */
type Post = (size: number) => Promise<void>;

let published = 0;
const nextTopic = () => `bench/${String(published++ % TOPICS).padStart(4, '0')}`;

function post(port: number, agent: Agent, path: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const posted = request({ port, host: '127.0.0.1', path, method: 'POST', agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => (text.includes('"error"') ? reject(new Error(text.slice(0, 200))) : resolve()));
    });
    posted.on('error', reject).end(body);
  });
}

/** A line each, many a request. */
function lines({ server }: Bench, agent: Agent): Post {
  return (size) => {
    const body = Array.from({ length: size }, () => JSON.stringify({ topic: nextTopic(), data: PAYLOAD })).join('\n');
    return post(server.port, agent, '/api/publish', body);
  };
}

/** A request each. */
function requests({ server }: Bench, agent: Agent): Post {
  const body = JSON.stringify(PAYLOAD);
  return async (size) => {
    for (let i = 0; i < size; i++) await post(server.port, agent, `/api/topics/${nextTopic()}`, body);
  };
}

/** Frames of one connection, one after the other; several loops share it. */
async function frames({ server }: Bench): Promise<{ post: Post; close(): void }> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/ws`, 'tidewall.v1.json');
  const waiting = new Map<number, () => void>();
  let id = 0;
  const command = (body: object) =>
    new Promise<void>((resolve) => {
      waiting.set(++id, resolve);
      socket.send(JSON.stringify({ id, ...body }));
    });
  socket.on('message', (frame) => {
    for (const line of String(frame).split('\n')) {
      const reply = JSON.parse(line) as { id: number; error?: object };
      if (reply.error) throw new Error(line);
      waiting.get(reply.id)?.();
      waiting.delete(reply.id);
    }
  });
  await once(socket, 'open');
  await command({ connect: { version: 1 } });
  return {
    post: async (size) => {
      for (let i = 0; i < size; i++) await command({ publish: { topic: nextTopic(), data: PAYLOAD } });
    },
    close: () => socket.terminate(),
  };
}

/** So many loops publish, `size` at a time, for as long as the options say. */
async function measure({ server }: Bench, publish: Post, loops: number, size: number): Promise<Figures> {
  const waits: number[] = [];
  let stopAt = performance.now() + WARM_UP_MS;
  const run = async () => {
    while (performance.now() < stopAt) {
      const began = performance.now();
      await publish(size);
      waits.push(performance.now() - began);
    }
  };
  const all = () => Promise.all(Array.from({ length: loops }, run));
  await all();
  waits.length = 0;
  const [before, began, first] = [cpuNs(server.pids), performance.now(), published];
  stopAt = began + options.seconds * 1000;
  await all();
  const seconds = (performance.now() - began) / 1000;
  const count = published - first;
  waits.sort((a, b) => a - b);
  const at = (share: number) => waits[Math.floor(waits.length * share)] ?? Number.NaN;
  return {
    cpuUs: (cpuNs(server.pids) - before) / 1e3 / count,
    perSecond: count / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

async function measureHttp(bench: Bench, way: typeof lines, loops: number, size: number): Promise<Figures> {
  const agent = new Agent({ keepAlive: true, maxSockets: loops });
  try {
    return await measure(bench, way(bench, agent), loops, size);
  } finally {
    agent.destroy();
  }
}

async function measureSocket(bench: Bench, loops: number): Promise<Figures> {
  const { post: publish, close } = await frames(bench);
  try {
    return await measure(bench, publish, loops, 1);
  } finally {
    close();
  }
}

const LINES = 'NDJSON, 500 lines a request, 4 requests at once';
const FRAMES = 'one WebSocket, 256 publications in flight';
const REQUESTS = 'a request a publication, 64 at once';
const ALONE = 'one WebSocket, one publication at a time';
await benchmark.turns(LINES, contenders, (bench) => measureHttp(bench, lines, 4, 500));
await benchmark.turns(FRAMES, contenders, (bench) => measureSocket(bench, 256));
await benchmark.turns(REQUESTS, contenders, (bench) => measureHttp(bench, requests, 64, 1));
await benchmark.turns(ALONE, contenders, (bench) => measureSocket(bench, 1));

// One alone is shown and not judged: there is nothing that could be written with it.
benchmark.finish(
  [LINES, FRAMES, REQUESTS].map((setting) => ({
    text: `${setting}: at most 1.5× the CPU`,
    setting,
    figure: 'cpuUs',
    of: 'journal',
    over: 'memory',
    atMost: 1.5,
  })),
);
