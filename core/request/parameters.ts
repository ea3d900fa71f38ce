import {
  type ParameterValue,
  parseVariant,
  TidewallError,
  type TopicName,
  type VariantValues,
  variantPart,
  variantTopic,
} from '@tidewall/protocol';
import type { Values } from './bind-value.ts';

/** What a viewer may choose. */
export interface Parameter {
  readonly type: 'text' | 'number' | 'boolean';
  /** What it is when nobody chooses. */
  readonly value: ParameterValue;
  /** What may be chosen; anything of its type when absent. */
  readonly oneOf?: readonly ParameterValue[] | undefined;
}

export type Parameters = Readonly<Record<string, Parameter>>;

/** A value of a parameter is no longer, as a text. */
export const MOST_PARAMETER_CHARACTERS = 200;

/** The values when nobody chooses. */
export function standardValues(parameters: Parameters): Values {
  return Object.fromEntries(Object.entries(parameters).map(([name, { value: standard }]) => [name, standard]));
}

/**
 * All values, where some are chosen.
 *
 * @throws TidewallError bad_request naming the parameter that there is none of, or the value that it cannot have
 */
export function chosenValues(parameters: Parameters, chosen: VariantValues): Values {
  const values: Record<string, ParameterValue> = { ...standardValues(parameters) };
  for (const [name, text] of Object.entries(chosen)) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (parameter === undefined) {
      const known = Object.keys(parameters).join(', ') || 'none';
      const shown = JSON.stringify(name.slice(0, 60));
      throw new TidewallError('bad_request', `there is no parameter ${shown}; there is ${known}`);
    }
    values[name] = readValue(name, text, parameter);
  }
  return values;
}

/** The texts of the values that are not the standard ones: what names a variant. */
export function textsOf(parameters: Parameters, values: Values): VariantValues {
  const differing = Object.entries(values).filter(([name, each]) => parameters[name]?.value !== each);
  return Object.fromEntries(differing.map(([name, each]) => [name, String(each)]));
}

/**
 * The values that a topic's name stands for, where it is a variant of one that a source feeds.
 *
 * @throws TidewallError bad_request when they are none that it can have, or have another name
 */
export function valuesOfVariant(topic: TopicName, base: TopicName, parameters: Parameters): Values | undefined {
  const part = variantPart(topic, base);
  if (part === undefined) return undefined;
  const chosen = parseVariant(part);
  if (chosen === undefined)
    throw new TidewallError('bad_request', `${part} does not name values, like region=sh,year=2026`);
  const values = chosenValues(parameters, chosen);
  // One name for each combination, or the same question would be asked twice.
  const name = variantTopic(base, textsOf(parameters, values));
  if (name !== topic) throw new TidewallError('bad_request', `these values are the topic ${name}`);
  return values;
}

function readValue(name: string, text: string, { type, oneOf }: Parameter): ParameterValue {
  const read = { text: () => text, number: () => numberOf(text), boolean: () => booleanOf(text) }[type]();
  if (read === undefined || text.length > MOST_PARAMETER_CHARACTERS) {
    const shown = JSON.stringify(text.slice(0, 60));
    throw new TidewallError(
      'bad_request',
      `the parameter ${name} must be a ${type} of at most ${MOST_PARAMETER_CHARACTERS} characters, got ${shown}`,
    );
  }
  if (oneOf !== undefined && !oneOf.includes(read)) {
    const some = oneOf.slice(0, 10).join(', ');
    throw new TidewallError(
      'bad_request',
      `the parameter ${name} must be one of ${some}, got ${JSON.stringify(text.slice(0, 60))}`,
    );
  }
  return read;
}

function numberOf(text: string): number | undefined {
  const number = Number(text);
  // One text for each number, so that one combination has one name.
  return Number.isFinite(number) && String(number) === text ? number : undefined;
}

function booleanOf(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}
