import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createElementId, parseElementId } from './element-id.ts';
import { elementTopic } from './topics.ts';

test('[S2] an id is accepted with and without its prefix, and its bare form handed out', () => {
  const id = 'ChartLineBasic_1_0_0_2_1700000000000';
  expect(parseElementId(id)).toBe(id);
  expect(parseElementId(`component/${id}`)).toBe(id);
});

test('[S2] what is no id is refused', () => {
  for (const text of [
    '',
    'ChartLineBasic',
    'chart_1_0_0_2_3',
    'A_1_0_0_2',
    'component/component/A1_1_0_0_2_3',
    'A1_1_0_0_2_3/x',
    '../x',
  ]) {
    expect(parseElementId(text), text).toBeUndefined();
  }
});

test('[S2] an id that is made can be parsed', () => {
  const part = fc.nat({ max: 9999 });
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Z][A-Za-z0-9]{1,63}$/), part, part, part, fc.nat(), (type, a, b, c, n) => {
      const id = createElementId(type, `${a}.${b}.${c}`, n % 1_000_000_000, 1_700_000_000_000);
      expect(parseElementId(id)).toBe(id);
    }),
  );
});

test('[S2] parts that make no id are refused when it is made, not when it is read', () => {
  expect(() => createElementId('lower', '1.0.0', 1, 1)).toThrowError(TypeError);
  expect(() => createElementId('Chart', '1.0.0-beta', 1, 1)).toThrowError(/Chart_1_0_0-beta_1_1/);
});

test('[S3] an element that is bound to nothing has its own topic', () => {
  expect(elementTopic('hall', 'CardStat_1_0_0_1_1')).toBe('screens/hall/elements/CardStat_1_0_0_1_1');
});
