import { createRandom } from './random.ts';

export interface WalkOptions {
  readonly min: number;
  readonly max: number;
  /** The largest change of a step; a fiftieth of the range when absent. */
  readonly step?: number | undefined;
  readonly seed: number;
}

/** A random walk that never leaves `min`…`max`. @returns the next value, the same run for the same seed */
export function createWalk({ min, max, step = (max - min) / 50, seed }: WalkOptions): () => number {
  const random = createRandom(seed);
  let value = min + (max - min) * (0.25 + 0.5 * random());
  return () => {
    value += step * (2 * random() - 1);
    // Reflecting keeps the walk from sticking to its bounds; a step of more than the range is held at them.
    if (value < min) value = Math.min(max, 2 * min - value);
    if (value > max) value = Math.max(min, 2 * max - value);
    return value;
  };
}
