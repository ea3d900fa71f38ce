import { expect, test } from 'vitest';
import { combineWants, DEFAULT_KEEP } from './wants.ts';

test('[C14] a rewind raises what is kept, and never lowers it', () => {
  expect(combineWants([{}]).keep).toEqual(DEFAULT_KEEP);
  expect(combineWants([{ rewindCount: 600 }]).keep).toEqual({ series: 10_000, log: 1_000 });
  expect(combineWants([{ rewindCount: 20_000 }]).keep).toEqual({ series: 20_000, log: 20_000 });
});

test('[C14] who says how much to keep does not take from who does not', () => {
  expect(combineWants([{ keepCount: 5 }]).keep).toEqual({ series: 5, log: 5 });
  expect(combineWants([{ keepCount: 5 }, {}]).keep).toEqual(DEFAULT_KEEP);
});
