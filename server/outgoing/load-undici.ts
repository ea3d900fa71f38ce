/**
 * undici, loaded when it is needed first, and without a change to Node's own `fetch`: a copy of undici that is loaded before
 * Node's own takes its place for the whole process, and behaves otherwise where a server answers before it has read a body.
 */
export async function loadUndici(): Promise<typeof import('undici')> {
  // Whoever looks at this has Node load its own.
  void globalThis.Headers;
  return import('undici');
}
