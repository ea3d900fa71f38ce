import { isJsonObject } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import type { z } from 'zod';
import { pathText, wrongPlaces } from '../issue-sentence.ts';
import { parseJsonBytes } from './json-text.ts';
import type { RouteBody } from './route.ts';

const MOST_BYTES = 16 * 1024;

/** A small object of JSON. */
export function jsonBody(schema: z.ZodType, description: string): RouteBody {
  return {
    ...{ contentType: 'application/json', description, schema, read: 'whole' },
    ...{ maxBytes: MOST_BYTES, limitName: 'fixed' },
  };
}

/**
 * What a body says, by its schema.
 *
 * @param secrets members whose value is not repeated in a refusal
 * @throws TidewallError bad_request naming the place
 */
export function readBody<Schema extends z.ZodType>(
  schema: Schema,
  bytes: Uint8Array,
  secrets: readonly string[],
): z.output<Schema> {
  const { value } = parseJsonBytes(bytes, 'the body');
  if (!isJsonObject(value)) throw new TidewallError('bad_request', 'the body must be an object, like {}');
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first] = wrongPlaces(result.error.issues, value, schema, secrets);
  const path = pathText(first?.path ?? []);
  throw new TidewallError('bad_request', `${path} ${first?.says ?? 'is wrong'}`, { detail: { path } });
}
