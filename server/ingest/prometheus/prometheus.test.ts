import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTidewall, type TidewallServer } from '@tidewall/testkit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { labelSetId } from '../label-set.ts';
import { HAS_PROMETHEUS, type PrometheusServer, type PromSeries, startPrometheus } from './prometheus.contract.ts';

/*
 * A real Prometheus scrapes itself, us and a target of the test, and writes all of it to us. What it holds by its own query
 * is what we must hold.
 */

const LONG = { timeout: 60_000, interval: 200 };

interface Point {
  readonly t: number;
  readonly value: number | null;
}

describe.skipIf(!HAS_PROMETHEUS)('Prometheus', () => {
  const open: { prometheus?: PrometheusServer; server?: TidewallServer; target?: Server } = {};

  afterEach(async () => {
    await open.prometheus?.close();
    await open.server?.close();
    open.target?.close();
    delete open.prometheus;
    delete open.server;
    delete open.target;
  });

  /** What the target exposes, which the test may change. */
  async function begin(exposed: { text: string } = { text: '' }) {
    const target = createServer((_request, response) => response.end(exposed.text));
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(target.address() as AddressInfo).port}`;
    const server = await startTidewall(['--no-demo']);
    const prometheus = await startPrometheus({
      remoteWrite: `${server.url}/api/ingest/prometheus`,
      targets: [address, `localhost:${server.port}`],
    });
    Object.assign(open, { prometheus, server, target });
    return { prometheus, server, address };
  }

  async function held(topic: string): Promise<unknown> {
    const answer = await fetch(`${open.server?.url}/api/topics/ingest/prometheus/${topic}`);
    return answer.status === 404 ? undefined : ((await answer.json()) as { data: unknown }).data;
  }

  async function points({ metric: { __name__ = '', ...labels } }: PromSeries): Promise<Point[]> {
    const id = labelSetId(
      Object.entries(labels).map(([name, value]) => ({ name, value })),
      256 - `ingest/prometheus/${__name__}/`.length,
    );
    const columns = (await held(`${__name__}/${id}`)) as { t: number[]; value: (number | null)[] } | undefined;
    return (columns?.t ?? []).map((t, i) => ({ t, value: columns?.value[i] ?? null }));
  }

  /** Every sample that Prometheus has of these between two times we have once, with its value. */
  async function expectSame(series: readonly PromSeries[], fromMs: number, toMs: number): Promise<number> {
    let compared = 0;
    for (const each of series) {
      const ours = (await points(each)).filter(({ t }) => t >= fromMs && t <= toMs);
      const theirs = each.values
        .map(([seconds, value]) => ({ t: Math.round(seconds * 1000), value: finite(Number(value)) }))
        .filter(({ t }) => t >= fromMs && t <= toMs);
      expect(ours.map(({ t }) => t)).toEqual([...new Set(ours.map(({ t }) => t))]);
      // It tells no markers of an end by its query.
      expect(ours.filter(({ t }) => theirs.some((sample) => sample.t === t))).toEqual(theirs);
      compared += theirs.length;
    }
    return compared;
  }

  test('[I27] every sample that it has we have too, of each of its series, and nothing else', async () => {
    const { prometheus, address } = await begin({
      text: 'demo{path="/a b",zone="中"} 5\ndemo_inf +Inf\ndemo_nan NaN\n',
    });
    const up = `up/instance=${address},job=test`;
    await vi.waitFor(async () => expect(((await held(up)) as { t: number[] }).t.length).toBeGreaterThan(6), LONG);
    const until = Date.now() - 1000;
    const all = await prometheus.query('{__name__=~".+"}[1m]');
    // All that was scraped by then has come when what was scraped after it is there.
    await vi.waitFor(
      async () => expect(((await held(up)) as { t: number[] }).t.at(-1)).toBeGreaterThan(until + 1000),
      LONG,
    );
    const compared = await expectSame(all, 0, until);
    expect(all.length).toBeGreaterThan(400);
    expect(compared).toBeGreaterThan(1000);
    expect(await held('demo')).toMatchObject([{ path: '/a b', zone: '中', job: 'test', instance: address, value: 5 }]);
    expect(await held('demo_inf')).toMatchObject([{ value: null }]);
    const rows = (await held('up')) as { instance: string; value: number }[];
    expect(rows.map(({ value }) => value)).toEqual([1, 1, 1]);
    // Our own metrics, by way of Prometheus.
    expect(await held('tidewall_ingest_samples_total')).toMatchObject([{ tool: 'prometheus' }]);
  });

  test('[I26] a series that its target does not expose any more ends with null', async () => {
    const exposed = { text: 'demo{a="1"} 5\ndemo{a="2"} 6\n' };
    const { address } = await begin(exposed);
    const rows = async () => ((await held('demo')) ?? []) as { a: string; value: number | null }[];
    await vi.waitFor(async () => expect((await rows()).map(({ value }) => value)).toEqual([5, 6]), LONG);
    exposed.text = 'demo{a="2"} 7\n';
    await vi.waitFor(async () => expect((await rows()).map(({ value }) => value)).toEqual([null, 7]), LONG);
    const { value } = (await held(`demo/a=1,instance=${address},job=test`)) as { value: unknown[] };
    expect(value.at(-1)).toBeNull();
    expect(value.filter((each) => each === null)).toHaveLength(1);
  });

  test('[I5] [I27] killed in turns, it and we go on: no sample doubles, and none that it could send is missing', async () => {
    const { prometheus, server, address } = await begin({ text: 'demo 1\n' });
    const up = `up/instance=${address},job=test`;
    const times = async () => ((await held(up)) as { t: number[] } | undefined)?.t ?? [];
    const begun = Date.now();
    for (let round = 0; round < 2; round++) {
      let before = Date.now();
      await vi.waitFor(async () => expect((await times()).at(-1)).toBeGreaterThan(before), LONG);
      await server.restart('SIGKILL');
      before = Date.now();
      await vi.waitFor(async () => expect((await times()).at(-1)).toBeGreaterThan(before), LONG);
    }
    const us = Date.now() - 1000;
    const whole = await prometheus.query('up[1m]');
    await vi.waitFor(async () => expect((await times()).at(-1)).toBeGreaterThan(us + 1000), LONG);
    // What it could not send while we were away, it has sent when we were back.
    expect(await expectSame(whole, begun, us)).toBeGreaterThan(10);
    await prometheus.kill();
    await prometheus.start();
    const restarted = Date.now();
    await vi.waitFor(async () => expect((await times()).at(-1)).toBeGreaterThan(restarted), LONG);
    const all = await times();
    expect(all).toEqual([...new Set(all)].sort((a, b) => a - b));
  });
});

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
