import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import { REFERENCE } from './keywords.ts';
import { DATA_SCHEMA_LIMITS } from './limits.ts';
import type { SchemaFault } from './schema-fault.ts';

/** What holding data to a schema can cost. */
interface Measure {
  /** Subschemas, written out where they are referred to. */
  readonly total: number;
  readonly depth: number;
  /** Checks of one value itself. */
  readonly here: number;
  /** Checks of that value in it which is checked most. */
  readonly below: number;
}

/** Why a schema costs too much; undefined when it does not. What each keyword holds has been checked before. */
export function measureDataSchema(root: JsonObject): SchemaFault | undefined {
  const known = new Map<JsonObject, Measure>();
  const open = new Set<JsonObject>();
  const definitions = root['$defs'] as JsonObject | undefined;

  function measure(schema: JsonValue): Measure {
    if (!isJsonObject(schema)) return { total: 1, depth: 1, here: 1, below: 0 };
    const before = known.get(schema);
    if (before !== undefined) return before;
    if (open.has(schema)) throw new Excess('leads back to itself, which no data could end', '$ref');
    open.add(schema);
    const { same, groups } = partsOf(schema, definitions);
    const own = same.map(measure);
    const inner = groups.map((group) => ({ oneOf: group.oneOf.map(measure), allOf: group.allOf.map(measure) }));
    const all = [...own, ...inner.flatMap(({ oneOf, allOf }) => [...oneOf, ...allOf])];
    const found: Measure = {
      total: 1 + sum(all.map(({ total }) => total)),
      depth: 1 + Math.max(0, ...all.map(({ depth }) => depth)),
      here: 1 + listWeight(schema) + sum(own.map(({ here }) => here)),
      below:
        Math.max(...inner.map(({ oneOf, allOf }) => Math.max(0, ...oneOf.map(peak)) + sum(allOf.map(peak)))) +
        sum(own.map(({ below }) => below)),
    };
    refuseExcess(found);
    open.delete(schema);
    known.set(schema, found);
    return found;
  }

  try {
    measure(root);
    return undefined;
  } catch (failure) {
    if (failure instanceof Excess) return failure.fault;
    throw failure;
  }
}

/** Ends measuring, however deep it is. */
class Excess extends Error {
  readonly fault: SchemaFault;

  constructor(says: string, ...path: string[]) {
    super(says);
    this.fault = { path, says };
  }
}

/** The subschemas of a schema, by which value they are for. */
interface Parts {
  /** For the very value. */
  readonly same: readonly JsonValue[];
  /** For values in it; any one of them meets one of `oneOf`, and all of `allOf`. */
  readonly groups: readonly { readonly oneOf: readonly JsonValue[]; readonly allOf: readonly JsonValue[] }[];
}

function partsOf(schema: JsonObject, definitions: JsonObject = {}): Parts {
  const one = (keyword: string) => (schema[keyword] === undefined ? [] : [schema[keyword] as JsonValue]);
  const list = (keyword: string) => (schema[keyword] ?? []) as JsonValue[];
  const named = (keyword: string) => Object.values((schema[keyword] ?? {}) as JsonObject);
  const reference = REFERENCE.exec(String(schema['$ref'] ?? ''))?.[1];
  return {
    same: [
      ...['not', 'if', 'then', 'else'].flatMap(one),
      ...['allOf', 'anyOf', 'oneOf'].flatMap(list),
      ...(reference === undefined ? [] : [definitions[reference] as JsonValue]),
    ],
    groups: [
      { oneOf: [...named('properties'), ...one('additionalProperties')], allOf: named('patternProperties') },
      { oneOf: [...one('items'), ...list('prefixItems')], allOf: one('contains') },
      { oneOf: one('propertyNames'), allOf: [] },
    ],
  };
}

/** Long lists of names and values are gone through for each value. */
function listWeight(schema: JsonObject): number {
  const lists = [schema['enum'], schema['required'], ...Object.values((schema['dependentRequired'] ?? {}) as object)];
  return sum(lists.map((list) => (Array.isArray(list) ? list.length / 8 : 0)));
}

function peak({ here, below }: Measure): number {
  return Math.max(here, below);
}

function refuseExcess(measure: Measure): void {
  const { subschemas, depth, load } = DATA_SCHEMA_LIMITS;
  if (measure.depth > depth) throw new Excess(`nests deeper than ${depth} levels, references followed`);
  if (measure.total > subschemas) throw new Excess(`has more than ${subschemas} subschemas, references written out`);
  if (peak(measure) > load) throw new Excess(`holds one value to more than ${load} checks`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
