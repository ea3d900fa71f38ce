import { crc32 } from 'node:zlib';

/**
 * A number that is another one when a bit of a row is another one: a database looks at how its pages hang together, and
 * hands out a text of which a disk has turned a bit.
 */
export function checksum(...parts: readonly (string | number)[]): number {
  return crc32(parts.join('\0'));
}
