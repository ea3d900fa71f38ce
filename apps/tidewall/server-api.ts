import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { JsonValue } from '@tidewall/base';
import type { ErrorBody } from '@tidewall/protocol';
import { CommandFailure } from './command-failure.ts';
import { ownToken } from './own-token.ts';

/** What a server answered. */
export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

/** The server cannot be reached: nothing was sent, so that it may be sent again. */
export class Unreachable extends CommandFailure {}

/** A server that does not answer within this is as good as gone. */
const ANSWER_MS = 30_000;

export interface ApiRequest {
  /** POST with a body, else GET, when absent. */
  readonly method?: 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: string;
  /** Sent again with the same key, it changes nothing. */
  readonly key?: string;
}

/**
 * Asks the server at an address.
 *
 * @throws Unreachable when nobody is there; CommandFailure when the connection breaks before the answer
 */
export async function askServer(base: string, path: string, request: ApiRequest = {}): Promise<ApiAnswer> {
  const { body, key, method = body === undefined ? 'GET' : 'POST' } = request;
  const token = await ownToken(base);
  try {
    const response = await fetch(new URL(path, withSlash(base)), {
      method,
      ...(body !== undefined && { body }),
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    const code = codeOf(cause);
    if (['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'].includes(code)) {
      throw new Unreachable(
        `no Tidewall answers at ${base} (${code}); start one with "tidewall serve", or name it with --url`,
        1,
        cause,
      );
    }
    throw new CommandFailure(`${base} did not answer: ${code}`, 1, cause);
  }
}

/**
 * What a server answers to a POST, as it comes, however long that takes.
 *
 * @param token what to show it, in place of what this command shows others
 * @throws Unreachable when nobody is there; CommandFailure with its reason when it does not do it
 */
export async function askForStream(base: string, path: string, token?: string): Promise<Readable> {
  const shown = token ?? (await ownToken(base));
  const headers = shown === undefined ? {} : { authorization: `Bearer ${shown}` };
  const response = await fetch(new URL(path, withSlash(base)), { method: 'POST', headers }).catch((cause: unknown) => {
    throw new Unreachable(`no Tidewall answers at ${base} (${codeOf(cause)}); name it with --url`, 1, cause);
  });
  const { status, body } = response;
  if (status !== 200 || body === null) throw new CommandFailure(refusalIn({ status, text: await response.text() }));
  return Readable.fromWeb(body as ReadableStream);
}

/** The reason in an answer that is not 2xx. */
export function refusalIn({ status, text }: ApiAnswer): string {
  const error = errorIn(text);
  return error === undefined ? `the server answered ${status}` : reasonOf(error);
}

/** A refusal for a reader: the sentence, and what would have been right. */
export function reasonOf({ name, message, detail }: Partial<ErrorBody>): string {
  const example = detail?.['example'];
  const hint = example === undefined ? '' : `; this would fit: ${JSON.stringify(example)}`;
  return `${message ?? 'refused'} (${name ?? 'unknown'})${hint}`;
}

/** The `error` in a JSON text, when it has one. */
export function errorIn(text: string): Partial<ErrorBody> | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: Partial<ErrorBody> };
    return error;
  } catch {
    return undefined;
  }
}

/** @throws CommandFailure when it is not an address that a server can have */
export function parseServerUrl(text: string): string {
  const given = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return given;
  throw new CommandFailure(`--url must be an address like http://localhost:7070, got ${JSON.stringify(text)}`, 2);
}

/**
 * What the server answers, when it does what it was asked.
 *
 * @throws CommandFailure with its reason when it does not
 */
export async function askForJson(base: string, path: string, request: ApiRequest = {}): Promise<unknown> {
  const answer = await askServer(base, path, request);
  if (answer.status !== 200) throw new CommandFailure(refusalIn(answer));
  return JSON.parse(answer.text);
}

/** A topic's name as a path: what has a meaning in addresses is escaped, its slashes are not. */
export function topicPath(topic: string): string {
  return `api/topics/${escaped(topic)}`;
}

/** The address of what is said of the topics of a pattern. */
export function settingsPath(pattern: string): string {
  return `api/topic-settings/${escaped(pattern)}`;
}

function escaped(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}

/** What a line, or an argument, says as JSON; a text when it is none, or must be one. */
export function parseValue(text: string, as: 'json' | 'text' | 'either'): JsonValue {
  if (as === 'text') return text;
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    if (as === 'either') return text;
    throw new CommandFailure(`this is not JSON: ${text.length > 60 ? `${text.slice(0, 57)}…` : text}`, 1, cause);
  }
}

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === 'TimeoutError') return `nothing for ${ANSWER_MS / 1000} s`;
  // A name with two addresses fails with an error for each of them.
  const inner = cause.cause instanceof AggregateError ? cause.cause.errors[0] : cause.cause;
  if (!(inner instanceof Error)) return cause.message;
  return (inner as NodeJS.ErrnoException).code ?? inner.message;
}

function withSlash(base: string): string {
  return base.endsWith('/') ? base : `${base}/`;
}
