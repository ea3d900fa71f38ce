/** Throws when an invariant of our own code is broken; never used for a caller's mistake or for the network. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${invariant}`);
}

/** Makes the compiler prove that every alternative of a union was handled; throws when data got round the types. */
export function assertNever(value: never): never {
  throw new Error(`broken invariant: unhandled alternative ${JSON.stringify(value)}`);
}
