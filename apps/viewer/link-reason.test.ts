import { expect, test } from 'vitest';
import { linkReason } from './link-reason.ts';

test('what the client says of a link is told in the language of the page', () => {
  expect(linkReason('zh', 'the server stops')).toBe('服务器正在停止');
  expect(linkReason('zh', 'http://hall:7070 cannot be reached')).toBe('无法连接服务器');
  expect(linkReason('en', 'the server did not answer in time')).toBe('The server does not answer');
});

test('a reason that there are no words for is told as it came, and called a reason', () => {
  expect(linkReason('zh', 'a proxy says no')).toBe('原因: a proxy says no');
  expect(linkReason('en', 'a proxy says no')).toBe('a proxy says no');
  expect(linkReason('en', '')).toBe('');
});
