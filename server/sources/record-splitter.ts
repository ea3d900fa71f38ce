/** A record longer than this is a quote that nobody closed, or no line of a table. */
export const MAX_RECORD_CHARACTERS = 64 * 1024;

/** One record, the line that it begins on, and its length in characters. */
export interface CsvRecord {
  readonly cells: readonly string[];
  readonly line: number;
  readonly size: number;
}

/** What is no record: why, as the end of a sentence that begins with its line. */
export interface CsvFault {
  readonly line: number;
  readonly fault: string;
  /** How many cells it had before it went wrong. */
  readonly cellCount: number;
}

export interface RecordSplitterOptions {
  /** One character. */
  readonly delimiter: string;
  /** One character, or none: then a quote is a character like any other. */
  readonly quote: string;
  /** Lines that were read before. */
  readonly line?: number;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const INCOMPLETE = -1;

/**
 * Makes records out of text that comes in pieces (RFC 4180). Lines end with `\n`, `\r\n` or, where the first piece has
 * none of these, `\r`; empty ones are passed over. A quote within a cell that does not begin with one is a character
 * like any other.
 *
 * A record that goes wrong costs its first line alone: what follows that line is read as if nothing had been there.
 */
export class RecordSplitter {
  readonly #delimiter: string;
  readonly #quote: string;
  readonly #quoteCode: number;
  #line: number;
  #lineEnd: string | undefined;
  #text = '';
  /** The next of each in the text, from where it is read on; -2: not looked for yet. */
  #nextDelimiter = -2;
  #nextLineEnd = -2;
  /** What an overlong line still has to come. */
  #skipping = false;
  /** Of the record that is being read. */
  #cells: string[] = [];
  #fault = '';

  constructor({ delimiter, quote, line = 0 }: RecordSplitterOptions) {
    this.#delimiter = delimiter;
    this.#quote = quote;
    this.#quoteCode = quote === '' ? Number.NaN : quote.charCodeAt(0);
    this.#line = line + 1;
  }

  /** The records that this piece ends. */
  push(piece: string): (CsvRecord | CsvFault)[] {
    return this.#read(piece, false);
  }

  /** The last record, when no end of a line ended it. */
  end(): (CsvRecord | CsvFault)[] {
    return this.#read('', true);
  }

  /** The number of lines up to the end of the last record. */
  get line(): number {
    return this.#line - 1;
  }

  /** Whether all that came ends with the end of a record. */
  get isBetweenRecords(): boolean {
    return this.#text === '' && !this.#skipping;
  }

