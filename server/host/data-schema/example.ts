import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { REFERENCE } from './keywords.ts';

/**
 * Small data made up from a schema, most telling first. They are tries: whether one fits is for the check to say, and
 * for schemas with regular expressions or conditions none may.
 */
export function* exampleTries(schema: JsonObject): Iterable<JsonValue> {
  for (const value of [...((schema['examples'] ?? []) as JsonValue[]), schema['default']]) {
    if (value !== undefined) yield value;
  }
  for (let choice = 0; choice < CHOICES; choice++) {
    const value = new Making(schema, choice).value(schema);
    if (value !== undefined) yield value;
  }
}

/** How often a schema with alternatives is tried again with other ones. */
const CHOICES = 8;
const MAX_VALUES = 100;
const MAX_TEXT = 200;

/** One try: takes the same alternative everywhere, so that what belongs together stays together. */
class Making {
  readonly #root: JsonObject;
  readonly #choice: number;
  #valuesLeft = MAX_VALUES;

  constructor(root: JsonObject, choice: number) {
    this.#root = root;
    this.#choice = choice;
  }

  /** Undefined when it would be too large, or nothing is allowed there. */
  value(schema: JsonValue): JsonValue | undefined {
    if (schema === false || --this.#valuesLeft < 0) return undefined;
    if (!isJsonObject(schema)) return 1;
    const flat = this.#flat(schema);
    if (flat['const'] !== undefined) return flat['const'];
    if (Array.isArray(flat['enum'])) return this.#pick(flat['enum']);
    if (schema !== this.#root) {
      const given = ((flat['examples'] ?? []) as JsonValue[])[0] ?? flat['default'];
      if (given !== undefined) return given;
    }
    switch (this.#typeOf(flat)) {
      case 'object':
        return this.#object(flat);
      case 'array':
        return this.#list(flat);
      case 'string':
        return text(flat);
      case 'boolean':
        return true;
      case 'null':
        return null;
      case 'integer':
        return number(flat, 1);
      default:
        return number(flat, undefined);
    }
  }

  /** A schema with its references, its parts and one of its alternatives written into it. */
  #flat(schema: JsonObject): JsonObject {
    const { $ref, allOf, anyOf, oneOf, if: condition, then, else: otherwise, ...own } = schema;
    const name = REFERENCE.exec(String($ref ?? ''))?.[1];
    const parts: JsonValue[] = [
      ...(name === undefined ? [] : [(this.#root['$defs'] as JsonObject)[name] as JsonValue]),
      ...((allOf ?? []) as JsonValue[]),
      ...[this.#choice % 2 === 0 ? [condition, then] : [otherwise]].flat().filter((part) => part !== undefined),
      ...[anyOf, oneOf].flatMap((options) => (Array.isArray(options) ? [this.#pick(options) as JsonValue] : [])),
    ];
    return parts.filter(isJsonObject).reduce((all, part) => join(all, this.#flat(part)), own);
  }

  #pick(options: readonly JsonValue[]): JsonValue | undefined {
    return options[this.#choice % options.length];
  }

  #typeOf(schema: JsonObject): string {
    const { type } = schema;
    if (type !== undefined) return String(Array.isArray(type) ? this.#pick(type) : type);
    const has = (...keywords: string[]) => keywords.some((keyword) => schema[keyword] !== undefined);
    if (has('properties', 'required', 'additionalProperties', 'patternProperties', 'minProperties')) return 'object';
    if (has('items', 'prefixItems', 'contains', 'minItems')) return 'array';
    return has('minLength', 'maxLength', 'pattern') ? 'string' : 'number';
  }

  /** What must be there; at the first try, and if nothing must, what may be. */
  #object(schema: JsonObject): JsonObject | undefined {
    const properties = (schema['properties'] ?? {}) as JsonObject;
    const required = (schema['required'] ?? []) as string[];
    const names = required.length === 0 && this.#choice === 0 ? Object.keys(properties).slice(0, 4) : required;
    const made: JsonObject = {};
    for (const name of new Set(names)) {
      const of = Object.hasOwn(properties, name) ? properties[name] : schema['additionalProperties'];
      const value = this.value(of ?? true);
      if (value === undefined) return undefined;
      setOwn(made, name, value);
    }
    return made;
  }

  #list(schema: JsonObject): JsonValue[] | undefined {
    const { items = true, prefixItems = [], contains, minItems = 0, maxItems = 1 } = schema;
    const before = [...(prefixItems as JsonValue[]), ...(contains === undefined ? [] : [contains])];
    const wanted = this.#choice > 1 ? 0 : Math.min(1, maxItems as number);
    const count = Math.max(minItems as number, before.length, wanted);
    if (count > MAX_VALUES) return undefined;
    const made: JsonValue[] = [];
    for (let i = 0; i < count; i++) {
      const value = this.value(before[i] ?? items);
      if (value === undefined) return undefined;
      made.push(value);
    }
    return made;
  }
}

/** Both at once, as far as simple: of a bound that both have the second counts. */
function join(a: JsonObject, b: JsonObject): JsonObject {
  const both = { ...a, ...b };
  if (a['properties'] && b['properties']) {
    both['properties'] = { ...(a['properties'] as JsonObject), ...(b['properties'] as JsonObject) };
  }
  if (a['required'] && b['required']) {
    both['required'] = [...(a['required'] as string[]), ...(b['required'] as string[])];
  }
  return both;
}

function text({ minLength = 0, maxLength = Number.POSITIVE_INFINITY }: JsonObject): string | undefined {
  if ((minLength as number) > MAX_TEXT) return undefined;
  return 'text'.padEnd(minLength as number, 'text').slice(0, maxLength as number);
}

function number(schema: JsonObject, wholeStep: number | undefined): number {
  const { minimum, exclusiveMinimum: above, maximum, exclusiveMaximum: below } = schema as Record<string, number>;
  const step = (schema['multipleOf'] as number | undefined) ?? wholeStep;
  const least = above !== undefined && above >= (minimum ?? above) ? above : minimum;
  const most = below !== undefined && below <= (maximum ?? below) ? below : maximum;
  if (step !== undefined) {
    const at = Math.ceil((least ?? Math.min(step, most ?? step)) / step) * step;
    if (least !== undefined) return at === above ? at + step : at;
    return at > (most ?? at) || at === below ? at - step : at;
  }
  if (least !== undefined && most !== undefined) return least + (most - least) / 2;
  if (least !== undefined) return least === above ? least + 1 : least;
  return most === undefined ? 1 : Math.min(1, most === below ? most - 1 : most);
}
