import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import type { TopicSettings } from '@tidewall/contracts';
import type { Mismatch, TopicKind } from '@tidewall/protocol';
import { pathText, shown } from '../issue-sentence.ts';
import { dataSchemaFault } from './check-data-schema.ts';
import { compileDataSchema, type DataCheck } from './compile-data-schema.ts';
import { exampleTries } from './example.ts';
import { DATA_SCHEMA_LIMITS } from './limits.ts';
import type { Misfit } from './misfit.ts';
import { isFault, type SchemaFault } from './schema-fault.ts';

type Fits = NonNullable<TopicSettings['fits']>;

/** What a topic of a kind takes. */
export interface DataRule {
  readonly kind: TopicKind;
  /** What identifies a row of a `table`. */
  readonly keyField: string;
  /** JSON Schema of the value of a `state`, a row of a `table`, a point of a `series`, an entry of a `log`. */
  readonly schema: JsonObject;
}

/**
 * The check of what is published to a topic. Every refusal shows data that would be taken; a schema for which none can
 * be found is not taken itself, since then nothing might ever be.
 */
export function createFits(rule: DataRule): Fits | SchemaFault {
  const fault = dataSchemaFault(rule.schema);
  if (fault !== undefined) return fault;
  const check = compileDataSchema(rule.schema);
  const example = findExample(rule, check);
  return isFault(example) ? example : FITS[rule.kind](check, example.data);
}

/** What looks at one publication, by kind. What is not of the kind's own shape is left to the kind to refuse. */
const FITS: { readonly [K in TopicKind]: (check: DataCheck, example: JsonValue) => Fits } = {
  state: wholeFits,
  log: wholeFits,
  signal: wholeFits,
  table: (check, example) => (op, data) => (op === 'remove' ? undefined : eachFits(data, check, [example])),
  series: (check, example) => (_op, data) =>
    isJsonObject(data) && Array.isArray(data['t'])
      ? columnsFit(data, data['t'], check, example)
      : eachFits(data, check, example),
};

function wholeFits(check: DataCheck, example: JsonValue): Fits {
  return (_op, data) => {
    const misfit = check(data);
    return misfit && mismatch(misfit, misfit.path, example);
  };
}

function eachFits(data: JsonValue, check: DataCheck, example: JsonValue): Mismatch | undefined {
  const rows = Array.isArray(data) ? data : [data];
  for (const [index, row] of rows.entries()) {
    const misfit = isJsonObject(row) ? check(row) : undefined;
    if (misfit) return mismatch(misfit, Array.isArray(data) ? [index, ...misfit.path] : misfit.path, example);
  }
  return undefined;
}

/** Looks at columns as the points that they make; a place is told as it is in the columns. */
function columnsFit(
  columns: JsonObject,
  times: readonly JsonValue[],
  check: DataCheck,
  example: JsonValue,
): Mismatch | undefined {
  const entries = Object.entries(columns);
  if (!entries.every(([, column]) => Array.isArray(column) && column.length === times.length)) return undefined;
  for (let i = 0; i < times.length; i++) {
    const point: JsonObject = {};
    for (const [name, column] of entries) setOwn(point, name, (column as JsonValue[])[i] as JsonValue);
    const misfit = check(point);
    if (misfit === undefined) continue;
    const [name, ...rest] = misfit.path;
    const path = name === undefined ? [i] : Object.hasOwn(columns, name) ? [name, i, ...rest] : misfit.path;
    return mismatch(misfit, path, example);
  }
  return undefined;
}

function mismatch({ expected, got }: Misfit, path: Misfit['path'], example: JsonValue): Mismatch {
  const text = pathText(path);
  return { path: typeof path[0] === 'string' ? `.${text}` : text, expected, got, example };
}

/** Data that fits both the schema and the kind: what the schema gives as an example, else what can be made up. */
function findExample(rule: DataRule, check: DataCheck): { readonly data: JsonValue } | SchemaFault {
  const given = ((rule.schema['examples'] ?? []) as JsonValue[])[0];
  if (given !== undefined) {
    const misfit = check(given) ?? kindMisfit(rule, given);
    if (misfit) {
      const says = `must itself fit: ${pathText(['it', ...misfit.path])} must be ${misfit.expected}`;
      return { path: ['examples', 0], says };
    }
  }
  for (const made of exampleTries(rule.schema)) {
    for (const data of inKind(rule, made)) {
      const small = JSON.stringify(data).length <= DATA_SCHEMA_LIMITS.exampleCharacters;
      if (small && check(data) === undefined && kindMisfit(rule, data) === undefined) return { data };
    }
  }
  return { path: ['examples'], says: `must hold a small ${WHAT[rule.kind]} that fits: none could be made up` };
}

const WHAT: { readonly [K in TopicKind]: string } = {
  state: 'value',
  log: 'entry',
  signal: 'value',
  table: 'row',
  series: 'point',
};

/** Rows need a key, and points are better told with a time, of which a schema need not speak. */
function inKind({ kind, keyField }: DataRule, data: JsonValue): JsonValue[] {
  const added = kind === 'table' ? { [keyField]: 'a' } : kind === 'series' ? { t: 1_700_000_000_000 } : {};
  return isJsonObject(data) ? [{ ...added, ...data }, data] : [data];
}

/** What the kind would refuse, whatever the schema says. */
function kindMisfit({ kind, keyField }: DataRule, data: JsonValue): Misfit | undefined {
  if (kind !== 'table' && kind !== 'series') return undefined;
  if (!isJsonObject(data)) return { path: [], expected: `an object, as each ${WHAT[kind]} is`, got: shown(data) };
  if (kind === 'series') {
    const wrong = Object.keys(data).find((name) => data[name] !== null && !Number.isFinite(data[name]));
    if (wrong === undefined) return undefined;
    return { path: [wrong], expected: 'a number or null, as in every point of a series', got: shown(data[wrong]) };
  }
  const key = Object.hasOwn(data, keyField) ? data[keyField] : undefined;
  if (typeof key === 'string' || typeof key === 'number') return undefined;
  return { path: [keyField], expected: 'a string or a number that identifies the row', got: shown(key) };
}
