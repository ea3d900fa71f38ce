import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import { sourceDefinitions } from '@tidewall/sources';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { configSchema } from './config.ts';

/*
 * What can be set can be found: each setting of the configuration and of each kind of source stands in the guide.
 */

const GUIDES = join(import.meta.dirname, '../../docs/guide');
const page = (name: string) => readFileSync(join(GUIDES, name), 'utf8');

const CODE_BLOCK = /^```[\s\S]*?^```/gm;

/** What a text names in backquotes, each word of it, and the words of its blocks of code. */
function namesIn(text: string): Set<string> {
  const inline = [...text.replace(CODE_BLOCK, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return new Set([...inline, ...(text.match(CODE_BLOCK) ?? [])].flatMap((code) => code.split(/\W+/)));
}

const schemaOf = (schema: z.ZodType): JsonObject =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonObject;

const propertiesOf = (schema: JsonValue | undefined): [string, JsonObject][] => {
  if (schema === undefined || !isJsonObject(schema)) return [];
  const parts = [schema, ...[schema['anyOf'], schema['oneOf'], schema['allOf']].flat()];
  return parts.flatMap((part) => {
    const own = part !== undefined && isJsonObject(part as JsonValue) ? (part as JsonObject)['properties'] : undefined;
    const nested = part === schema ? [] : propertiesOf(part as JsonValue);
    return [
      ...(own !== undefined && isJsonObject(own) ? (Object.entries(own) as [string, JsonObject][]) : []),
      ...nested,
    ];
  });
};

describe('the page about the configuration', () => {
  const text = page('configuration.md');
  const names = namesIn(text);

  test('names each setting', () => {
    const missing = propertiesOf(schemaOf(configSchema)).filter(
      ([name]) => !names.has(name) && !text.includes(`\n${name}:`),
    );
    expect(missing.map(([name]) => name)).toEqual([]);
  });

  test.each(['limits', 'http', 'journal', 'ingest', 'tls', 'outgoing'])('names each setting of %s', (group) => {
    const settings = propertiesOf(schemaOf(configSchema)).find(([name]) => name === group)?.[1];
    const missing = propertiesOf(settings).filter(([name]) => !names.has(name));
    expect(propertiesOf(settings).length).toBeGreaterThan(0);
    expect(missing.map(([name]) => name)).toEqual([]);
  });
});

describe.each([...sourceDefinitions.values()].map((definition) => [definition.kind, definition] as const))(
  'the kind %s',
  (kind, { configSchema: schema }) => {
    const settings = propertiesOf(schemaOf(schema as z.ZodType));

    test('has a page, to which the list of sources and the configuration lead', () => {
      expect(existsSync(join(GUIDES, `sources/${kind}.md`))).toBe(true);
      for (const list of ['sources.md', 'configuration.md']) {
        expect(page(list)).toMatch(new RegExp(`\\| \`${kind}\` \\|.*\\(sources/${kind}\\.md\\)`));
      }
    });

    test('says of each setting what it means', () => {
      expect(settings.length).toBeGreaterThan(0);
      expect(settings.filter(([, { description }]) => !description).map(([name]) => name)).toEqual([]);
    });

    test('has each setting on its page, or on one of those that hold for many kinds', () => {
      const shared = ['sources.md', 'sources/messages.md'].flatMap((name) => [...namesIn(page(name))]);
      const names = new Set([...shared, ...namesIn(page(`sources/${kind}.md`))]);
      expect(settings.filter(([name]) => !names.has(name)).map(([name]) => name)).toEqual([]);
    });
  },
);

test('every page of a kind is of a kind that there is', () => {
  const pages = readdirSync(join(GUIDES, 'sources')).map((name) => name.replace('.md', ''));
  expect(pages.filter((name) => !sourceDefinitions.has(name))).toEqual(['messages']);
});

describe.each([
  ...readdirSync(GUIDES).filter((name) => name.endsWith('.md')),
  ...['sources', 'wires'].flatMap((folder) => readdirSync(join(GUIDES, folder)).map((name) => `${folder}/${name}`)),
])('%s', (name) => {
  test('leads to pages and headings that are there', () => {
    const links = [...page(name).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const wrong = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [path = '', heading] = link.split('#');
      const file = path === '' ? join(GUIDES, name) : join(GUIDES, name, '..', path);
      if (!existsSync(file)) return true;
      return heading !== undefined && !headingsOf(readFileSync(file, 'utf8')).has(heading);
    });
    expect(wrong).toEqual([]);
  });
});

/** The anchors of a page's headings, as GitHub makes them. */
function headingsOf(text: string): Set<string> {
  const headings = [...text.replace(CODE_BLOCK, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  );
}
