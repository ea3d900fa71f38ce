/** What JSON can say (RFC 8259). */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export type JsonObject = { [name: string]: JsonValue };

/** Whether a value that came out of `JSON.parse` is an object, and not an array or null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How deep brackets may nest. Deeper text is refused before anything recursive sees it. */
export const MAX_JSON_DEPTH = 64;

/**
 * Parses JSON text that a stranger sent.
 *
 * @param maxDepth less than `MAX_JSON_DEPTH` for a text that was cut out of another
 * @throws SyntaxError naming the place when the text is not JSON, or nests deeper than `maxDepth`
 */
export function parseJson(text: string, maxDepth = MAX_JSON_DEPTH): JsonValue {
  if (depthExceeds(text, maxDepth)) throw new SyntaxError(`JSON nests deeper than ${MAX_JSON_DEPTH} levels`);
  return JSON.parse(text) as JsonValue;
}

/** JSON text on one line, as our line-separated wires need it; the same text when it is on one line already. */
export function toJsonLine(text: string, value: JsonValue): string {
  return text.includes('\n') || text.includes('\r') ? JSON.stringify(value) : text;
}

/**
 * Sets an own property, whatever it is called. A plain assignment to `__proto__` would change the prototype instead.
 */
export function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[name] = value;
  }
}

function depthExceeds(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > limit) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
}
