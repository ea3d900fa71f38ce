import { describe, expect, it } from 'vitest';
import { type Encoding, TextReader } from './decode-text.ts';

function decode(bytes: Uint8Array, encoding?: Encoding, pieceBytes = 2): string {
  const reader = new TextReader({ name: 'a.csv', encoding });
  let text = '';
  for (let at = 0; at < bytes.length; at += pieceBytes) text += reader.read(bytes.subarray(at, at + pieceBytes));
  return text + reader.end();
}

const GBK = new Uint8Array([0xb3, 0xc7, 0xca, 0xd0, 0x2c, 0x6e]);
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('text', () => {
  it.each([
    ['UTF-8', Buffer.from('a,上海 🙂'), undefined],
    ['UTF-8 with a mark', Buffer.from('\uFEFFa,上海 🙂'), undefined],
    ['UTF-16 with a mark, little end first', Buffer.from('\uFEFFa,上海 🙂', 'utf16le'), 'utf-8'],
    ['UTF-16 with a mark, big end first', utf16be('\uFEFFa,上海 🙂'), undefined],
    ['UTF-16 without a mark', Buffer.from('a,上海 🙂', 'utf16le'), 'utf-16le'],
  ] as const)('in %s is read, in pieces of any size', (_, bytes, encoding) => {
    for (const size of [1, 2, 3, 5, 100]) expect(decode(bytes, encoding, size)).toBe('a,上海 🙂');
  });

  it('in GBK and GB18030 is read when the configuration says so', () => {
    expect(decode(GBK, 'gbk', 1)).toBe('城市,n');
    expect(decode(GBK, 'gb18030', 3)).toBe('城市,n');
    expect(decode(new Uint8Array([0x95, 0x32, 0x82, 0x36]), 'gb18030', 1)).toBe('𠀀');
  });

  it('may be shorter than a mark', () => {
    expect(decode(Buffer.from(''))).toBe('');
    expect(decode(Buffer.from('a'))).toBe('a');
    expect(decode(Buffer.from('\uFEFF'))).toBe('');
  });

  it('may begin with what would be a mark, when it only goes on', () => {
    const reader = new TextReader({ name: 'a.csv', encoding: 'gbk', goesOn: true });
    expect(reader.read(GBK) + reader.end()).toBe('城市,n');
  });
});

describe('bytes that are no text are refused with what they are', () => {
  it.each([
    ['in another encoding', GBK, undefined, 'a.csv is not text in utf-8; name its encoding in the setting "encoding"'],
    ['cut in a character', Buffer.from('上').subarray(0, 2), undefined, 'a.csv is not text in utf-8'],
    ['an odd byte of UTF-16', Buffer.from('ab\0', 'latin1'), 'utf-16le', 'a.csv is not text in utf-16le'],
    [
      'UTF-16 without a mark',
      Buffer.from('a,b', 'utf16le'),
      undefined,
      'characters that are zero, which text does not',
    ],
    ['an Excel workbook', Buffer.from('PK\u0003\u0004…'), undefined, 'a.csv is an Excel workbook or a ZIP archive'],
    ['packed', Buffer.from([0x1f, 0x8b, 8, 0]), 'gbk', 'a.csv is packed with gzip, and no CSV: unpack it'],
  ] as const)('%s', (_, bytes, encoding, sentence) => {
    for (const size of [1, 100]) expect(() => decode(bytes, encoding, size)).toThrow(sentence);
  });
});
