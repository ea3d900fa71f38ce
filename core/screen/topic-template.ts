import { variantText } from '@tidewall/protocol';

/*
 * `{name}` in the topic of a binding stands for the value of a variable: `sales/region={region}`. What a name of a topic
 * cannot hold is escaped as in the topics of parameters, so that a value never becomes another level or a pattern.
 */

export type VariableValue = string | number | boolean;
export type VariableValues = Readonly<Record<string, VariableValue>>;

const PLACE = /\{([A-Za-z][A-Za-z0-9_]{0,31})\}/g;

/** The variables that a topic is made with, in their order. */
export function variablesIn(topic: string): readonly string[] {
  return [...topic.matchAll(PLACE)].map(([, name]) => name as string);
}

/** The topic of these values; undefined as long as one that it is made with has none. */
export function topicWith(topic: string, values: VariableValues): string | undefined {
  const missing = variablesIn(topic).some((name) => partOf(values, name) === undefined);
  return missing ? undefined : topic.replace(PLACE, (_, name: string) => partOf(values, name) as string);
}

/** The pattern of the topics that it can be where only these values are fixed. */
export function topicPatternWith(topic: string, fixed: VariableValues): string {
  return topic
    .split('/')
    .map((level) => topicWith(level, fixed) ?? '+')
    .join('/');
}

function partOf(values: VariableValues, name: string): string | undefined {
  const value = own(values, name);
  return isValue(value) && String(value) !== '' ? variantText(String(value)) : undefined;
}

/** A member that is its own; never one of its prototype. */
export function own(values: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** Whether something can be the value of a variable. */
export function isValue(value: unknown): value is VariableValue {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
