import { createHash } from 'node:crypto';
import { escapePart } from './topic-part.ts';

/** What tells a series from the others of its name: a tag, a label, an attribute. */
export interface Label {
  readonly name: string;
  readonly value: string;
}

/** Names a series that has no labels. A label set has a `=` in it, so that nothing else is called this. */
const NO_LABELS = '-';
/** Stands before the hash of a label set that is too long to be written out; no escape looks like this. */
const HASHED = '~~';
const HASH_LENGTH = 16;

/** The shortest room in which every label set has a name. */
export const LEAST_ID_LENGTH = HASHED.length + HASH_LENGTH;

/**
 * The name of a label set, the same in whichever order the labels come: `host=a,region=eu`. One that is longer than there
 * is room for keeps as many whole labels as fit, and ends with `~~` and a hash of all of them.
 *
 * @param labels each name once
 * @param room characters, at least `LEAST_ID_LENGTH`
 */
export function labelSetId(labels: readonly Label[], room: number): string {
  if (labels.length === 0) return NO_LABELS;
  const parts = inNameOrder(labels).map(
    ({ name, value }) => `${escapePart(name)}=${value === '' ? '' : escapePart(value)}`,
  );
  const whole = parts.join(',');
  return whole.length <= room ? whole : shortened(whole, room);
}

/** The labels by name, in the order of their UTF-16 units. */
export function inNameOrder(labels: readonly Label[]): readonly Label[] {
  return [...labels].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function shortened(whole: string, room: number): string {
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, HASH_LENGTH);
  const readable = whole.lastIndexOf(',', room - LEAST_ID_LENGTH - 1);
  return `${readable > 0 ? `${whole.slice(0, readable)},` : ''}${HASHED}${hash}`;
}
