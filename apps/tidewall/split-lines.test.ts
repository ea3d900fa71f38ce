import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_LINE_CHARACTERS, splitLines } from './split-lines.ts';

async function linesIn(pieces: readonly string[]): Promise<(string | undefined)[]> {
  const lines: (string | undefined)[] = [];
  const source = (async function* () {
    yield* pieces;
  })();
  for await (const line of splitLines(source)) lines.push(line);
  return lines;
}

test('lines do not depend on how the text is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('a', 'b\n', '\r\n', '\n', '一'), { maxLength: 30 }), async (pieces) => {
      const whole = pieces.join('');
      const expected = whole.split('\n').map((line) => line.replace(/\r$/, ''));
      if (expected.at(-1) === '') expected.pop();
      expect(await linesIn(pieces)).toEqual(expected);
    }),
  );
});

test('a line that is too long is given up, and the next is not', async () => {
  const long = 'x'.repeat(MAX_LINE_CHARACTERS);
  expect(await linesIn(['a\n', long, long, 'y\nb\n'])).toEqual(['a', undefined, 'b']);
  expect(await linesIn([long, 'x'])).toEqual([undefined]);
});
