import { isJsonObject, type JsonValue, parseJson } from '@tidewall/base';
import type { OutgoingResponse } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { withoutSecrets } from './http-credentials.ts';
import { reasonOf } from './reason.ts';

/** Of what a failure says of itself no more is read. */
const MOST_BYTES = 64 * 1024;
const MOST_CHARACTERS = 200;

const SENTENCES: Readonly<Record<number, string>> = {
  400: 'it does not understand the question',
  401: 'it does not take our credentials (auth), or wants some',
  402: 'it wants to be paid',
  403: 'we have no right to that',
  404: 'there is nothing at that address',
  405: 'it takes no such method (method)',
  406: 'it cannot answer in the form that we ask for (headers.accept)',
  407: 'a proxy wants credentials',
  410: 'what was there is gone',
  411: 'it wants a body',
  413: 'what we send is too large',
  414: 'the address is too long',
  415: 'it does not take what we send (content-type)',
  422: 'it does not take the values that we send',
  429: 'we ask too often (intervalMs)',
  500: 'it has failed by itself',
  502: 'what is behind it does not answer',
  503: 'it is not ready',
  504: 'what is behind it does not answer in time',
};

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
  const own = SENTENCES[status] ?? SENTENCES[Math.floor(status / 100) * 100] ?? 'that is no answer that we know';
  const said = await messageOf(response);
  const more = said === undefined ? '' : `; it says: ${withoutSecrets(said, secrets)}`;
  return new TidewallError('source_error', `${place} answers ${status}: ${own}${more}`, { detail: { status } });
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
