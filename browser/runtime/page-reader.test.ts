import { expect, test } from 'vitest';
import { HIDDEN_RATE_HZ, PageReader } from './page-reader.ts';
import { FakeFrames } from './testing/fake-frames.ts';
import { FakeReader } from './testing/fake-reader.ts';

function setUp() {
  const frames = new FakeFrames();
  const reader = new FakeReader(0);
  return { frames, reader, page: new PageReader(reader, frames) };
}

test('what a page follows comes slowly while it is hidden, and as before once it is seen', () => {
  const { frames, reader, page } = setUp();
  page.follow('fast', {}, () => {});
  page.follow('ten', { rateHz: 10 }, () => {});
  page.follow('slow', { rateHz: 0.1 }, () => {});
  expect(reader.rates.size).toBe(0);
  frames.setHidden(true);
  expect([...reader.rates]).toEqual([
    ['fast', HIDDEN_RATE_HZ],
    ['ten', HIDDEN_RATE_HZ],
    ['slow', 0.1],
  ]);
  frames.setHidden(false);
  expect([...reader.rates]).toEqual([
    ['fast', undefined],
    ['ten', 10],
    ['slow', 0.1],
  ]);
});

test('what a hidden page begins to follow is slow from the first, with the options of any other', () => {
  const { frames, reader, page } = setUp();
  frames.setHidden(true);
  page.follow('late', { rewindCount: 5 }, () => {});
  expect(reader.follows).toEqual([{ topic: 'late', options: { rewindCount: 5 } }]);
  expect(reader.rates.get('late')).toBe(HIDDEN_RATE_HZ);
});

test('another rate that is asked for while the page is hidden counts once it is seen', () => {
  const { frames, reader, page } = setUp();
  const following = page.follow('topic', {}, () => {});
  frames.setHidden(true);
  following.configure({ rateHz: 2 });
  expect(reader.rates.get('topic')).toBe(HIDDEN_RATE_HZ);
  frames.setHidden(false);
  expect(reader.rates.get('topic')).toBe(2);
});

test('what is not followed any more is let be, and nothing is watched after dispose', () => {
  const { frames, reader, page } = setUp();
  const stop = page.follow('gone', {}, () => {});
  page.follow('left', {}, () => {});
  stop();
  page.dispose();
  frames.setHidden(true);
  expect([...reader.rates]).toEqual([]);
  expect(frames.watched).toBe(false);
  expect(reader.held).toBe(1);
});
