import type { JsonObject } from '@tidewall/base';
import {
  freePort,
  hasPythonModule,
  PYTHON,
  type StartedProgram,
  startProgram,
  startTestHost,
  type TestHost,
} from '@tidewall/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { eventually, SourceBed } from '../source-bed.contract.ts';
import { definition } from './definition.ts';

const bed = SourceBed.of(definition);
const ends: (() => Promise<void> | undefined)[] = [];
afterEach(async () => {
  await bed.stop();
  for (const end of ends.splice(0)) await end();
});

/** An event a hundred times a second, each with a number of its own; those before the header's are left out. */
const FLASK = `
import itertools, sys, time
from flask import Flask, Response, request
app = Flask(__name__)
@app.route('/stream')
def stream():
    first = int(request.headers.get('Last-Event-ID', '0')) + 1
    def events():
        yield 'retry: 100\\n: welcome\\n\\n'
        for n in itertools.count(first):
            yield f'event: tick\\nid: {n}\\ndata: {{"n": {n}}}\\n\\n'
            time.sleep(0.01)
    return Response(events(), mimetype='text/event-stream')
app.run(host='127.0.0.1', port=int(sys.argv[1]), threaded=True)
`;

describe.skipIf(!hasPythonModule('flask'))("a stream of Debian's Flask", () => {
  it('goes on where it was when it is killed and comes back, without a gap and without a double', async () => {
    const port = await freePort();
    const start = () => startProgram({ port, command: () => [PYTHON, '-c', FLASK, String(port)] });
    let server: StartedProgram | undefined = await start();
    ends.push(() => server?.stop('SIGKILL'));
    const settings = { url: `http://127.0.0.1:${port}/stream`, topics: { ticks: { event: 'tick', path: 'n' } } };
    const sink = new RecordingSink();
    const source = bed.create(settings);
    const { run } = await bed.listen(source, sink);
    const numbers = () => sink.publications.map(({ data }) => data as number);
    await eventually(() => numbers().length > 5);
    await server.stop('SIGKILL');
    server = undefined;
    await expect(run).rejects.toThrow(`127.0.0.1:${port} cannot be asked: the connection was cut`);
    const before = numbers().length;
    server = await start();
    await bed.listen(source, sink);
    await eventually(() => numbers().length > before + 5);
    expect(numbers()).toEqual(numbers().map((_, index) => index + 1));
  });

  it('heals by itself under the supervisor', async () => {
    const port = await freePort();
    const start = () => startProgram({ port, command: () => [PYTHON, '-c', FLASK, String(port)] });
    let server: StartedProgram | undefined = await start();
    ends.push(() => server?.stop('SIGKILL'));
    const settings = { url: `http://127.0.0.1:${port}/stream`, topicKind: 'state' };
    const watched = await bed.watch(settings, 'probe');
    await eventually(() => watched.health().state === 'ok');
    await server.stop('SIGKILL');
    server = undefined;
    await eventually(() => watched.health().state === 'failed');
    const shown = async () => ((await watched.snapshot('probe')) as { n: number }).n;
    const before = await shown();
    server = await start();
    await eventually(async () => (await shown()) > before + 5);
    expect(watched.health().state).toBe('ok');
    await watched.close();
  });
});

describe('a Tidewall', () => {
  async function host(settings: JsonObject): Promise<TestHost> {
    const started = await startTestHost({ settings });
    ends.push(() => started.close());
    return started;
  }
  const push = async ({ url }: TestHost, topic: string, data: unknown, query = '') => {
    const answer = await fetch(`${url}/api/topics/${topic}${query}`, { method: 'POST', body: JSON.stringify(data) });
    expect(answer.status).toBe(200);
  };

  it('is followed by /sse', async () => {
    const other = await host({});
    await push(other, 'plant/oee', { value: 1 });
    const sink = new RecordingSink();
    const settings = { url: `${other.url}/sse?topic=plant/oee`, topicKind: 'state', topics: { oee: { path: 'd' } } };
    await bed.listen(bed.create(settings), sink);
    await eventually(() => sink.publications.length === 1);
    await push(other, 'plant/oee', { value: 2 });
    await eventually(() => sink.publications.length === 2);
    expect(sink.publications.map(({ data }) => data)).toEqual([{ value: 1 }, { value: 2 }]);
  });

  it('is followed by its /sse on and on, though each of its streams ends by itself', async () => {
    const other = await host({ gateways: { sse: { maxAgeMs: 1000 } } });
    await push(other, 'plant/log', { n: 0 }, '?kind=log');
    const sink = new RecordingSink();
    const settings = { url: `${other.url}/sse?topic=plant/log`, topics: { log: { path: 'd' } } };
    const { run } = await bed.listen(bed.create(settings), sink);
    let failed = false;
    run.catch(() => {
      failed = true;
    });
    const streams = () => sink.refusals.length;
    for (let n = 1; streams() < 3; n++) {
      await push(other, 'plant/log', { n });
      await eventually(() => sink.publications.some(({ data }) => JSON.stringify(data).includes(`"n":${n}`)));
      expect(failed).toBe(false);
    }
    const numbers = sink.publications.flatMap(({ data }) => data as { n: number } | { n: number }[]).map(({ n }) => n);
    expect(numbers.slice(numbers.indexOf(1))).toEqual(numbers.slice(numbers.indexOf(1)).map((_, index) => index + 1));
  });

  it('is followed by /stream, as pages of flask-sse are', async () => {
    const other = await host({ gateways: { 'flask-sse': { topics: { sse: 'shop/news' } } } });
    await push(other, 'shop/news', { first: 1 }, '?kind=log');
    const sink = new RecordingSink();
    await bed.listen(bed.create({ url: `${other.url}/stream`, eventField: 'type' }), sink);
    await push(other, 'shop/news', { data: { message: 'Hello' }, type: 'greeting' });
    await eventually(() => sink.publications.length > 0);
    expect(sink.publications.at(-1)?.data).toEqual({ type: 'greeting', data: { message: 'Hello' } });
  });
});
