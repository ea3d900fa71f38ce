import type { Props } from './definition.ts';

/** A number from which on the arc has another colour. */
export type Threshold = NonNullable<Props['thresholds']>[number];

/** The thresholds of the props, lowest first; without any given, shares of the range, whatever it counts. */
export function thresholdsOf({ thresholds, min, max }: Pick<Props, 'thresholds' | 'min' | 'max'>): Threshold[] {
  const at = (share: number): number => min + (max - min) * share;
  const given = thresholds ?? [
    { at: at(0.75), color: 'warn' },
    { at: at(0.9), color: 'alert' },
  ];
  return [...given].sort((a, b) => a.at - b.at);
}
