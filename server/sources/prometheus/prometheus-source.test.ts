import { spawnSync } from 'node:child_process';
import type { JsonObject } from '@tidewall/base';
import {
  createTestAuthority,
  findProgram,
  freePort,
  hasPythonModule,
  PYTHON,
  type TestServer,
  TestServers,
} from '@tidewall/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { eventually, SourceBed } from '../source-bed.contract.ts';
import { definition } from './definition.ts';
import { HAS_PROMETHEUS, type PrometheusServer, startPrometheus } from './prometheus-server.contract.ts';

const bed = SourceBed.of(definition);
const servers = new TestServers();
afterEach(() => bed.stop());
afterAll(() => servers.close());

const often = { intervalMs: 100, minIntervalMs: 100 };
/** Values of a label that could mean something else. */
const ODD = ['"} or vector(1) or x{v="', 'a\\b', "it's `x`", '上海 ☃', '.*', 'a|b', '{{v}}', 'new\\nline', '😀', ' '];

/** The first result that satisfies, or what went wrong. */
async function resultOf(
  settings: JsonObject,
  more = {},
  isIt: (sink: RecordingSink) => boolean = ({ publications }) => publications.length > 0,
) {
  const sink = new RecordingSink();
  const run = bed.create({ ...often, ...settings }, more).run(sink, bed.signal);
  const over = run.then(() => true);
  over.catch(() => {});
  await Promise.race([eventually(() => isIt(sink)), run]);
  await bed.stop();
  return sink;
}
const rowsIn = (sink: RecordingSink) => sink.publications.at(-1)?.data as JsonObject[];
const columnsIn = (sink: RecordingSink) => (sink.publications.at(-1)?.data ?? {}) as Record<string, (number | null)[]>;

