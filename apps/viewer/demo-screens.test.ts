import { readdirSync, readFileSync } from 'node:fs';
import { definitions } from '@tidewall/components/definitions';
import type { ScreenElement } from '@tidewall/screen';
import { screenSchema } from '@tidewall/screen/schema';
import { describe, expect, test } from 'vitest';

const FOLDER = new URL('../tidewall/demo/screens/', import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
const screens = files.map((file) => ({ file, text: readFileSync(new URL(file, FOLDER), 'utf8') }));

function overlap(a: ScreenElement['frame'], b: ScreenElement['frame']): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

test('together the demo screens use every component that there is', () => {
  const used = new Set(
    screens.flatMap(({ text }) => Object.values(screenSchema.parse(JSON.parse(text)).elements).map(({ type }) => type)),
  );
  expect([...used].sort()).toEqual([...definitions.keys()].sort());
});

describe.each(screens)('$file', ({ file, text }) => {
  const screen = screenSchema.parse(JSON.parse(text));
  const elements = Object.entries(screen.elements);

  test('is the screen of its own name, in both languages', () => {
    expect(`${screen.id}.json`).toBe(file);
    expect(screen.meta.nameEn).toBeTypeOf('string');
    expect(screen.meta.descriptionEn).toBeTypeOf('string');
  });

  test('has sorted keys, so that a change of it is a short diff', () => {
    const sorted = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(sorted);
      if (typeof value !== 'object' || value === null) return value;
      const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
      return Object.fromEntries(entries.map(([name, part]) => [name, sorted(part)]));
    };
    const value: unknown = JSON.parse(text);
    expect(JSON.stringify(value)).toBe(JSON.stringify(sorted(value)));
  });

  test('gives every element props that its component takes, and none that it does not know', () => {
    for (const [id, { type, props }] of elements) {
      const definition = definitions.get(type);
      const parsed = definition?.props.safeParse(props);
      expect(parsed?.error?.issues, `${id}: ${type}`).toBeUndefined();
      const known = Object.keys((definition?.props.safeParse({}).data ?? {}) as object);
      const optional = ['min', 'max', 'warnAt', 'alertAt', 'thresholds'];
      for (const name of Object.keys(props)) expect([...known, ...optional], `${id}: ${name}`).toContain(name);
      expect(id).toMatch(new RegExp(`^${type}_`));
    }
  });

  test('keeps every element on the canvas, and off the others', () => {
    for (const [id, { frame }] of elements) {
      expect(Math.min(frame.x, frame.y), id).toBeGreaterThanOrEqual(0);
      expect(frame.x + frame.w, id).toBeLessThanOrEqual(screen.canvas.width);
      expect(frame.y + frame.h, id).toBeLessThanOrEqual(screen.canvas.height);
      for (const [other, { frame: next }] of elements) {
        if (other !== id) expect(overlap(frame, next), `${id} and ${other}`).toBe(false);
      }
    }
  });

  test('names every element, for the health panel', () => {
    for (const [id, { name }] of elements) expect(name, id).not.toBe('');
  });
});
