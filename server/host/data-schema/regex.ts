import { RE2JS } from 're2js';

/** A regular expression that takes time in proportion to the text, whoever wrote it. */
export interface LinearRegex {
  test(text: string): boolean;
}

/**
 * Node's own expressions may take for ever on a text made for it, so that nobody's but ours are run by them. What RE2
 * cannot match in linear time (look-around, back references) does not compile.
 *
 * @throws Error saying what is wrong
 */
export function linearRegex(pattern: string): LinearRegex {
  const compiled = compile(pattern);
  return { test: (text) => compiled.test(text) };
}

/**
 * How many instructions an expression has: a text is matched in at most so many steps a character.
 *
 * @throws Error saying what is wrong
 */
export function regexSize(pattern: string): number {
  return compile(pattern).programSize();
}

function compile(pattern: string): RE2JS {
  return RE2JS.compile(RE2JS.translateRegExp(pattern));
}
