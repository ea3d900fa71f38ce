import type { ASTNode } from '@marcbachmann/cel-js';
import type { JsonValue } from '@tidewall/base';
import type { Work } from '../work.ts';

/** What an expression sees while it runs. */
export interface Scope {
  readonly row: JsonValue;
  readonly work: Work;
  /** The variable of the comprehension that runs; there is one at most. */
  item: JsonValue;
}

/** A part of an expression, ready to run. */
export type Part = (scope: Scope) => JsonValue;

/** What a part knows of where it stands, while it is compiled. */
export interface Around {
  /** The variable of the comprehension that it stands in. */
  readonly variable: string | undefined;
  readonly depth: number;
}

/** Makes a part of a tree a function. @throws TidewallError bad_request for what may not be in one */
export type CompilePart = (node: ASTNode, around: Around) => Part;
