import type { Bench } from './bench.ts';

/** One rule that a server must hold, and how real clients find out whether it does. */
export interface Scenario {
  readonly name: string;
  /** The rule, as a sentence without its full stop. */
  readonly says: string;
  /**
   * Resolves with what was checked, in numbers.
   *
   * @throws Refuted when the rule does not hold
   */
  run(bench: Bench): Promise<string>;
}
