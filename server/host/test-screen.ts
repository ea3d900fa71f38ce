import type { JsonObject } from '@tidewall/base';

/** A small screen document for tests: elements by id, on one page. */
export function testScreen(id: string, elements: Record<string, JsonObject> = {}): JsonObject {
  const frame = { x: 0, y: 0, w: 100, h: 100 };
  const placed = Object.entries(elements).map(([element, more]) => [
    element,
    { type: element.slice(0, element.indexOf('_')), frame, ...more },
  ]);
  return {
    format: 1,
    id,
    meta: { name: `Screen ${id}` },
    canvas: { width: 1920, height: 1080 },
    pages: [{ layers: Object.keys(elements) }],
    elements: Object.fromEntries(placed) as JsonObject,
  };
}
