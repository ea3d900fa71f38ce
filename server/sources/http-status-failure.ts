import { isJsonObject, type JsonValue, parseJson } from '@tidewall/base';
import type { OutgoingResponse } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { statusSentence } from '@tidewall/request';
import { withoutSecrets } from './http-credentials.ts';
import { reasonOf } from './reason.ts';

/** Of what a failure says of itself no more is read. */
const MOST_BYTES = 64 * 1024;
const MOST_CHARACTERS = 200;

export interface StatusFailureOptions {
  readonly response: OutgoingResponse;
  /** What was asked, as sentences name it. */
  readonly place: string;
  /** What no sentence repeats, though the far end may. */
  readonly secrets: readonly string[];
}

/** What an answer that is none says, as a sentence; its body is read or let go. */
export async function statusFailure({ response, place, secrets }: StatusFailureOptions): Promise<TidewallError> {
  const { status } = response;
  const said = await messageOf(response);
  const more = said === undefined ? '' : `; it says: ${withoutSecrets(said, secrets)}`;
  return new TidewallError('source_error', `${place} answers ${status}: ${statusSentence(status)}${more}`, {
    detail: { status },
  });
}

/** The words of the far end, where they are some for people. */
async function messageOf(response: OutgoingResponse): Promise<string | undefined> {
  const { 'content-type': type = '' } = response.headers;
  const isJson = /\bjson\b/i.test(type);
  if (!isJson && !/^text\/plain\b/i.test(type)) {
    response.discard();
    return undefined;
  }
  const text = await beginningOf(response);
  const message = isJson ? messageOfJson(text) : text;
  if (message === undefined || message.trim() === '') return undefined;
  const line = reasonOf(message);
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS - 1)}…` : line;
}

async function beginningOf({ body }: OutgoingResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= MOST_BYTES) break;
    }
  } catch {
    // What broke off says enough by its status.
  }
  return Buffer.concat(chunks).subarray(0, MOST_BYTES).toString();
}

function messageOfJson(text: string): string | undefined {
  try {
    return messageIn(parseJson(text), 0);
  } catch {
    return undefined;
  }
}

const NAMES = ['message', 'error_description', 'detail', 'error', 'errors', 'msg', 'title', 'reason', 'code'];

/** As RFC 9457, OAuth 2 and most others name it. */
function messageIn(value: JsonValue, depth: number): string | undefined {
  if (typeof value === 'string') return value;
  if (depth > 3) return undefined;
  if (Array.isArray(value)) return value[0] === undefined ? undefined : messageIn(value[0], depth + 1);
  if (!isJsonObject(value)) return undefined;
  for (const name of NAMES) {
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    const message = member === undefined ? undefined : messageIn(member, depth + 1);
    if (message !== undefined) return message;
  }
  return undefined;
}
