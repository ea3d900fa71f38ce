import { expect, test } from 'vitest';
import { hottest } from './profile.ts';

const node = (id: number, functionName: string, url = '', lineNumber = 0) => ({
  id,
  callFrame: { functionName, url, lineNumber, columnNumber: 0 },
});

test('files and functions are listed by the time they took themselves, without the time in which nothing ran', () => {
  const profile = {
    nodes: [
      node(1, '(idle)'),
      node(2, 'write', 'file:///a/tidewall.js', 9),
      node(3, ''),
      node(4, 'write', 'file:///a/tidewall.js', 9),
    ],
    samples: [1, 2, 4, 3, 2],
    timeDeltas: [1000, 10, 20, 30, 40],
  };
  expect(hottest(profile)).toEqual([
    'by file',
    ' 70.0 %  tidewall.js',
    ' 30.0 %  native code',
    'by function',
    ' 70.0 %  write  tidewall.js',
    ' 30.0 %  (anonymous)  native code',
  ]);
});
