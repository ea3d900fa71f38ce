/*
 * Bodies of measurements in other tools' protocols, of which only the times change: a new one costs who sends it little.
 */

/** A body that can be sent again with other times. */
export interface MeasurementBody {
  /** How many samples it has. */
  readonly samples: number;
  /** Its bytes with this time, ms since 1970, and the seconds after it for further points of the same series. */
  at(ms: number): Uint8Array;
}

export interface Measurements {
  readonly series: number;
  /** Points of each series in one body. */
  readonly points: number;
}

const DIGITS = 13;

/** Line protocol as Telegraf writes the plugin `cpu`: two tags, and this many fields. */
export function lineProtocol({ series, points }: Measurements, fields = 4): MeasurementBody {
  const names = ['usage_user', 'usage_system', 'usage_idle', 'usage_iowait', 'usage_irq', 'usage_steal'].slice(
    0,
    fields,
  );
  const lines: string[] = [];
  for (let point = 0; point < points; point++) {
    for (let i = 0; i < series; i++) {
      const values = names.map((name, field) => `${name}=${((i * 7 + point * 13 + field * 29) % 10_000) / 100}`);
      lines.push(
        `cpu,cpu=cpu${i % 8},host=server-${Math.floor(i / 8)} ${values.join(',')} ${'0'.repeat(DIGITS)}000000\n`,
      );
    }
  }
  const bytes = Buffer.from(lines.join(''));
  const places: number[] = [];
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, end + 1)) places.push(end - 6 - DIGITS);
  return {
    samples: lines.length,
    at(ms) {
      for (const [i, place] of places.entries())
        bytes.write(String(ms + Math.floor(i / series) * 1000), place, 'latin1');
      return bytes;
    },
  };
}

/** Remote write as Prometheus does: each sample in a `TimeSeries` of its own, with all labels. */
export function remoteWrite({ series, points }: Measurements): MeasurementBody {
  const parts: Buffer[] = [];
  const places: number[] = [];
  let length = 0;
  for (let point = 0; point < points; point++) {
    for (let i = 0; i < series; i++) {
      const labels = [
        ['__name__', 'node_cpu_seconds_total'],
        ['cpu', String(i % 8)],
        ['env', 'production'],
        ['instance', `server-${Math.floor(i / 64)}.example:9100`],
        ['job', 'node'],
        [
          'mode',
          ['idle', 'iowait', 'irq', 'nice', 'softirq', 'steal', 'system', 'user'][Math.floor(i / 8) % 8] as string,
        ],
        ['region', 'eu-west-1'],
      ].map(([name = '', value = '']) =>
        delimited(1, Buffer.concat([delimited(1, Buffer.from(name)), delimited(2, Buffer.from(value))])),
      );
      const value = Buffer.alloc(9);
      value[0] = 0x09;
      value.writeDoubleLE(i * 1.25 + point * 0.01, 1);
      // The time comes last, so that its place is known.
      const sample = delimited(2, Buffer.concat([value, Buffer.from([0x10]), varint(1_700_000_000_000)]));
      const part = delimited(1, Buffer.concat([...labels, sample]));
      parts.push(part);
      length += part.length;
      places.push(length - TIME_BYTES);
    }
  }
  const bytes = Buffer.concat(parts);
  return {
    samples: places.length,
    at(ms) {
      for (const [i, place] of places.entries()) varint(ms + Math.floor(i / series) * 1000).copy(bytes, place);
      return snappy(bytes);
    },
  };
}

/** A time of these decades, as a varint. */
const TIME_BYTES = 6;

function delimited(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([field * 8 + 2]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  bytes.push(left);
  return Buffer.from(bytes);
}

const HASH_BITS = 14;
const LEAST_COPY = 4;
const MOST_COPY = 64;
const FARTHEST = 65_535;

/** A block of snappy: greedy, as those that tools use. */
function snappy(bytes: Buffer): Uint8Array {
  const packed = Buffer.allocUnsafe(bytes.length + (bytes.length >> 4) + 32);
  let to = varint(bytes.length).copy(packed, 0);
  const table = new Int32Array(1 << HASH_BITS).fill(-1);
  let literal = 0;
  let at = 0;
  const flush = (end: number) => {
    while (literal < end) {
      const size = Math.min(end - literal, 65_536);
      packed[to++] = 61 << 2;
      to = packed.writeUInt16LE(size - 1, to);
      to += bytes.copy(packed, to, literal, literal + size);
      literal += size;
    }
  };
  while (at + LEAST_COPY <= bytes.length) {
    const word = bytes.readUInt32LE(at);
    const hash = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS);
    const before = table[hash] as number;
    table[hash] = at;
    if (before < 0 || at - before > FARTHEST || bytes.readUInt32LE(before) !== word) {
      at++;
      continue;
    }
    let size = LEAST_COPY;
    while (size < MOST_COPY && at + size < bytes.length && bytes[before + size] === bytes[at + size]) size++;
    flush(at);
    packed[to++] = ((size - 1) << 2) | 2;
    to = packed.writeUInt16LE(at - before, to);
    at += size;
    literal = at;
  }
  flush(bytes.length);
  return packed.subarray(0, to);
}
