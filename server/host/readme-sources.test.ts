import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import { sourceDefinitions } from '@tidewall/sources';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkSources } from './source-check.ts';

/*
 * What people copy must work: every source that a README or a guide shows is one that its kind takes.
 */

const ROOT = join(import.meta.dirname, '../..');
const GUIDES = join(ROOT, 'docs/guide');
const PAGES = [
  ...['README.md', 'README.zh-CN.md', 'docs/guide/sources.md'],
  ...readdirSync(join(GUIDES, 'sources')).map((name) => `docs/guide/sources/${name}`),
];

/** The `sources:` of all blocks of YAML on a page. */
function shownSources(page: string): [string, JsonObject][] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  return blocks.flatMap((block) => {
    const value = parse(block) as JsonValue;
    const sources = isJsonObject(value) ? value['sources'] : undefined;
    return sources !== undefined && isJsonObject(sources) ? (Object.entries(sources) as [string, JsonObject][]) : [];
  });
}

describe.each(PAGES)('%s', (page) => {
  test('shows sources that can be copied', () => {
    const sources = shownSources(page).map(([name, { kind, ...settings }]) => ({
      ...{ name, kind: String(kind), settings: settings as JsonObject },
      ...{ baseDir: '.', from: page },
    }));
    expect(() => checkSources(sources, sourceDefinitions)).not.toThrow();
  });
});

test('the README shows each kind', () => {
  const shown = new Set(shownSources('README.md').map(([, { kind }]) => kind));
  expect([...sourceDefinitions.keys()].filter((kind) => !shown.has(kind) && kind !== 'host')).toEqual([]);
});
