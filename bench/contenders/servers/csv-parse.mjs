// Reads a CSV file by csv-parse in a plain loop, each time that it is asked over HTTP: csv-parse.mjs <port> <file> [columns].
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { parse } from 'csv-parse';

const [port, path, columns] = process.argv.slice(2);

createServer(async (request, response) => {
  if (request.url !== '/run') return response.end('ready');
  const begun = performance.now();
  let rows = 0;
  for await (const record of createReadStream(path).pipe(parse({ columns: columns === 'columns' }))) {
    if (record !== undefined) rows += 1;
  }
  // Without columns the header is a record like any other.
  if (columns !== 'columns') rows -= 1;
  response.end(JSON.stringify({ rows, seconds: (performance.now() - begun) / 1000 }));
}).listen(Number(port), '127.0.0.1');
