import { expect, test } from 'vitest';
import { humanLine } from './human-line.ts';

const record = (fields: object) => JSON.stringify({ level: 'warn', time: '2026-01-02T03:04:05.000Z', ...fields });

test('a record becomes one short line', () => {
  const line = humanLine(record({ msg: 'the source failed', source: 'orders', retryMs: 900 }), false);
  expect(line).toMatch(/^\d\d:\d\d:05 warn {2}the source failed {2}source=orders {2}retryMs=900\n$/);
});

test('what a stranger sent can neither start a line of its own nor move the cursor', () => {
  const line = humanLine(record({ msg: 'a\n00:00:00 info  forged', name: '\u001b[2J\r\u2028x' }), false);
  expect(line.match(/\n/g)).toHaveLength(1);
  expect(line).toContain('\\n00:00:00 info  forged');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is what is shown
  expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f\u2028]/);
});

test('an error shows its message alone', () => {
  expect(humanLine(record({ msg: 'failed', err: { message: 'boom', stack: 'long' } }), false)).toContain('err=boom\n');
});
