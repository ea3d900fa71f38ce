import { type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { pathReader } from '../path.ts';
import type { TransformOf } from '../schema.ts';
import { type Columns, isColumns, overRows, rowsOf } from '../shape.ts';
import type { Work } from '../work.ts';
import { compileExpression } from './expression.ts';
import type { CompileCel, RunStepNow } from './step.ts';

type Field = TransformOf<'map'>['fields'][string];
type Read = (row: JsonValue, at: number, work: Work) => JsonValue | undefined;

/**
 * Rows of new fields. A path that leads nowhere in a row makes no field there. Of columns, a path is the name of one, which
 * is handed on without a copy; a constant becomes a column of it.
 */
export function compileMap({ fields }: TransformOf<'map'>, cel: CompileCel | undefined): RunStepNow {
  const names = Object.keys(fields);
  const reads = new Map(names.map((name) => [name, compileField(fields[name] as Field, cel, `fields.${name}`)]));
  const mapRow = (row: JsonValue, at: number, work: Work): JsonObject => {
    work.charge(reads.size * 2 + 2);
    const made: JsonObject = {};
    for (const [name, read] of reads) {
      const value = read(row, at, work);
      if (value !== undefined) setOwn(made, name, value);
    }
    return made;
  };
  const mapRows = overRows((rows, work) => rows.map((row, at) => mapRow(row, at, work)), 'row');
  return (data, work) => {
    if (isColumns(data)) return mapColumns(data, fields, reads, work);
    // A bare value is a row, too: the empty path wraps it.
    return typeof data === 'object' && data !== null ? mapRows(data, work) : mapRow(data, 0, work);
  };
}

function compileField(field: Field, cel: CompileCel | undefined, path: string): Read {
  if (typeof field === 'string') return pathReader(field);
  if (typeof field['cel'] === 'string') return compileExpression(cel, field['cel'], path);
  const value = field['value'] as JsonValue;
  return () => value;
}

function mapColumns(
  columns: Columns,
  fields: TransformOf<'map'>['fields'],
  reads: ReadonlyMap<string, Read>,
  work: Work,
): JsonObject {
  const length = columns['t']?.length ?? 0;
  const made: JsonObject = {};
  let rows: JsonObject[] | undefined;
  for (const [name, read] of reads) {
    const field = fields[name] as Field;
    if (typeof field === 'string') {
      const column = read(columns, 0, work);
      if (column !== undefined) setOwn(made, name, column);
      continue;
    }
    work.charge(length * 2);
    if (typeof field['cel'] === 'string') rows ??= rowsOf(columns, work);
    setOwn(
      made,
      name,
      Array.from({ length }, (_, at) => read(rows?.[at] ?? null, at, work) ?? null),
    );
  }
  return made;
}
