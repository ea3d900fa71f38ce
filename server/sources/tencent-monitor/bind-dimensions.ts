import type { ParameterValue } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { Dimensions } from './config.ts';

const PARAMETER = /^:([A-Za-z][A-Za-z0-9_]{0,31})$/;

/**
 * The dimensions of an instance with their parameters bound: one that is `:name` is the value of that parameter.
 *
 * @throws TidewallError bad_request naming a parameter that there is none of
 */
export function bindDimensions(dimensions: Dimensions, values: Readonly<Record<string, ParameterValue>>): Dimensions {
  const bound = Object.entries(dimensions).map(([dimension, text]) => {
    const name = PARAMETER.exec(text)?.[1];
    if (name === undefined) return [dimension, text] as const;
    if (Object.hasOwn(values, name)) return [dimension, String(values[name])] as const;
    throw new TidewallError(
      'bad_request',
      `the dimension ${dimension} stands for a parameter ":${name}" that there is none of`,
    );
  });
  return Object.fromEntries(bound);
}
