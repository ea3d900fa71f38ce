import { isJsonObject, type JsonValue } from '@tidewall/base';
import type { Label } from '../label-set.ts';
import type { Refusal } from '../refusals.ts';

/** Attributes (`[{"key":"host.name","value":{"stringValue":"a"}}]`) as labels. Of one that is there twice the first counts. */
export function labelsOf(attributes: JsonValue | undefined): readonly Label[] | Refusal {
  if (attributes === undefined || attributes === null) return [];
  if (!Array.isArray(attributes)) return { reason: 'malformed', message: 'attributes must be a list' };
  const labels = new Map<string, string>();
  for (const attribute of attributes) {
    const key = isJsonObject(attribute) ? attribute['key'] : undefined;
    if (typeof key !== 'string') return { reason: 'malformed', message: 'an attribute has no key' };
    if (!labels.has(key)) labels.set(key, textOf((attribute as { value?: JsonValue }).value));
  }
  return [...labels].map(([name, value]) => ({ name, value: wellFormed(value) }));
}

/** An `AnyValue` as text: lists and maps as the JSON that they came in. */
function textOf(any: JsonValue | undefined): string {
  if (!isJsonObject(any)) return '';
  for (const name of ['stringValue', 'boolValue', 'intValue', 'doubleValue', 'bytesValue']) {
    const value = any[name];
    if (value !== undefined && value !== null) return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
  const nested = any['arrayValue'] ?? any['kvlistValue'];
  return nested === undefined ? '' : JSON.stringify(nested);
}

/** JSON may say half of a character, which no name can. */
function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}
