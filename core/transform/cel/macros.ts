import type { ASTNode } from '@marcbachmann/cel-js';
import { isJsonObject, type JsonValue } from '@tidewall/base';
import { CEL_LIMITS } from '../limits.ts';
import type { Work } from '../work.ts';
import { badExpression } from './bad-expression.ts';
import { countNodes } from './count-nodes.ts';
import type { Around, CompilePart, Part, Scope } from './part.ts';
import { badValue, checkItems, shown, truth } from './values.ts';

type Over = (items: readonly JsonValue[], each: (item: JsonValue) => readonly JsonValue[]) => JsonValue;

/** How many arguments each has, the variable included, and what it makes of what they are for each item. */
const COMPREHENSIONS: { readonly [name: string]: { readonly counts: readonly number[]; readonly run: Over } } = {
  all: { counts: [2], run: (items, each) => items.every((item) => truth(each(item)[0] ?? null, 'all')) },
  exists: { counts: [2], run: (items, each) => items.some((item) => truth(each(item)[0] ?? null, 'exists')) },
  exists_one: {
    counts: [2],
    run: (items, each) => items.filter((item) => truth(each(item)[0] ?? null, 'exists_one')).length === 1,
  },
  filter: { counts: [2], run: (items, each) => items.filter((item) => truth(each(item)[0] ?? null, 'filter')) },
  map: {
    counts: [2, 3],
    run: (items, each) =>
      items.flatMap((item) => {
        const made = each(item);
        if (made.length === 1) return [made[0] as JsonValue];
        return truth(made[0] ?? null, 'map') ? [made[1] as JsonValue] : [];
      }),
  },
};

export function isMacro(name: string, hasReceiver: boolean): boolean {
  return hasReceiver ? Object.hasOwn(COMPREHENSIONS, name) : name === 'has';
}

/** What looks like a call but does not work its arguments out first: `has`, and everything that goes over a list. */
export function compileMacro(node: ASTNode, around: Around, compile: CompilePart): Part {
  if (node.op === 'call') return has(node, node.args[1], around, compile);
  const [name, over, args] = node.args as [string, ASTNode, ASTNode[]];
  const { counts, run } = COMPREHENSIONS[name] as (typeof COMPREHENSIONS)[string];
  const [variable, ...bodies] = args;
  if (!counts.includes(args.length) || variable?.op !== 'id') {
    throw badExpression(node, `${name} takes a variable and what is asked of it: list.${name}(x, x > 1)`);
  }
  const range = compile(over, around);
  const inside = { ...deeper(node, name, around), variable: variable.args };
  const parts = bodies.map((body) => compile(body, inside));
  const cost = bodies.reduce((sum, body) => sum + countNodes(body), 0);
  return (scope) => {
    const value = range(scope);
    const items = itemsOf(value, scope.work);
    if (items === undefined) throw badValue(`${name} takes a list or a map, got ${shown(value)}`);
    return run(items, (item) => {
      scope.work.charge(cost);
      scope.item = item;
      return partsOf(parts, scope);
    });
  };
}

/** The second part of `map(x, test, made)` is worked out only where the first holds. */
function partsOf(parts: readonly Part[], scope: Scope): readonly JsonValue[] {
  const [first, second] = parts as [Part, Part | undefined];
  const value = first(scope);
  if (second === undefined) return [value];
  return truth(value, 'map') ? [true, second(scope)] : [false, null];
}

function has(node: ASTNode, [asked]: readonly ASTNode[], around: Around, compile: CompilePart): Part {
  if (asked?.op === '.') {
    const [of, name] = asked.args;
    const value = compile(of, around);
    return (scope) => isOwn(value(scope), name);
  }
  if (asked?.op === '[]' && asked.args[1].op === 'value' && typeof asked.args[1].args === 'string') {
    const value = compile(asked.args[0], around);
    const name = asked.args[1].args;
    return (scope) => isOwn(value(scope), name);
  }
  if (asked?.op === 'id' && asked.args !== around.variable) {
    const name = asked.args;
    return (scope) => isOwn(scope.row, name);
  }
  throw badExpression(node, 'has takes a field: has(cpu.total)');
}

function isOwn(value: JsonValue, name: string): boolean {
  return isJsonObject(value) && Object.hasOwn(value, name);
}

/** What a comprehension goes over: the items of a list, the keys of a map, nothing of null. */
function itemsOf(value: JsonValue, work: Work): readonly JsonValue[] | undefined {
  if (value === null) return [];
  const items = Array.isArray(value) ? value : isJsonObject(value) ? Object.keys(value) : undefined;
  if (items !== undefined) checkItems(items.length, work);
  return items;
}

/** @throws TidewallError bad_request when a comprehension stands deeper than may be */
function deeper(node: ASTNode, name: string, { depth }: Around): Around {
  if (depth >= CEL_LIMITS.comprehensionDepth) {
    throw badExpression(node, `${name} stands inside of another: calculate the inner one in a step of its own`);
  }
  return { variable: undefined, depth: depth + 1 };
}
