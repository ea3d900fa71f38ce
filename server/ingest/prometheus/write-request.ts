import { isUtf8 } from 'node:buffer';
import { TidewallError } from '@tidewall/protocol';
import type { FieldValue } from '../field.ts';
import type { IngestReader, SampleSink } from '../ingest-definition.ts';
import type { Label } from '../label-set.ts';
import type { Refusal } from '../refusals.ts';
import { Series } from '../series.ts';
import { DELIMITED, FIXED64, VARINT, WireReader } from './wire.ts';

/** The one field of a series that Prometheus sends. */
export const FIELD = 'value';
const NAME = '__name__';

// Numbers of the fields in prompb/remote.proto and prompb/types.proto; what is not among them is passed over.
const TIME_SERIES = 1;
const LABELS = 1;
const SAMPLES = 2;
const HISTOGRAMS = 4;
const LABEL_NAME = 1;
const LABEL_VALUE = 2;
const SAMPLE_VALUE = 1;
const SAMPLE_TIMESTAMP = 2;

/** The NaN that says that a series has ended: 0x7ff0000000000002. */
const STALE_HIGH = 0x7ff00000;
const STALE_LOW = 2;

const MALFORMED: Refusal = { reason: 'malformed', message: 'it is broken' };
const HISTOGRAM: Refusal = { reason: 'unsupported', message: 'native histograms are not taken' };

/** The time series of a `WriteRequest` of remote write 1.0. */
export class WriteRequestReader implements IngestReader {
  readonly #wire: WireReader;
  readonly #length: number;
  #at = 0;
  /** Of the series that is being read: where its samples are, in pairs. */
  readonly #samples: number[] = [];
  readonly #values: FieldValue[] = [0];

  /** @throws TidewallError bad_request when it ends before it should: then nothing of it is taken */
  constructor(bytes: Buffer) {
    this.#length = bytes.length;
    this.#wire = new WireReader(bytes);
    const wire = this.#wire;
    while (wire.next()) wire.skip();
    if (wire.broken) throw new TidewallError('bad_request', 'the body is not a WriteRequest, or is cut off');
  }

  read(sink: SampleSink, most: number): boolean {
    const wire = this.#wire;
    for (let left = most; left > 0 && this.#at < this.#length; ) {
      wire.enter(this.#at, this.#length);
      wire.next();
      if (wire.field !== TIME_SERIES || wire.type !== DELIMITED) {
        wire.skip();
        this.#at = wire.at;
        continue;
      }
      this.#at = wire.delimited();
      left -= this.#readSeries(sink, wire.at, this.#at);
    }
    return this.#at < this.#length;
  }

  /** @returns how many samples it has */
  #readSeries(sink: SampleSink, start: number, end: number): number {
    const wire = this.#wire;
    const samples = this.#samples;
    samples.length = 0;
    let histograms = 0;
    // Labels stand beside each other, before the rest; others may write them as they like.
    let raw = '';
    let from = start;
    let labels = true;
    wire.enter(start, end);
    for (let tag = start; wire.next(); tag = wire.at) {
      const isLabel = wire.field === LABELS && wire.type === DELIMITED;
      if (isLabel !== labels) {
        if (labels) raw += wire.bytes.toString('latin1', from, tag);
        else from = tag;
        labels = isLabel;
      }
      if (wire.field === SAMPLES && wire.type === DELIMITED) {
        const until = wire.delimited();
        samples.push(wire.at, until);
        wire.at = until;
        continue;
      }
      if (wire.field === HISTOGRAMS) histograms++;
      wire.skip();
    }
    if (wire.broken) return refuseAll(sink, 1, MALFORMED);
    if (labels) raw += wire.bytes.toString('latin1', from, end);
    if (histograms > 0) refuseAll(sink, histograms, HISTOGRAM);
    const count = samples.length / 2;
    if (count === 0) return histograms;
    const series = sink.find(raw) ?? this.#open(sink, raw);
    if (!(series instanceof Series)) return refuseAll(sink, count, series);
    const field = series.fields[0] ?? sink.field(series, FIELD, FIELD);
    if ('reason' in field) return refuseAll(sink, count, field);
    for (let i = 0; i < samples.length; i += 2) {
      sink.next();
      const t = this.#readSample(sink, samples[i] as number, samples[i + 1] as number);
      if (t === undefined) sink.refuse(MALFORMED);
      else sink.take(series, t, [field], this.#values, 1);
    }
    return count + histograms;
  }

  /** Reads a sample's value, which is what `#values` has then. @returns its time; undefined when it is broken */
  #readSample(sink: SampleSink, start: number, end: number): number | undefined {
    const wire = this.#wire;
    let value: number | null = 0;
    let t = 0;
    wire.enter(start, end);
    while (wire.next()) {
      if (wire.field === SAMPLE_VALUE && wire.type === FIXED64) {
        const { bytes, at } = wire;
        wire.skip();
        if (!wire.broken) value = readValue(sink, bytes, at);
      } else if (wire.field === SAMPLE_TIMESTAMP && wire.type === VARINT) t = wire.int64();
      else wire.skip();
    }
    this.#values[0] = value;
    return wire.broken ? undefined : t;
  }

  /** The series of the labels that were read; what they say is looked at now for the first time. */
  #open(sink: SampleSink, raw: string): Series | Refusal {
    const bytes = Buffer.from(raw, 'latin1');
    const wire = new WireReader(bytes);
    const labels: Label[] = [];
    let metric = '';
    while (wire.next()) {
      const end = wire.delimited();
      const label = readLabel(bytes.subarray(wire.at, end));
      if ('reason' in label) return label;
      wire.at = end;
      if (label.name === NAME) metric = label.value;
      // An empty label is the same as none.
      else if (label.value !== '') labels.push(label);
    }
    return wire.broken ? MALFORMED : sink.open(raw, metric, labels);
  }
}

function readLabel(bytes: Buffer): Label | Refusal {
  const wire = new WireReader(bytes);
  let name = '';
  let value = '';
  while (wire.next()) {
    if (wire.type !== DELIMITED) {
      wire.skip();
      continue;
    }
    const end = wire.delimited();
    const text = bytes.subarray(wire.at, end);
    wire.at = end;
    if (!isUtf8(text)) return { reason: 'not_utf8', message: 'a label is not UTF-8' };
    if (wire.field === LABEL_NAME) name = text.toString();
    else if (wire.field === LABEL_VALUE) value = text.toString();
  }
  return wire.broken ? MALFORMED : { name, value };
}

function refuseAll(sink: SampleSink, count: number, refusal: Refusal): number {
  for (let i = 0; i < count; i++) {
    sink.next();
    sink.refuse(refusal);
  }
  return count;
}

/** A double, null where JSON has none. */
function readValue(sink: SampleSink, bytes: Buffer, at: number): number | null {
  const value = bytes.readDoubleLE(at);
  if (Number.isFinite(value)) return value;
  // Read as whole numbers: a NaN that was a double may be any other one afterwards.
  const stale = bytes.readUInt32LE(at) === STALE_LOW && bytes.readUInt32LE(at + 4) === STALE_HIGH;
  sink.nulled(stale ? 'stale' : Number.isNaN(value) ? 'nan' : 'infinite');
  return null;
}
