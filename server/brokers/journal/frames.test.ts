import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ByteReader, encodeFrame, type Piece, readFrames } from './frames.ts';

/** A file in memory that gives back few bytes at a time, as a file system may. */
function fileOf(bytes: Buffer, most = 1000): ByteReader {
  return {
    async read(buffer, offset, length, position) {
      const end = Math.min(bytes.length, position + Math.min(length, most));
      return { bytesRead: position >= bytes.length ? 0 : bytes.copy(buffer, offset, position, end) };
    },
  };
}

async function piecesOf(bytes: Buffer): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for await (const piece of readFrames(fileOf(bytes), bytes.length)) pieces.push(piece);
  return pieces;
}

const textsOf = (pieces: readonly Piece[]) =>
  pieces.flatMap((piece) => (piece.type === 'frame' ? [piece.lines.toString()] : []));

const texts = [
  'p 1 1 {"a":"ü=\\n"}\np 1 2 []\n',
  'x\n',
  `${'=0000002f 8a3b91c4 '.repeat(20)}\n`,
  `${'y'.repeat(5000)}\n`,
];
const frames = texts.map(encodeFrame);
const file = Buffer.concat(frames);

test('what was written is read, whatever its length', async () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 3000 }).map((text) => `${JSON.stringify(text)}\n`);
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 20 }), async (lines) => {
      expect(textsOf(await piecesOf(Buffer.concat(lines.map(encodeFrame))))).toEqual(lines);
    }),
    { numRuns: 50 },
  );
});

test('a file that ends anywhere in a frame has all frames before it, and a torn rest', async () => {
  let start = 0;
  for (const [index, frame] of frames.entries()) {
    for (let end = start + 1; end < start + frame.length; end += index === 3 ? 97 : 1) {
      const pieces = await piecesOf(file.subarray(0, end));
      expect(textsOf(pieces)).toEqual(texts.slice(0, index));
      expect(pieces.at(-1)).toEqual({ type: 'torn', at: start, bytes: end - start });
    }
    start += frame.length;
  }
});

test('a changed byte costs its own frame, is told with its place, and never counts as torn', async () => {
  for (let at = 0; at < file.length; at += at < 600 || at > file.length - 9 ? 1 : 97) {
    const changed = Buffer.from(file);
    changed[at] = (changed[at] as number) ^ 0x04;
    const pieces = await piecesOf(changed);
    let start = 0;
    const hit = frames.findIndex((frame) => {
      start += frame.length;
      return at < start;
    });
    start -= frames[hit]?.length ?? 0;
    expect(textsOf(pieces)).toEqual(texts.filter((_, index) => index !== hit));
    expect(pieces.filter(({ type }) => type === 'damage')).toEqual([
      { type: 'damage', at: start, bytes: frames[hit]?.length },
    ]);
    expect(pieces.some(({ type }) => type === 'torn')).toBe(false);
  }
});

test('a length that is damaged asks for no more memory than the file has', async () => {
  const changed = Buffer.from(file);
  changed.write('ffffffff', 1, 'latin1');
  expect(textsOf(await piecesOf(changed))).toEqual(texts.slice(1));
});
