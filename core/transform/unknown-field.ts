import { isJsonObject } from '@tidewall/base';
import { z } from 'zod';

/** A field that a schema does not name. */
export interface UnknownField {
  readonly path: PropertyKey[];
  /** The names that it could have had. */
  readonly known: readonly string[];
}

/** The first field of a parsed value that its loose schema let through without knowing it; undefined when there is none. */
export function unknownField(schema: z.core.$ZodType, value: unknown, path: PropertyKey[]): UnknownField | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return value === undefined ? undefined : unknownField(schema.unwrap(), value, path);
  }
  if (schema instanceof z.ZodUnion) {
    const taken = schema.options.find((option) => z.safeParse(option, value).success);
    return taken && unknownField(taken, value, path);
  }
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    return first(value.entries(), ([at, item]) => unknownField(schema.element, item, [...path, at]));
  }
  if (!isJsonObject(value)) return undefined;
  if (schema instanceof z.ZodRecord) {
    return first(Object.entries(value), ([name, item]) => unknownField(schema.valueType, item, [...path, name]));
  }
  if (!(schema instanceof z.ZodObject)) return undefined;
  const known = Object.keys(schema.shape);
  return first(Object.keys(value), (name) => {
    const field = schema.shape[name];
    return field === undefined ? { path: [...path, name], known } : unknownField(field, value[name], [...path, name]);
  });
}

function first<Item, Found>(items: Iterable<Item>, find: (item: Item) => Found | undefined): Found | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
