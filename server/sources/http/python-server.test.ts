import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, hasPythonModule, PYTHON, type StartedProgram, startProgram } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { eventually, SourceBed } from '../source-bed.contract.ts';
import { definition } from './definition.ts';

describe.skipIf(!hasPythonModule('http.server'))("Python's own HTTP server", () => {
  const bed = SourceBed.of(definition);
  let folder: string;
  let port: number;
  let server: StartedProgram;
  const start = async () => {
    const command = () => [PYTHON, '-m', 'http.server', String(port), '--bind', '127.0.0.1', '--directory', folder];
    server = await startProgram({ port, command });
  };
  const write = async (name: string, text: string, second: number) => {
    await writeFile(join(folder, name), text);
    // Its word for "not modified" goes by whole seconds.
    await utimes(join(folder, name), second, second);
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidewall-http-'));
    port = await freePort();
    await start();
  });
  afterEach(async () => {
    await bed.stop();
    await server.stop('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  const settings = { intervalMs: 100, minIntervalMs: 100 };
  const lines = (status: number) =>
    server
      .output()
      .split('\n')
      .filter((line) => line.includes(`" ${status} `)).length;

  it('brings the rows of a file, and only once while it is not modified', async () => {
    await write('stock.csv', 'product,stock\npump,1\nvalve,2\n', 1_000_000);
    const sink = new RecordingSink();
    const source = bed.create({
      url: `http://127.0.0.1:${port}/stock.csv`,
      format: 'csv',
      keyField: 'product',
      ...settings,
    });
    await bed.listen(source, sink);
    await eventually(() => lines(304) >= 2);
    expect(sink.results.map(({ data }) => data)).toEqual([
      [
        { product: 'pump', stock: 1 },
        { product: 'valve', stock: 2 },
      ],
    ]);
    await write('stock.csv', 'product,stock\npump,1\nvalve,3\n', 1_000_010);
    await eventually(() => sink.results.length === 2);
    expect(lines(200)).toBe(2);
  });

  it('tells a file that is not there, and heals by itself when it is killed and comes back', async () => {
    expect(await bed.failureOf(bed.create({ url: `http://127.0.0.1:${port}/none.json` }))).toBe(
      `GET http://127.0.0.1:${port}/none.json answers 404: there is nothing at that address`,
    );
    await write('orders.json', '[{"id":1,"state":"open"}]', 1_000_000);
    const watched = await bed.watch(
      { url: `http://127.0.0.1:${port}/orders.json`, keyField: 'id', ...settings },
      'probe',
    );
    await eventually(() => watched.health().state === 'ok');
    expect(await watched.snapshot('probe')).toEqual([{ id: 1, state: 'open' }]);

    await server.stop('SIGKILL');
    await eventually(() => watched.health().state === 'failed');
    expect(watched.health().reason).toBe(`127.0.0.1:${port} cannot be asked: nothing listens there`);
    expect(await watched.snapshot('probe')).toEqual([{ id: 1, state: 'open' }]);

    await write('orders.json', '[{"id":1,"state":"done"},{"id":2,"state":"open"}]', 1_000_010);
    await start();
    await eventually(() => watched.health().state === 'ok');
    await eventually(async () => JSON.stringify(await watched.snapshot('probe')).includes('"id":2'));
    await watched.close();
  });
});
