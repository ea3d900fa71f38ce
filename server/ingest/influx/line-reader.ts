import { isUtf8 } from 'node:buffer';
import type { Field, FieldValue } from '../field.ts';
import type { IngestReader, SampleSink } from '../ingest-definition.ts';
import type { Refusal } from '../refusals.ts';
import { Series } from '../series.ts';
import { BACKSLASH, COMMA, EQUALS, HASH, MINUS, NEWLINE, NINE, QUOTE, RETURN, SPACE, TAB, ZERO } from './bytes.ts';
import { lineEnd } from './line-end.ts';
import { parseBoolean, parseNumber, SHORT_DIGITS, TENTH_POWERS } from './number.ts';
import { parseFieldName, parseSeriesKey } from './series-key.ts';
import { inUnit, type TimeUnit } from './time-unit.ts';

/** What an integer of 64 bits has. */
const MOST_TIME_DIGITS = 19;
/** So much of a line is told when it is refused. */
const SHOWN_BYTES = 60;

/**
 * Lines as InfluxDB 1.x takes them: `cpu,host=a usage=12.5,cores=4i,note="up" 1700000000000000000`. Of a line that it has
 * seen before only the values are read: series and fields are known by the bytes of their names.
 */
export class LineReader implements IngestReader {
  /** Ends with a newline, so that every name and number does. */
  readonly #bytes: Buffer;
  readonly #unit: TimeUnit;
  readonly #textLength: number;
  #at = 0;
  // Of the line that is being read, one for each field: where its name is, its value, and later the field itself.
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #values: FieldValue[] = [];
  readonly #fields: Field[] = [];
  #count = 0;

  constructor(bytes: Buffer, unit: TimeUnit, textLength: number) {
    this.#bytes = bytes.at(-1) === NEWLINE ? bytes : Buffer.concat([bytes, Buffer.from('\n')]);
    this.#unit = unit;
    this.#textLength = textLength;
  }

  read(sink: SampleSink, most: number): boolean {
    const bytes = this.#bytes;
    for (let left = most; left > 0; left--) {
      let at = this.#at;
      while (at < bytes.length && isBlank(bytes[at] as number)) at++;
      if (at >= bytes.length) return false;
      const byte = bytes[at];
      if (byte === NEWLINE) this.#at = at + 1;
      else if (byte === HASH) this.#at = lineEnd(bytes, at) + 1;
      else if (byte === RETURN && bytes[at + 1] === NEWLINE) this.#at = at + 2;
      else {
        sink.next();
        const refusal = this.#readLine(sink, at);
        if (refusal !== undefined) {
          const end = lineEnd(bytes, at);
          this.#at = end + 1;
          sink.refuse(sink.tells ? this.#told(refusal, at, end) : refusal);
        }
      }
    }
    return this.#at < bytes.length;
  }

  /** Reads one line and puts it into the sink, or says why it is none; then nothing is put. */
  #readLine(sink: SampleSink, start: number): Refusal | undefined {
    const keyEnd = this.#endOfKey(start);
    const raw = this.#bytes.toString('latin1', start, keyEnd);
    const known = sink.find(raw);
    // What its key says is looked at first, as InfluxDB does, so that it is what is told.
    const key = known === undefined ? parseSeriesKey(this.#bytes, start, keyEnd) : undefined;
    if (key !== undefined && 'reason' in key) return key;
    this.#at = keyEnd;
    const wrong = this.#readFields();
    if (wrong !== undefined) return wrong;
    const t = this.#readTime(sink.now);
    if (typeof t !== 'number') return t;
    const series = known ?? (key === undefined ? undefined : sink.open(raw, key.name, key.labels));
    if (!(series instanceof Series)) return series;
    for (let i = 0; i < this.#count; i++) {
      const field = this.#fieldOf(sink, series, i);
      if ('reason' in field) return field;
      this.#fields[i] = field;
    }
    sink.take(series, t, this.#fields, this.#values, this.#count);
    return undefined;
  }

  /** The first space that is not escaped, or the end of the line. */
  #endOfKey(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    for (;;) {
      const byte = bytes[at];
      if (byte === SPACE || byte === NEWLINE) return at;
      at++;
      if (byte !== BACKSLASH) continue;
      // Two backslashes are two, yet what follows the second is escaped too, unless it is a newline.
      let slashes = 1;
      for (; bytes[at] === BACKSLASH; at++) slashes++;
      if (bytes[at] !== NEWLINE || slashes % 2 === 1) at++;
      if (at >= bytes.length) return bytes.length - 1;
    }
  }

