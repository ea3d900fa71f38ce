import type { ComponentDefinition } from '@tidewall/browser-contracts';
import { expect, test } from 'vitest';
import { z } from 'zod/mini';
import { compareVersions, parseProps } from './component-props.ts';

const props = z.object({
  color: z._default(z.string(), 'blue'),
  columns: z._default(z.array(z.object({ field: z.string() })), []),
});

const definition: ComponentDefinition = {
  type: 'Test',
  version: '2.1.0',
  title: { zh: '', en: '' },
  description: { zh: '', en: '' },
  group: 'text',
  contract: 'KV',
  props,
  sample: { value: 1 },
  size: { width: 1, height: 1 },
  migrations: [
    { to: '1.5.0', migrate: ({ colour, ...rest }) => ({ ...rest, color: colour }) },
    { to: '2.0.0', migrate: (saved) => ({ ...saved, color: `${String(saved['color'])}!` }) },
  ],
};

test('saved props pass through the migrations that are newer than they', () => {
  const colorOf = (version: string, saved: Record<string, unknown>) => {
    const parsed = parseProps(definition, version, saved);
    return parsed.fits ? (parsed.props as z.infer<typeof props>).color : parsed.path;
  };
  expect(colorOf('1.0.0', { colour: 'red' })).toBe('red!');
  expect(colorOf('1.5.0', { color: 'red' })).toBe('red!');
  expect(colorOf('1.10.0', { color: 'red' })).toBe('red!');
  expect(colorOf('2.0.0', { color: 'red' })).toBe('red');
});

test('props get their defaults', () => {
  expect(parseProps(definition, '2.1.0', {})).toEqual({ fits: true, props: { color: 'blue', columns: [] } });
});

test('a wrong prop is named by its path', () => {
  expect(parseProps(definition, '2.1.0', { columns: [{ field: 'a' }, {}] })).toMatchObject({
    fits: false,
    path: 'props.columns.1.field',
  });
});

test('versions are compared by number and not by text', () => {
  expect(compareVersions('1.10.0', '1.9.0')).toBeGreaterThan(0);
  expect(compareVersions('1.0', '1.0.0')).toBe(0);
});
