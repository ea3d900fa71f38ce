import type { TopicName, TopicPattern } from '@tidewall/protocol';

interface Node<T> {
  readonly children: Map<string, Node<T>>;
  readonly values: Set<T>;
}

/**
 * Values by pattern, found by topic. Finding costs what the depth of the name and the wildcards on its way cost, however
 * many patterns there are.
 */
export class PatternTree<T> {
  readonly #root: Node<T> = { children: new Map(), values: new Set() };

  #size = 0;

  /** How many values it holds. */
  get size(): number {
    return this.#size;
  }

  add(pattern: TopicPattern, value: T): void {
    let node = this.#root;
    for (const part of pattern.split('/')) {
      let next = node.children.get(part);
      if (!next) {
        next = { children: new Map(), values: new Set() };
        node.children.set(part, next);
      }
      node = next;
    }
    if (!node.values.has(value)) this.#size++;
    node.values.add(value);
  }

  delete(pattern: TopicPattern, value: T): void {
    remove(this.#root, pattern.split('/'), value, () => this.#size--);
  }

  /** The values of every pattern that the topic matches. */
  match(topic: TopicName): T[] {
    const found: T[] = [];
    collect(this.#root, topic.split('/'), 0, found);
    return found;
  }
}

function collect<T>(node: Node<T>, parts: readonly string[], depth: number, found: T[]): void {
  const rest = node.children.get('#');
  if (rest) found.push(...rest.values);
  if (depth === parts.length) {
    found.push(...node.values);
    return;
  }
  const named = node.children.get(parts[depth] as string);
  if (named) collect(named, parts, depth + 1, found);
  const any = node.children.get('+');
  if (any) collect(any, parts, depth + 1, found);
}

/** True: nothing is left of the node. */
function remove<T>(node: Node<T>, parts: readonly string[], value: T, removed: () => void): boolean {
  const [part, ...rest] = parts;
  if (part === undefined) {
    if (node.values.delete(value)) removed();
  } else {
    const child = node.children.get(part);
    if (child && remove(child, rest, value, removed)) node.children.delete(part);
  }
  return node.values.size === 0 && node.children.size === 0;
}
