import { isJsonObject, type JsonValue } from '@tidewall/base';
import type { z } from 'zod';
import { TidewallError } from './error.ts';
import { type ClientFrame, commandSchemas, pingSchema } from './schema.ts';

/** Commands that the wire defines and this version does not carry out: they get `not_available`, not a riddle. */
const LATER_COMMANDS = new Set(['configure', 'presence']);
const LATER_SUBSCRIBE_OPTIONS = ['rateHz', 'filter', 'fields', 'delta', 'presence'] as const;

/** The `id` to answer to, as far as a frame that may be malformed has one. */
export function commandIdOf(frame: JsonValue): number | undefined {
  const id = isJsonObject(frame) ? frame['id'] : undefined;
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : undefined;
}

/**
 * The command in one parsed frame.
 *
 * @throws TidewallError `bad_request` with the path of the first wrong field, `unknown_command`, or `not_available`
 */
export function parseClientFrame(frame: JsonValue): ClientFrame {
  if (!isJsonObject(frame)) throw new TidewallError('bad_request', 'a frame must be a JSON object');
  if ('ping' in frame) return { type: 'ping', t0: check('ping', pingSchema, frame['ping']).t0 };
  const id = commandIdOf(frame);
  if (id === undefined) {
    throw new TidewallError(
      'bad_request',
      `id must be a whole number, got ${JSON.stringify(frame['id'])?.slice(0, 40)}`,
    );
  }
  for (const name of Object.keys(commandSchemas) as (keyof typeof commandSchemas)[]) {
    if (!Object.hasOwn(frame, name)) continue;
    if (name === 'subscribe') refuseLaterOptions(frame[name]);
    return { type: name, id, body: check(name, commandSchemas[name] as z.ZodType, frame[name]) } as ClientFrame;
  }
  const name = Object.keys(frame).find((key) => key !== 'id') ?? '';
  if (LATER_COMMANDS.has(name)) throw new TidewallError('not_available', `this server has no command "${name}" yet`);
  const known = Object.keys(commandSchemas).join(', ');
  throw new TidewallError('unknown_command', `unknown command "${name.slice(0, 40)}"; known are ${known}, ping`);
}

function refuseLaterOptions(body: JsonValue | undefined): void {
  if (!isJsonObject(body)) return;
  for (const option of LATER_SUBSCRIBE_OPTIONS) {
    if (body[option] !== undefined && body[option] !== false) {
      throw new TidewallError('not_available', `subscribe.${option} is not available on this server yet`);
    }
  }
}

function check<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = [name, ...(issue?.path ?? [])].join('.');
  throw new TidewallError('bad_request', `${path}: ${issue?.message ?? 'invalid'}`, { detail: { path } });
}
