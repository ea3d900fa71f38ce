import { Readable } from 'node:stream';
import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { Broker } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { startTidewall, type TidewallServer } from '@tidewall/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { definition as influx } from './influx/index.ts';
import { IngestBed, type IngestBedOptions } from './ingest-bed.contract.ts';
import type { IngestAnswer } from './ingest-definition.ts';

const T = 1_700_000_000_000;

let bed: IngestBed;

afterEach(() => bed?.close());

function start(options: IngestBedOptions = {}): void {
  bed = new IngestBed(options);
}

const lines = (...all: string[]): Promise<IngestAnswer> =>
  bed.take(influx, { body: Buffer.from(all.join('\n')), headers: {} }, { precision: 'ms' });

describe('many at once', () => {
  test('[I8] bodies that come at the same time do not mix their points', async () => {
    start();
    const bodies = Array.from({ length: 20 }, (_, body) =>
      lines(...Array.from({ length: 300 }, (_each, i) => `cpu,host=h${i % 7} v=${body},w=${i} ${T + body * 1000 + i}`)),
    );
    const answers = await Promise.all(bodies);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 204));
    for (let host = 0; host < 7; host++) {
      const { t, v, w } = (await bed.held(`ingest/influx/cpu/host=h${host}`)) as Record<string, number[]>;
      t?.forEach((time, index) => {
        expect(time).toBe(T + (v?.[index] as number) * 1000 + (w?.[index] as number));
      });
      expect(t).toEqual([...(t ?? [])].sort((a, b) => a - b));
      expect(t).toHaveLength(20 * Array.from({ length: 300 }).filter((_, i) => i % 7 === host).length);
    }
  });

  test('a long body lets others have their turn', async () => {
    start({ settings: { series: 100_000 }, limits: { topics: 100_000 } });
    let turns = 0;
    let over = false;
    const tick = () => {
      turns++;
      if (!over) setImmediate(tick);
    };
    setImmediate(tick);
    await lines(...Array.from({ length: 20_000 }, (_, i) => `cpu,host=h${i} v=1 ${T}`));
    over = true;
    expect(turns).toBeGreaterThan(10);
  });

  test('[I24] what is longer than a publication may be comes as several', async () => {
    start({ limits: { publicationBytes: 4096 } });
    const points = Array.from({ length: 2000 }, (_, i) => `cpu v=${i}.5,w=${i} ${T + i}`);
    expect(await lines(...points)).toMatchObject({ status: 204 });
    const { t = [], v } = (await bed.held('ingest/influx/cpu/-')) as Record<string, number[]>;
    expect(t).toHaveLength(2000);
    expect(v?.at(-1)).toBe(1999.5);
    const rows = Array.from({ length: 300 }, (_, i) => `mem,host=h${i} text="${'x'.repeat(500)}" ${T}`);
    expect(await lines(...rows)).toMatchObject({ status: 204 });
    expect(await bed.held('ingest/influx/mem')).toHaveLength(300);
  });
});

describe('what the hub refuses', () => {
  function failing(kind: 'storage_full' | 'busy' | 'internal', times: number): Broker {
    const broker = createMemoryBroker({ random: Math.random });
    let left = times;
    return Object.assign(Object.create(broker) as Broker, {
      publish: (...args: Parameters<Broker['publish']>) =>
        left-- > 0 ? Promise.reject(new TidewallError(kind, `it is ${kind}`)) : broker.publish(...args),
    });
  }

  test.each(['storage_full', 'busy'] as const)(
    '[I23] %s: the whole body is asked for again, and nothing doubles',
    async (kind) => {
      start({ broker: failing(kind, 1) });
      const body = [`cpu,host=a v=1 ${T}`, `cpu,host=b v=2 ${T}`];
      await expect(lines(...body)).rejects.toMatchObject({ kind });
      expect(await lines(...body)).toMatchObject({ status: 204 });
      for (const [host, value] of [
        ['a', 1],
        ['b', 2],
      ] as const) {
        expect(await bed.held(`ingest/influx/cpu/host=${host}`)).toEqual({ t: [T], v: [value] });
      }
      expect(await bed.held('ingest/influx/cpu')).toHaveLength(2);
    },
  );

  test('[I20] a table that is full is told, and the series go on', async () => {
    start({ limits: { tableRows: 2 } });
    await lines(`cpu,host=a v=1 ${T}`, `cpu,host=b v=2 ${T}`);
    const answer = await lines(`cpu,host=c v=3 ${T}`);
    expect(answer).toMatchObject({ status: 400 });
    expect(answer.body).toMatch(/partial write: line 1: the table would have 3 rows.+\(limits\.tableRows\) dropped=0/);
    expect(await bed.held('ingest/influx/cpu/host=c')).toEqual({ t: [T], v: [3] });
  });

  test('[I18] a field too many is refused with its line', async () => {
    start({ limits: { seriesColumns: 4 } });
    const answer = await lines(`cpu a=1,b=2 ${T}`, `cpu c=3,d=4 ${T + 1}`, `cpu c=3 ${T + 2}`);
    expect(answer.body).toMatch(/line 2: .+\\"d\\" would be one too many.+\(limits\.seriesColumns\) dropped=1/);
    expect(await bed.held('ingest/influx/cpu/-')).toEqual({ t: [T, T + 2], a: [1, null], b: [2, null], c: [null, 3] });
  });
});