  /** Reads the values, and where their names are. */
  #readFields(): Refusal | undefined {
    const bytes = this.#bytes;
    let at = this.#at;
    while (isBlank(bytes[at] as number)) at++;
    let count = 0;
    this.#count = 0;
    if (bytes[at] === NEWLINE || bytes[at] === RETURN) return malformed('missing fields');
    for (;;) {
      const nameStart = at;
      for (let byte = bytes[at]; byte !== EQUALS; byte = bytes[++at]) {
        if (byte === COMMA || byte === SPACE || byte === NEWLINE) return malformed('invalid field format');
        if (byte === BACKSLASH && ++at >= bytes.length - 1) return malformed('invalid field format');
      }
      if (at === nameStart) return malformed('missing field key');
      // One that ends so is read in two ways by InfluxDB itself.
      if (bytes[at - 1] === BACKSLASH) return malformed('invalid field format');
      this.#starts[count] = nameStart;
      this.#ends[count] = at;
      this.#at = at + 1;
      const wrong = this.#readValue(count);
      if (wrong !== undefined) return wrong;
      count++;
      at = this.#at;
      const byte = bytes[at];
      if (byte === COMMA) at++;
      else if (byte === SPACE || byte === NEWLINE || byte === RETURN) break;
      else return malformed('invalid field format');
    }
    this.#count = count;
    return undefined;
  }

  /** Reads the value at `#at` and ends behind it. */
  #readValue(index: number): Refusal | undefined {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let byte = bytes[at] as number;
    if (byte === QUOTE) return this.#readText(index);
    // A short number is an exact quotient of two that doubles hold; all others are left to those who know how.
    const negative = byte === MINUS;
    if (negative) byte = bytes[++at] as number;
    let mantissa = 0;
    let digits = 0;
    let decimals = 0;
    for (; byte >= ZERO && byte <= NINE; byte = bytes[++at] as number) {
      mantissa = mantissa * 10 + byte - ZERO;
      digits++;
    }
    const whole = digits;
    if (byte === 0x2e) {
      for (byte = bytes[++at] as number; byte >= ZERO && byte <= NINE; byte = bytes[++at] as number) {
        mantissa = mantissa * 10 + byte - ZERO;
        digits++;
        decimals++;
      }
    } else if (byte === 0x69 && whole > 0) byte = bytes[++at] as number;
    if (digits > 0 && digits <= SHORT_DIGITS && endsValue(byte)) {
      const value = decimals === 0 ? mantissa : mantissa / (TENTH_POWERS[decimals] as number);
      this.#values[index] = negative ? -value : value;
      this.#at = at;
      return undefined;
    }
    return this.#readWord(index, start);
  }

  /** A value that is neither a text nor a short number. */
  #readWord(index: number, start: number): Refusal | undefined {
    const bytes = this.#bytes;
    let at = start;
    while (!endsValue(bytes[at] as number)) at++;
    if (at === start) return malformed('missing field value');
    this.#at = at;
    const word = bytes.toString('latin1', start, at);
    const value = /^[-.\dNn]/.test(word) ? parseNumber(word) : parseBoolean(word);
    if (value === undefined) return malformed(/^[-.\dNn]/.test(word) ? 'invalid number' : 'invalid boolean');
    this.#values[index] = value;
    return undefined;
  }

  #readText(index: number): Refusal | undefined {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    let at = start;
    let escaped = false;
    for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[++at]) {
      if (byte === BACKSLASH) {
        escaped = true;
        at++;
      }
      if (at >= bytes.length) return malformed('unbalanced quotes');
    }
    this.#at = at + 1;
    if (at - start > this.#textLength * 4) return this.#tooLong(at - start);
    const part = bytes.subarray(start, at);
    if (!isUtf8(part)) return { reason: 'not_utf8', message: 'a text is not UTF-8' };
    const text = part.toString();
    const value = escaped ? text.replaceAll(/\\(["\\])/g, '$1') : text;
    if (value.length > this.#textLength) return this.#tooLong(value.length);
    this.#values[index] = value;
    return undefined;
  }

  #tooLong(length: number): Refusal {
    const message = `a text of ${length} characters, at most ${this.#textLength} are taken (ingest.textLength)`;
    return { reason: 'text_length', message };
  }

  /** Reads the time and what is left of the line; ms since 1970. */
  #readTime(now: number): number | Refusal {
    const bytes = this.#bytes;
    let at = this.#at;
    while (isBlank(bytes[at] as number)) at++;
    const start = at;
    const negative = bytes[at] === MINUS;
    if (negative) at++;
    let first = at;
    while (isDigit(bytes[at] as number)) at++;
    const end = at;
    while (bytes[at] === SPACE) at++;
    if (bytes[at] === RETURN) at++;
    if (bytes[at] !== NEWLINE) return malformed('bad timestamp');
    this.#at = at + 1;
    if (end === start) return inUnit(now, this.#unit);
    if (end === first) return malformed('bad timestamp');
    while (first < end - 1 && bytes[first] === ZERO) first++;
    if (end - first > MOST_TIME_DIGITS) return malformed('bad timestamp');
    const { decimals, ms } = this.#unit;
    const whole = Math.max(first, end - decimals);
    const time = digitsAt(bytes, first, whole) * ms + digitsAt(bytes, whole, end) / (TENTH_POWERS[decimals] as number);
    return negative ? -time : time;
  }

  #fieldOf(sink: SampleSink, series: Series, index: number): Field | Refusal {
    const start = this.#starts[index] as number;
    const end = this.#ends[index] as number;
    // Tools send the fields of a series in the same order each time.
    const expected = series.fields[index];
    if (expected !== undefined && this.#isAt(expected.raw, start, end)) return expected;
    const raw = this.#bytes.toString('latin1', start, end);
    const name = parseFieldName(raw);
    return typeof name === 'string' ? sink.field(series, name, raw) : name;
  }

  #isAt(raw: string, start: number, end: number): boolean {
    if (raw.length !== end - start) return false;
    for (let i = 0; i < raw.length; i++) if (raw.charCodeAt(i) !== this.#bytes[start + i]) return false;
    return true;
  }

  /** With the line, as InfluxDB tells it. */
  #told({ reason, message }: Refusal, start: number, end: number): Refusal {
    const cut = end - start > SHOWN_BYTES;
    const line = this.#bytes.toString('utf8', start, cut ? start + SHOWN_BYTES : end);
    return { reason, message: `unable to parse '${line}${cut ? '…' : ''}': ${message}` };
  }
}

function malformed(message: string): Refusal {
  return { reason: 'malformed', message };
}

/** What may stand before a line, and between its parts. */
function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === 0;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function endsValue(byte: number): boolean {
  return byte === COMMA || byte === SPACE || byte === NEWLINE || byte === RETURN;
}

/** The number that digits are; none are 0. */
function digitsAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + (bytes[at] as number) - ZERO;
  return value;
}
