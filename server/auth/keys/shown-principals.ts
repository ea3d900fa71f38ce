import type { KeyRing, Principal } from '@tidewall/contracts';

/** By what a secret was shown: itself, or what it has signed. */
export type ShownBy = 'bearer' | 'signature';

/**
 * Who shows a secret of a key: the same principal as long as the secret is one of its key. When the key has another one,
 * or must not be shown any more, it has expired: who has the new one may come again.
 */
export class ShownPrincipals {
  readonly #keys: Pick<KeyRing, 'find' | 'principalOf'>;
  /** By the principal of the key, so that nothing of one that was is found for one that is. */
  readonly #known = new WeakMap<Principal, Map<string, Principal>>();

  constructor(keys: Pick<KeyRing, 'find' | 'principalOf'>) {
    this.#keys = keys;
  }

  /** Undefined when there is no such key any more. */
  of(id: string, secret: string, by: ShownBy): Principal | undefined {
    const ofKey = this.#keys.principalOf(id);
    if (ofKey === undefined) return undefined;
    let shown = this.#known.get(ofKey);
    if (shown === undefined) {
      shown = new Map();
      this.#known.set(ofKey, shown);
    }
    const name = `${by} ${secret}`;
    const before = shown.get(name);
    if (before?.standing?.() === 'stands') return before;
    // Secrets that are not its any more are not kept.
    for (const [other, { standing }] of shown) if (standing?.() !== 'stands') shown.delete(other);
    const principal: Principal = {
      ...ofKey,
      standing: () => {
        const standing = ofKey.standing?.() ?? 'stands';
        if (standing !== 'stands') return standing;
        const key = this.#keys.find(id);
        const showable = by === 'signature' || key?.bearer === true;
        return showable && key?.secrets.includes(secret) === true ? 'stands' : 'expired';
      },
    };
    shown.set(name, principal);
    return principal;
  }
}
