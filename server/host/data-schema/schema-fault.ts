/** Why something is no schema that data can be held to. */
export interface SchemaFault {
  /** Names of members and numbers of items, outermost first. */
  readonly path: readonly (string | number)[];
  /** `must be a number`; the path goes before it. */
  readonly says: string;
}

export function isFault(found: object): found is SchemaFault {
  return 'says' in found;
}
