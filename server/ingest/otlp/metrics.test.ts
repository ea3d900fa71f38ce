import type { JsonObject, JsonValue } from '@tidewall/base';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IngestBed } from '../ingest-bed.contract.ts';
import { definition } from './index.ts';
import { attributes, exportRequest } from './ingest.contract.ts';

const T = 1_700_000_000_000;
const NS = '1700000000000000000';
let bed: IngestBed;

beforeEach(() => {
  bed = new IngestBed();
});

afterEach(() => bed.close());

const send = async (request: JsonValue) => {
  const body = Buffer.from(JSON.stringify(request));
  return bed.take(definition, { body, headers: { 'content-type': 'application/json' } });
};

async function sendPoint(kind: string, point: JsonObject): Promise<{ answer: string; row: unknown; series: unknown }> {
  const metric = { name: 'm', unit: 's', [kind]: { dataPoints: [{ timeUnixNano: NS, ...point }], isMonotonic: true } };
  const { body } = await send(exportRequest([metric]));
  const [row] = (await bed.held('ingest/otlp/m').catch(() => [])) as unknown[];
  return { answer: body, row, series: await bed.held('ingest/otlp/m/-').catch(() => undefined) };
}

describe('values', () => {
  test.each<[string, string, JsonObject, number]>([
    ['gauge', 'a double', { asDouble: 1.5 }, 1.5],
    ['gauge', 'a double as text', { asDouble: '2.5' }, 2.5],
    ['sum', 'a whole number as text', { asInt: '123' }, 123],
    ['sum', 'a whole number', { asInt: -7 }, -7],
    ['sum', 'one of 64 bits, as near as a double comes', { asInt: '9223372036854775807' }, 2 ** 63],
    ['gauge', 'zero', { asInt: '0' }, 0],
  ])('of a %s, %s', async (kind, _, point, value) => {
    expect(await sendPoint(kind, point)).toEqual({
      answer: '{}',
      row: { id: '-', value, t: T },
      series: { t: [T], value: [value] },
    });
  });

  test('[I26] none, NaN and infinity are null, and each is counted', async () => {
    const points = [{ flags: 1 }, { asDouble: 'NaN' }, { asDouble: '-Infinity' }, { asDouble: 'Infinity' }];
    const dataPoints = points.map((point, i) => ({ ...point, timeUnixNano: String(BigInt(T + i) * 1_000_000n) }));
    expect((await send(exportRequest([{ name: 'm', gauge: { dataPoints } }]))).body).toBe('{}');
    expect(await bed.held('ingest/otlp/m/-')).toMatchObject({ value: [null, null, null, null] });
    const nulls = (reason: string) => bed.meter.read(`tidewall_ingest_nulls_total{tool=otlp,reason=${reason}}`);
    expect([nulls('stale'), nulls('nan'), nulls('infinite')]).toEqual([1, 1, 2]);
  });

  test('of a histogram: count, sum, bounds, and how many are not above each of its bounds', async () => {
    const bounds = { explicitBounds: [0.5, 1, 2.5], bucketCounts: ['3', '2', 0, '1'] };
    const { series } = await sendPoint('histogram', { count: '6', sum: 4.5, min: 0.1, max: 3, ...bounds });
    expect(series).toEqual({
      ...{ t: [T], count: [6], sum: [4.5], min: [0.1], max: [3] },
      ...{ 'le_0.5': [3], le_1: [5], 'le_2.5': [5], 'le_+Inf': [6] },
    });
  });

  test('of a histogram without buckets, and of an exponential one', async () => {
    expect((await sendPoint('histogram', { count: 6 })).series).toEqual({ t: [T], count: [6] });
    bed.close();
    bed = new IngestBed();
    const buckets = { scale: 3, positive: { offset: 1, bucketCounts: ['1', '5'] } };
    expect(
      (await sendPoint('exponentialHistogram', { sum: 4, zeroCount: '1', min: 1, max: 2, ...buckets })).series,
    ).toEqual({ t: [T], count: [0], sum: [4], min: [1], max: [2], zeroCount: [1] });
  });

  test('of a summary: count, sum and its quantiles', async () => {
    const quantileValues = [{ quantile: 0.5, value: 1 }, { quantile: 0.99, value: 2 }, { value: 3 }];
    expect((await sendPoint('summary', { count: '6', sum: 4.5, quantileValues })).series).toEqual({
      ...{ t: [T], count: [6], sum: [4.5], 'q_0.5': [1], 'q_0.99': [2], q_0: [3] },
    });
  });
});

