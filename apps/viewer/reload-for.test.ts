import { expect, test } from 'vitest';
import { RELOAD_AGAIN_MS, reloadFor } from './reload-for.ts';

function fakeWindow() {
  const kept = new Map<string, string>();
  const counts = { reloads: 0 };
  return {
    counts,
    sessionStorage: {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => void kept.set(name, value),
    },
    location: { reload: () => void counts.reloads++ },
  };
}

test('a page is loaded again once for an origin, and once more when that was long ago', () => {
  const window = fakeWindow();
  const now = 1_700_000_000_000;
  reloadFor('http://a', window, now);
  reloadFor('http://a', window, now + RELOAD_AGAIN_MS - 1);
  expect(window.counts.reloads).toBe(1);
  reloadFor('http://b', window, now);
  expect(window.counts.reloads).toBe(2);
  reloadFor('http://a', window, now + RELOAD_AGAIN_MS);
  expect(window.counts.reloads).toBe(3);
});

test('a page that can remember nothing is not loaded again', () => {
  const window = fakeWindow();
  const sessionStorage = {
    getItem: () => null,
    setItem() {
      throw new Error('quota');
    },
  };
  reloadFor('http://a', { ...window, sessionStorage }, 1_700_000_000_000);
  expect(window.counts.reloads).toBe(0);
});
