import type { JsonObject } from '@tidewall/base';
import type { SourceContext } from '@tidewall/contracts';

/** A far end that is really there, and the configuration that reaches it. */
export interface PreparedCase {
  readonly config: JsonObject;
  /** A field of the configuration with a value that it cannot have. */
  readonly wrong: JsonObject;
  /** What it is given beside what all are given: values of its parameters. */
  readonly context?: Partial<SourceContext>;
  /** Makes the far end say more; absent: it does so by itself as time goes by. */
  change?(): Promise<void>;
  /** Makes the far end die under a running source; absent: there is none outside this process. */
  kill?(): Promise<void>;
  /** Lets go of the far end, when it is a program of its own. */
  close?(): Promise<void>;
}

/** What a kind of source brings to the contract suite: the default of its `source.contract.ts`. Tests only. */
export interface SourceCase {
  /** A program that must be installed, or the kind is skipped. */
  readonly needs?: string;
  /** @param folder empty, and removed after the test */
  prepare(folder: string): Promise<PreparedCase>;
}
