/**
 * Where in a value a member is called `__proto__`, as names joined by dots; undefined when there is none. What checks settings
 * by a schema passes over such a member without a word, so it is looked for first. Aliases of YAML may lead back to where they are.
 */
export function pathOfPrototype(value: unknown, path = '', seen = new Set<unknown>()): string | undefined {
  if (typeof value !== 'object' || value === null || seen.has(value)) return undefined;
  seen.add(value);
  for (const [name, member] of Object.entries(value)) {
    const here = path === '' ? name : `${path}.${name}`;
    const odd = name === '__proto__' ? here : pathOfPrototype(member, here, seen);
    if (odd !== undefined) return odd;
  }
  return undefined;
}
