import type { TidewallError } from '@tidewall/protocol';
import type { z } from 'zod';
import type { Field, FieldValue } from './field.ts';
import type { Label } from './label-set.ts';
import type { Refusal, Refusals } from './refusals.ts';
import type { Series } from './series.ts';
import type { IngestSettings } from './settings.ts';

/** Why a value is null: its sender says that there is none any more, or JSON has no such number. */
export type NulledBy = 'stale' | 'nan' | 'infinite';

/**
 * Where a reader puts the samples that it finds, one after the other: `next`, then one of `take` and `refuse`. What a
 * sample brings is put in whole or not at all.
 */
export interface SampleSink {
  /** The time of samples that have none, ms since 1970. */
  readonly now: number;
  /** Begins a sample. */
  next(): void;
  /** The series that was written like this before. */
  find(raw: string): Series | undefined;
  /**
   * The series of that name and those labels.
   *
   * @param raw how it is written: whatever is the same each time, and differs for each series
   */
  open(raw: string, name: string, labels: readonly Label[]): Series | Refusal;
  /** A field of a series, new or not; `raw` as for `Field.raw`. */
  field(series: Series, name: string, raw: string): Field | Refusal;
  /** Takes the sample: the values of the first `count` fields at `t`, ms since 1970. */
  take(series: Series, t: number, fields: readonly Field[], values: readonly FieldValue[], count: number): void;
  /** Whether what a refusal says will be told: of a body full of them, making sentences would be most of the work. */
  readonly tells: boolean;
  /** Does not take the sample. */
  refuse(refusal: Refusal): void;
  /** Counts a value that is null now. */
  nulled(by: NulledBy): void;
}

/** A body, read piece by piece. */
export interface IngestReader {
  /**
   * Puts the next samples into the sink, about as many as are asked for. False when there are no more.
   */
  read(sink: SampleSink, most: number): boolean;
}

/** What became of a body. */
export interface IngestOutcome {
  /** Samples that were taken. */
  readonly kept: number;
  readonly refusals: Refusals;
}

export interface IngestAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export type ContentEncoding = 'identity' | 'gzip' | 'snappy';

/** A call beside it that its tools make. */
export interface IngestExtra {
  readonly method: 'GET' | 'POST';
  /** Below the path of the definition. */
  readonly path: string;
  readonly summary: string;
  readonly query: z.ZodType;
  /** Whether it has a body: a form, of which the fields stand beside those of the query. */
  readonly takesForm?: boolean;
  readonly answer: { readonly status: number; readonly contentType: string; readonly description: string };
  /** @param fields of the query, and of the form */
  handle(fields: Readonly<Record<string, string>>, version: string): IngestAnswer;
}

/** One protocol in which other people's tools send measurements. */
export interface IngestDefinition {
  /** A part of the names of its topics, and a label of its metrics. */
  readonly kind: string;
  readonly path: string;
  /** Other addresses of the same call, below `path`: for tools that know a base and put the rest behind it themselves. */
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly description: string;
  /** What a sample is called in messages. */
  readonly unit: string;
  /** The first is what the reference names. */
  readonly contentTypes: readonly string[];
  /** Whether a body of any other content type is taken too. */
  readonly anyContentType: boolean;
  readonly encodings: readonly ContentEncoding[];
  /** The parameters that it takes beside `prefix`. */
  readonly query: z.ZodObject;
  /** What `answer` says on success. */
  readonly success: { readonly status: number; readonly contentType: string };
  readonly extras: readonly IngestExtra[];
  /**
   * Reads a body that came whole.
   *
   * @param options what `query` made of the parameters
   * @throws TidewallError when it can be read at no place
   */
  read(body: Buffer, options: unknown, settings: IngestSettings): IngestReader;
  /** What its tools understand as: all of it was taken, or so much. A retry would change nothing. */
  answer(outcome: IngestOutcome): IngestAnswer;
  /** What its tools understand as: nothing was taken, or it should be sent again. @param status the usual one */
  refuse(failure: TidewallError, status: number): IngestAnswer;
}
