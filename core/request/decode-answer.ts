import { TidewallError } from '@tidewall/protocol';

interface WebTextDecoder {
  decode(bytes: Uint8Array): string;
}

// In every place we run in, but in no ECMAScript library file; this is its only door.
const host = globalThis as unknown as {
  readonly TextDecoder: new (encoding: string, options: { readonly fatal: boolean }) => WebTextDecoder;
};

export interface DecodeOptions {
  /** What it is written in; as it says itself, or UTF-8, when undefined. */
  readonly encoding: string | undefined;
  /** What was asked, as sentences name it. */
  readonly place: string;
}

/**
 * The text of an answer, in the encoding that is named, or that it says itself, or UTF-8.
 *
 * @throws TidewallError source_error naming the encoding that it is not in
 */
export function decodeAnswer(bytes: Uint8Array, contentType = '', { encoding: named, place }: DecodeOptions): string {
  const declared = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1];
  const encoding = named ?? declared ?? 'utf-8';
  let decoder: WebTextDecoder;
  try {
    decoder = new host.TextDecoder(encoding, { fatal: true });
  } catch {
    const shown = JSON.stringify(encoding.slice(0, 40));
    throw new TidewallError(
      'source_error',
      `${place} answers in the encoding ${shown}; name the right one in encoding`,
    );
  }
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    const message = `${place} answers with what is no text in ${encoding}; name the right one in encoding`;
    throw new TidewallError('source_error', message, { cause });
  }
}