  #read(piece: string, last: boolean): (CsvRecord | CsvFault)[] {
    const found: (CsvRecord | CsvFault)[] = [];
    this.#text = this.#text === '' ? piece : this.#text + piece;
    this.#nextDelimiter = -2;
    this.#nextLineEnd = -2;
    let at = this.#skipping ? this.#skip(0) : 0;
    while (at < this.#text.length) {
      const line = this.#line;
      const end = this.#record(at, last);
      if (end === INCOMPLETE && !last && this.#text.length - at <= MAX_RECORD_CHARACTERS) {
        // Its lines are counted when it is read again.
        this.#line = line;
        break;
      }
      // However the pieces fall: a record that came in one is not longer than one that did not.
      if (end !== INCOMPLETE && end - at <= MAX_RECORD_CHARACTERS) {
        if (this.#cells.length > 1 || this.#cells[0] !== '') found.push({ cells: this.#cells, line, size: end - at });
        at = end;
        continue;
      }
      const fault = this.#fault === '' ? `is longer than ${MAX_RECORD_CHARACTERS} characters` : this.#fault;
      found.push({ line, fault, cellCount: this.#cells.length });
      this.#line = line;
      at = this.#skip(at);
    }
    this.#text = at === 0 ? this.#text : this.#text.slice(at);
    return found;
  }

  /** Behind the end of the line that holds `at`; at the end of the text when that is still to come. */
  #skip(at: number): number {
    const end = this.#findLineEnd(at);
    this.#skipping = end === undefined;
    if (end === undefined) return this.#text.length;
    this.#line += 1;
    return end + 1;
  }

  /** Reads a record. @returns where the next one begins, or `INCOMPLETE`; `#fault` says what is wrong with it */
  #record(from: number, last: boolean): number {
    const text = this.#text;
    const length = text.length;
    this.#cells = [];
    this.#fault = '';
    let at = from;
    for (;;) {
      if (text.charCodeAt(at) === this.#quoteCode) {
        at = this.#quotedCell(at, last);
        if (at === INCOMPLETE) return INCOMPLETE;
        if (at >= length) return last ? length : INCOMPLETE;
        if (text[at] === this.#delimiter) at += 1;
        else return this.#endOfQuoted(at, last);
      } else {
        const delimiter = this.#findDelimiter(at);
        const lineEnd = this.#findLineEnd(at);
        if (delimiter < (lineEnd ?? length)) {
          this.#cells.push(text.slice(at, delimiter));
          at = delimiter + 1;
        } else if (lineEnd === undefined) {
          if (!last) return INCOMPLETE;
          this.#cells.push(withoutReturn(text, at, length));
          return length;
        } else {
          this.#cells.push(withoutReturn(text, at, lineEnd));
          this.#line += 1;
          return lineEnd + 1;
        }
      }
      // A delimiter was the last that there is: an empty cell follows, or more of the text.
      if (at >= length) {
        if (!last) return INCOMPLETE;
        this.#cells.push('');
        return length;
      }
    }
  }

  /** Reads a cell in quotes. @returns the place behind its closing quote, or `INCOMPLETE` */
  #quotedCell(from: number, last: boolean): number {
    const text = this.#text;
    let cell = '';
    let begin = from + 1;
    for (;;) {
      const quote = text.indexOf(this.#quote, begin);
      const isLast = quote === text.length - 1;
      if (quote < 0 || (isLast && !last)) {
        const open = quote < 0 && (last || text.length - from > MAX_RECORD_CHARACTERS);
        if (open) this.#fault = `has a quote in column ${this.#cells.length + 1} that is never closed`;
        return INCOMPLETE;
      }
      const isDoubled = text.charCodeAt(quote + 1) === this.#quoteCode;
      cell += text.slice(begin, isDoubled ? quote + 1 : quote);
      begin = quote + (isDoubled ? 2 : 1);
      if (isDoubled) continue;
      if (cell.includes('\n') || cell.includes('\r')) this.#line += this.#lineEndsIn(cell);
      this.#cells.push(cell);
      return begin;
    }
  }

  /** What follows a closing quote and is no delimiter: the end of the line, or something that must not be there. */
  #endOfQuoted(at: number, last: boolean): number {
    const text = this.#text;
    const end = this.#findLineEnd(at);
    const isReturn = text.charCodeAt(at) === CARRIAGE_RETURN && this.#lineEnd !== '\r';
    if (isReturn && at + 1 === text.length && !last) return INCOMPLETE;
    const place = isReturn ? at + 1 : at;
    if (place === end || (isReturn && place === text.length)) {
      this.#line += 1;
      return Math.min(place + 1, text.length);
    }
    this.#fault = `goes on behind the closing quote in column ${this.#cells.length}`;
    return INCOMPLETE;
  }

  #findDelimiter(from: number): number {
    if (this.#nextDelimiter < from) {
      const found = this.#text.indexOf(this.#delimiter, from);
      this.#nextDelimiter = found < 0 ? Number.POSITIVE_INFINITY : found;
    }
    return this.#nextDelimiter;
  }

  #findLineEnd(from: number): number | undefined {
    if (this.#nextLineEnd < from) {
      this.#lineEnd ??= lineEndOf(this.#text);
      const found = this.#text.indexOf(this.#lineEnd ?? '\n', from);
      this.#nextLineEnd = found < 0 ? Number.POSITIVE_INFINITY : found;
    }
    return this.#nextLineEnd === Number.POSITIVE_INFINITY ? undefined : this.#nextLineEnd;
  }

  #lineEndsIn(cell: string): number {
    const code = this.#lineEnd === '\r' ? CARRIAGE_RETURN : LINE_FEED;
    let count = 0;
    for (let i = 0; i < cell.length; i++) if (cell.charCodeAt(i) === code) count += 1;
    return count;
  }
}

/** What ends lines; undefined while the text tells nothing. */
function lineEndOf(text: string): '\n' | '\r' | undefined {
  if (text.includes('\n')) return '\n';
  const at = text.indexOf('\r');
  return at >= 0 && at < text.length - 1 ? '\r' : undefined;
}

/** The last cell of a line, whose end may have two characters. */
function withoutReturn(text: string, from: number, end: number): string {
  return text.slice(from, end > from && text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end);
}
