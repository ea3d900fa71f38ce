import type { JsonObject } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { columnNames, MAX_COLUMNS } from '../column-names.ts';
import { type CsvFault, type CsvRecord, RecordSplitter } from '../record-splitter.ts';
import { CellFormat } from './cell-format.ts';
import { ColumnGuess } from './column-guess.ts';
import type { CsvForm, RowUse } from './csv-form.ts';
import { type Encoding, TextReader } from './decode-text.ts';
import { NullTally } from './null-tally.ts';
import { type Column, createPointMaker, createRowMaker, type MakeRow } from './row-maker.ts';
import { SNIFFED_CHARACTERS, sniffDelimiter } from './sniff-delimiter.ts';
import { timeColumnOf } from './time-column.ts';
import { typedColumn } from './typed-column.ts';

/** What is known of a file behind the rows that were read: enough to go on with more of it. */
export interface ReadSoFar {
  readonly encoding: Encoding;
  readonly delimiter: string;
  readonly columns: readonly Column[];
  readonly line: number;
}

export interface CsvReaderOptions {
  /** What is read, for sentences. */
  readonly name: string;
  readonly form: CsvForm;
  readonly use: RowUse;
  /** Types are found out from so many rows, or from all of them when absent. */
  readonly sampleRows?: number;
  /** Present: what comes goes on where that ended. */
  readonly since?: ReadSoFar | undefined;
  /** Largest row, in bytes of JSON. */
  readonly rowBytes: number;
  /** Gets the line of each row. */
  readonly lines?: number[];
  refused(reason: string): void;
}

/**
 * Makes rows of the bytes of a CSV file, piece by piece. What is no row is refused by its line, and the rest goes on.
 *
 * @throws TidewallError source_error naming the file: bytes that are no text, too many columns, a column of the
 *   configuration that it lacks
 */
export class CsvReader {
  readonly #options: CsvReaderOptions;
  readonly #format: CellFormat;
  readonly #text: TextReader;
  readonly #tally: NullTally;
  /** Text that the delimiter is still to be found out from. */
  #beginning = '';
  #delimiter: string | undefined;
  #splitter: RecordSplitter | undefined;
  #names: readonly string[] | undefined;
  /** Rows that types are found out from. */
  #sample: CsvRecord[] = [];
  #guesses: readonly ColumnGuess[] = [];
  #columns: readonly Column[] | undefined;
  #makeRow: MakeRow | undefined;
  #namesBytes = 0;

  constructor(options: CsvReaderOptions) {
    const { name, form, since } = options;
    this.#options = options;
    this.#format = new CellFormat(form);
    this.#tally = new NullTally();
    this.#text = new TextReader({ name, encoding: since?.encoding ?? form.encoding, goesOn: since !== undefined });
    if (since !== undefined) this.#goOn(since);
  }

  /**
   * The rows that these bytes end, made one by one while they are taken; undefined for each record that makes none, or
   * waits for the sample to be whole.
   */
  push(bytes: Uint8Array): Generator<JsonObject | undefined, void> {
    return this.#rows(this.#text.read(bytes), false);
  }

  /** The rest of the rows. Tells of cells that have become null. */
  *end(): Generator<JsonObject | undefined, void> {
    yield* this.#rows(this.#text.end(), true);
    yield* this.release();
  }

