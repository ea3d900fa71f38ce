/** What a keyword's value must be. */
export type KeywordValue =
  | 'schema'
  | 'schemas'
  | 'schema list'
  | 'number'
  | 'positive'
  | 'count'
  | 'flag'
  | 'text'
  | 'names'
  | 'names by name'
  | 'values'
  | 'any'
  | 'types'
  | 'regex'
  | 'regex schemas'
  | 'reference'
  | 'definitions'
  | 'dialect';

/** The keywords of JSON Schema (2020-12) that a topic's schema may have; every other one is refused. */
export const KEYWORDS: Readonly<Record<string, KeywordValue>> = {
  $schema: 'dialect',
  $ref: 'reference',
  $defs: 'definitions',
  // Notes to a reader, which check nothing.
  $comment: 'text',
  title: 'text',
  description: 'text',
  format: 'text',
  default: 'any',
  examples: 'values',
  deprecated: 'flag',
  readOnly: 'flag',
  writeOnly: 'flag',
  // Of every value.
  type: 'types',
  enum: 'values',
  const: 'any',
  allOf: 'schema list',
  anyOf: 'schema list',
  oneOf: 'schema list',
  not: 'schema',
  if: 'schema',
  // biome-ignore lint/suspicious/noThenProperty: it is called that
  then: 'schema',
  else: 'schema',
  // Of numbers.
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'positive',
  // Of texts.
  minLength: 'count',
  maxLength: 'count',
  pattern: 'regex',
  // Of lists.
  items: 'schema',
  prefixItems: 'schema list',
  contains: 'schema',
  minContains: 'count',
  maxContains: 'count',
  minItems: 'count',
  maxItems: 'count',
  uniqueItems: 'flag',
  // Of objects.
  properties: 'schemas',
  patternProperties: 'regex schemas',
  additionalProperties: 'schema',
  propertyNames: 'schema',
  required: 'names',
  dependentRequired: 'names by name',
  minProperties: 'count',
  maxProperties: 'count',
};

export const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const;

export const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** The name in `#/$defs/<name>`, which is the only form of a reference. */
export const REFERENCE = /^#\/\$defs\/([A-Za-z0-9_.-]+)$/;
