import type { Clock } from '@tidewall/base';
import type { Log, Meter } from '@tidewall/contracts';

export interface JournalOptions {
  /** A folder of its own. */
  readonly folder: string;
  /**
   * When what was told must have reached the disk. `interval`: within a second; a power cut renews all epochs.
   * `always`: before anybody is told.
   */
  readonly sync: 'interval' | 'always';
  /** The most that its files may have together. */
  readonly maxBytes: number;
  /** A write that takes longer is not waited for. */
  readonly stallMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** A number in [0, 1). */
  random(): number;
}
