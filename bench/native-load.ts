import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type Cores, pinned } from './cores.ts';
import type { LoadClient, LoadOptions, ReconnectResult, RunOptions, RunResult } from './load-client.ts';
import { greetingsOf, MARKER, upgrade } from './wire.ts';

/** Clients in a process of their own, on a core of their own: `native/load.c`, which says what the words mean. */
export function nativeLoad(program: string, cores: Cores | undefined, options: LoadOptions): LoadClient {
  const { wire, server } = options;
  const [command, ...args] = pinned(cores?.client, [program]);
  const child = spawn(command as string, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(0, 2000);
  });
  // What it could not be told any more is of no interest once it has ended.
  child.stdin.on('error', () => {});
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  const say = (name: string, value: number | Buffer | string) => {
    child.stdin.write(`${name} ${typeof value === 'number' ? value : escaped(value)}\n`);
  };
  const act = async <Result>(name: string): Promise<Result> => {
    child.stdin.write(`${name}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error(complaint.trim() || 'the load client ended without a word');
    return JSON.parse(value) as Result;
  };

  say('port', server.port);
  say('clients', options.clients);
  say('addresses', options.addresses ?? 1);
  say('topics', options.topics ?? 1);
  say('topics-per-client', options.topicsPerClient ?? 1);
  say('spin', cores === undefined ? 0 : 1);
  for (const pid of server.pids) say('pid', pid);
  say('opening', upgrade(wire.path, wire));
  for (const greeting of greetingsOf(wire, options.clients)) say('greeting', greeting);
  if (wire.greetedBy !== undefined) say('greeted-by', wire.greetedBy);
  if (wire.subscribe !== undefined) say('subscribe', wire.subscribe);
  say('publisher-port', wire.publisher.port === 'own' ? server.publisherPort : server.port);
  for (const bytes of wire.publisher.says) say('publisher-say', bytes);
  say('publication', wire.publication(options.payload));
  if (wire.lines) say('lines', 1);
  say('marker', MARKER);
  if (wire.compressed) say('opaque', 1);
  if (wire.refusal !== undefined) say('refusal', wire.refusal);
  if (wire.again !== undefined) {
    for (const before of wire.again.keep) say('keep', before);
    say('again', wire.again.text);
  }

  return {
    connect: () => act('connect'),
    run({ inFlight, burst, rate, warmUpMs, measureMs, stallClients }: RunOptions) {
      say('in-flight', inFlight ?? burst ?? 1);
      say('burst', burst === undefined ? 0 : 1);
      say('rate', rate ?? 0);
      say('warm-up-ms', warmUpMs);
      say('measure-ms', measureMs);
      say('stall-clients', stallClients ?? 0);
      return act<RunResult>('run');
    },
    publish: (count) => act(`publish ${count}`),
    cut: () => act('cut'),
    reconnect: () => act<ReconnectResult>('reconnect'),
    async close() {
      if (child.exitCode !== null) return;
      const exit = once(child, 'exit');
      child.stdin.end();
      await exit;
    },
  };
}

/** Bytes as the load client reads them, on one line. */
function escaped(value: Buffer | string): string {
  let text = '';
  for (const byte of Buffer.from(value)) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}
