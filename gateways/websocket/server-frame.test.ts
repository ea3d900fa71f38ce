import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import type { Push } from '@tidewall/contracts';
import { describe, expect, test } from 'vitest';
import { inflateMessage } from './deflate.ts';
import { createTextEncoding, deflatedTextFrame, textFrame } from './server-frame.ts';

// ws exports it, and its types do not say so.
const { Receiver } = createRequire(import.meta.url)('ws') as { Receiver: new (options: object) => Writable };

/** What another implementation of RFC 6455 reads in these bytes. */
function read(bytes: Uint8Array): string[] {
  const texts: string[] = [];
  const receiver = new Receiver({ isServer: false });
  receiver.on('message', (data: Buffer) => texts.push(data.toString()));
  receiver.on('error', (error: Error) => {
    throw error;
  });
  receiver.write(Buffer.from(bytes));
  return texts;
}

const entry = (offset: number, json: string): Push => ({
  type: 'value',
  view: 1,
  topic: 'a' as Push['topic'],
  kind: 'log',
  offset,
  at: 1,
  n: 1,
  json,
  reset: false,
});

describe('a text frame', () => {
  test.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])('of %d bytes is read as it was written', (bytes) => {
    const text = 'x'.repeat(bytes);
    const frame = textFrame(text);
    expect(read(frame)).toEqual([text]);
    expect(frame.length - bytes).toBe(bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10);
  });

  test.each([42, 43, 21_845, 21_846])('counts bytes, not characters: %d of three bytes', (characters) => {
    const text = '潮'.repeat(characters);
    expect(read(textFrame(text))).toEqual([text]);
  });

  test('half a surrogate pair becomes a replacement character, and the frame stays whole', () => {
    expect(read(textFrame('a\ud800b'))).toEqual(['a\ufffdb']);
  });
});

describe('a compressed text frame', () => {
  test.each([1008, 70_000, 300_000])('of %d bytes says so in its first bit, and is shorter', (bytes) => {
    const text = 'abc"1234'.repeat(bytes / 8);
    const frame = deflatedTextFrame(text, 1000);
    expect(frame.length).toBeLessThan(text.length / 4);
    const start = frame[1] === 127 ? 10 : frame[1] === 126 ? 4 : 2;
    expect(frame[0]).toBe(0xc1);
    expect(inflateMessage(frame.subarray(start), bytes)?.toString()).toBe(text);
  });

  test('is a plain one when it is small, or would not become smaller', () => {
    const small = 'x'.repeat(1000);
    expect(deflatedTextFrame(small, 1000)).toEqual(textFrame(small));
    expect(deflatedTextFrame('潮汐', 1)).toEqual(textFrame('潮汐'));
  });
});

describe('the encoding', () => {
  test('pushes that fit are one frame', () => {
    const [text, ...more] = read(createTextEncoding(1024).encode([entry(1, '1'), entry(2, '2')]));
    expect(more).toEqual([]);
    expect(text?.split('\n').map((line) => JSON.parse(line).o)).toEqual([1, 2]);
  });

  test('pushes that do not fit go on in more frames, none above the limit, in order', () => {
    const pushes = Array.from({ length: 100 }, (_, i) => entry(i, JSON.stringify('潮'.repeat(i))));
    const frames = read(createTextEncoding(1000).encode(pushes));
    expect(frames.length).toBeGreaterThan(10);
    for (const frame of frames) expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(1000);
    expect(frames.flatMap((frame) => frame.split('\n')).map((line) => JSON.parse(line).o)).toEqual(
      pushes.map((push) => push.offset),
    );
  });

  test('a push that is above the limit alone is a frame of its own', () => {
    const frames = read(
      createTextEncoding(100).encode([entry(1, '1'), entry(2, `"${'x'.repeat(500)}"`), entry(3, '3')]),
    );
    expect(frames.map((frame) => JSON.parse(frame).o)).toEqual([1, 2, 3]);
  });

  test('what fits by its characters but not by its bytes is divided', () => {
    const frames = read(
      createTextEncoding(400).encode([entry(1, `"${'潮'.repeat(80)}"`), entry(2, `"${'潮'.repeat(80)}"`)]),
    );
    expect(frames.length).toBe(2);
  });
});
