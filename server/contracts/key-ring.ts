/** A key that programs and screens sign with. */
export interface SigningKey {
  readonly id: string;
  /** One, or two while it is being rotated: the newer one first. */
  readonly secrets: readonly string[];
}

/** The keys of this server. */
export interface KeyRing {
  /** The key of that id; undefined when there is none, or it is not valid any more. */
  find(id: string): SigningKey | undefined;
}
