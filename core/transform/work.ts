import { TidewallError } from '@tidewall/protocol';
import { TRANSFORM_LIMITS } from './limits.ts';

/** What a run of a pipeline may still cost. Counting is all there is: it is the same on every machine. */
export class Work {
  #left: number;

  constructor(most: number = TRANSFORM_LIMITS.work) {
    this.#left = most;
  }

  /** @throws TidewallError limit_exceeded when the run has cost what it may */
  charge(looks: number): void {
    this.#left -= looks;
    if (this.#left >= 0) return;
    throw new TidewallError(
      'limit_exceeded',
      `the transforms take more than ${TRANSFORM_LIMITS.work} looks at a value: put filter or limit first, or shorten the expressions`,
      { detail: { limit: 'transforms.work' } },
    );
  }
}
