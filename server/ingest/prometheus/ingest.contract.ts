import type { CaseRequest, CaseSample, IngestCase } from '../ingest-case.contract.ts';
import { encodeMessage, packSnappy, STALE, timeSeries, varint, writeRequest } from './encode.contract.ts';

const headers = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
};
const request = (body: Uint8Array): CaseRequest => ({ body: Buffer.from(body), headers });
const packed = (body: Uint8Array): CaseRequest => request(packSnappy(body));

function encoded({ name, labels, t, value }: CaseSample): Buffer {
  return timeSeries([['__name__', name], ...Object.entries(labels)], [[value, t]]);
}

const good = timeSeries(
  [
    ['__name__', 'up'],
    ['job', 'a'],
  ],
  [
    [1, 1_700_000_000_000],
    [0, 1_700_000_001_000],
    [STALE, 1_700_000_002_000],
  ],
);
const ingestCase: IngestCase = {
  encode: (samples) => packed(writeRequest(samples.map(encoded))),
  encodeMixed: (samples) =>
    packed(writeRequest(samples.flatMap((sample) => [Buffer.from([0x0a, 0x40]), encoded(sample)]))),
  unreadable: {
    'nothing at all': [request(Buffer.alloc(0)), /not a block of snappy: it has no length/],
    'no snappy': [request(Buffer.from('hello')), /not a block of snappy/],
    'snappy that is cut off': [request(packSnappy(writeRequest([good])).subarray(0, -1)), /not a block of snappy/],
    'snappy that says that it has 4 GiB': [
      request(Buffer.concat([varint(2 ** 32 - 1), good])),
      /larger once it is unpacked/,
    ],
    'snappy that says that it has more than it can': [
      request(Buffer.concat([varint(8_000_000), good])),
      /cannot be as long/,
    ],
    'a message that is cut off': [packed(writeRequest([good]).subarray(0, -1)), /not a WriteRequest, or is cut off/],
    'no message': [packed(Buffer.from('hello')), /not a WriteRequest/],
  },
  wellFormed: [
    packed(writeRequest([good])),
    packed(
      writeRequest(
        [good],
        [
          [
            3,
            encodeMessage([
              [1, 1],
              [2, Buffer.from('up')],
              [4, Buffer.from('help')],
            ]),
          ],
          [99, 5],
        ],
      ),
    ),
    packed(
      writeRequest([
        timeSeries(
          [['__name__', 'h']],
          [],
          [
            [4, encodeMessage([[1, 5]])],
            [3, Buffer.from('x')],
          ],
        ),
      ]),
    ),
    packed(
      writeRequest([
        encodeMessage([
          [2, encodeMessage([[2, -5n]])],
          [
            1,
            encodeMessage([
              [1, Buffer.from('__name__')],
              [2, Buffer.from('x')],
            ]),
          ],
        ]),
      ]),
    ),
  ],
  isSuccess: ({ status, body }) => status === 204 && body === '',
  // It logs the line, and nobody counts in it.
  isPartial: ({ status, body }) => status === 400 && /^sample \d+( and \d+ like it)?: .+\n$/.test(body),
  messageOf: ({ contentType, body }) =>
    contentType?.startsWith('text/plain') && /^[^\n]+\n$/.test(body) ? body.trimEnd() : undefined,
  isRetried: ({ status }) => status >= 500 || status === 429,
};

export default ingestCase;
