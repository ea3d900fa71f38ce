import type { BoundValue, GivenParameter } from './given-parameter.ts';
import type { Statement } from './parse-statement.ts';
import type { SqlSyntax } from './syntax.ts';

/** What is sent: the text with places in it, and apart from it the values that belong there. */
export interface BoundStatement {
  readonly text: string;
  readonly values: readonly BoundValue[];
  /** The names of the values, in their order. */
  readonly names: readonly string[];
}

/**
 * Puts the database's own places where the parameters are. No value comes near the text.
 *
 * @throws TypeError naming the parameter that there is no value for, and those that there are
 */
export function bindStatement(
  statement: Statement,
  syntax: Pick<SqlSyntax, 'placeholder' | 'valuePerPlace'>,
  given: ReadonlyMap<string, GivenParameter>,
): BoundStatement {
  const values: BoundValue[] = [];
  const names: string[] = [];
  const place = (name: string): string => {
    const parameter = givenOf(name, given);
    const known = names.indexOf(name) + 1;
    if (known > 0 && !syntax.valuePerPlace) return syntax.placeholder(known, name, parameter);
    values.push(parameter.value);
    names.push(name);
    return syntax.placeholder(names.length, name, parameter);
  };
  const text = statement.parts.map((part) => ('text' in part ? part.text : place(part.parameter))).join('');
  return { text, values, names };
}

function givenOf(name: string, given: ReadonlyMap<string, GivenParameter>): GivenParameter {
  const parameter = given.get(name);
  if (parameter !== undefined) return parameter;
  const known = [...given.keys()].map((each) => `:${each}`).join(', ');
  throw new TypeError(
    `has the parameter :${name}, which params does not name${known === '' ? '' : `; it has ${known}`}`,
  );
}
