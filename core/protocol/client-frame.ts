import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { z } from 'zod';
import { TidewallError } from './error.ts';
import { type ClientFrame, commandSchemas, pingSchema } from './schema.ts';

/** Commands that the wire defines and this version does not carry out: they get `not_available`, not a riddle. */
const LATER_COMMANDS = new Set(['configure', 'presence']);
/** Options that would be wrong to ignore. */
const LATER_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  subscribe: ['rateHz', 'filter', 'fields', 'delta', 'presence'],
  publish: ['key'],
};
const LATER_REWIND_OPTIONS = ['ms', 'points', 'by'] as const;

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
    refuseLaterOptions(name, frame[name]);
    return { type: name, id, body: check(name, commandSchemas[name] as z.ZodType, frame[name]) } as ClientFrame;
  }
  if (Object.hasOwn(frame, 'ping')) return parsePing(frame['ping']);
  const name = Object.keys(frame).find((key) => key !== 'id');
  if (name !== undefined && LATER_COMMANDS.has(name))
    throw new TidewallError('not_available', `this server has no command "${name}" yet`);
  const known = Object.keys(commandSchemas).join(', ');
  const what = name === undefined ? 'the frame names no command' : `unknown command "${name.slice(0, 40)}"`;
  throw new TidewallError('unknown_command', `${what}; known are ${known}, ping`);
}

function parsePing(body: JsonValue | undefined): ClientFrame {
  return { type: 'ping', t0: check('ping', pingSchema, body).t0 };
}

function refuseLaterOptions(command: string, body: JsonValue | undefined): void {
  if (!isJsonObject(body)) return;
  refuse(command, body, LATER_OPTIONS[command] ?? []);
  if (isJsonObject(body['rewind'])) refuse(`${command}.rewind`, body['rewind'], LATER_REWIND_OPTIONS);
}

function refuse(where: string, body: JsonObject, options: readonly string[]): void {
  for (const option of options) {
    if (body[option] !== undefined && body[option] !== false) {
      throw new TidewallError('not_available', `${where}.${option} is not available on this server yet`);
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
