import { readdirSync } from 'node:fs';
import { fitContract } from '@tidewall/screen';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definitions } from './definitions.ts';

const FOLDERS = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && /^[A-Z]/.test(entry.name))
  .map(({ name }) => name);

describe('definitions', () => {
  it('list every component folder', () => {
    expect([...definitions.keys()].sort()).toEqual(FOLDERS.sort());
  });

  it.each([...definitions])('%s is whole', (type, definition) => {
    expect(definition.type).toBe(type);
    expect(definition.version).toMatch(/^\d+\.\d+\.\d+$/);
    for (const words of [definition.title, definition.description]) {
      expect(words.zh).not.toBe('');
      expect(words.en).not.toBe('');
    }
    expect(definition.size.width).toBeGreaterThan(0);
    expect(definition.size.height).toBeGreaterThan(0);
  });

  it.each([...definitions])('%s has a sample that fits its contract', (_type, definition) => {
    expect(fitContract(definition.contract, definition.sample as object)).toMatchObject({ fits: true });
  });

  it.each([...definitions])('%s is drawable without any prop', (_type, definition) => {
    const props = definition.props.parse({});
    expect(props).toBeTypeOf('object');
    expect(definition.props.parse(JSON.parse(JSON.stringify(props)))).toEqual(props);
  });

  it.each([...definitions])('%s says its props as a JSON Schema', (_type, definition) => {
    expect(z.toJSONSchema(definition.props, { io: 'input' })).toMatchObject({ type: 'object' });
  });

  it.each([...definitions])('%s refuses a prop of the wrong type', (_type, definition) => {
    expect(definition.props.safeParse({ panel: 'wooden' }).success).toBe(false);
  });
});
