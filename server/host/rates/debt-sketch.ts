import { hash } from 'node:crypto';

/** Of each of the two rows: a power of two; 128 KiB in all. */
const SLOTS = 8192;

/**
 * Until when subjects are in debt, in constant memory however many there are: never less than it is, and more only for
 * whoever shares each of its slots with debtors. Nobody can aim at a slot who does not know the seed.
 */
export class DebtSketch {
  readonly #seed: string;
  readonly #untilMs = new Float64Array(2 * SLOTS);

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** Monotonic milliseconds; 0: it never was in debt. */
  untilMs(subject: string): number {
    const [first, second] = this.#slotsOf(subject);
    return Math.min(this.#untilMs[first] as number, this.#untilMs[second] as number);
  }

  /** A slot that says later already stays: that is how others sharing it are charged no more than they must be. */
  charge(subject: string, untilMs: number): void {
    for (const slot of this.#slotsOf(subject)) {
      this.#untilMs[slot] = Math.max(this.#untilMs[slot] as number, untilMs);
    }
  }

  #slotsOf(subject: string): readonly [number, number] {
    const digest = hash('sha256', this.#seed + subject, 'buffer');
    return [digest.readUInt32LE(0) % SLOTS, SLOTS + (digest.readUInt32LE(4) % SLOTS)];
  }
}
