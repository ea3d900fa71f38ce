import { expect, test } from 'vitest';
import { AnswerEncodings, answerHead, answerText } from './service-encoding.ts';

test('the same words have the same encoding as long as anybody uses it, and no longer', () => {
  const encodings = new AnswerEncodings(() => {});
  const first = encodings.take('{"a":1');
  expect(encodings.take('{"a":1')).toBe(first);
  expect(encodings.take('{"a":2')).not.toBe(first);
  expect(encodings.size).toBe(2);
  for (const head of ['{"a":1', '{"a":1', '{"a":2']) encodings.giveBack(head);
  expect(encodings.size).toBe(0);
});

test('an answer is the same object with its data last, whatever it had there, and nothing else is touched', () => {
  const frame = JSON.parse('{"data":"old","action":"getData","__proto__":{"x":1},"n":[1,{"data":2}]}') as object;
  const answer = answerText(answerHead(frame as never), '["\\"",null]');
  expect(answer).toBe('{"action":"getData","__proto__":{"x":1},"n":[1,{"data":2}],"data":"[\\"\\\\\\"\\",null]"}');
});
