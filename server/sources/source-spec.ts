import type { JsonObject } from '@tidewall/base';
import type { Outgoing, SourceDefinition } from '@tidewall/contracts';

/** A source as it is configured; nobody has looked at its settings yet. */
export interface SourceSpec {
  readonly name: string;
  readonly definition: SourceDefinition;
  /** Everything but its kind. */
  readonly settings: JsonObject;
  /** Relative paths in the settings start here. */
  readonly baseDir: string;
  readonly outgoing: Outgoing;
  /** Whether it may read nothing but the files of `baseDir`, named without folders. */
  readonly confined?: boolean;
}
