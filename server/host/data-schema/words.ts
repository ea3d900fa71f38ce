import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import { shown } from '../issue-sentence.ts';
import { REFERENCE } from './keywords.ts';

/** So many of a list are named; of more, that there are more. */
const NAMED = 10;
/** References and alternatives are followed this far; a sentence says no more anyway. */
const MAX_DEPTH = 4;

/**
 * What a schema wants, as the end of "must be …": `a number from 0 to 100`, `one of "a", "b"`, `a string or null`.
 *
 * @param root where its references lead
 */
export function inWords(schema: JsonValue | undefined, root: JsonObject, depth = 0): string {
  if (schema === false) return 'left out';
  if (!isJsonObject(schema) || depth > MAX_DEPTH) return 'a value';
  const { enum: values, const: only } = schema;
  if (only !== undefined) return shown(only);
  if (Array.isArray(values)) return values.length === 1 ? shown(values[0]) : `one of ${listed(values.map(shown))}`;
  const types = typesOf(schema);
  if (types.length > 0) return alternatives(types.map((type) => TYPE_WORDS[type]?.(schema) ?? 'a value'));
  const reference = REFERENCE.exec(String(schema['$ref'] ?? ''))?.[1];
  if (reference !== undefined) return inWords((root['$defs'] as JsonObject)[reference], root, depth + 1);
  const options = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(options)) return alternatives(options.map((option) => inWords(option, root, depth + 1)));
  const [part] = (schema['allOf'] ?? []) as JsonValue[];
  return part === undefined ? 'another value' : inWords(part, root, depth + 1);
}

/** `a, b, c and 3 more` */
export function listed(words: readonly string[]): string {
  const more = words.length - NAMED;
  return more > 0 ? `${words.slice(0, NAMED).join(', ')} and ${more} more` : words.join(', ');
}

function alternatives(words: readonly string[]): string {
  const different = [...new Set(words)];
  return different.slice(0, NAMED).join(' or ');
}

const TYPE_WORDS: Readonly<Record<string, (schema: JsonObject) => string>> = {
  number: (schema) => `a number${numberWords(schema)}`,
  integer: (schema) => `a whole number${numberWords(schema)}`,
  string: textWords,
  array: listWords,
  object: objectWords,
  boolean: () => 'true or false',
  null: () => 'null',
};

/** Keywords that tell what is meant where no type is said. */
const TYPE_OF_KEYWORD: Readonly<Record<string, string>> = {
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'number',
  minLength: 'string',
  maxLength: 'string',
  pattern: 'string',
  items: 'array',
  prefixItems: 'array',
  contains: 'array',
  minItems: 'array',
  maxItems: 'array',
  uniqueItems: 'array',
  properties: 'object',
  patternProperties: 'object',
  additionalProperties: 'object',
  propertyNames: 'object',
  required: 'object',
  dependentRequired: 'object',
  minProperties: 'object',
  maxProperties: 'object',
};

function typesOf(schema: JsonObject): readonly string[] {
  const { type } = schema;
  if (type !== undefined) return Array.isArray(type) ? (type as string[]) : [type as string];
  return [...new Set(Object.keys(schema).flatMap((keyword) => TYPE_OF_KEYWORD[keyword] ?? []))];
}

function numberWords(schema: JsonObject): string {
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below, multipleOf } = schema;
  const range =
    minimum !== undefined && maximum !== undefined
      ? [`from ${minimum} to ${maximum}`]
      : [...said('≥ ', minimum), ...said('≤ ', maximum)];
  const all = [...range, ...said('> ', above), ...said('< ', below), ...said('in steps of ', multipleOf)];
  return all.length === 0 ? '' : ` ${all.join(' and ')}`;
}

function textWords({ minLength, maxLength, pattern }: JsonObject): string {
  const length = countWords('of', minLength, maxLength, 'character');
  return `a string${length}${pattern === undefined ? '' : ` that matches ${String(pattern)}`}`;
}

function listWords({ minItems, maxItems, uniqueItems }: JsonObject): string {
  return `a list${countWords('of', minItems, maxItems, 'item')}${uniqueItems === true ? ' without repeated items' : ''}`;
}

function objectWords({ required, minProperties, maxProperties }: JsonObject): string {
  const names = Array.isArray(required) && required.length > 0 ? ` with ${listed(required.map(String))}` : '';
  return `an object${names}${countWords(names === '' ? 'with' : 'and', minProperties, maxProperties, 'field')}`;
}

function countWords(before: string, least: unknown, most: unknown, noun: string): string {
  if (least === undefined && most === undefined) return '';
  const nouns = (most ?? least) === 1 ? noun : `${noun}s`;
  if (least !== undefined && most !== undefined)
    return ` ${before} ${least === most ? least : `${least} to ${most}`} ${nouns}`;
  return least === undefined ? ` ${before} at most ${most} ${nouns}` : ` ${before} at least ${least} ${nouns}`;
}

function said(before: string, value: unknown): string[] {
  return value === undefined ? [] : [`${before}${String(value)}`];
}
