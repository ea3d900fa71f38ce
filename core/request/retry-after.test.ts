import { expect, it } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');

it.each([
  ['0', 0],
  [' 120 ', 120_000],
  ['Mon, 30 Nov 2026 12:01:30 GMT', 90_000],
  ['Mon, 30 Nov 2026 11:00:00 GMT', 0],
])('%j is %i ms from noon on', (header, ms) => {
  expect(retryAfterMs(header, NOW)).toBe(ms);
});

it.each([undefined, '', 'soon', '-5', '1.5', '1e3', '99999999999'])('%j says nothing', (header) => {
  expect(retryAfterMs(header, NOW)).toBeUndefined();
});