  /** The rows that wait for the sample to be whole, which ends with them. Tells of cells that have become null. */
  *release(): Generator<JsonObject | undefined, void> {
    if (this.#splitter === undefined) yield* this.#rows('', true);
    // Columns of which nothing is known yet are found out when there is a row.
    const isKnown = this.#sample.length > 0 || this.#options.use === 'query';
    if (this.#makeRow === undefined && this.#names !== undefined && isKnown) yield* this.#endSample();
    for (const sentence of this.#tally.sentences()) this.#options.refused(sentence);
  }

  /** Rows that wait for the end of the sample. */
  get held(): number {
    return this.#sample.length;
  }

  /** What to go on with; undefined while there was not even a header. */
  get soFar(): ReadSoFar | undefined {
    const [delimiter, columns] = [this.#delimiter, this.#columns];
    if (delimiter === undefined || columns === undefined) return undefined;
    return { delimiter, columns, encoding: this.#text.encoding ?? 'utf-8', line: this.#splitter?.line ?? 0 };
  }

  /** Whether all that came are whole records, and their rows were made: a place to go on from. */
  get isBetweenRecords(): boolean {
    return this.#makeRow !== undefined && this.#beginning === '' && this.#splitter?.isBetweenRecords === true;
  }

  /** No point is larger, in bytes of JSON. */
  get mostPointBytes(): number {
    return this.#namesBytes;
  }

  /** Its columns with their types; none before the sample is whole. */
  get columns(): readonly Column[] {
    return this.#columns ?? [];
  }

  #goOn({ delimiter, columns, line }: ReadSoFar): void {
    const { quote } = this.#options.form;
    this.#delimiter = delimiter;
    this.#splitter = new RecordSplitter({ delimiter, quote, line });
    this.#names = columns.map(({ name }) => name);
    this.#settle(columns);
  }

  *#rows(text: string, last: boolean): Generator<JsonObject | undefined, void> {
    for (const record of this.#records(text, last)) {
      if (this.#takeHeader(record)) continue;
      if ('fault' in record) this.#options.refused(`line ${record.line} ${record.fault}`);
      else if (record.cells.length !== this.#names?.length) this.#options.refused(this.#miscounted(record));
      else if (this.#makeRow !== undefined) {
        yield this.#make(record, this.#makeRow);
        continue;
      } else this.#hold(record);
      yield undefined;
      if (this.#sample.length === this.#options.sampleRows) yield* this.#endSample();
    }
  }

  #records(text: string, last: boolean): readonly (CsvRecord | CsvFault)[] {
    if (this.#splitter === undefined) {
      this.#beginning += text;
      this.#splitter = this.#start(last);
      if (this.#splitter === undefined) return [];
    }
    const piece = this.#beginning === '' ? text : this.#beginning;
    this.#beginning = '';
    const records = this.#splitter.push(piece);
    return last ? [...records, ...this.#splitter.end()] : records;
  }

  /** The splitter, once there is enough text to find the delimiter out. */
  #start(last: boolean): RecordSplitter | undefined {
    const { delimiter, quote, decimal } = this.#options.form;
    if (delimiter === 'auto' && !last && this.#beginning.length < SNIFFED_CHARACTERS) return undefined;
    this.#delimiter = delimiter === 'auto' ? sniffDelimiter(this.#beginning, quote, decimal) : delimiter;
    return new RecordSplitter({ delimiter: this.#delimiter, quote });
  }

  /** Takes the names of the columns from the first record. @returns whether that was all there is in it */
  #takeHeader(record: CsvRecord | CsvFault): boolean {
    if (this.#names !== undefined) return false;
    this.#names = this.#nameColumns(record);
    this.#guesses = this.#names.map(() => new ColumnGuess(this.#format));
    return this.#options.form.header;
  }

  #hold(record: CsvRecord): void {
    this.#sample.push(record);
    for (let i = 0; i < record.cells.length; i++) this.#guesses[i]?.add(record.cells[i] as string);
  }

  #make(record: CsvRecord, makeRow: MakeRow): JsonObject | undefined {
    const row = makeRow(record);
    if (row === undefined) return undefined;
    const { rowBytes, lines } = this.#options;
    // Written as JSON no character takes more than six bytes.
    const most = 6 * record.size + this.#namesBytes;
    if (most > rowBytes && Buffer.byteLength(JSON.stringify(row)) + 2 > rowBytes) {
      this.#options.refused(`line ${record.line} makes a row of more than ${rowBytes} bytes`);
      return undefined;
    }
    lines?.push(record.line);
    return row;
  }

  #nameColumns(record: CsvRecord | CsvFault): readonly string[] {
    const { header, types, dates, timeField } = this.#options.form;
    const count = 'fault' in record ? record.cellCount : record.cells.length;
    if (count > MAX_COLUMNS) {
      const many = 'fault' in record ? `more than ${count}` : count;
      throw this.#failure(`has ${many} columns, at most ${MAX_COLUMNS} are read`);
    }
    if ('fault' in record) throw this.#failure(`cannot be read: line ${record.line} ${record.fault}`);
    const names = columnNames(header ? record.cells : record.cells.map(() => ''));
    for (const name of [
      ...(timeField === undefined ? [] : [timeField]),
      ...Object.keys(types),
      ...Object.keys(dates),
    ]) {
      if (names.includes(name)) continue;
      throw this.#failure(`has no column "${name}", it has ${names.slice(0, 20).join(', ')}`);
    }
    return names;
  }

  *#endSample(): Generator<JsonObject | undefined, void> {
    const { form, use } = this.#options;
    const names = this.#names ?? [];
    const makeRow = this.#settle(names.map((name, index) => typedColumn(name, this.#guesses[index], form, use)));
    const sample = this.#sample;
    this.#sample = [];
    this.#guesses = [];
    for (const record of sample) yield this.#make(record, makeRow);
  }

  #settle(columns: readonly Column[]): MakeRow {
    const { form, use } = this.#options;
    const events = {
      refused: (reason: string) => this.#options.refused(reason),
      nulled: this.#tally.add.bind(this.#tally),
    };
    const shared = { columns, format: this.#format, events };
    const time = timeColumnOf(columns, form, use, (what) => this.#failure(what));
    this.#columns = columns;
    // Of each: quotes, a colon, a comma, and a number, which may be longer than its cell.
    this.#namesBytes = 2 + columns.reduce((bytes, { name }) => bytes + 6 * name.length + 28, 0);
    this.#makeRow =
      use === 'series' && time !== undefined
        ? createPointMaker({ ...shared, time })
        : createRowMaker({
            ...shared,
            time: use === 'log' ? time : undefined,
            lenient: use === 'log',
            wall: use === 'query',
          });
    return this.#makeRow;
  }

  #miscounted({ cells, line }: CsvRecord): string {
    const names = this.#names ?? [];
    const has = cells.length === 1 ? '1 cell' : `${cells.length} cells`;
    const where = this.#options.form.header ? 'the header has' : 'the first line has';
    const missing = cells.length < names.length ? `: none for column "${names[cells.length]}"` : '';
    return `line ${line} has ${has} where ${where} ${names.length}${missing}`;
  }

  #failure(what: string): TidewallError {
    return new TidewallError('source_error', `${this.#options.name} ${what}`);
  }
}
