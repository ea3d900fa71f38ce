import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '@tidewall/base';
import type { Sink, SourceContext } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { rowsOfAnswer } from '../../sql/rows-of-answer.ts';
import { bindStatement } from '../../sql/statement/bind-statement.ts';
import { parseStatement } from '../../sql/statement/parse-statement.ts';
import { TimeZone } from '../../sql/values/time-zone.ts';
import { Turns } from '../../turns.ts';
import { isoText, isoTime } from '../../wall-time.ts';
import type { CsvConfig } from '../config.ts';
import { CsvReader } from '../csv-reader.ts';
import type { CsvVersion } from '../csv-version.ts';
import { refuseLarge } from '../refuse-large.ts';
import { SAMPLE_ROWS } from '../row-stream.ts';
import { makeCopyFolder, removeLeftCopies } from './copy-folder.ts';
import { askDuckdb, type DuckdbAnswer, type DuckdbColumn, type DuckdbQuestion } from './duckdb-process.ts';
import { DUCKDB_SYNTAX } from './duckdb-syntax.ts';
import { QueryCopy } from './query-copy.ts';

/** Memory of a question, and what it may put on the disk in its place. */
const MEMORY_MB = 512;
const DISK_MB = 4 * 1024;
/** Bytes of an answer. */
const ANSWER_BYTES = 16 * 1024 * 1024;
/** A row of a file may be so long, as JSON; its copy is none. */
const ROW_BYTES = 1024 * 1024;
const VERSION = '1.5.6-r.1';

export interface FileQueryOptions {
  readonly sql: string;
  readonly config: CsvConfig;
  readonly context: Pick<SourceContext, 'clock' | 'params'>;
}

/**
 * A question to the rows of a file. Each time it is asked, the file is read as without a question, into a copy that is
 * the only thing that DuckDB can reach, in a process that can be ended; both are gone when there is an answer.
 */
export class FileQuery {
  readonly #options: FileQueryOptions;
  readonly #statement: ReturnType<typeof bindStatement>;
  readonly #zone: TimeZone;
  #hasCleaned = false;

  /** @throws TidewallError bad_request when the question has a parameter that there is no value for */
  constructor(options: FileQueryOptions) {
    this.#options = options;
    const { sql, config, context } = options;
    this.#zone = new TimeZone(config.timezone ?? 'UTC');
    const given = new Map(Object.entries(context.params).map(([name, value]) => [name, { value }]));
    try {
      this.#statement = bindStatement(parseStatement(sql, DUCKDB_SYNTAX), DUCKDB_SYNTAX, given);
    } catch (cause) {
      throw new TidewallError('bad_request', `sql ${(cause as Error).message}`, { cause });
    }
  }

