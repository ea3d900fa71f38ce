// Reads a CSV file as a source of kind csv does, each time that it is asked over HTTP:
// csv-source.ts <port> <file> <log|series> <rows>. Whoever gets the rows only counts them.
import { createServer } from 'node:http';
import { systemClock } from '@tidewall/base';
import type { Sink } from '@tidewall/contracts';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { DEFAULT_LIMITS } from '@tidewall/protocol';
import { parseSettings, sourceDefinitions } from '@tidewall/sources';

const [port, path = '', topicKind, expected] = process.argv.slice(2);
const quiet = () => {};

async function run(): Promise<{ rows: number; seconds: number }> {
  const definition = sourceDefinitions.get('csv');
  if (definition === undefined) throw new Error('there is no kind csv');
  const begun = performance.now();
  const abort = new AbortController();
  let rows = 0;
  const sink: Sink = {
    async publish(_topic, _op, data) {
      rows += Array.isArray(data) ? data.length : 1;
      if (rows >= Number(expected)) abort.abort();
    },
    async result() {},
    healthy: quiet,
    expect: quiet,
    refused: (reason) => console.error(reason),
  };
  const { own } = parseSettings('bench', definition, { path, topicKind });
  const source = definition.create(own, {
    name: 'bench',
    baseDir: '/',
    resolveFile: () => path,
    clock: systemClock,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    limits: DEFAULT_LIMITS,
    outgoing: createOutgoing({ allowed: parseAddressList([]), trusted: true }),
    pace: { fastestMs: undefined, unpaced: true, isWatched: () => true, onChange: () => quiet },
    params: {},
    heavyTurn: async () => quiet,
  });
  await source.run(sink, abort.signal);
  return { rows, seconds: (performance.now() - begun) / 1000 };
}

createServer((request, response) => {
  if (request.url !== '/run') response.end('ready');
  else
    run().then(
      (figures) => response.end(JSON.stringify(figures)),
      (failure: Error) => response.writeHead(500).end(failure.message),
    );
}).listen(Number(port), '127.0.0.1');
