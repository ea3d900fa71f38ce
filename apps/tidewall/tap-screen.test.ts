import { describe, expect, test } from 'vitest';
import { bytesText, type TapRow, tapLine, tapScreen } from './tap-screen.ts';
import { columnsOf } from './terminal-text.ts';

const row = (topic: string, more: Partial<TapRow> = {}): TapRow => ({
  topic,
  kind: 'state',
  rateHz: 1,
  bytesPerSecond: 118,
  offset: 1042,
  freshness: { state: 'ok', asOf: 1000 },
  newest: '{"value":71.3}',
  refused: undefined,
  ...more,
});
const view = { now: 1400, width: 80, height: 24, colors: false, link: 'connected to http://localhost:7070' };

describe('the screen', () => {
  test('has two lines a topic: its figures, and its newest value', () => {
    expect(
      tapScreen(
        [
          row('plant/oee'),
          row('idle', {
            offset: 0,
            rateHz: 0,
            bytesPerSecond: 0,
            newest: '',
            kind: undefined,
            freshness: { state: 'quiet', asOf: 0 },
          }),
        ],
        view,
      ),
    ).toEqual([
      'connected to http://localhost:7070',
      'TOPIC                         KIND      RATE      BYTES    OFFSET  FRESH     AGE',
      'idle                          -            -          -         -  quiet       -',
      '',
      'plant/oee                     state    1.0/s    118 B/s      1042     ok   0.4 s',
      '  {"value":71.3}',
    ]);
  });

  test.each([40, 60, 80, 200])('is not wider than %i columns, nor higher than its lines', (width) => {
    const rows = Array.from({ length: 300 }, (_, i) =>
      row(`产线/${'x'.repeat(i)}`, { newest: `{"产线":"${'值'.repeat(200)}"}`, bytesPerSecond: 10 ** (i % 9) }),
    );
    const lines = tapScreen(rows, { ...view, width, link: 'l'.repeat(300) });
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(lines.at(-1)).toBe('and 290 more');
    expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(width);
  });

  test('says why a topic has failed, or is not to be had, in place of its value', () => {
    const failed = row('a', { freshness: { state: 'failed', asOf: 0, reason: 'Redis is gone' } });
    const lines = tapScreen([failed, row('b', { refused: 'not yours (permission_denied)' })], view);
    expect([lines[3], lines[5]]).toEqual(['  Redis is gone', '  not yours (permission_denied)']);
  });

  test('has colours only where they are wanted', () => {
    expect(tapScreen([row('a')], view).join('')).not.toContain('\x1b');
    expect(tapScreen([row('a')], { ...view, colors: true }).join('')).toContain('\x1b[32ma ');
  });

  test('what was published cannot command the terminal', () => {
    const evil = '"\u009b31m\u009d0;title\u0007\u202e"';
    for (const text of [...tapScreen([row('a', { newest: evil })], view), tapLine(row('a', { newest: evil }), 0)]) {
      expect(text).not.toMatch(/[\p{Cc}\u202e]/u);
    }
  });
});

test('a line has the same for a program that reads it', () => {
  expect(tapLine(row('plant/oee'), 1400)).toBe('plant/oee  state  1.0/s  118 B/s  1042  ok  0.4 s  {"value":71.3}');
});

test.each([
  [0, '-'],
  [0.2, '1 B/s'],
  [999, '999 B/s'],
  [4200, '4.2 KB/s'],
  [123_456, '123 KB/s'],
  [1_300_000, '1.3 MB/s'],
])('%d bytes a second are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});
