import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { type Bench, Benchmark } from './benchmark.ts';
import { type Contender, familyOf, passing } from './contender.ts';
import { tidewall } from './contenders/tidewall.ts';
import { websocketd } from './contenders/websocketd.ts';
import { readOptions } from './options.ts';
import { cpuNs, proportionalKb } from './process-cost.ts';
import type { Figures } from './rows.ts';
import { column } from './table.ts';

/*
 * 200 clients follow what one script prints, ten lines a second: by a source of kind process, and by websocketd. All
 * processes of a server count, also the scripts. What is shared between processes is counted once.
 */

const CLIENTS = 200;
const LINES_A_SECOND = 10;
const WARM_UP_MS = 2_000;

const options = readOptions({ rounds: 3 });
const benchmark = new Benchmark('process', options, [
  column('cpuMs', 'CPU ms a second', 1),
  column('residentMb', 'MiB', 1),
  column('processes', 'processes'),
  column('perSecond', 'lines/s, all clients'),
  column('missing', 'clients without lines'),
]);

const PAD = 'x'.repeat(160);
/** Scripts that wait by themselves: a program like `sleep` a line would be what is measured. */
const SCRIPTS = {
  bash: `#!/bin/bash
exec 3<> <(:)
n=0
while :; do
  n=$((n + 1))
  echo "{\\"seq\\":$n,\\"pad\\":\\"${PAD}\\"}"
  read -r -t ${1 / LINES_A_SECOND} -u 3
done
`,
  Python: `#!/usr/bin/python3 -u
import json, time
n = 0
while True:
    n += 1
    print(json.dumps({"seq": n, "pad": "${PAD}"}, separators=(",", ":")))
    time.sleep(${1 / LINES_A_SECOND})
`,
};

const folder = mkdtempSync(join(tmpdir(), 'tidewall-bench-process-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const settingOf = (language: string) =>
  `${CLIENTS} clients of a script in ${language}, ${LINES_A_SECOND} lines a second`;

for (const [language, text] of Object.entries(SCRIPTS)) {
  const script = join(folder, language);
  writeFileSync(script, text);
  chmodSync(script, 0o755);
  const feed = JSON.stringify({ feed: { kind: 'process', command: [script], parse: 'json', topic: 'bench/0000' } });
  const contenders = [tidewall({ config: [`sources: ${feed}`] }), websocketd(script)];
  await benchmark.turns(settingOf(language), contenders, measure);
}

benchmark.finish(
  Object.keys(SCRIPTS).flatMap((language) => {
    const of = { setting: settingOf(language), of: 'tidewall', over: 'websocketd' };
    return [
      { ...of, text: `${of.setting}: at most half the CPU of websocketd`, figure: 'cpuMs', atMost: 0.5 },
      { ...of, text: `${of.setting}: no more memory than websocketd`, figure: 'residentMb', atMost: 1 },
    ];
  }),
);

async function measure({ contender, server }: Bench): Promise<Figures> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => follow(contender, server.port)));
  try {
    // An interpreter may take its time to start, 200 of them even more.
    for (let i = 0; i < 600 && clients.some(({ lines }) => lines === 0); i++) await passing(100);
    await passing(WARM_UP_MS);
    // Those that came with the clients too.
    const pids = familyOf(server.pids[0] as number);
    for (const client of clients) client.lines = 0;
    const [begun, before] = [performance.now(), cpuNs(pids)];
    await passing(options.seconds * 1000);
    const seconds = (performance.now() - begun) / 1000;
    const cpuMs = (cpuNs(pids) - before) / 1e6 / seconds;
    return { cpuMs, ...linesOf(clients, seconds), residentMb: proportionalKb(pids) / 1024, processes: pids.length };
  } finally {
    for (const { socket } of clients) socket.terminate();
  }
}

interface Client {
  readonly socket: WebSocket;
  lines: number;
}

async function follow({ name, wire }: Contender, port: number): Promise<Client> {
  const isTidewall = name.startsWith('tidewall');
  const socket = new WebSocket(`ws://127.0.0.1:${port}${wire.path}`, isTidewall ? ['tidewall.v1.json'] : []);
  const client: Client = { socket, lines: 0 };
  socket.on('message', (message) => {
    // A frame may hold several.
    client.lines += String(message).split('"seq":').length - 1;
  });
  await once(socket, 'open');
  if (isTidewall) {
    socket.send('{"id":1,"connect":{"version":1}}');
    socket.send('{"id":2,"subscribe":{"topic":"bench/0000"}}');
  }
  return client;
}

function linesOf(clients: readonly Client[], seconds: number): Figures {
  const lines = clients.reduce((sum, client) => sum + client.lines, 0);
  return { perSecond: lines / seconds, missing: clients.filter((client) => client.lines === 0).length };
}
