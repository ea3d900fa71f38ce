import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';

/*
 * What a page around a screen and the screen say to each other, by `postMessage`. Each message is
 * `{ type: 'tidewall.…', v: 1, … }`; one with an `id` is answered with it.
 */

export const EMBED_VERSION = 1;

/** What the page around may follow. */
export const EMBED_EVENTS = ['status', 'variables', 'element'] as const;
export type EmbedEvent = (typeof EMBED_EVENTS)[number];

/** What the page around asks for. */
export type Asked = { readonly id?: string | number } & (
  | { readonly type: 'hello' }
  | { readonly type: 'set'; readonly variables: JsonObject }
  | { readonly type: 'follow'; readonly events: readonly EmbedEvent[] }
  | { readonly type: 'wrong'; readonly message: string }
);

/** Characters of one message as JSON. */
const MAX_MESSAGE_LENGTH = 16_384;
const MAX_VARIABLES = 100;
const MAX_ID_LENGTH = 64;
const PREFIX = 'tidewall.';

/** What a message asks for; undefined when it is none of ours, as are those of other scripts of a page. */
export function parseAsked(data: unknown): Asked | undefined {
  const { type } = Object(data) as { type?: unknown };
  if (typeof type !== 'string' || !type.startsWith(PREFIX)) return undefined;
  const message = asJson(data);
  if (typeof message === 'string') return { type: 'wrong', message };
  const { id } = message;
  const isId = typeof id === 'number' || (typeof id === 'string' && id.length <= MAX_ID_LENGTH);
  if (id !== undefined && !isId) return wrong(`id: must be a number, or a text of at most ${MAX_ID_LENGTH} characters`);
  return { ...askedBy(type.slice(PREFIX.length), message), ...(isId && { id }) };
}

function askedBy(name: string, { v, variables, events }: JsonObject): Asked {
  if (v !== EMBED_VERSION) return wrong(`v: must be ${EMBED_VERSION}, got ${shown(v)}`);
  if (name === 'hello') return { type: 'hello' };
  if (name === 'set') {
    if (!isJsonObject(variables))
      return wrong(`variables: must be an object of values by name, got ${shown(variables)}`);
    const count = Object.keys(variables).length;
    if (count === 0 || count > MAX_VARIABLES) return wrong(`variables: must be 1 to ${MAX_VARIABLES}, got ${count}`);
    return { type: 'set', variables };
  }
  if (name === 'follow') {
    const known = Array.isArray(events) && events.length <= EMBED_EVENTS.length && events.every(isEvent);
    if (!known) return wrong(`events: must be a list of ${EMBED_EVENTS.join(', ')}, got ${shown(events)}`);
    return { type: 'follow', events };
  }
  return wrong(`type: there is tidewall.hello, tidewall.set and tidewall.follow, got ${shown(`${PREFIX}${name}`)}`);
}

function wrong(message: string): Asked {
  return { type: 'wrong', message };
}

function isEvent(name: JsonValue): name is EmbedEvent {
  return EMBED_EVENTS.some((known) => known === name);
}

/** Pages can send what is no JSON: dates, maps, objects that hold themselves. The text is why it is none. */
function asJson(data: unknown): JsonObject | string {
  try {
    const text = JSON.stringify(data);
    if (text.length > MAX_MESSAGE_LENGTH)
      return `a message may have ${MAX_MESSAGE_LENGTH} characters as JSON, has ${text.length}`;
    return JSON.parse(text) as JsonObject;
  } catch {
    return 'a message must be JSON';
  }
}

function shown(value: JsonValue | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
