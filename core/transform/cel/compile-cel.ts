import { Environment, ParseError } from '@marcbachmann/cel-js';
import { TidewallError } from '@tidewall/protocol';
import { CEL_LIMITS } from '../limits.ts';
import type { CelProgram } from '../steps/step.ts';
import { badExpression } from './bad-expression.ts';
import { countNodes } from './count-nodes.ts';
import { compileNode } from './nodes.ts';

/** Recursion of the parser; an expression that a person wrote has ten levels. */
const MAX_DEPTH = 64;

/** Reads the text; it is not used to run it. */
const language = new Environment({ limits: { maxAstNodes: CEL_LIMITS.nodes, maxDepth: MAX_DEPTH } });

/**
 * A CEL expression over one row, checked at its tree and counted while it runs: it can reach nothing but the row, and ends
 * whatever it says. Names are fields of the row, `row` is the row itself. See `operators.ts` for numbers, and for null.
 *
 * @throws TidewallError bad_request saying what is wrong and at which letter
 */
export function compileCel(text: string): CelProgram {
  if (text.length > CEL_LIMITS.textLength) {
    throw new TidewallError('bad_request', `has ${text.length} letters, at most ${CEL_LIMITS.textLength}`);
  }
  const tree = parse(text);
  const nodes = countNodes(tree);
  if (nodes > CEL_LIMITS.nodes) {
    throw new TidewallError('bad_request', `has ${nodes} parts, at most ${CEL_LIMITS.nodes}`);
  }
  const run = compileNode(tree, { variable: undefined, depth: 0 });
  return (row, work) => {
    work.charge(nodes);
    return run({ row, work, item: null });
  };
}

function parse(text: string): ReturnType<typeof language.parse>['ast'] {
  try {
    return language.parse(text).ast;
  } catch (error) {
    if (error instanceof ParseError)
      throw badExpression({ start: error.range?.start ?? 0 }, `is no CEL: ${error.summary}`);
    // Thousands of "!" in a row: the parser counts brackets, not these.
    if (error instanceof RangeError) throw badExpression({ start: 0 }, 'is no CEL: nests too deeply');
    throw error;
  }
}
