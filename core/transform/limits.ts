/** Every bound of a pipeline. What goes past one is refused by its name. */
export const TRANSFORM_LIMITS = {
  /** Steps of one pipeline. */
  steps: 32,
  /** Rows, or points of columns, that any step may make. */
  rows: 100_000,
  /** Columns that a pivot may make, and that a series may have beside its times. */
  columns: 256,
  /** Fields that one step may name. */
  fields: 64,
  /**
   * What one run of a pipeline may cost, in looks at a value; each is some 50 ns of a slow machine, and a row that is made
   * counts for several. It is counted and not timed, so that the same data always goes the same way.
   */
  work: 10_000_000,
  /** Letters of a path or a name. */
  nameLength: 256,
  /** Letters of a script, and of a JSONata expression. */
  codeLength: 16_384,
  jsonataLength: 4096,
  /** Rows that a join may bring along in the document itself. */
  joinRows: 10_000,
} as const;

/** Bounds of one CEL expression. */
export const CEL_LIMITS = {
  textLength: 4096,
  nodes: 500,
  /** How deep `map`, `filter`, `all` and `exists` may stand inside of each other. */
  comprehensionDepth: 1,
  /** Letters of a text, and items of a list, that an expression may make. */
  madeText: 65_536,
  madeItems: 10_000,
} as const;
