import { isJsonObject, type JsonObject, type JsonValue, parseJson, setOwn } from '@tidewall/base';
import type { TopicKind } from '@tidewall/protocol';
import { pointOf } from '../point.ts';

/** What a message says, or why it says nothing. */
export type MessageReading = { readonly data: JsonValue } | { readonly refused: string };

export interface MessageForm {
  readonly format: 'json' | 'text';
  readonly topicKind: TopicKind;
}

/** Data for a topic of that kind. An entry of a `log` carries its time when it is a text, as a feed of events shows it. */
export function readMessage(text: string, at: number, { format, topicKind: kind }: MessageForm): MessageReading {
  if (format === 'text') return { data: kind === 'log' ? { t: at, text } : text };
  try {
    return ofKind(parseJson(text), at, kind);
  } catch (failure) {
    return { refused: `a message is not JSON (${(failure as Error).message}): ${shortened(text)}` };
  }
}

/** An entry of a stream: its fields by name, each as JSON where it is some and JSON is meant, else as a text. */
export function readEntry(
  fields: Readonly<Record<string, string>>,
  at: number,
  { format, topicKind: kind }: MessageForm,
): MessageReading {
  const row: JsonObject = {};
  for (const [name, text] of Object.entries(fields)) setOwn(row, name, format === 'json' ? jsonOrText(text) : text);
  return ofKind(row, at, kind);
}

/** The text as the JSON that it is, or as the text that it is. */
export function jsonOrText(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

function ofKind(data: JsonValue, at: number, kind: TopicKind): MessageReading {
  if (kind !== 'series' && kind !== 'table') return { data };
  if (!isJsonObject(data)) return { refused: `a message is not an object: ${shortened(JSON.stringify(data))}` };
  if (kind === 'table') return { data: [data] };
  const point = pointOf(data, at);
  return point ? { data: point } : { refused: `a message has no number: ${shortened(JSON.stringify(data))}` };
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