test.each(['gzip', undefined])('[I14] a sender that is gone leaves nothing behind (%s)', async (contentEncoding) => {
  start();
  const body = new Readable({ read() {} });
  const taken = bed.ingest.take(influx, {
    principal: { id: 'anybody', roles: [] },
    body,
    contentType: undefined,
    contentEncoding,
    prefix: undefined,
    options: { precision: 'ns' },
  });
  body.push(Buffer.from([0x1f, 0x8b]));
  body.destroy();
  await expect(taken).rejects.toMatchObject({ kind: 'bad_request' });
  expect(bed.meter.read('tidewall_ingest_waiting_bytes')).toBe(0);
});

describe('over a restart', () => {
  test('[I5] [I22] points, rows and series that are not sent again are known', async () => {
    start({ settings: { series: 3, idleMs: 600_000 } });
    await lines(`cpu,host=a v=1,w=1 ${T}`, `cpu,host=b v=2 ${T}`, `mem free=5 ${T}`);
    bed.restart();
    const answer = await lines(`cpu,host=a v=1,w=1 ${T}`, `cpu,host=a v=3 ${T + 1}`, `cpu,host=c v=9 ${T}`);
    expect(await bed.held('ingest/influx/cpu/host=a')).toEqual({ t: [T, T + 1], v: [1, 3], w: [1, null] });
    expect(await bed.held('ingest/influx/cpu')).toMatchObject([
      { v: 3, w: 1 },
      { host: 'b', v: 2 },
      { host: 'c', v: 9 },
    ]);
    expect(answer).toMatchObject({ status: 204 });
    // The row that nobody has written to since counts as a series.
    expect(bed.meter.read('tidewall_ingest_series')).toBe(3);
    expect((await lines(`cpu,host=d v=1 ${T}`)).body).toMatch(/ingest\.series/);
    expect(await lines(`cpu,host=b v=4 ${T + 1}`)).toMatchObject({ status: 204 });
    await bed.clock.advance(12 * 60_000);
    expect(bed.topics).toEqual([]);
  });

  let server: TidewallServer | undefined;

  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  test('[I5] what was taken before is known, also after kill -9: nothing doubles, and rows stay whole', async () => {
    server = await startTidewall(['--no-demo']);
    const now = Date.now();
    const write = (...all: string[]) =>
      fetch(`${server?.url}/api/ingest/influx?precision=ms`, { method: 'POST', body: all.join('\n') });
    const read = async (topic: string) =>
      ((await (await fetch(`${server?.url}/api/topics/${topic}`)).json()) as { data: unknown }).data;
    await write(`cpu,host=a v=1,text="x" ${now - 3000}`, `cpu,host=b v=5 ${now - 3000}`);
    await write(`cpu,host=a w=9 ${now - 3000}`, `cpu,host=a v=2 ${now - 2000}`);
    await server.restart('SIGKILL');
    const answer = await write(
      ...[`cpu,host=a v=1,text="x" ${now - 3000}`, `cpu,host=a w=9 ${now - 3000}`, `cpu,host=a v=2 ${now - 2000}`],
      `cpu,host=a v=3 ${now - 1000}`,
    );
    expect(answer.status).toBe(204);
    expect(await read('ingest/influx/cpu/host=a')).toEqual({
      t: [now - 3000, now - 3000, now - 2000, now - 1000],
      v: [1, null, 2, 3],
      w: [null, 9, null, null],
    });
    expect(await read('ingest/influx/cpu')).toEqual([
      { id: 'host=a', host: 'a', v: 3, text: 'x', w: 9, t: now - 1000 },
      { id: 'host=b', host: 'b', v: 5, t: now - 3000 },
    ]);
  });
});
