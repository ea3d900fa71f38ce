import { type JsonObject, setOwn } from '@tidewall/base';
import { jsonOrText, type MessageForm, type MessageReading, readFields } from '../read-message.ts';

/** An entry of a stream: its fields by name, each as JSON where it is some and JSON is meant, else as a text. */
export function readEntry(
  fields: Readonly<Record<string, string>>,
  at: number,
  { format, topicKind: kind }: MessageForm,
): MessageReading {
  const row: JsonObject = {};
  for (const [name, text] of Object.entries(fields)) setOwn(row, name, format === 'text' ? text : jsonOrText(text));
  return readFields(row, at, kind);
}
