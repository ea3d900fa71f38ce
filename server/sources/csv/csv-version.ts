import type { Encoding } from './decode-text.ts';

/** One content of a file, wherever it is. */
export interface CsvVersion {
  /** What it is called in sentences. */
  readonly name: string;
  /** How many bytes there are; undefined when that shows at their end. */
  readonly sizeBytes: number | undefined;
  /** Its encoding, when whoever gave it says. */
  readonly encoding?: Encoding | undefined;
  /** Tells the file from others of the same place: what has the same was only written to, if at all. */
  readonly identity: string | undefined;
  /** False: somebody still writes to it, and its last line may be half of one. */
  readonly settled: boolean;
  /** The bytes from there on, each chunk good until the next one is asked for. Asks anew each time. */
  bytes(from: number): AsyncIterable<Uint8Array>;
  /** Whether it is no longer what it was. */
  hasChanged(): Promise<boolean>;
}
