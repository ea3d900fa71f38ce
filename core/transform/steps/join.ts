import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { badStep } from '../faults.ts';
import { groupKey } from '../group-key.ts';
import { TRANSFORM_LIMITS } from '../limits.ts';
import { pathReader } from '../path.ts';
import type { TransformOf } from '../schema.ts';
import { overRows, rowsOfAny, tooManyRows } from '../shape.ts';
import { Work } from '../work.ts';
import type { RunStepNow, TransformServices } from './step.ts';

type Index = ReadonlyMap<string, readonly JsonObject[]>;

/**
 * Each row with the fields of its partners: one row a partner, in their order. Null and missing fields have no partner.
 * A field that the row has itself stays as it is. A topic that holds nothing has no rows.
 *
 * @throws TidewallError bad_request when topics are not to be had here
 */
export function compileJoin(step: TransformOf<'join'>, services: TransformServices): RunStepNow {
  const { kind, prefix } = step;
  const pairs = pairsOf(step.on);
  const readHere = pairs.map(([here]) => pathReader(here));
  const readThere = pairs.map(([, there]) => pathReader(there));
  const wanted = step.fields === undefined ? undefined : new Set(step.fields);
  const there = new Set(pairs.map(([, name]) => name));
  const partners = compilePartners(step.with, services, (data, work) => indexOf(data, readThere, work));

  const joined = (row: JsonObject, partner: JsonObject): JsonObject => {
    const made: JsonObject = { ...row };
    for (const name of Object.keys(partner)) {
      if (wanted === undefined ? there.has(name) : !wanted.has(name)) continue;
      const as = `${prefix ?? ''}${name}`;
      if (!Object.hasOwn(row, as)) setOwn(made, as, partner[name]);
    }
    return made;
  };
  return overRows((rows, work) => {
    const index = partners(work);
    work.charge(rows.length * (pairs.length + 1));
    const made: JsonValue[] = [];
    for (const row of rows) {
      const key = keyOf(row, readHere);
      const found = key === undefined ? undefined : index.get(key);
      if (found === undefined || !isJsonObject(row)) {
        if (kind !== 'inner') made.push(row);
        continue;
      }
      // Before the rows are made: a value that is in every row of both makes rows times rows.
      if (made.length + found.length > TRANSFORM_LIMITS.rows) throw tooManyRows(made.length + found.length);
      for (const partner of found) {
        work.charge(8);
        made.push(joined(row, partner));
      }
    }
    return made;
  }, 'list');
}

function pairsOf(on: TransformOf<'join'>['on']): [here: string, there: string][] {
  if (typeof on === 'string') return [[on, on]];
  const pairs = Array.isArray(on) ? on.map((name): [string, string] => [name, name]) : Object.entries(on);
  if (pairs.length === 0) throw badStep('on', 'must name a field');
  return pairs;
}

function compilePartners(
  source: TransformOf<'join'>['with'],
  { rowsOf }: TransformServices,
  index: (data: JsonValue, work: Work) => Index,
): (work: Work) => Index {
  if ('rows' in source) {
    // They stand in the step itself, so that one look is enough for as long as it lives.
    const known = index(source['rows'] as JsonValue[], new Work());
    return () => known;
  }
  const topic = source['topic'] as string;
  if (rowsOf === undefined)
    throw badStep('with.topic', 'a topic can be joined only on the server; bring the rows along instead');
  return (work) => index(rowsOf(topic) ?? [], work);
}

function indexOf(data: JsonValue, read: readonly ReturnType<typeof pathReader>[], work: Work): Index {
  const rows = rowsOfAny(data, work);
  work.charge(rows.length * (read.length + 1));
  const index = new Map<string, JsonObject[]>();
  for (const row of rows) {
    const key = keyOf(row, read);
    if (key === undefined || !isJsonObject(row)) continue;
    const found = index.get(key);
    if (found === undefined) index.set(key, [row]);
    else found.push(row);
  }
  return index;
}

function keyOf(row: JsonValue, read: readonly ReturnType<typeof pathReader>[]): string | undefined {
  const values: JsonValue[] = [];
  for (const one of read) {
    const value = one(row) ?? null;
    if (value === null) return undefined;
    values.push(value);
  }
  return groupKey(values);
}
