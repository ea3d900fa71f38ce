import type { Clock, JsonValue } from '@tidewall/base';
import { dataAt, decodeAnswer, jsonLines, readJson } from '@tidewall/request';
import { Turns } from '../turns.ts';
import type { HttpConfig } from './config.ts';
import { readCsv } from './read-csv.ts';

export interface ReadAnswerOptions {
  readonly config: Pick<HttpConfig, 'format' | 'path' | 'encoding' | 'delimiter'>;
  readonly clock: Clock;
  /** What was asked, as sentences name it. */
  readonly place: string;
  refused(reason: string): void;
}

/** What an answer says. */
export interface Reading {
  /** What stands where the rows are. */
  readonly data: JsonValue;
  /** All of it, where it is JSON. */
  readonly whole: JsonValue | undefined;
}

/**
 * Reads the body of an answer. Of rows in lines, one that cannot be read is refused, and the others go on.
 *
 * @throws TidewallError source_error naming what was asked, and what its answer is in place of what it should be
 */
export async function readAnswer(
  bytes: Uint8Array,
  contentType: string | undefined,
  options: ReadAnswerOptions,
): Promise<Reading> {
  const { config, place } = options;
  const text = decodeAnswer(bytes, contentType, { encoding: config.encoding, place });
  switch (config.format) {
    case 'text':
      return { data: text, whole: undefined };
    case 'csv':
      return { data: await readCsv(text, options), whole: undefined };
    case 'ndjson':
      return { data: await readLines(text, options), whole: undefined };
    case 'json': {
      const whole = readJson(text, contentType, place);
      return { data: dataAt(whole, config.path, place), whole };
    }
  }
}

async function readLines(text: string, { clock, refused }: ReadAnswerOptions): Promise<JsonValue[]> {
  const turns = new Turns(clock);
  const rows: JsonValue[] = [];
  for (const row of jsonLines(text, refused)) {
    if (row !== undefined) rows.push(row);
    await turns.step();
  }
  return rows;
}
