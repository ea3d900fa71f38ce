import { isAscii, isUtf8 } from 'node:buffer';
import { TidewallError } from '@tidewall/protocol';

export const ENCODINGS = [
  'utf-8',
  'gbk',
  'gb18030',
  'big5',
  'shift_jis',
  'euc-kr',
  'utf-16le',
  'utf-16be',
  'windows-1252',
] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** What files that are no text begin with, and what they are. */
const NO_TEXT: readonly (readonly [bytes: readonly number[], is: string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], 'an Excel workbook or a ZIP archive, and no CSV: save it as CSV'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'an Excel workbook of old, and no CSV: save it as CSV'],
  [[0x1f, 0x8b], 'packed with gzip, and no CSV: unpack it'],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file, and no CSV'],
];
const MARKS: readonly (readonly [bytes: readonly number[], encoding: Encoding])[] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];
const LONGEST_BEGINNING = 4;

export interface TextReaderOptions {
  /** What it is, for sentences. */
  readonly name: string;
  /** `utf-8` when absent. A byte order mark counts more. */
  readonly encoding: Encoding | undefined;
  /** Whether these bytes follow others: then there is no mark, and nothing else to be told by the first ones. */
  readonly goesOn?: boolean;
}

/**
 * The text that bytes say, piece by piece; a byte order mark is none of it.
 *
 * @throws TidewallError source_error naming the encoding when they are no text in it, or what they are in its place
 */
export class TextReader {
  readonly #name: string;
  #encoding: Encoding | undefined;
  #decoder: Decoder | undefined;
  #beginning = Buffer.alloc(0);

  constructor({ name, encoding, goesOn = false }: TextReaderOptions) {
    this.#name = name;
    this.#encoding = encoding;
    if (goesOn) this.#decoder = createDecoder(encoding ?? 'utf-8');
  }

  /** What was found out when something was read. */
  get encoding(): Encoding | undefined {
    return this.#encoding;
  }

  read(bytes: Uint8Array): string {
    if (this.#decoder !== undefined) return this.#decode(this.#decoder, bytes, false);
    this.#beginning = Buffer.concat([this.#beginning, bytes]);
    return this.#beginning.length < LONGEST_BEGINNING ? '' : this.#begin(false);
  }

  /** What is left at the end. */
  end(): string {
    return this.#decoder === undefined ? this.#begin(true) : this.#decode(this.#decoder, Buffer.alloc(0), true);
  }

  #begin(last: boolean): string {
    const bytes = this.#beginning;
    const begins = ([first]: readonly [readonly number[], unknown]) => first.every((byte, i) => bytes[i] === byte);
    const other = NO_TEXT.find(begins);
    if (other !== undefined) throw new TidewallError('source_error', `${this.#name} is ${other[1]}`);
    const mark = MARKS.find(begins);
    const encoding = mark?.[1] ?? this.#encoding ?? 'utf-8';
    this.#encoding = encoding;
    this.#decoder = createDecoder(encoding);
    this.#beginning = Buffer.alloc(0);
    return this.#decode(this.#decoder, bytes.subarray(mark?.[0].length ?? 0), last);
  }

  #decode(decoder: Decoder, bytes: Uint8Array, last: boolean): string {
    let text: string;
    try {
      text = decoder(bytes, last);
    } catch (cause) {
      throw this.#failure(`is not text in ${this.#encoding ?? 'utf-8'}; name its encoding`, cause);
    }
    if (!text.includes('\0')) return text;
    throw this.#failure(`holds characters that are zero, which text does not; if it is UTF-16, name that`);
  }

  #failure(what: string, cause?: unknown): TidewallError {
    return new TidewallError('source_error', `${this.#name} ${what} in the setting "encoding"`, { cause });
  }
}

type Decoder = (bytes: Uint8Array, last: boolean) => string;

function createDecoder(encoding: Encoding): Decoder {
  if (encoding === 'utf-8') return createUtf8Decoder();
  // A mark is passed over where there may be one.
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (bytes, last) => decoder.decode(bytes, { stream: !last });
}

/** Several times faster than `TextDecoder`, which in Node goes a long way for what comes in pieces. */
function createUtf8Decoder(): Decoder {
  let pending = Buffer.alloc(0);
  return (bytes, last) => {
    const whole = pending.length === 0 ? bufferOf(bytes) : Buffer.concat([pending, bytes]);
    const end = last ? whole.length : whole.length - cutOff(whole);
    const text = whole.subarray(0, end);
    pending = Buffer.from(whole.subarray(end));
    if (isAscii(text)) return text.toString('latin1');
    if (!isUtf8(text)) throw new RangeError('no UTF-8');
    return text.toString('utf8');
  };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** How many bytes at the end are the beginning of a character. */
function cutOff(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
