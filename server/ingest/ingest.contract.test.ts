import { readdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { JsonObject } from '@tidewall/base';
import { FakeClock, startTestHost, type TestHost, type TestHostOptions } from '@tidewall/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import type { CaseAnswer, CaseRequest, CaseSample, IngestCase } from './ingest-case.contract.ts';
import type { IngestDefinition } from './ingest-definition.ts';
import { ingestDefinitions } from './ingest-definitions.ts';

const ANYBODY = { id: 'anybody', roles: [] };
const NOW = 1_700_000_000_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const kinds = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

it('every folder of the rack is listed, and nothing else', () => {
  expect(ingestDefinitions.map(({ kind }) => kind).sort()).toEqual(kinds.sort());
});

const cases = new Map(
  await Promise.all(
    kinds.map(async (kind): Promise<[string, IngestCase]> => {
      return [kind, ((await import(`./${kind}/ingest.contract.ts`)) as { default: IngestCase }).default];
    }),
  ),
);

describe.each(kinds)('ingest of kind %s', (kind) => {
  const ingestCase = cases.get(kind) as IngestCase;
  const definition = ingestDefinitions.find((each) => each.kind === kind) as IngestDefinition;
  const { path, aliases } = definition;
  let host: TestHost | undefined;
  let clock: FakeClock;

  afterEach(async () => {
    await host?.close();
    host = undefined;
  });

  async function start(settings: JsonObject = {}, more: TestHostOptions = {}): Promise<TestHost> {
    clock = new FakeClock(NOW);
    host = await startTestHost({ settings, clock, ...more });
    return host;
  }

  async function send({ body, headers }: CaseRequest, query = '', to = path): Promise<CaseAnswer> {
    const url = `${host?.url}${to}${query}`;
    const answer = await fetch(url, { method: 'POST', body, headers, duplex: 'half' } as RequestInit);
    return {
      status: answer.status,
      contentType: answer.headers.get('content-type'),
      retryAfter: answer.headers.get('retry-after'),
      body: await answer.text(),
    };
  }

  const sample = (over: Partial<CaseSample> = {}): CaseSample => ({
    ...{ name: 'load', labels: { host: 'a' }, t: NOW, value: 1 },
    ...over,
  });

  async function held(topic: string): Promise<unknown> {
    const snapshot = await host?.hub.snapshot(ANYBODY, `ingest/${topic}`);
    return JSON.parse(snapshot?.json ?? 'null');
  }

  const topics = () => (host?.hub.topics(ANYBODY) ?? []).map(({ topic }) => topic).sort();

  async function metric(name: string): Promise<string[]> {
    const text = await (await fetch(`${host?.url}/metrics`)).text();
    return text.split('\n').filter((line) => line.startsWith(`tidewall_ingest_${name}`));
  }

  it('is named after its folder', () => {
    expect(definition.kind).toBe(kind);
    expect(path).toBe(`/api/ingest/${kind}`);
  });

  it('[I1] each label set is a series of its own, and a row of the table of its name', async () => {
    await start();
    const samples = [
      sample({ labels: { region: 'eu', host: 'a b' }, value: 1.5 }),
      sample({ labels: { host: 'b' }, value: 2 }),
      sample({ labels: { host: 'b' }, t: NOW + 1000, value: 3 }),
      sample({ name: 'mem/free', labels: {}, value: -1 }),
    ];
    expect(await send(ingestCase.encode(samples))).toSatisfy(ingestCase.isSuccess);
    expect(topics()).toEqual([
      `ingest/${kind}/load`,
      `ingest/${kind}/load/host=a~20b,region=eu`,
      `ingest/${kind}/load/host=b`,
      `ingest/${kind}/mem~2ffree`,
      `ingest/${kind}/mem~2ffree/-`,
    ]);
    expect(await held(`${kind}/load/host=b`)).toEqual({ t: [NOW, NOW + 1000], value: [2, 3] });
    expect(await held(`${kind}/load`)).toEqual([
      { id: 'host=a~20b,region=eu', host: 'a b', region: 'eu', value: 1.5, t: NOW },
      { id: 'host=b', host: 'b', value: 3, t: NOW + 1000 },
    ]);
    expect(await held(`${kind}/mem~2ffree`)).toEqual([{ id: '-', value: -1, t: NOW }]);
    expect(await metric('samples_total')).toEqual([`tidewall_ingest_samples_total{tool="${kind}"} 4`]);
    expect(await metric('series ')).toEqual(['tidewall_ingest_series 3']);
  });

  it('[I8] what comes together is one publication a series, and one for the rows of a table', async () => {
    await start();
    const samples = Array.from({ length: 30 }, (_, i) =>
      sample({ labels: { host: `h${i % 3}` }, t: NOW + i, value: i }),
    );
    await send(ingestCase.encode(samples));
    const offsets = host?.hub.topics(ANYBODY).map(({ offset }) => offset);
    expect(offsets).toEqual([1, 1, 1, 1]);
  });

  it.each(['', ...aliases])('is taken at %j below its path, too', async (alias) => {
    await start();
    expect(await send(ingestCase.encode([sample()]), '', path + alias)).toSatisfy(ingestCase.isSuccess);
    expect(topics()).toContain(`ingest/${kind}/load`);
  });

  it('[I9] a prefix stands behind the first part of the names', async () => {
    await start({ ingest: { prefix: 'metrics' } });
    expect(await send(ingestCase.encode([sample()]), '?prefix=hall-1/a')).toSatisfy(ingestCase.isSuccess);
    expect(topics()).toEqual([`metrics/hall-1/a/${kind}/load`, `metrics/hall-1/a/${kind}/load/host=a`]);
    for (const wrong of ['a%20b', '/a', 'a//b', '..', `${'x'.repeat(128)}`, '%F0%9F%98%80']) {
      const answer = await send(ingestCase.encode([sample()]), `?prefix=${wrong}`);
      const fits = wrong.startsWith('x');
      expect(fits ? ingestCase.isSuccess(answer) : answer.status).toBe(fits ? true : 400);
      if (!fits) expect(ingestCase.messageOf(answer)).toMatch(/topic name/);
    }
  });

  it('[I12] what is broken is refused by its number, and all else is taken', async () => {
    await start();
    const good = [sample({ value: 1 }), sample({ t: NOW + 1, value: 2 })];
    const answer = await send(ingestCase.encodeMixed(good));
    expect(answer).toSatisfy((given: CaseAnswer) => ingestCase.isPartial(given, 2));
    expect(ingestCase.messageOf(answer)).toMatch(new RegExp(`${definition.unit} 1: .+; ${definition.unit} 3: `));
    expect(answer).not.toSatisfy(ingestCase.isRetried);
    expect(await held(`${kind}/load/host=a`)).toEqual({ t: [NOW, NOW + 1], value: [1, 2] });
    expect(await metric('refused_total')).toEqual([
      `tidewall_ingest_refused_total{tool="${kind}",reason="malformed"} 2`,
    ]);
  });

  it('[I13] of much that is refused the first few are told, and how many more there are', async () => {
    await start();
    const answer = await send(ingestCase.encodeMixed(Array.from({ length: 500 }, (_, i) => sample({ t: NOW + i }))));
    expect(ingestCase.messageOf(answer)).toMatch(/\(and 490 more\)/);
    expect(answer.body.length).toBeLessThan(5000);
  });

  it.each(Object.entries(ingestCase.unreadable))(
    '[I14] %s is refused in the words of the protocol',
    async (_, [request, says]) => {
      await start();
      const answer = await send(request);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer).not.toSatisfy(ingestCase.isRetried);
      expect(ingestCase.messageOf(answer)).toMatch(says);
      expect(topics()).toEqual([]);
      expect(await send(ingestCase.encode([sample()]))).toSatisfy(ingestCase.isSuccess);
    },
  );

  it('[I14] an unknown parameter value, encoding or type is refused in the words of the protocol', async () => {
    await start();
    const { body, headers } = ingestCase.encode([sample()]);
    const brotli = await send({ body, headers: { ...headers, 'content-encoding': 'br' } });
    expect(brotli.status).toBe(415);
    expect(ingestCase.messageOf(brotli)).toMatch(/content encoding must be .*gzip.*, not "br"/);
    if (definition.anyContentType) {
      expect(await send({ body, headers: { 'content-type': 'x/y' } })).toSatisfy(ingestCase.isSuccess);
      return;
    }
    for (const type of ['x/y', `${definition.contentTypes[0]};proto=io.prometheus.write.v2.Request`]) {
      const answer = await send({ body, headers: { ...headers, 'content-type': type } });
      expect(answer.status).toBe(415);
      expect(ingestCase.messageOf(answer)).toContain(
        `the content type must be ${definition.contentTypes[0]}, not "${type}"`,
      );
    }
    expect(topics()).toEqual([]);
  });

  describe('a body that is zipped', () => {
    const zipped = (body: Uint8Array): CaseRequest => ({
      body: Buffer.from(gzipSync(body)),
      headers: { ...ingestCase.encode([]).headers, 'content-encoding': 'gzip' },
    });
    /** As it is inside: remote write is packed twice over in its own way. */
    const plain = ({ body, headers }: CaseRequest) =>
      headers['content-encoding'] === 'snappy' ? body.subarray(headerLength(body)) : body;

    it('[I15] is taken', async () => {
      await start();
      expect(await send(zipped(plain(ingestCase.encode([sample()]))))).toSatisfy(ingestCase.isSuccess);
      expect(await held(`${kind}/load/host=a`)).toEqual({ t: [NOW], value: [1] });
    });

    it('[I15] and cut off, or no gzip, is refused', async () => {
      await start();
      const { body, headers } = zipped(plain(ingestCase.encode([sample()])));
      for (const wrong of [body.subarray(0, -9), Buffer.from('hello')]) {
        const answer = await send({ body: Buffer.from(wrong), headers });
        expect(answer.status).toBe(400);
        expect(ingestCase.messageOf(answer)).toMatch(/the body is not gzip/);
      }
      expect(await metric('waiting_bytes')).toEqual(['tidewall_ingest_waiting_bytes 0']);
    });

    it('[I15] and would be larger than is allowed is not unpacked', async () => {
      await start({ ingest: { bodyBytes: 100_000 } });
      const before = process.memoryUsage().rss;
      const bomb = zipped(Buffer.alloc(90 * 1024 * 1024, 0x20));
      expect(bomb.body.length).toBeLessThan(100_000);
      const answer = await send(bomb);
      expect(answer.status).toBe(413);
      expect(ingestCase.messageOf(answer)).toMatch(
        /larger once it is unpacked than 100000 bytes \(ingest\.bodyBytes\)/,
      );
      expect(answer).not.toSatisfy(ingestCase.isRetried);
      // Making it took more than refusing it.
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
      expect(await metric('waiting_bytes')).toEqual(['tidewall_ingest_waiting_bytes 0']);
    });
  });

  it('[I15] a body that is larger than is allowed is refused, whether it says so or not', async () => {
    await start({ ingest: { bodyBytes: 2000 } });
    const { headers } = ingestCase.encode([]);
    const body = Buffer.alloc(200_000, 0x20);
    const said = await send({ body, headers });
    const unsaid = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(`${host?.url}${path}`, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
      request.on('error', reject);
      request.write(body.subarray(0, 1000));
      request.end(body.subarray(1000));
    });
    expect([said.status, unsaid]).toEqual([413, 413]);
    expect(ingestCase.messageOf(said)).toMatch(/2000 bytes \(ingest\.bodyBytes\)/);
  });

  it('[I16] when too much waits to be read, whoever comes is asked to come again', async () => {
    await start({ ingest: { waitingBytes: 1024 } });
    const { body, headers } = ingestCase.encode([sample()]);
    const slow = httpRequest(`${host?.url}${path}`, { method: 'POST', headers });
    slow.on('error', () => {});
    slow.write(Buffer.alloc(1000, 0x20));
    await expect.poll(() => metric('waiting_bytes')).toEqual(['tidewall_ingest_waiting_bytes 1000']);
    const answer = await send({ body, headers });
    expect(answer).toSatisfy(ingestCase.isRetried);
    expect(answer.retryAfter).toBe('1');
    expect(ingestCase.messageOf(answer)).toMatch(/\(ingest\.waitingBytes\)/);
    slow.destroy();
    await expect.poll(() => metric('waiting_bytes')).toEqual(['tidewall_ingest_waiting_bytes 0']);
    expect(await send({ body, headers })).toSatisfy(ingestCase.isSuccess);
  });

  it('[I4] the same body again changes nothing, and is a success', async () => {
    await start();
    const request = ingestCase.encode([sample(), sample({ t: NOW + 1000, value: 2 })]);
    for (let i = 0; i < 3; i++) expect(await send(request)).toSatisfy(ingestCase.isSuccess);
    expect(await send(ingestCase.encode([sample({ t: NOW - 1000 })]))).toSatisfy(ingestCase.isSuccess);
    expect(await held(`${kind}/load/host=a`)).toEqual({ t: [NOW, NOW + 1000], value: [1, 2] });
    expect(await held(`${kind}/load`)).toEqual([{ id: 'host=a', host: 'a', value: 2, t: NOW + 1000 }]);
    expect(await metric('repeated_total')).toEqual([`tidewall_ingest_repeated_total{tool="${kind}"} 5`]);
    expect(host?.hub.topics(ANYBODY).map(({ offset }) => offset)).toEqual([1, 1]);
  });

  it('[I17] a sample of long ago or of the future is refused, with the setting', async () => {
    await start();
    const answer = await send(
      ingestCase.encode([
        sample({ t: NOW - 8 * DAY_MS }),
        sample({ t: NOW + 11 * MINUTE_MS }),
        sample({ t: 0 }),
        sample({ t: NOW - 6 * DAY_MS }),
        sample({ t: NOW + 9 * MINUTE_MS, value: 2 }),
      ]),
    );
    expect(answer).toSatisfy((given: CaseAnswer) => ingestCase.isPartial(given, 3));
    expect(ingestCase.messageOf(answer)).toMatch(
      /1: .+ago \(ingest\.pastMs\).+2: .+ahead \(ingest\.futureMs\).+3: .+ago/,
    );
    expect(await held(`${kind}/load/host=a`)).toEqual({ t: [NOW - 6 * DAY_MS, NOW + 9 * MINUTE_MS], value: [1, 2] });
    expect(await metric('refused_total')).toEqual([
      `tidewall_ingest_refused_total{tool="${kind}",reason="past"} 2`,
      `tidewall_ingest_refused_total{tool="${kind}",reason="future"} 1`,
    ]);
  });

  it('[I18] names, labels and texts that are too long or too many are refused one by one', async () => {
    await start({ ingest: { labels: 3, nameLength: 10, textLength: 20 } });
    const answer = await send(
      ingestCase.encode([
        sample({ name: 'x'.repeat(11) }),
        sample({ labels: { [`y${'x'.repeat(10)}`]: 'a' } }),
        sample({ labels: { host: 'x'.repeat(21) } }),
        sample({ labels: { a: '1', b: '2', c: '3', d: '4' } }),
        sample({ name: 'n'.repeat(10), labels: { l123456789: 'v'.repeat(20), b: '2', c: '3' } }),
      ]),
    );
    expect(answer).toSatisfy((given: CaseAnswer) => ingestCase.isPartial(given, 4));
    const settings = ['nameLength', 'nameLength', 'textLength', 'labels'];
    expect(ingestCase.messageOf(answer)?.match(/ingest\.\w+/g)).toEqual(settings.map((name) => `ingest.${name}`));
    expect(topics()).toHaveLength(2);
  });

  it('[I18] a name of a megabyte, and 100,000 labels, are refused and hold up nobody', async () => {
    await start();
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`label_${i}`, 'x']));
    const request = ingestCase.encode([
      sample({ name: 'x'.repeat(1024 * 1024) }),
      sample({ labels: many }),
      sample({ labels: { host: 'y'.repeat(1024 * 1024) } }),
      sample(),
    ]);
    const answer = await send(request);
    expect(answer).toSatisfy((given: CaseAnswer) => ingestCase.isPartial(given, 3));
    expect(answer.body.length).toBeLessThan(2000);
    expect(topics()).toHaveLength(2);
  });

  it('[I2] a label set that is too long for a name is a series all the same', async () => {
    await start();
    const labels = { a: '1', b: 'x'.repeat(150), c: 'y'.repeat(150) };
    expect(await send(ingestCase.encode([sample({ labels })]))).toSatisfy(ingestCase.isSuccess);
    const [, series = ''] = topics();
    expect(series).toMatch(new RegExp(`^ingest/${kind}/load/a=1,b=x+,~~[0-9a-f]{16}$`));
    expect(await held(`${kind}/load`)).toMatchObject([{ ...labels, id: series.split('/').at(-1), value: 1 }]);
  });

  it('[I19] of more series than are allowed the first are kept, and the others told', async () => {
    await start({ ingest: { series: 3 } });
    const samples = Array.from({ length: 5 }, (_, i) => sample({ labels: { host: `h${i}` } }));
    const answer = await send(ingestCase.encode(samples));
    expect(answer).toSatisfy((given: CaseAnswer) => ingestCase.isPartial(given, 2));
    expect(ingestCase.messageOf(answer)).toMatch(
      /4: .*no room for the series .+host=h3: there are 3 already \(ingest\.series\)/,
    );
    expect(topics()).toHaveLength(4);
    expect(await send(ingestCase.encode([sample({ labels: { host: 'h2' }, t: NOW + 1 })]))).toSatisfy(
      ingestCase.isSuccess,
    );
  });

  it('[I19] where the hub has no room for more topics, that is told, and what has one goes on', async () => {
    await start({ limits: { topics: 3 } });
    const samples = Array.from({ length: 4 }, (_, i) => sample({ labels: { host: `h${i}` } }));
    const answer = await send(ingestCase.encode(samples));
    expect(ingestCase.messageOf(answer)).toMatch(/no room for the topic .+\(limits\.topics\)/);
    expect(answer).not.toSatisfy(ingestCase.isRetried);
    expect(await metric('series ')).toEqual(['tidewall_ingest_series 3']);
    const again = ingestCase.encode([sample({ labels: { host: 'h0' }, t: NOW + 1, value: 7 })]);
    await send(again);
    expect(await held(`${kind}/load/host=h0`)).toEqual({ t: [NOW, NOW + 1], value: [1, 7] });
  });

  it('[I20] what a topic does not take is refused by its sample, and all else is taken', async () => {
    await start({ topics: [{ pattern: `ingest/${kind}/load/host=b`, readOnly: true }] });
    const samples = ['a', 'b', 'b', 'c'].map((name, i) => sample({ labels: { host: name }, t: NOW + i }));
    const answer = await send(ingestCase.encode(samples));
    expect(answer).toSatisfy((given: CaseAnswer) => ingestCase.isPartial(given, 2));
    expect(ingestCase.messageOf(answer)).toMatch(/2 and 1 like it: .+readOnly/);
    await expect(held(`${kind}/load/host=b`)).rejects.toMatchObject({ kind: 'unknown_topic' });
    expect(await held(`${kind}/load`)).toMatchObject([{ host: 'a' }, { host: 'c' }]);
    expect(await held(`${kind}/load/host=c`)).toEqual({ t: [NOW + 3], value: [1] });
  });

  it('[I21] a series keeps as many points as is set, where its topic is not said to keep others', async () => {
    await start({
      ingest: { points: 3 },
      topics: [{ pattern: `ingest/${kind}/+/host=b`, kind: 'series', keep: { count: 5 } }],
    });
    for (let i = 0; i < 8; i++) {
      await send(ingestCase.encode(['a', 'b'].map((name) => sample({ labels: { host: name }, t: NOW + i, value: i }))));
    }
    expect(await held(`${kind}/load/host=a`)).toMatchObject({ value: [5, 6, 7] });
    expect(await held(`${kind}/load/host=b`)).toMatchObject({ value: [3, 4, 5, 6, 7] });
  });

  it('[I22] a series of which nothing is heard is let go with its row and its topic', async () => {
    await start({ ingest: { idleMs: 10 * MINUTE_MS } });
    await send(ingestCase.encode(['a', 'b'].map((name) => sample({ labels: { host: name } }))));
    await clock.advance(8 * MINUTE_MS);
    await send(ingestCase.encode([sample({ labels: { host: 'a' }, t: NOW + 8 * MINUTE_MS })]));
    await clock.advance(4 * MINUTE_MS);
    await expect.poll(topics).toEqual([`ingest/${kind}/load`, `ingest/${kind}/load/host=a`]);
    expect(await held(`${kind}/load`)).toMatchObject([{ id: 'host=a' }]);
    await clock.advance(10 * MINUTE_MS);
    await expect.poll(topics).toEqual([]);
    expect(await metric('series ')).toEqual(['tidewall_ingest_series 0']);
  });
});

/** Bytes before the first literal of a block of snappy that has one, made by the contract's own encoder. */
function headerLength(block: Uint8Array): number {
  let at = 0;
  while ((block[at] ?? 0) > 0x7f) at++;
  return at + 4;
}
