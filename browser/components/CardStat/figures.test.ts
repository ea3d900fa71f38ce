import { describe, expect, it } from 'vitest';
import { createNumberFormat } from '../format/number-format.ts';
import { propsSchema } from './definition.ts';
import { deltaOf, statusOf } from './figures.ts';

const props = propsSchema.parse({});
const formats = {
  number: createNumberFormat(props, 'en'),
  percent: createNumberFormat({ ...props, format: 'percent', decimals: 1 }, 'en'),
};

describe('deltaOf', () => {
  it('tells the direction by an arrow and whether it is good by a tone', () => {
    expect(deltaOf({ value: 110, compare: 100 }, props, formats)).toEqual({ text: '▲ 10.0%', tone: 'good' });
    expect(deltaOf({ value: 90, compare: 100 }, props, formats)).toEqual({ text: '▼ 10.0%', tone: 'alert' });
    const costs = { ...props, goodWhen: 'down' as const };
    expect(deltaOf({ value: 90, compare: 100 }, costs, formats)?.tone).toBe('good');
  });

  it('is flat where the written digits are zero', () => {
    expect(deltaOf({ value: 100.01, compare: 100 }, props, formats)).toEqual({ text: '■ 0.0%', tone: 'plain' });
  });

  it('says nothing without something to compare', () => {
    for (const row of [
      { value: 1 },
      { value: null, compare: 2 },
      { value: 5, compare: 0 },
      { value: Number.NaN, compare: 2 },
    ]) {
      expect(deltaOf(row, props, formats)).toBeUndefined();
    }
  });

  it('can be a difference', () => {
    expect(deltaOf({ value: 7, compare: 0 }, { ...props, delta: 'difference' }, formats)?.text).toBe('▲ 7');
  });
});

describe('statusOf', () => {
  it('believes the data before the limits of the props', () => {
    expect(statusOf({ value: 99, status: 'good' }, { warnAt: 80, alertAt: 95 })).toBe('good');
    expect(statusOf({ value: 99 }, { warnAt: 80, alertAt: 95 })).toBe('alert');
    expect(statusOf({ value: 80 }, { warnAt: 80, alertAt: 95 })).toBe('warn');
    expect(statusOf({ value: 10 }, { warnAt: 80, alertAt: 95 })).toBeUndefined();
    expect(statusOf({ value: null }, { warnAt: 0, alertAt: undefined })).toBeUndefined();
  });
});
