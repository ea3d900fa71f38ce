import { defineComponent } from '@tidewall/browser-contracts';
import { describe, expect, it } from 'vitest';
import { z } from 'zod/mini';
import { manifestRow } from './manifest-row.ts';

const words = { zh: '数', en: 'Number' };
const number = {
  type: 'CardStat',
  version: '1.2.0',
  title: words,
  description: words,
  group: 'numbers',
  contract: 'KV',
  props: z.object({ decimals: z._default(z.number().check(z.minimum(0)), 1) }),
  sample: { value: 42, unit: '%' },
  size: { width: 320, height: 160 },
  migrations: [],
} as const;

describe('a row of the manifest', () => {
  it('holds the props as JSON Schema, their defaults, and an example for the contract', () => {
    const row = manifestRow(defineComponent(number));
    expect(row).toMatchObject({
      type: 'CardStat',
      contract: 'KV',
      props: { type: 'object', properties: { decimals: { type: 'number', minimum: 0, default: 1 } } },
      defaults: { decimals: 1 },
      sample: { value: 42, unit: '%' },
      example: { value: 42, unit: '%' },
    });
    expect(row.props).not.toHaveProperty('required');
  });

  it('is JSON: what is written is what was made', () => {
    const row = manifestRow(defineComponent(number));
    expect(JSON.parse(JSON.stringify(row))).toEqual(row);
  });

  it('is refused for a component that cannot be drawn without props', () => {
    const unfinished = { ...number, props: z.object({ decimals: z.number() }) };
    expect(() => manifestRow(defineComponent(unfinished))).toThrow(/CardStat must all have defaults/);
  });
});
