import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { ErrorObject } from 'ajv';
import { shown } from '../issue-sentence.ts';
import { inWords, listed } from './words.ts';

/** Why a value does not fit a schema. */
export interface Misfit {
  /** Names of members and numbers of items, outermost first. */
  readonly path: readonly (string | number)[];
  /** Goes after "must be". */
  readonly expected: string;
  readonly got: string;
}

/** Keywords whose error only sums up those of their parts. */
const WRAPPERS = new Set(['anyOf', 'oneOf', 'if']);

/** The one complaint of a failed check that helps its reader most. */
export function misfitOf(errors: readonly ErrorObject[], data: JsonValue, root: JsonObject): Misfit {
  const outermost = errors.at(-1) as ErrorObject;
  const chosen = WRAPPERS.has(outermost.keyword) ? deepest(errors, outermost) : outermost;
  const path = pathOf(chosen.instancePath, data);
  const params = chosen.params as Readonly<Record<string, string>>;
  const schema = chosen.parentSchema as JsonObject;
  const got = shown(chosen.data);
  const member = (name = '') => [...path, name];
  switch (chosen.keyword) {
    case 'required':
    case 'dependentRequired': {
      const name = params['missingProperty'] ?? '';
      const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
      const wanted = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return { path: member(name), expected: inWords(wanted, root), got: shown(undefined) };
    }
    case 'additionalProperties': {
      const name = params['additionalProperty'] ?? '';
      const known = Object.keys((schema['properties'] ?? {}) as JsonObject);
      const expected = known.length === 0 ? 'left out' : `left out (known are ${listed(known)})`;
      return { path: member(name), expected, got: shown((chosen.data as JsonObject)[name]) };
    }
    case 'propertyNames': {
      const name = params['propertyName'] ?? '';
      const expected = `left out, or named otherwise: by ${inWords(schema['propertyNames'], root)}`;
      return { path: member(name), expected, got: shown((chosen.data as JsonObject)[name]) };
    }
    case 'contains':
      return { path, expected: `a list in which there is ${inWords(schema['contains'], root)}`, got };
    case 'not':
      return { path, expected: `anything but ${inWords(schema['not'], root)}`, got };
    case 'false schema':
      return { path, expected: 'left out', got };
    case 'oneOf':
      return { path, expected: oneOfWords(chosen, schema, root), got };
    default:
      return { path, expected: inWords(schema, root), got };
  }
}

/**
 * The error that lies deepest in the data: of several alternatives that is the one that was meant. Where they are
 * level, one whose fixed values fitted was meant rather than one whose did not; where none is deeper than the whole,
 * all alternatives are named together.
 */
function deepest(errors: readonly ErrorObject[], whole: ErrorObject): ErrorObject {
  const parts = errors.filter(({ keyword }) => !WRAPPERS.has(keyword));
  if (whole.keyword === 'if') return parts[0] ?? whole;
  const depth = (error: ErrorObject) =>
    2 * error.instancePath.split('/').length + (error.keyword === 'const' || error.keyword === 'enum' ? 0 : 1);
  const inside = parts.filter(({ instancePath }) => instancePath.length > whole.instancePath.length);
  return inside.reduce((best, each) => (depth(each) > depth(best) ? each : best), inside[0] ?? whole);
}

function oneOfWords({ params }: ErrorObject, schema: JsonObject, root: JsonObject): string {
  const fitting = (params as { passingSchemas?: readonly number[] | null }).passingSchemas;
  const words = inWords({ oneOf: schema['oneOf'] as JsonValue }, root);
  return fitting === null || fitting === undefined ? words : `only one of these: ${words}`;
}

/** Ajv names places by JSON Pointer, which does not tell the item 0 from a member called "0". */
function pathOf(pointer: string, data: JsonValue): (string | number)[] {
  const path: (string | number)[] = [];
  let value: JsonValue | undefined = data;
  for (const escaped of pointer.split('/').slice(1)) {
    const name = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    const step: string | number = Array.isArray(value) ? Number(name) : name;
    path.push(step);
    value = (value as Record<string | number, JsonValue> | undefined)?.[step];
  }
  return path;
}
