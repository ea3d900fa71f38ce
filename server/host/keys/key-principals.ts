import type { Clock } from '@tidewall/base';
import type { Principal, Standing } from '@tidewall/contracts';
import { type Key, letsIn } from './key.ts';

interface Known {
  readonly principal: Principal;
  /** As it is now; its secrets are never a part of the principal, which is passed around. */
  key: Key;
  /** Once it does not stand it never will again: what comes later is somebody else. */
  fate?: Exclude<Standing, 'stands'>;
}

/**
 * Who the keys are. One key is one and the same principal until what it may do changes; that of a key that was deleted or
 * disabled is gone for good, also when there is a key of its id again.
 */
export class KeyPrincipals {
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param key one of those that there are */
  of(key: Key): Principal | undefined {
    if (!letsIn(key, this.#clock.now())) return undefined;
    let known = this.#known.get(key.id);
    if (known === undefined) {
      known = this.#know(key);
      this.#known.set(key.id, known);
    }
    return known.principal;
  }

  /** Tells that these are the keys from now on. */
  keysAre(keys: ReadonlyMap<string, Key>): void {
    for (const [id, known] of this.#known) {
      const key = keys.get(id);
      if (key === undefined || key.disabled) known.fate = 'gone';
      else if (rightsOf(key) !== rightsOf(known.key)) known.fate = 'changed';
      else known.key = key;
      if (known.fate !== undefined) this.#known.delete(id);
    }
  }

  #know(key: Key): Known {
    const { id, roles, rules } = key;
    const known: Known = {
      key,
      principal: {
        id: `key:${id}`,
        roles,
        ...(rules.length > 0 && { rules }),
        standing: () => known.fate ?? (letsIn(known.key, this.#clock.now()) ? 'stands' : 'expired'),
      },
    };
    return known;
  }
}

/** Equal where the same may be done. */
function rightsOf({ roles, rules }: Key): string {
  return JSON.stringify([roles, rules]);
}
