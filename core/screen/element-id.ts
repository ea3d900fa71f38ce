import type { Brand } from '@tidewall/base';

/** `ChartLineBasic_1_0_0_2_1700000000000`; opaque once made, the version in it is the one at creation. */
export type ElementId = Brand<string, 'ElementId'>;

const ELEMENT_ID = /^([A-Z][A-Za-z0-9]{1,63})_(\d{1,4})_(\d{1,4})_(\d{1,4})_(\d{1,9})_(\d{1,16})$/;
const PREFIX = 'component/';

/** The bare form of an id that may come with the prefix `component/`; undefined when it is neither. */
export function parseElementId(text: string): ElementId | undefined {
  const bare = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text;
  return ELEMENT_ID.test(bare) ? (bare as ElementId) : undefined;
}

/**
 * A new id, the `n`-th of its screen, made at `ms` since 1970.
 *
 * @throws TypeError when the parts do not make an id: a type in lower case, a version of other than three numbers
 */
export function createElementId(type: string, version: string, n: number, ms: number): ElementId {
  const text = `${type}_${version.replaceAll('.', '_')}_${n}_${ms}`;
  if (!ELEMENT_ID.test(text)) throw new TypeError(`no element id can be made as "${text}"`);
  return text as ElementId;
}