describe.skipIf(!HAS_PROMETHEUS)("Debian's Prometheus", () => {
  let server: PrometheusServer;
  let exporter: TestServer;
  let gone = false;

  beforeAll(async () => {
    exporter = await servers.http((_, response) => {
      const escaped = (text: string) => text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');
      const odd = ODD.map((text, index) => `odd{v="${escaped(text)}"} ${index}`);
      const many = Array.from({ length: 300 }, (_, index) => `many{n="${index}"} 1`);
      const flickers = gone ? [] : ['flickers 1'];
      const strange = ['strange{value="v",series="s",t="x"} 1', 'infinite +Inf', 'none NaN'];
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(`${[...odd, ...many, ...flickers, ...strange].join('\n')}\n`);
    });
    server = await startPrometheus({ scrapes: [exporter.port] });
    await eventually(async () => {
      const answer = await fetch(`${server.url}/api/v1/query?query=count_over_time(flickers[1m])>3`);
      return (await answer.text()).includes('"value"');
    });
  }, 60_000);
  afterAll(() => server?.close());

  it('has a row for each series as it is now, known by its name and labels', async () => {
    const sink = await resultOf({ url: server.url, query: 'up' });
    const at = new URL(server.url).host;
    expect(rowsIn(sink)).toEqual(
      expect.arrayContaining([
        { series: `up{instance="${at}", job="itself"}`, value: 1, __name__: 'up', instance: at, job: 'itself' },
        expect.objectContaining({ job: 'test', value: 1 }),
      ]),
    );
    expect(bed.create({ url: server.url, query: 'up' }).topics).toEqual([
      { topic: 'probe', kind: 'table', keyField: 'series' },
    ]);
  });

  it('says nothing again while nothing differs, and takes away what is gone', async () => {
    const watched = await bed.watch({ url: server.url, query: 'odd{v="a|b"}', ...often }, 'probe');
    await eventually(() => watched.health().state === 'ok');
    expect(await watched.snapshot('probe')).toMatchObject([{ v: 'a|b', value: 5 }]);
    await watched.close();
    const empty = await resultOf({ url: server.url, query: 'no_such_metric' });
    expect(rowsIn(empty)).toEqual([]);
  });

  it('over time is a series on its steps, with a column for each', async () => {
    const settings = { url: server.url, query: 'up', rangeMs: 4000, stepMs: 500, legend: '{{job}}' };
    const sink = await resultOf(settings, {}, (each) => (columnsIn(each)['t']?.length ?? 0) > 2);
    const { t, itself, test } = columnsIn(sink);
    expect(t?.length).toBeGreaterThan(1);
    for (const [index, time] of (t ?? []).entries()) {
      expect(Number(time) % 500).toBe(0);
      if (index > 0) expect(Number(time) - Number(t?.[index - 1])).toBe(500);
    }
    expect([itself, test].map((column) => column?.at(-1))).toEqual([1, 1]);
    expect(bed.create(settings).topics).toEqual([{ topic: 'probe', kind: 'series' }]);
  });

  it('over time goes on: what follows is added, and what was before stays', async () => {
    const watched = await bed.watch(
      { url: server.url, query: 'time()', rangeMs: 3000, stepMs: 200, ...often },
      'probe',
    );
    const times = async () => ((await watched.snapshot('probe')) as { t?: number[] } | undefined)?.t ?? [];
    await eventually(async () => (await times()).length > 3);
    const [first, last] = [(await times())[0], (await times()).at(-1) ?? 0];
    await eventually(async () => ((await times()).at(-1) ?? 0) > last + 600);
    expect((await times())[0]).toBe(first);
    await watched.close();
  });

  it('as it is now can be a series of one point after another, or a state', async () => {
    const query = 'sum by (job) (up)';
    const sink = await resultOf(
      { url: server.url, query, topicKind: 'series', legend: '{{job}}' },
      {},
      ({ publications }) => publications.length > 1,
    );
    const [one, two] = sink.publications;
    expect(one).toMatchObject({ op: 'append', data: { itself: 1, test: 1 } });
    expect(two?.at).toBeGreaterThan(one?.at ?? Number.POSITIVE_INFINITY);
    const state = await resultOf({ url: server.url, query: 'scalar(count(up))', topicKind: 'state' });
    expect(state.publications[0]?.data).toEqual({ series: '{}', value: 2 });
    const several = await resultOf({ url: server.url, query: 'up', topicKind: 'state' });
    expect(several.refusals[0]).toContain('the query has 2 series, and a state takes the first');
    const none = await resultOf({ url: server.url, query: 'no_such_metric', topicKind: 'state' });
    expect(none.publications[0]?.data).toBeNull();
  });

  it('numbers that are none are null, and labels that are called like our fields stay', async () => {
    const sink = await resultOf({
      url: server.url,
      query: '{__name__=~"infinite|none|strange"} or vector(0)/0 or -vector(1)/0',
    });
    const byName = new Map(rowsIn(sink).map((row) => [String(row['__name__'] ?? ''), row]));
    expect(byName.get('infinite')?.['value']).toBeNull();
    expect(byName.get('none')?.['value']).toBeNull();
    expect(byName.get('')?.['value']).toBeNull();
    expect(byName.get('strange')).toMatchObject({
      value: 1,
      exported_value: 'v',
      exported_series: 's',
      exported_t: 'x',
    });
  });

  it('what is scraped no more has no value from then on', async () => {
    const settings = {
      url: server.url,
      query: 'flickers or up{job="test"}',
      rangeMs: 60_000,
      stepMs: 200,
      legend: '{{__name__}}',
    };
    gone = true;
    const sink = await resultOf(settings, {}, (each) => {
      const { flickers } = columnsIn(each);
      return flickers?.at(-1) === null && flickers.includes(1);
    });
    gone = false;
    const { flickers, up } = columnsIn(sink);
    expect(up?.at(-1)).toBe(1);
    expect(flickers?.filter((value) => value === null).length).toBeGreaterThan(0);
  });

  it.each(ODD.map((text, index) => [text, index] as const))(
    'a parameter is a label’s value, whatever it is: %j',
    async (v, index) => {
      for (const query of ['odd{v=:v}', 'odd{v=~:v}']) {
        const sink = await resultOf({ url: server.url, query }, { params: { v } });
        expect(rowsIn(sink).map((row) => [row['v'], row['value']])).toEqual([[v, index]]);
      }
      const others = await resultOf({ url: server.url, query: 'count(odd{v!=:v})' }, { params: { v } });
      expect(rowsIn(others)).toMatchObject([{ value: ODD.length - 1 }]);
    },
  );

  it('a question that is too long for an address is posted', async () => {
    const query = `up{job!="${'x'.repeat(10_000)}"}`;
    expect(rowsIn(await resultOf({ url: server.url, query }))).toHaveLength(2);
  });

  it.each<[string, JsonObject, string]>([
    [
      'that is no PromQL',
      { query: 'up{' },
      'answers 400: it does not understand the question; it says: invalid parameter "query": 1:4: parse error: unexpected end of input inside braces',
    ],
    ['of a kind that there is not', { query: 'rate(up)' }, 'expected type range vector in call to function "rate"'],
    [
      'of values over time',
      { query: 'up[1m]' },
      'answers with values over time; ask for one (rate(), last_over_time()), or set rangeMs',
    ],
    ['of a text', { query: '"abc"' }, 'answers with a text; ask for numbers'],
    [
      'of too many series',
      { query: 'many', topicKind: 'series' },
      'answers with 300 series; a topic takes 255: put them together (sum by), or take the largest (topk)',
    ],
    ['of too many rows', { query: 'many', maxRows: 10 }, 'answers with 300 series; at most 10 are taken (maxRows)'],
    ['of too many bytes', { query: 'many', maxBytes: 1000 }, 'answers is longer than 1000 bytes'],
    ['at another path', { url: '/wrong', query: 'up' }, 'answers 404: there is nothing at that address'],
  ])('a question %s is told with the words of the server', async (_what, settings, sentence) => {
    const url = server.url + String(settings['url'] ?? '');
    expect(await bed.failureOf(bed.create({ ...settings, url }))).toContain(sentence);
  });

  it('two series that a legend calls the same are told', async () => {
    const settings = { url: server.url, query: 'up', topicKind: 'series', legend: 'up' };
    expect((await resultOf(settings)).refusals).toEqual(['two series are called "up" (legend); the first is shown']);
  });

  it('heals by itself when it is killed and comes back', async () => {
    const own = await startPrometheus();
    const watched = await bed.watch({ url: own.url, query: 'up', ...often }, 'probe');
    await eventually(() => watched.health().state === 'ok');
    await own.kill();
    await eventually(() => watched.health().state === 'failed');
    expect(watched.health().reason).toMatch(
      /^127\.0\.0\.1:\d+ cannot be asked: (nothing listens there|the connection was cut)$/,
    );
    await own.start();
    await eventually(() => watched.health().state === 'ok');
    await watched.close();
    await own.close();
  }, 30_000);

  describe.skipIf(!hasPythonModule('crypt') || findProgram('openssl') === undefined)(
    'that lets only a user in, over TLS (openssl, Python’s crypt)',
    () => {
      it('is told who asks, and what is wrong', async () => {
        const bcrypt =
          'import crypt; print(crypt.crypt("s3cret-pass", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))';
        const { stdout } = spawnSync(PYTHON, ['-W', 'ignore', '-c', bcrypt], { encoding: 'utf8' });
        const authority = createTestAuthority();
        const own = await startPrometheus({
          web: ['basic_auth_users:', `  me: ${stdout.trim()}`],
          tls: authority.issue('IP:127.0.0.1'),
        });
        const settings = { url: own.url, query: 'vector(1)', ca: authority.ca };
        const auth = { type: 'basic', user: 'me', password: 's3cret-pass' };
        expect(rowsIn(await resultOf({ ...settings, auth }))).toEqual([{ series: '{}', value: 1 }]);
        const wrong = { ...auth, password: 's3cret-wrong' };
        const message = await bed.failureOf(bed.create({ ...settings, auth: wrong }));
        expect(message).toContain('answers 401: it does not take our credentials (auth), or wants some');
        expect(message).not.toContain('s3cret');
        expect(await bed.failureOf(bed.create(settings))).toContain('answers 401');
        const { ca: _, ...unchecked } = settings;
        expect(await bed.failureOf(bed.create(unchecked))).toContain('name it in ca');
        await own.close();
      });
    },
  );
});

