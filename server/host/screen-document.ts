import { createHash } from 'node:crypto';
import { type JsonValue, parseJson } from '@tidewall/base';
import { parseTopicName } from '@tidewall/protocol';
import { elementTopic, type Screen, type ScreenElement, topicWith, variablesIn } from '@tidewall/screen';
import { screenSchema } from '@tidewall/screen/schema';
import { findJsonFault } from './http/json-fault.ts';
import { pathText, wrongPlaces } from './issue-sentence.ts';

/** A screen document that has been checked. */
export interface ScreenDocument {
  readonly screen: Screen;
  readonly json: string;
  /** Changes with the document. */
  readonly revision: string;
}

/** The document is not a screen; the message names the place. */
export class ScreenFault extends Error {
  override readonly name = 'ScreenFault';
}

/**
 * The screen in a document.
 *
 * @throws ScreenFault naming the place and what is wrong with it
 */
export function parseScreen(text: string): ScreenDocument {
  const value = parse(text);
  const result = screenSchema.safeParse(value);
  if (!result.success) {
    const [wrong] = wrongPlaces(result.error.issues, value);
    const path = pathText(wrong?.path ?? []);
    throw new ScreenFault(`${path === '' ? 'the document' : path} ${wrong?.says ?? 'is wrong'}`);
  }
  const screen = result.data;
  for (const [id, element] of Object.entries(screen.elements)) checkElement(screen, id, element);
  const json = JSON.stringify(screen);
  return { screen, json, revision: createHash('sha256').update(json).digest('base64url').slice(0, 16) };
}

function parse(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const fault = reason.startsWith('JSON nests') ? undefined : findJsonFault(text);
    throw new ScreenFault(
      fault === undefined
        ? reason
        : `it is not JSON at line ${fault.line}, column ${fault.column}: expected ${fault.expected}, got ${fault.got}`,
      { cause },
    );
  }
}

function checkElement(screen: Screen, id: string, { data }: ScreenElement): void {
  const topic = data.binding?.type === 'topic' ? data.binding.topic : elementTopic(screen.id, id);
  try {
    // Whatever its variables are: their values are escaped.
    parseTopicName(topicWith(topic, Object.fromEntries(variablesIn(topic).map((name) => [name, 'x']))));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ScreenFault(`elements.${id}.data.binding.topic: ${reason}`, { cause });
  }
}
