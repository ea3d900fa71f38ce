import { describe, expect, it } from 'vitest';
import { propsSchema } from './definition.ts';
import { levelOf, newestEntries } from './entries.ts';

const props = propsSchema.parse({});

describe('newestEntries', () => {
  it('puts the newest first, whichever way the rows come', () => {
    const rows = [
      { id: 1, t: 10, text: 'a' },
      { id: 2, t: 20, text: 'b' },
      { id: 3, t: 30, text: 'c' },
    ];
    const texts = (list: typeof rows) => newestEntries(list, 2, props).map((entry) => entry.text);
    expect(texts(rows)).toEqual(['c', 'b']);
    expect(texts([...rows].reverse())).toEqual(['c', 'b']);
  });

  it('takes the last row as the newest when there are no times', () => {
    expect(newestEntries([{ text: 'a' }, { text: 'b' }], 5, props).map((entry) => entry.text)).toEqual(['b', 'a']);
  });

  it('gives every entry a key of its own', () => {
    const keys = newestEntries([{ text: 'a' }, { text: 'a' }, { id: 7, text: 'a' }, { id: 7 }], 9, props).map(
      ({ key }) => key,
    );
    expect(new Set(keys).size).toBe(4);
  });

  it('shows a dash for what is not there, and data as JSON', () => {
    expect(newestEntries([{ text: null }, { text: { a: 1 } }], 9, props).map(({ text }) => text)).toEqual([
      '{"a":1}',
      '—',
    ]);
  });
});

describe('levelOf', () => {
  it('knows the words of other systems', () => {
    expect(['ERROR', 'warning', 'success', 'debug', 5, null].map(levelOf)).toEqual([
      'alert',
      'warn',
      'good',
      'info',
      'info',
      'info',
    ]);
  });
});
