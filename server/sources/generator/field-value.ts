import type { FieldConfig } from './config.ts';
import { isInStretch } from './faults.ts';
import { createRandom, gaussian, seedOf, seedOfText } from './random.ts';

const HOUR_MS = 3_600_000;
const FAULT = 1;
const VALUE = 2;

/**
 * The value of a field at a time: null, or what it was when that began, while it is faulty. Equal arguments give equal
 * values.
 *
 * @param originMs when the trend started from the base
 */
export function valueAt(field: FieldConfig, seed: number, t: number, originMs: number): number | null {
  const { faults } = field;
  if (faults === undefined || !isInStretch(faults, seed, FAULT, t)) return soundValueAt(field, seed, t, originMs);
  if (faults.as === 'null') return null;
  return soundValueAt(field, seed, Math.floor(t / faults.durationMs) * faults.durationMs, originMs);
}

function soundValueAt(field: FieldConfig, seed: number, t: number, originMs: number): number {
  const { base, trend, season, noise, spikes, decimals } = field;
  const random = createRandom(seedOf(seed, VALUE, t));
  let value = base + (trend * (t - originMs)) / HOUR_MS + noise * gaussian(random);
  if (season) value += season.amplitude * Math.sin((2 * Math.PI * t) / season.periodMs);
  if (spikes && random() < spikes.chance) value += spikes.size;
  return rounded(value, decimals);
}

/** The seed of a field, which has nothing to do with those of others. */
export function seedOfField(seed: number, name: string): number {
  return seedOf(seed, seedOfText(name));
}

/** The number with so many digits behind the point. */
export function rounded(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
}
