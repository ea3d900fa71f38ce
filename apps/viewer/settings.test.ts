import { expect, test } from 'vitest';
import { readSettings, withSettings } from './settings.ts';

test('the language of the address wins over the one of the system', () => {
  expect(readSettings('', 'zh-TW').locale).toBe('zh');
  expect(readSettings('', 'de-DE').locale).toBe('en');
  expect(readSettings('?lang=en', 'zh-CN').locale).toBe('en');
  expect(readSettings('?lang=zh-CN', 'en').locale).toBe('zh');
});

test('a theme is only what the address says', () => {
  expect(readSettings('?theme=jade', 'en').theme).toBe('jade');
  expect(readSettings('', 'en').theme).toBeUndefined();
});

test('choices go along from page to page, and nothing else does', () => {
  expect(withSettings('/s/a', '?lang=en&theme=jade&x=1')).toBe('/s/a?lang=en&theme=jade');
  expect(withSettings('/s/a', '?x=1')).toBe('/s/a');
});
