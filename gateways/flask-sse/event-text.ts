import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@tidewall/base';
import type { Push } from '@tidewall/contracts';

/*
 * What flask-sse puts into Redis is {"data", "type"?, "id"?, "retry"?}, and what it makes of that is an event by the HTML
 * standard, 9.2 (server-sent events):
 *
 *   event:<type>
 *   data:<a line>        of a text as it is, of anything else as JSON
 *   id:<id>
 *   retry:<ms>
 */

const MEMBERS = ['data', 'type', 'id', 'retry'];
/** What ends a line there. */
const LINE_END = /\r\n|\r|\n/;

/** The events of a push; '' when this wire has no word for it, undefined when one of them must not be sent. */
export function eventsOf(push: Push): string | undefined {
  if (push.type !== 'value') return '';
  const { json, reset, kind } = push;
  // A log begins with all of its entries at once, and each of them is an event.
  const values = reset && kind === 'log' ? entriesOf(json) : [json];
  const events = values.map(eventOf);
  return events.includes(undefined) ? undefined : events.join('');
}

/**
 * One publication as an event: as flask-sse would, when it is what flask-sse publishes, else with the value as its data.
 *
 * @returns undefined when a line of it would not be what it is meant to be: a type with a line break in it would end the
 *   line, and what follows would be another field, or another event
 */
export function eventOf(json: string): string | undefined {
  const value = parseJson(json);
  if (!isMessage(value)) return `${dataLines(value, json)}\n`;
  const { data = null, type, id, retry } = value;
  const fields = [lineOf('event', type, isText), dataLines(data, JSON.stringify(data))];
  fields.push(lineOf('id', id, isId), lineOf('retry', retry, isDelay));
  return fields.includes(undefined) ? undefined : `${fields.join('')}\n`;
}

function isMessage(value: JsonValue): value is JsonObject {
  return (
    isJsonObject(value) && Object.hasOwn(value, 'data') && Object.keys(value).every((name) => MEMBERS.includes(name))
  );
}

function dataLines(data: JsonValue, json: string): string {
  const text = typeof data === 'string' ? data : json;
  return text
    .split(LINE_END)
    .map((line) => fieldLine('data', line))
    .join('');
}

/** '' when it is not given, which for flask-sse is everything that is false in Python. */
function lineOf(name: string, value: JsonValue | undefined, fits: (value: JsonValue) => boolean): string | undefined {
  if (!value) return '';
  return fits(value) ? fieldLine(name, String(value)) : undefined;
}

function fieldLine(name: string, text: string): string {
  // A reader takes one space away; what begins with one shall keep it.
  return `${name}:${text.startsWith(' ') ? ' ' : ''}${text}\n`;
}

function isText(value: JsonValue): boolean {
  return typeof value === 'string' && !LINE_END.test(value);
}

/** Readers pass over an id with a NUL in it. */
function isId(value: JsonValue): boolean {
  return typeof value === 'number' || (isText(value) && !String(value).includes('\0'));
}

function isDelay(value: JsonValue): boolean {
  // An object first: one with a member toString has no text.
  return typeof value !== 'object' && /^\d{1,15}$/.test(String(value));
}

function entriesOf(json: string): string[] {
  const entries = parseJson(json);
  return Array.isArray(entries) ? entries.map((entry) => JSON.stringify(entry)) : [json];
}
