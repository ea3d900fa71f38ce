import { BACKSLASH, COMMA, EQUALS, NEWLINE, QUOTE, SPACE } from './bytes.ts';

/**
 * Where the line that starts at `at` ends: at a newline that is neither escaped nor within a text. The same as InfluxDB
 * finds, also of lines that are none, since what follows them must be read as it reads it.
 */
export function lineEnd(bytes: Uint8Array, at: number): number {
  let inFields = false;
  let quoted = false;
  /** A quote begins a text only where a value may stand. */
  let equals = 0;
  let commas = 0;
  for (let i = at; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === BACKSLASH) i++;
    else if (byte === NEWLINE && !quoted) return i;
    else if (byte === SPACE) inFields = true;
    else if (!inFields) continue;
    else if (byte === QUOTE && equals > commas) quoted = !quoted;
    else if (byte === EQUALS && !quoted) equals++;
    else if (byte === COMMA && !quoted) commas++;
  }
  return bytes.length;
}