  /**
   * The rows of the answer; undefined when `signal` aborts, or the file has changed meanwhile.
   *
   * @throws TidewallError source_error naming what is wrong with the file, the question or the answer
   */
  async ask(version: CsvVersion, sink: Sink, signal: AbortSignal): Promise<readonly JsonObject[] | undefined> {
    refuseLarge(version, this.#options.config);
    if (!this.#hasCleaned) {
      this.#hasCleaned = true;
      await removeLeftCopies(tmpdir());
    }
    const folder = await makeCopyFolder(tmpdir());
    try {
      const path = join(folder, 'rows.csv');
      const spillFolder = join(folder, 'spill');
      await mkdir(spillFolder);
      const columns = await this.#copy(version, path, sink, signal);
      // What never stands still is taken as it was; otherwise this may be half of the old and half of the new.
      if (signal.aborted || (version.settled && (await version.hasChanged()))) return undefined;
      const answer = await this.#answer({ spillFolder, path, columns }, signal);
      return answer === undefined || signal.aborted ? undefined : await this.#rows(answer, sink);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #copy(version: CsvVersion, path: string, sink: Sink, signal: AbortSignal): Promise<readonly DuckdbColumn[]> {
    const { config, context } = this.#options;
    const { name } = version;
    const reader = new CsvReader({
      // Its timeField is one of the answer.
      ...{ name, form: { ...config, encoding: config.encoding ?? version.encoding, timeField: undefined } },
      ...{ use: 'query', sampleRows: SAMPLE_ROWS, rowBytes: ROW_BYTES },
      refused: (reason) => sink.refused(reason),
    });
    const copy = new QueryCopy(path);
    const turns = new Turns(context.clock);
    const take = async (rows: Iterable<JsonObject | undefined>) => {
      for (const row of rows) {
        const room = row === undefined ? undefined : copy.write(row, reader.columns);
        if (room !== undefined) await room;
        const turn = turns.step();
        if (turn !== undefined) await turn;
        if (signal.aborted) return;
      }
    };
    try {
      for await (const bytes of version.bytes(0)) {
        await take(reader.push(bytes));
        if (signal.aborted) return [];
      }
      await take(reader.end());
      if (signal.aborted) return [];
      if (reader.columns.length > 0) return await copy.end(reader.columns);
    } finally {
      copy.close();
    }
    throw new TidewallError('source_error', `${name} is empty: it has no header, so that sql has no columns`);
  }

  async #answer(
    place: Pick<DuckdbQuestion, 'spillFolder' | 'path' | 'columns'>,
    signal: AbortSignal,
  ): Promise<Extract<DuckdbAnswer, { columns: unknown }> | undefined> {
    const { config, context } = this.#options;
    const { maxRows, timeoutMs } = config;
    const answer = await askDuckdb(
      {
        ...{ ...place, text: this.#statement.text, values: this.#statement.values },
        limits: { rows: maxRows, bytes: ANSWER_BYTES, memoryMb: MEMORY_MB, diskMb: DISK_MB },
      },
      { clock: context.clock, timeoutMs, signal },
    );
    if ('columns' in answer) return answer;
    if (answer.failed === 'aborted') return undefined;
    throw new TidewallError('source_error', sentenceOf(answer, config));
  }

  async #rows(
    { columns, rows, lost }: Extract<DuckdbAnswer, { columns: unknown }>,
    sink: Sink,
  ): Promise<readonly JsonObject[]> {
    const { config, context } = this.#options;
    const cells = lost === 1 ? '1 value of the answer is' : `${lost} values of the answer are`;
    if (lost > 0) sink.refused(`${cells} NaN or infinite, and null here`);
    const isSeries = config.topicKind === 'series';
    const t = columns.some(({ name }) => name === 't') ? 't' : undefined;
    const made = await rowsOfAnswer(
      { columns: columns.map(({ name, type }) => ({ name, read: this.#reader(type) })), rows },
      {
        clock: context.clock,
        zone: this.#zone,
        timeField: config.topicKind === 'log' ? config.timeField : isSeries ? (config.timeField ?? t) : undefined,
        refused: (reason) => sink.refused(reason),
      },
    );
    return made.map(({ row }) => row);
  }

  /** Times are of the configuration's zone; where it names none, they stay without one. */
  #reader(type: string): (value: unknown) => JsonValue {
    if (type !== 'TIMESTAMP') return (value) => value as JsonValue;
    const isZoned = this.#options.config.timezone !== undefined;
    return (value) => {
      const time = isoTime(String(value));
      if (time === undefined) return null;
      if (!isZoned) return isoText(time);
      const instant = this.#zone.instantOf(time.wallMs);
      const wallMs = this.#zone.localOf(instant);
      return isoText({ wallMs, offsetMinutes: (wallMs - instant) / 60_000, isDate: false });
    };
  }
}

function sentenceOf(
  answer: Exclude<DuckdbAnswer, { columns: unknown }>,
  { maxRows, timeoutMs }: Pick<CsvConfig, 'maxRows' | 'timeoutMs'>,
): string {
  switch (answer.failed) {
    case 'library':
      return `sql needs DuckDB, and ${answer.message}: npm install @duckdb/node-api@${VERSION} where the server is`;
    case 'duckdb':
      // What follows shows the statement with a mark under the place.
      return `sql is refused by DuckDB: ${answer.message.split('\n\n')[0]?.replace(/^Failed to \w+ \w+: /, '')}`;
    case 'statements':
      return 'sql must be one statement';
    case 'no question':
      return 'sql must be a SELECT';
    case 'rows':
      return `the answer has more than ${maxRows} rows, the most that are held (maxRows)`;
    case 'bytes':
      return `the answer has more than ${ANSWER_BYTES} bytes; ask for less, or for sums`;
    case 'ended':
      return 'DuckDB ended while it answered sql; did it have too little memory?';
    case 'late':
      return `there was no answer to sql within ${timeoutMs} ms (timeoutMs)`;
    default:
      return 'sql was stopped';
  }
}
