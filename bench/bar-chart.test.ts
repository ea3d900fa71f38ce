import { expect, test } from 'vitest';
import { barChart } from './bar-chart.ts';

const bar = (name: string, value: number, ours = false) => ({ name, value, label: String(value), ours });

test('the longest bar of a group has the whole width, the others their share of it', () => {
  const svg = barChart('cost', [{ title: 'one', bars: [bar('us', 1, true), bar('them', 4)] }]);
  const widths = [...svg.matchAll(/<rect class="(\w+)"[^>]* width="([\d.]+)"/g)].map(([, kind, width]) => [
    kind,
    Number(width),
  ]);
  expect(widths).toEqual([
    ['ours', 122.5],
    ['other', 490],
  ]);
});

test('each group has its own scale', () => {
  const svg = barChart('cost', [
    { title: 'one', bars: [bar('us', 1)] },
    { title: 'two', bars: [bar('us', 1000)] },
  ]);
  expect([...svg.matchAll(/ width="490.0"/g)]).toHaveLength(2);
});

test('names are text, whatever stands in them', () => {
  expect(barChart('a < b & "c"', [])).toContain('>a &lt; b &amp; &quot;c&quot;</text>');
});
