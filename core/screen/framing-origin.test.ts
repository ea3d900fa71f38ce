import { describe, expect, test } from 'vitest';
import { isFramingOrigin } from './framing-origin.ts';
import { screenSchema } from './schema.ts';

test.each([
  'https://portal.example',
  'http://portal.example:8080',
  'http://10.0.0.7:8080',
  'https://xn--fiq228c.example',
  'http://[::1]:3000',
  'http://localhost:3000',
  'http://a',
])('%s is an origin that may be named', (text) => {
  expect(isFramingOrigin(text)).toBe(true);
});

test.each([
  '',
  '*',
  'null',
  'portal.example',
  'https://',
  'https://portal.example/',
  'https://portal.example/a',
  'https://portal.example?a',
  'https://user@portal.example',
  'https://Portal.example',
  'https://*.example',
  'https://portal.example:443',
  'http://portal.example:80',
  'https://portal.example:0',
  'https://portal.example:99999',
  'https://.example',
  'https://portal.example;script-src *',
  "https://portal.example 'unsafe-inline'",
  'https://portal.example\nset-cookie: a',
  'https://portal.example,https://evil.example',
  'file:///a',
  'data:text/html,x',
  'javascript:alert(1)',
  'ftp://portal.example',
])('%j is none', (text) => {
  expect(isFramingOrigin(text)).toBe(false);
});

describe('embed, in a screen', () => {
  const screen = (embed: unknown) => ({
    ...{ format: 1, id: 'hall', meta: { name: 'Hall' }, canvas: { width: 100, height: 100 } },
    ...{ pages: [{ layers: [] }], elements: {}, ...(embed !== undefined && { embed }) },
  });

  test('names those whose pages may frame it; nobody when absent', () => {
    expect(screenSchema.parse(screen(['https://portal.example'])).embed).toEqual(['https://portal.example']);
    expect(screenSchema.parse(screen(undefined)).embed).toBeUndefined();
  });

  test.each([
    [['*']],
    ['https://portal.example'],
    [[1]],
    [Array.from({ length: 21 }, (_, i) => `https://p${i}.example`)],
  ])('is refused as %j', (embed) => {
    expect(screenSchema.safeParse(screen(embed)).success).toBe(false);
  });
});
