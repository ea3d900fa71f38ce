import { createHash, type Hash } from 'node:crypto';
import type { ReadSoFar } from './csv-reader.ts';
import type { CsvVersion } from './csv-version.ts';

/** It tells one file from another; nobody gains by two that have the same. */
const HASH = 'sha1';
/** Bytes before a mark by which a file that only grew is known. */
const TAIL_BYTES = 4 * 1024;
const NO_BYTES = new Uint8Array();

/** A place between two records of a file, and what was before it. */
export interface Mark {
  readonly bytes: number;
  readonly identity: string | undefined;
  /** Of all bytes before it. */
  readonly hash: Hash;
  readonly tail: Uint8Array;
  readonly soFar: ReadSoFar;
}

/** Whether a file is the one that was marked, and as far as its last bytes tell was only written to behind the mark. */
export async function isGrown({ bytes, identity, tail }: Mark, version: CsvVersion): Promise<boolean> {
  if (identity === undefined || identity !== version.identity || (version.sizeBytes ?? 0) < bytes) return false;
  let seen = Buffer.alloc(0);
  for await (const chunk of version.bytes(bytes - tail.length)) {
    seen = Buffer.concat([seen, chunk.subarray(0, tail.length - seen.length)]);
    if (seen.length === tail.length) break;
  }
  return seen.equals(tail);
}

/** What is behind the mark, when every byte before it is what it was; otherwise undefined. */
export async function behind(
  mark: Mark,
  version: CsvVersion,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  if (version.sizeBytes !== undefined && version.sizeBytes < mark.bytes) return undefined;
  const hash = createHash(HASH);
  const chunks = version.bytes(0)[Symbol.asyncIterator]();
  let isSame = false;
  try {
    for (let left = mark.bytes; ; ) {
      const { value, done } = await chunks.next();
      if (signal.aborted || done === true) return undefined;
      const known = value.subarray(0, left);
      hash.update(known);
      left -= known.length;
      if (left > 0) continue;
      isSame = hash.digest().equals(mark.hash.copy().digest());
      return isSame ? following(value.subarray(known.length), chunks) : undefined;
    }
  } finally {
    if (!isSame) await chunks.return?.();
  }
}

async function* following(first: Uint8Array, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    if (first.length > 0) yield first;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  } finally {
    await chunks.return?.();
  }
}

/** What was read of a file, as far as a mark needs it. */
export class ReadBytes {
  readonly #hash: Hash;
  #bytes: number;
  #tail: Uint8Array;

  constructor(since: Mark | undefined) {
    this.#hash = since?.hash.copy() ?? createHash(HASH);
    this.#bytes = since?.bytes ?? 0;
    this.#tail = since?.tail ?? NO_BYTES;
  }

  add(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    const all = bytes.length >= TAIL_BYTES ? bytes : Buffer.concat([this.#tail, bytes]);
    this.#tail = Buffer.from(all.subarray(-TAIL_BYTES));
  }

  mark(identity: string | undefined, soFar: ReadSoFar): Mark {
    return { bytes: this.#bytes, hash: this.#hash.copy(), tail: this.#tail, identity, soFar };
  }
}
