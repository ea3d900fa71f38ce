/** A value as a database takes it for a parameter. */
export type BoundValue = string | number | bigint | boolean | null;

/** What a parameter stands for. */
export interface GivenParameter {
  readonly value: BoundValue;
  /** The database's word for its type, where one of its own values is given back. */
  readonly type?: string | undefined;
}
