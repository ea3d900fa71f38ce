import type { JsonObject, JsonValue } from '@tidewall/base';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type Misfit, misfitOf } from './misfit.ts';
import { linearRegex } from './regex.ts';

/** Why a value does not fit; undefined when it does. */
export type DataCheck = (value: JsonValue) => Misfit | undefined;

/**
 * A schema as a function that never changes what it looks at, and never throws.
 *
 * @param schema one in which `dataSchemaFault` has found nothing
 */
export function compileDataSchema(schema: JsonObject): DataCheck {
  // One for each schema: an instance remembers all that it ever compiled.
  const ajv = new Ajv2020({
    // What keywords there are, and what they hold, has been checked.
    strict: false,
    meta: false,
    validateSchema: false,
    addUsedSchema: false,
    logger: false,
    messages: false,
    verbose: true,
    validateFormats: false,
    // Otherwise every object has a `constructor`.
    ownProperties: true,
    // 4.35 is a multiple of 0.01, although it is none in binary.
    multipleOfPrecision: 9,
    code: { regExp: Object.assign((pattern: string) => linearRegex(pattern), { code: 'linearRegex' }) },
  });
  // Ajv compares each item with each other one.
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    compile: (wanted: boolean) => (wanted ? areDistinct : () => true),
  });
  const { $schema: _, ...rest } = schema;
  const validate = ajv.compile(rest);
  return (value) => (validate(value) ? undefined : misfitOf(validate.errors ?? [], value, schema));
}

function areDistinct(items: readonly JsonValue[]): boolean {
  return new Set(items.map(canonical)).size === items.length;
}

/** The same text for values that JSON Schema calls equal: the order of members does not matter. */
function canonical(value: JsonValue): string {
  return JSON.stringify(value, (_name, inner: JsonValue) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
