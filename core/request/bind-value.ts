import { type ParameterValue, TidewallError } from '@tidewall/protocol';

export type Values = Readonly<Record<string, ParameterValue>>;

const ALONE = /^:([A-Za-z][A-Za-z0-9_]{0,31})$/;
const WITHIN = /:([A-Za-z][A-Za-z0-9_]*)/g;
/** What means nothing in any language that a text could be written in. */
const PLAIN = /^[\p{L}\p{N}_.~-]*$/u;

/**
 * A text with its parameters bound: the value alone where `:name` is all of the text, which may be anything; within a
 * longer text only values of letters, digits and `. _ ~ -`, since nobody can say what others would mean there. `::name` is
 * the text `:name`.
 *
 * @param write how a value is written within a longer text; as it is when absent
 * @throws TidewallError source_error naming the parameter whose value cannot stand there
 */
export function bindValue(
  text: string,
  values: Values,
  write: (value: string) => string = (value) => value,
): ParameterValue {
  if (text.startsWith('::')) return text.slice(1);
  const alone = ALONE.exec(text)?.[1];
  if (alone !== undefined && Object.hasOwn(values, alone)) return values[alone] as ParameterValue;
  return text.replace(WITHIN, (found, name: string) => {
    if (!Object.hasOwn(values, name)) return found;
    const value = String(values[name]);
    if (PLAIN.test(value)) return write(value);
    throw misfit(
      name,
      value,
      `has more than letters, digits and . _ ~ -, which only a parameter that stands alone (":${name}") may have`,
    );
  });
}

/** The parameter that a text stands for alone, where there is none of that name. */
export function unknownParameter(text: string, values: Values): string | undefined {
  const alone = ALONE.exec(text)?.[1];
  return alone === undefined || Object.hasOwn(values, alone) ? undefined : alone;
}

/** Whether a text is a parameter, and nothing else. */
export function isParameter(text: string, values: Values): boolean {
  const alone = ALONE.exec(text)?.[1];
  return alone !== undefined && Object.hasOwn(values, alone);
}

/** Whether a text has parameters at all. */
export function hasParameters(text: string, values: Values): boolean {
  if (text.startsWith('::')) return true;
  return [...text.matchAll(WITHIN)].some(([, name]) => name !== undefined && Object.hasOwn(values, name));
}

/** A value that cannot stand in its place. */
export function misfit(place: string, value: string, why: string): TidewallError {
  return new TidewallError('source_error', `the value ${JSON.stringify(value.slice(0, 60))} of ${place} ${why}`);
}
