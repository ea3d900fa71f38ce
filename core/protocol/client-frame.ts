import { isJsonObject, type JsonValue } from '@tidewall/base';
import type { z } from 'zod';
import { TidewallError } from './error.ts';
import { type ClientFrame, commandSchemas, pingSchema } from './schema.ts';

/** The `id` to answer to, as far as a frame that may be malformed has one. */
export function commandIdOf(frame: JsonValue): number | undefined {
  const id = isJsonObject(frame) ? frame['id'] : undefined;
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : undefined;
}

/**
 * The command in one parsed frame.
 *
 * @throws TidewallError `bad_request` with the path of the first wrong field, or `unknown_command`
 */
export function parseClientFrame(frame: JsonValue): ClientFrame {
  if (!isJsonObject(frame)) throw new TidewallError('bad_request', 'a frame must be a JSON object');
  const id = commandIdOf(frame);
  if (id === undefined) {
    if (Object.hasOwn(frame, 'ping')) return parsePing(frame['ping']);
    throw new TidewallError(
      'bad_request',
      `id must be a whole number, got ${JSON.stringify(frame['id'])?.slice(0, 40)}`,
    );
  }
  for (const name of Object.keys(commandSchemas) as (keyof typeof commandSchemas)[]) {
    if (!Object.hasOwn(frame, name)) continue;
    return { type: name, id, body: check(name, commandSchemas[name] as z.ZodType, frame[name]) } as ClientFrame;
  }
  if (Object.hasOwn(frame, 'ping')) return parsePing(frame['ping']);
  const name = Object.keys(frame).find((key) => key !== 'id');
  const known = Object.keys(commandSchemas).join(', ');
  const what = name === undefined ? 'the frame names no command' : `unknown command "${name.slice(0, 40)}"`;
  throw new TidewallError('unknown_command', `${what}; known are ${known}, ping`);
}

function parsePing(body: JsonValue | undefined): ClientFrame {
  return { type: 'ping', t0: check('ping', pingSchema, body).t0 };
}

function check<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = [name, ...(issue?.path ?? [])].join('.');
  throw new TidewallError('bad_request', `${path}: ${issue?.message ?? 'invalid'}`, { detail: { path } });
}