describe('names', () => {
  const gauge = (name: string, own: JsonObject = {}) => ({
    name,
    gauge: { dataPoints: [{ timeUnixNano: NS, asInt: '1', attributes: attributes(own) }] },
  });

  test('attributes of the resource and of the point are labels; the point counts first, the SDK is none', async () => {
    const resource = { 'host.name': 'a', 'service.name': 's', 'telemetry.sdk.name': 'x' };
    await send(exportRequest([gauge('system.cpu.time', { cpu: 'cpu0', 'service.name': 'own' })], resource));
    expect(await bed.held('ingest/otlp/system.cpu.time')).toEqual([
      {
        id: 'cpu=cpu0,host.name=a,service.name=own',
        'host.name': 'a',
        cpu: 'cpu0',
        'service.name': 'own',
        value: 1,
        t: T,
      },
    ]);
  });

  test('attributes of every type are texts', async () => {
    const values: JsonObject[] = [
      { stringValue: 's' },
      { boolValue: false },
      { intValue: '42' },
      { doubleValue: 1.5 },
      { bytesValue: 'aGk=' },
      { arrayValue: { values: [{ stringValue: 'x' }] } },
      {},
    ];
    const own = values.map((value, i) => ({ key: `k${i}`, value }));
    await send(
      exportRequest([{ name: 'm', gauge: { dataPoints: [{ timeUnixNano: NS, asInt: 1, attributes: own }] } }]),
    );
    expect(await bed.held('ingest/otlp/m')).toMatchObject([
      { k0: 's', k1: 'false', k2: '42', k3: '1.5', k4: 'aGk=', k5: '{"values":[{"stringValue":"x"}]}', k6: '' },
    ]);
  });

  test('half of a character is replaced, and prototypes are names like others', async () => {
    await send(exportRequest([gauge('__proto__', { __proto__x: '\ud800', constructor: 'y' })]));
    expect(await bed.held('ingest/otlp/__proto__')).toMatchObject([{ __proto__x: '\ufffd', constructor: 'y' }]);
  });
});

test('times are as exact as a double, and may be numbers', async () => {
  const at = ['1699999999123456789', 1_699_999_999_123_000_000, '123'];
  const dataPoints = at.map((timeUnixNano) => ({ timeUnixNano, asInt: '1' }));
  await send(exportRequest([{ name: 'm', gauge: { dataPoints } }]));
  const { t } = (await bed.held('ingest/otlp/m/-')) as { t: number[] };
  expect(t[0]).toBe(1_699_999_999_123);
  expect(Math.abs((t[1] as number) - 1_699_999_999_123.4568)).toBeLessThan(0.0005);
});

test('[I12] each point that is wrong is told with what is wrong, and the others are taken', async () => {
  const point = { timeUnixNano: NS };
  const wrong: JsonObject[] = [
    { name: 'a', gauge: { dataPoints: [{ asInt: '1' }] } },
    { name: 'b', gauge: { dataPoints: [{ ...point, asInt: '1.5' }] } },
    { name: 'c', gauge: { dataPoints: [point] } },
    { name: 'd', histogram: { dataPoints: [{ ...point, count: 'x' }] } },
    { name: 'e', histogram: { dataPoints: [{ ...point, bucketCounts: ['1'], explicitBounds: [1] }] } },
    { name: 'f', gauge: { dataPoints: [{ ...point, asInt: '1', attributes: [{ value: {} }] }] } },
    { gauge: { dataPoints: [{ ...point, asInt: '1' }] } },
    { name: 'g', summary: { dataPoints: [{ ...point, quantileValues: [5] }] } },
  ];
  const { status, body } = await send(
    exportRequest([...wrong, { name: 'good', gauge: { dataPoints: [{ ...point, asInt: '1' }] } }]),
  );
  const { partialSuccess } = JSON.parse(body) as {
    partialSuccess: { rejectedDataPoints: string; errorMessage: string };
  };
  expect([status, partialSuccess.rejectedDataPoints]).toEqual([200, '8']);
  expect(partialSuccess.errorMessage.split('; ')).toEqual([
    'data point 1: timeUnixNano must be a whole number, got nothing',
    'data point 2: a data point must have asDouble or asInt, a number, got "1.5"',
    'data point 3: a data point must have asDouble or asInt, a number, got nothing',
    'data point 4: count must be a number, got "x"',
    'data point 5: 1 bucketCounts do not fit 1 explicitBounds: one more is needed',
    'data point 6: an attribute has no key',
    'data point 7: its metric has no name',
    'data point 8: a quantile is no number',
  ]);
  expect(bed.topics).toEqual(['ingest/otlp/good', 'ingest/otlp/good/-']);
});

test('what is not known is passed over', async () => {
  const metric = { name: 'm', later: { dataPoints: [{}] }, metadata: [] };
  expect((await send({ ...exportRequest([metric, null, 5]), more: 1 })).body).toBe('{}');
  expect(
    (await send({ resourceMetrics: [null, {}, { scopeMetrics: 5 }, { scopeMetrics: [{ metrics: {} }] }] })).body,
  ).toBe('{}');
  expect(bed.topics).toEqual([]);
});
