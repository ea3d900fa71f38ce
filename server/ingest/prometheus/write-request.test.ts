import { afterEach, beforeEach, expect, test } from 'vitest';
import { IngestBed } from '../ingest-bed.contract.ts';
import { double, encodeMessage, packSnappy, STALE, timeSeries, writeRequest } from './encode.contract.ts';
import { definition } from './index.ts';

const T = 1_700_000_000_000;
let bed: IngestBed;

beforeEach(() => {
  bed = new IngestBed();
});

afterEach(() => bed.close());

const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
const send = (message: Uint8Array) => bed.take(definition, { body: Buffer.from(packSnappy(message)), headers });

test('samples of a series are points of the field value, 0 and a missing value too', async () => {
  const zero = encodeMessage([[2, BigInt(T + 1)]]);
  const series = timeSeries(
    [
      ['__name__', 'up'],
      ['job', 'a'],
      ['instance', 'localhost:9090'],
    ],
    [[1, T]],
    [[2, zero]],
  );
  expect((await send(writeRequest([series]))).status).toBe(204);
  expect(await bed.held('ingest/prometheus/up/instance=localhost:9090,job=a')).toEqual({
    t: [T, T + 1],
    value: [1, 0],
  });
  expect(await bed.held('ingest/prometheus/up')).toEqual([
    { id: 'instance=localhost:9090,job=a', instance: 'localhost:9090', job: 'a', value: 0, t: T + 1 },
  ]);
});

test('[I26] a series that has ended, NaN and infinity are null, and each is counted', async () => {
  const values = [STALE, double(Number.NaN), double(Number.POSITIVE_INFINITY), double(Number.NEGATIVE_INFINITY)];
  const series = timeSeries([['__name__', 'up']], [[1, T], ...values.map((value, i) => [value, T + 1 + i] as const)]);
  expect((await send(writeRequest([series]))).status).toBe(204);
  expect(await bed.held('ingest/prometheus/up/-')).toMatchObject({ value: [1, null, null, null, null] });
  expect(await bed.held('ingest/prometheus/up')).toEqual([{ id: '-', value: null, t: T + 4 }]);
  const nulls = (reason: string) => bed.meter.read(`tidewall_ingest_nulls_total{tool=prometheus,reason=${reason}}`);
  expect([nulls('stale'), nulls('nan'), nulls('infinite')]).toEqual([1, 1, 2]);
});

test('labels in another order, and those that are empty, are the same series', async () => {
  await send(
    writeRequest([
      timeSeries(
        [
          ['__name__', 'up'],
          ['a', '1'],
          ['b', '2'],
        ],
        [[1, T]],
      ),
    ]),
  );
  await send(
    writeRequest([
      timeSeries(
        [
          ['b', '2'],
          ['c', ''],
          ['a', '1'],
          ['__name__', 'up'],
        ],
        [[2, T + 1]],
      ),
    ]),
  );
  expect(bed.topics).toEqual(['ingest/prometheus/up', 'ingest/prometheus/up/a=1,b=2']);
});

test('labels that stand behind the samples, and between them, count', async () => {
  const label = (name: string, value: string) =>
    [
      1,
      encodeMessage([
        [1, Buffer.from(name)],
        [2, Buffer.from(value)],
      ]),
    ] as const;
  const sample = (value: number, t: number) =>
    [
      2,
      encodeMessage([
        [1, double(value)],
        [2, BigInt(t)],
      ]),
    ] as const;
  await send(writeRequest([encodeMessage([sample(1, T), label('__name__', 'up'), sample(2, T + 1), label('a', '1')])]));
  expect(await bed.held('ingest/prometheus/up/a=1')).toEqual({ t: [T, T + 1], value: [1, 2] });
});

test('[I12] what is wrong with one series is told, and the others are taken', async () => {
  const broken = [
    timeSeries([['job', 'a']], [[1, T]]),
    timeSeries(
      [
        ['__name__', 'x'],
        ['a', '1'],
        ['a', '2'],
      ],
      [
        [1, T],
        [2, T + 1],
      ],
    ),
    timeSeries(
      [
        ['__name__', 'x'],
        ['', '1'],
      ],
      [[1, T]],
    ),
    Buffer.concat([
      timeSeries([['__name__', 'x']], []),
      Buffer.from([0x0a, 0x05, 0x0a, 0x03, 0xff, 0xfe, 0xfd]),
      timeSeries([], [[1, T]]),
    ]),
    timeSeries([['__name__', 'x']], [], [[2, Buffer.from([0x09, 1])]]),
    timeSeries([['__name__', 'x']], [], [[4, Buffer.from([0x08, 1])]]),
  ];
  const { status, body } = await send(writeRequest([...broken, timeSeries([['__name__', 'good']], [[1, T]])]));
  expect(status).toBe(400);
  expect(body.trimEnd().split('; ')).toEqual([
    'sample 1: the name is empty',
    'sample 2: the label "a" is there twice',
    'sample 3: the label "a" is there twice',
    'sample 4: the name of a label is empty',
    'sample 5: a label is not UTF-8',
    'sample 6: it is broken',
    'sample 7: native histograms are not taken',
  ]);
  expect(await bed.held('ingest/prometheus/good/-')).toEqual({ t: [T], value: [1] });
});

test('metadata, exemplars, and what is not known yet are passed over', async () => {
  const series = timeSeries(
    [['__name__', 'up']],
    [[1, T]],
    [
      [3, encodeMessage([[2, double(1)]])],
      [77, 5],
      [78, double(2)],
    ],
  );
  const metadata = encodeMessage([
    [1, 1],
    [2, Buffer.from('up')],
    [4, Buffer.from('Is it up')],
  ]);
  expect(
    (
      await send(
        writeRequest(
          [series],
          [
            [3, metadata],
            [99, Buffer.from('later')],
          ],
        ),
      )
    ).status,
  ).toBe(204);
  expect(await bed.held('ingest/prometheus/up/-')).toEqual({ t: [T], value: [1] });
});

test('a label called like the field stands beside it', async () => {
  await send(
    writeRequest([
      timeSeries(
        [
          ['__name__', 'up'],
          ['value', 'x'],
          ['t', 'y'],
          ['id', 'z'],
        ],
        [[1, T]],
      ),
    ]),
  );
  expect(await bed.held('ingest/prometheus/up')).toEqual([
    { id: 'id=z,t=y,value=x', '~id': 'z', '~t': 'y', value: 'x', '~value': 1, t: T },
  ]);
});

test('times before 1970, and without any, are refused as long ago', async () => {
  const { body } = await send(
    writeRequest([
      timeSeries(
        [['__name__', 'up']],
        [
          [1, -5],
          [2, 0],
        ],
        [[2, encodeMessage([[1, double(3)]])]],
      ),
    ]),
  );
  expect(body).toMatch(
    /^sample 1: its time 1969-12-31T23:59:59.995Z .+; sample 2: its time 1970-.+; sample 3: its time 1970/,
  );
});
