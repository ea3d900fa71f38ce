import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter, MAX_LINE_BYTES } from './line-splitter.ts';

function split(chunks: readonly Buffer[]): { lines: string[]; overlong: number } {
  let overlong = 0;
  const splitter = new LineSplitter(() => {
    overlong += 1;
  });
  const lines = chunks.flatMap((chunk) => [...splitter.push(chunk)]);
  lines.push(...splitter.end());
  return { lines, overlong };
}

const cut = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const chunks: Buffer[] = [];
  let from = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(from, from + size));
    from += size;
  }
  return [...chunks, bytes.subarray(from)];
};

describe('lines', () => {
  it('are the same wherever the chunks are cut, in the middle of a character too', () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ''));
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('\n', '\r\n'), fc.array(fc.nat({ max: 9 })), (lines, end, sizes) => {
        const bytes = Buffer.from(lines.map((text) => text + end).join(''));
        expect(split(cut(bytes, sizes)).lines).toEqual(lines);
      }),
    );
  });

  it('end with the output when nothing ends the last one', () => {
    expect(split([Buffer.from('a\nb')]).lines).toEqual(['a', 'b']);
    expect(split([Buffer.from('a\n')]).lines).toEqual(['a']);
    expect(split([Buffer.from('\n\na')]).lines).toEqual(['', '', 'a']);
    expect(split([]).lines).toEqual([]);
  });

  it('that are too long are told once each and passed over to their end', () => {
    const long = 'x'.repeat(MAX_LINE_BYTES + 1);
    const longest = 'y'.repeat(MAX_LINE_BYTES);
    const bytes = Buffer.from(`a\n${long}\nb\n${longest}\r\n${long}${long}${long}\nc\n${long}`);
    for (const size of [bytes.length, 1_000, 65_536]) {
      const sizes = Array.from({ length: Math.floor(bytes.length / size) }, () => size);
      expect(split(cut(bytes, sizes))).toEqual({ lines: ['a', 'b', longest, 'c'], overlong: 3 });
    }
  });
});
