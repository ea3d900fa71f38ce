import type { ASTNode } from '@marcbachmann/cel-js';
import { type JsonObject, setOwn } from '@tidewall/base';
import { badExpression } from './bad-expression.ts';
import { arityOf, type CelFunction, callFunction, FUNCTIONS, MATH, METHODS } from './functions.ts';
import { compileMacro, isMacro } from './macros.ts';
import { itemAt, negative, OPERATORS } from './operators.ts';
import type { Around, Part } from './part.ts';
import { memberOf, truth } from './values.ts';

/** The tree of an expression as a function. @throws TidewallError bad_request for what may not be in one */
export function compileNode(node: ASTNode, around: Around): Part {
  switch (node.op) {
    case 'value':
      return literal(node);
    case 'id':
      return variable(node.args, around);
    case '.': {
      const [of, name] = node.args;
      const value = compileNode(of, around);
      return (scope) => memberOf(value(scope), name);
    }
    case '[]': {
      const [of, key] = node.args.map((part) => compileNode(part, around)) as [Part, Part];
      return (scope) => itemAt(of(scope), key(scope));
    }
    case 'list': {
      const items = node.args.map((item) => compileNode(item, around));
      return (scope) => items.map((item) => item(scope));
    }
    case 'map':
      return mapLiteral(node.args, around);
    case '?:': {
      const [test, yes, no] = node.args.map((part) => compileNode(part, around)) as [Part, Part, Part];
      return (scope) => (truth(test(scope), '?') ? yes(scope) : no(scope));
    }
    case '&&': {
      const [left, right] = node.args.map((part) => compileNode(part, around)) as [Part, Part];
      return (scope) => truth(left(scope), '&&') && truth(right(scope), '&&');
    }
    case '||': {
      const [left, right] = node.args.map((part) => compileNode(part, around)) as [Part, Part];
      return (scope) => truth(left(scope), '||') || truth(right(scope), '||');
    }
    case '!_': {
      const value = compileNode(node.args, around);
      return (scope) => !truth(value(scope), '!');
    }
    case '-_': {
      const value = compileNode(node.args, around);
      return (scope) => negative(value(scope));
    }
    case 'call': {
      const [name, args] = node.args;
      if (isMacro(name, false)) return compileMacro(node, around, compileNode);
      return call(node, name, name, FUNCTIONS, args, around);
    }
    case 'rcall': {
      const [name, of, args] = node.args;
      if (of.op === 'id' && of.args === 'math') return call(node, `math.${name}`, name, MATH, args, around);
      if (isMacro(name, true)) return compileMacro(node, around, compileNode);
      return call(node, `.${name}`, name, METHODS, [of, ...args], around);
    }
    default:
      return operator(node, around);
  }
}

function literal(node: ASTNode & { op: 'value' }): Part {
  const { args: value } = node;
  if (typeof value === 'bigint') {
    const made = Number(value);
    return () => made;
  }
  if (typeof value === 'object' && value !== null) {
    throw badExpression(node, `${node.input.slice(node.start, node.end)} is of no kind that JSON has`);
  }
  return () => value;
}

/** A field of the row by its name, the row itself, or the variable of a comprehension. */
function variable(name: string, { variable: own }: Around): Part {
  if (name === own) return (scope) => scope.item;
  if (name === 'row') return (scope) => scope.row;
  return (scope) => memberOf(scope.row, name);
}

function mapLiteral(entries: readonly (readonly [ASTNode, ASTNode])[], around: Around): Part {
  const parts = entries.map(([key, value]) => {
    if (key.op !== 'value' || typeof key.args !== 'string')
      throw badExpression(key, 'a key of a map is a text: {"a": 1}');
    return [key.args, compileNode(value, around)] as const;
  });
  return (scope) => {
    const made: JsonObject = {};
    for (const [key, value] of parts) setOwn(made, key, value(scope));
    return made;
  };
}

function operator(node: ASTNode, around: Around): Part {
  const run = OPERATORS[node.op];
  if (run === undefined) throw badExpression(node, `${node.op} is not taken`);
  const [left, right] = (node.args as readonly ASTNode[]).map((part) => compileNode(part, around)) as [Part, Part];
  return (scope) => run(left(scope), right(scope), scope.work);
}

function call(
  node: ASTNode,
  shownName: string,
  name: string,
  table: { readonly [name: string]: CelFunction },
  argNodes: readonly ASTNode[],
  around: Around,
): Part {
  const made = Object.hasOwn(table, name) ? table[name] : undefined;
  if (made === undefined) throw badExpression(node, `there is no function ${shownName}: ${cureFor(name, table)}`);
  const own = table === METHODS ? 1 : 0;
  const { least, most } = arityOf(made);
  if (argNodes.length < least || argNodes.length > most) {
    const count = least === most ? `${least - own}` : `${least - own} to ${most - own}`;
    throw badExpression(node, `${shownName} takes ${count} arguments, got ${argNodes.length - own}`);
  }
  const args = argNodes.map((arg) => compileNode(arg, around));
  return (scope) =>
    callFunction(
      shownName,
      made,
      args.map((arg) => arg(scope)),
      scope.work,
    );
}

function cureFor(name: string, table: { readonly [name: string]: CelFunction }): string {
  if (name === 'matches') return 'regular expressions are not taken; use contains, startsWith or endsWith';
  if (name === 'bind') return 'calculate a field in a step of its own instead';
  const prefix = table === MATH ? 'math.' : table === METHODS ? '.' : '';
  return `there are ${Object.keys(table)
    .map((one) => `${prefix}${one}`)
    .join(' ')}`;
}
