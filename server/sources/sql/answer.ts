import type { BoundValue } from './statement/given-parameter.ts';
import type { Read } from './values/read-value.ts';

/** One column of an answer. */
export interface SqlColumn {
  readonly name: string;
  /** What a value of it is in JSON; it is not asked for nulls. */
  readonly read: Read;
  /** A value of it as it is bound again; as it is when absent. */
  readonly rebind?: (raw: unknown) => BoundValue;
  /** The database's word for its type, where that is needed to name one of its values again. */
  readonly type?: string;
}

/** What a database answers to a question, as its driver has it. */
export interface SqlAnswer {
  readonly columns: readonly SqlColumn[];
  readonly rows: readonly (readonly unknown[])[];
}
