import { ERROR_CODES, type ErrorName, TidewallError } from '@tidewall/protocol';

/** Why a sample is not taken, as metrics count it. */
export type RefusalReason =
  /** It is not what its protocol says that it must be. */
  | 'malformed'
  | 'not_utf8'
  /** A name is empty or too long, or there are too many labels, or one twice. */
  | 'names'
  /** A text is too long. */
  | 'text_length'
  | 'past'
  | 'future'
  /** There are as many series as are allowed. */
  | 'series'
  /** The series has as many fields as are allowed. */
  | 'columns'
  /** The protocol knows it, and it has no form here. */
  | 'unsupported'
  /** What the hub said. */
  | ErrorName;

/** That one sample is not taken. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** Names the place and the value. */
  readonly message: string;
}

/** A refusal of one sample or of several that share their fate. */
export interface NumberedRefusal extends Refusal {
  /** The first of them, in the order of the body, from 1. */
  readonly sample: number;
  readonly samples: number;
}

/** So many are told one by one; of the rest only the number. */
const MOST_TOLD = 10;

/** What was refused of one body. */
export class Refusals {
  /** The first few, in the order in which they were found. */
  readonly told: NumberedRefusal[] = [];
  /** Samples of which nothing was kept. */
  samples = 0;
  readonly #byReason = new Map<RefusalReason, number>();
  #retry: TidewallError | undefined;

  /** @param samples 0: they are in their series, and only their row of the table is not there */
  add(refusal: Refusal, sample: number, samples = 1): void {
    const { reason, message } = refusal;
    this.samples += samples;
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + Math.max(1, samples));
    if (this.tells) this.told.push({ reason, message, sample, samples });
  }

  /** What the hub said to a publication. */
  addFailure(failure: unknown, sample: number, samples: number): void {
    if (!(failure instanceof TidewallError)) throw failure;
    this.add({ reason: failure.kind, message: failure.message }, sample, samples);
    if (ERROR_CODES[failure.kind].retryable) this.#retry ??= failure;
  }

  /** Why the whole body should be sent again later; undefined when that would change nothing. */
  get retry(): TidewallError | undefined {
    return this.#retry;
  }

  /** Whether the next one will be told by itself. */
  get tells(): boolean {
    return this.told.length < MOST_TOLD;
  }

  get none(): boolean {
    return this.#byReason.size === 0;
  }

  get byReason(): ReadonlyMap<RefusalReason, number> {
    return this.#byReason;
  }

  /**
   * All of it in one line: `line 3: missing fields; line 7: … (and 12 more)`.
   *
   * @param unit what a sample is called
   */
  sentence(unit: string): string {
    const told = this.told.map(({ message, sample, samples }) => {
      const place = samples > 1 ? `${unit} ${sample} and ${samples - 1} like it` : `${unit} ${sample}`;
      return `${place}: ${message}`;
    });
    let count = 0;
    for (const each of this.#byReason.values()) count += each;
    const known = this.told.reduce((sum, { samples }) => sum + Math.max(1, samples), 0);
    const more = count > known ? ` (and ${count - known} more)` : '';
    return `${told.join('; ')}${more}`.replaceAll(/[\r\n]+/g, ' ');
  }
}

/** So much of a name or a value that it is known again. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
}
