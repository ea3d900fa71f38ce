import type { Principal } from './principal.ts';

/** A key that programs and screens sign with. */
export interface SigningKey {
  readonly id: string;
  /** One, or two while it is being rotated: the newer one first. */
  readonly secrets: readonly string[];
  /** Whether its secret may be shown as it is; otherwise it only signs. */
  readonly bearer?: boolean;
}

/** The keys of this server. */
export interface KeyRing {
  /** The key of that id; undefined when there is none, or it is not valid any more. */
  find(id: string): SigningKey | undefined;
  /** Who signs with the key of that id, the same one until what it may do changes; undefined as with `find`. */
  principalOf(id: string): Principal | undefined;
  /** Told whenever somebody was let in by the key of that id. */
  noteUse(id: string): void;
}

/** What makes one signed word of a client different from every other. Its signature has been checked. */
export interface SignedWord {
  readonly keyId: string;
  readonly nonce: string;
  /** When it was signed by the signer's clock, ms since 1970. */
  readonly signedAt: number;
  /** How far that clock may be off, to either side. Each wire has one. */
  readonly skewMs: number;
}

/** `fresh`: it came for the first time and in time. `full`: it cannot be remembered, and so not be taken. */
export type NonceVerdict = 'fresh' | 'skewed' | 'repeated' | 'full';

/** Which signed words have come already, over all wires. */
export interface NonceMemory {
  /** Answers `fresh` at most once for each nonce of a key while its time would be in order. */
  take(word: SignedWord): NonceVerdict;
}
