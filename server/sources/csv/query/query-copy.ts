import { createWriteStream, type WriteStream } from 'node:fs';
import type { JsonObject, JsonValue } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import type { Column } from '../row-maker.ts';
import type { DuckdbColumn } from './duckdb-process.ts';

/** So much is written at once. */
const CHUNK_CHARACTERS = 64 * 1024;

/**
 * A copy of rows that a query reads: in UTF-8, checked, with every number, time and null written in one way, whatever the
 * file was like. No query comes near the file itself.
 */
export class QueryCopy {
  readonly #stream: WriteStream;
  readonly #kinds: ColumnKind[] = [];
  #columns: readonly Column[] = [];
  #text = '';
  #failure: Error | undefined;

  /** @param path of a file that is not there yet */
  constructor(path: string) {
    this.#stream = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    this.#stream.on('error', (failure) => {
      this.#failure = failure;
    });
  }

  /** What is written has room again when the promise resolves; undefined when there is room. */
  write(row: JsonObject, columns: readonly Column[]): Promise<void> | undefined {
    if (this.#columns !== columns) this.#begin(columns);
    for (let i = 0; i < columns.length; i++) {
      const value = row[(columns[i] as Column).name] ?? null;
      (this.#kinds[i] as ColumnKind).add(value);
      this.#text += (i === 0 ? '' : ',') + cellOf(value);
    }
    this.#text += '\n';
    return this.#text.length < CHUNK_CHARACTERS ? undefined : this.#flush();
  }

  /** Writes the rest. @returns the columns as a query knows them: names differ in more than case there */
  async end(columns: readonly Column[]): Promise<readonly DuckdbColumn[]> {
    if (this.#columns !== columns) this.#begin(columns);
    await this.#flush();
    await new Promise<void>((resolve) => this.#stream.end(() => resolve()));
    this.#check();
    const names = distinctNames(columns.map(({ name }) => name));
    return names.map((name, i) => ({ name, type: (this.#kinds[i] as ColumnKind).type }));
  }

  close(): void {
    this.#stream.destroy();
  }

  #begin(columns: readonly Column[]): void {
    this.#columns = columns;
    this.#kinds.push(...columns.map((column) => new ColumnKind(column)));
  }

  async #flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    this.#check();
    if (text !== '') await new Promise<void>((resolve) => this.#stream.write(text, () => resolve()));
    this.#check();
  }

  #check(): void {
    if (this.#failure === undefined) return;
    const { code, message } = this.#failure as NodeJS.ErrnoException;
    const why = code === 'ENOSPC' ? 'there is no room on the disk' : message;
    throw new TidewallError('source_error', `the copy that the query reads cannot be written: ${why}`);
  }
}

/** DuckDB's type of a column, by the values that it has. */
class ColumnKind {
  readonly #type: Column['type'];
  #whole = true;
  #dates = true;

  constructor({ type }: Column) {
    this.#type = type;
  }

  add(value: JsonValue): void {
    if (typeof value === 'number') this.#whole &&= Number.isSafeInteger(value);
    else if (typeof value === 'string' && this.#type === 'date-time') this.#dates &&= value.length === DATE_LENGTH;
  }

  get type(): string {
    switch (this.#type) {
      case 'number':
        return this.#whole ? 'BIGINT' : 'DOUBLE';
      case 'boolean':
        return 'BOOLEAN';
      case 'date-time':
        return this.#dates ? 'DATE' : 'TIMESTAMP';
      default:
        return 'VARCHAR';
    }
  }
}

const DATE_LENGTH = '2026-01-02'.length;

function cellOf(value: JsonValue): string {
  if (value === null) return '';
  return typeof value === 'string' ? `"${value.replaceAll('"', '""')}"` : String(value);
}

/** The names, each once whatever the case of its letters: one that is there already gets a number. */
function distinctNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  const own = new Set(names.map((name) => name.toLowerCase()));
  return names.map((name) => {
    let free = name;
    for (let n = 2; taken.has(free.toLowerCase()) || (free !== name && own.has(free.toLowerCase())); n++) {
      free = `${name}_${n}`;
    }
    taken.add(free.toLowerCase());
    return free;
  });
}
