import { isJsonObject, type JsonValue, MAX_JSON_DEPTH, parseJson } from '@tidewall/base';
import type { z } from 'zod';
import { TidewallError } from './error.ts';
import { type ClientFrame, commandSchemas, type PublishCommand, pingSchema, publishSchema } from './schema.ts';

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

/** A `publish` with the text that its data was parsed from. */
export interface PublishFrame {
  readonly type: 'publish';
  readonly id: number;
  readonly body: PublishCommand & { readonly json: string };
}

/** The line of a `publish` up to its data: nothing to unescape, and the data last, as our clients write it. */
const PUBLISH_HEAD =
  /^\{"id": ?(0|[1-9]\d{0,14}), ?"publish": ?(\{"topic": ?"([^"\\\p{Cc}]*)"((?:, ?"(?:op|kind|key)": ?"[^"\\\p{Cc}]*"|, ?"at": ?\d{1,15})*)), ?"data":/u;
/** Brackets that are open where the data begins. */
const DEPTH_OF_DATA = 2;

/**
 * The command in a line that is an ordinary `publish`: the same as `parseClientFrame` makes of it, at half the price and
 * with the text of the data. Undefined: it may be anything, a `publish` too, and `parseClientFrame` says what.
 */
export function parsePublishLine(line: string): PublishFrame | undefined {
  const [head, id, fields, topic = '', options] = PUBLISH_HEAD.exec(line) ?? [];
  if (head === undefined || !line.endsWith('}}')) return undefined;
  const json = line.slice(head.length, -2);
  try {
    // What is between the head and the last brackets is one JSON value, or the line is not what it looks like.
    const data = parseJson(json, MAX_JSON_DEPTH - DEPTH_OF_DATA);
    if (options === '') return { type: 'publish', id: Number(id), body: { topic, data, json } };
    const body = publishSchema.parse({ ...JSON.parse(`${fields}}`), data });
    return { type: 'publish', id: Number(id), body: { ...body, json } };
  } catch {
    return undefined;
  }
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
