import { parseTopicName } from '@tidewall/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapePart } from './topic-part.ts';

test.each([
  ['cpu', 'cpu'],
  ['system.cpu-load_1:x@y$', 'system.cpu-load_1:x@y$'],
  ['产线', '产线'],
  ['a b', 'a~20b'],
  ['a/b', 'a~2fb'],
  ['a=b,c', 'a~3db~2cc'],
  ['~', '~7e'],
  ['50%', '50~25'],
  ['😀', '~f0~9f~98~80'],
  ['.', '~2e'],
  ['..', '~2e~2e'],
  ['...', '...'],
])('[I1] %j is the part %j', (text, part) => {
  expect(escapePart(text)).toBe(part);
});

test('[I1] every text is a part of a topic name, and different texts are different parts', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), (text) => {
      const part = escapePart(text);
      expect(parseTopicName(`a/${part}/b`.slice(0, 256))).toBeDefined();
      expect(unescaped(part)).toBe(text);
    }),
  );
});

function unescaped(part: string): string {
  const bytes = Buffer.from(part);
  const plain: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0x7e) plain.push(bytes[i] as number);
    else {
      plain.push(Number.parseInt(bytes.toString('latin1', i + 1, i + 3), 16));
      i += 2;
    }
  }
  return Buffer.from(plain).toString();
}