describe('what is no Prometheus', () => {
  const answering = (body: string, status = 200, type = 'application/json') =>
    servers.http((_, response) => response.writeHead(status, { 'content-type': type }).end(body));
  const failure = async ({ port }: { readonly port: number }) =>
    bed.failureOf(bed.create({ url: `http://127.0.0.1:${port}/base/?tenant=a`, query: 'up' }));

  it('is told as such', async () => {
    const page = await answering('<html>', 200, 'text/html; charset=utf-8');
    expect(await failure(page)).toBe(
      `Prometheus at 127.0.0.1:${page.port} answers with text/html that is no JSON; is it one?`,
    );
    expect(page.asked[0]).toContain('/base/api/v1/query?tenant=a&query=up&timeout=10000ms');
    expect(await failure(await answering('{"ok":true}'))).toContain('answers with something else than Prometheus does');
    expect(await failure({ port: await freePort() })).toContain('cannot be asked: nothing listens there');
  });

  it('and what it warns of is shown', async () => {
    const warns = await answering(
      JSON.stringify({
        status: 'success',
        warnings: ['half of it'],
        infos: ['slow'],
        data: { resultType: 'vector', result: [] },
      }),
    );
    const sink = await resultOf({ url: `http://127.0.0.1:${warns.port}`, query: 'up' });
    expect(sink.refusals.slice(0, 2)).toEqual(['Prometheus warns: half of it', 'Prometheus warns: slow']);
  });
});

it('settings that make no sense together are refused by their field', () => {
  const settings = { url: 'http://h.test', query: 'up' };
  expect(() => bed.create({ ...settings, rangeMs: 86_400_000, stepMs: 1000 })).toThrow(
    'sources.probe.stepMs: must be at least 7855: Prometheus gives at most 11000 points',
  );
  expect(() => bed.create({ ...settings, rangeMs: 60_000, topicKind: 'table' })).toThrow(
    'sources.probe.topicKind: must be series',
  );
  expect(() => bed.create({ ...settings, query: 'up{a=:b}' })).toThrow(
    'the query has a parameter ":b" that there is none of',
  );
});
