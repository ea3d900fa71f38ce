import type { Clock } from '@tidewall/base';
import type { Meter, NonceMemory, NonceVerdict, SignedWord } from '@tidewall/contracts';

export interface NonceMemoryOptions {
  readonly clock: Clock;
  readonly meter: Meter;
  /** Most nonces that are remembered at once; of one key half of them, so that none shuts out all others. */
  readonly most?: number;
  /** What an earlier memory has remembered. */
  readonly used?: readonly UsedNonce[];
  /** Nothing that was signed before is taken, ms since 1970: what was used until then is not known. */
  readonly notBefore?: number;
}

/** A nonce of a key that was used, so that another memory can go on with it. */
export interface UsedNonce {
  readonly keyId: string;
  readonly nonce: string;
  readonly signedAt: number;
  readonly skewMs: number;
}

/** A memory that can be handed on. */
export interface KeptNonceMemory extends NonceMemory {
  /** The nonces whose time could still be in order. */
  used(): readonly UsedNonce[];
}

/** About 20 MB; with ±300 s it is reached by 333 signed connects a second, for five minutes, by one key's half by 166. */
export const MOST_NONCES = 100_000;
/** Looking for what is over costs as much as there is, and is done this often at most. */
const FORGET_EVERY_MS = 1000;

interface Use extends UsedNonce {
  /** Until then its time is in order; by the monotonic clock. */
  readonly until: number;
}

/**
 * Remembers each nonce of a key for as long as its time could be in order, and refuses what it cannot remember: to
 * forget would let an old one in again.
 */
export function createNonceMemory(options: NonceMemoryOptions): KeptNonceMemory {
  const { clock, meter, most = MOST_NONCES, used = [], notBefore = Number.NEGATIVE_INFINITY } = options;
  const uses = new Map<string, Use>();
  const ofKey = new Map<string, number>();
  const mostOfKey = Math.ceil(most / 2);
  /**
   * When the newest that was forgotten was signed, by the skew that its wire allows. While clocks go their way all of
   * these are too old in any case; should somebody set the server's clock back, they stay so.
   */
  const forgotten = new Map<number, number>();
  let forgetAt = Number.NEGATIVE_INFINITY;
  const refused = meter.counter('tidewall_nonces_refused_total', 'Signed connects refused by their nonce or time', [
    'reason',
  ]);
  meter.gauge('tidewall_nonces', 'Nonces of signed connects that are remembered', () => uses.size);

  /** Undefined: its time is not in order. */
  function useOf({ keyId, nonce, signedAt, skewMs }: SignedWord): Use | undefined {
    const leftMs = signedAt + skewMs - clock.now();
    if (!(leftMs >= 0 && leftMs <= 2 * skewMs)) return undefined;
    return { keyId, nonce, signedAt, skewMs, until: clock.monotonic() + leftMs };
  }

  function remember(name: string, use: Use): void {
    uses.set(name, use);
    ofKey.set(use.keyId, (ofKey.get(use.keyId) ?? 0) + 1);
  }

  function forgetUse(name: string, { keyId }: Use): void {
    uses.delete(name);
    const left = (ofKey.get(keyId) ?? 1) - 1;
    if (left === 0) ofKey.delete(keyId);
    else ofKey.set(keyId, left);
  }

  function forget(elapsed: number): void {
    if (elapsed < forgetAt) return;
    forgetAt = elapsed + FORGET_EVERY_MS;
    for (const [name, use] of uses) {
      const { signedAt, skewMs, until } = use;
      if (elapsed <= until) continue;
      forgetUse(name, use);
      forgotten.set(skewMs, Math.max(signedAt, forgotten.get(skewMs) ?? signedAt));
    }
  }

  function judge(word: SignedWord): NonceVerdict {
    const { signedAt, skewMs } = word;
    forget(clock.monotonic());
    const name = nameOf(word);
    if (uses.has(name)) return 'repeated';
    const use = useOf(word);
    if (use === undefined || signedAt < notBefore) return 'skewed';
    if (signedAt <= (forgotten.get(skewMs) ?? Number.NEGATIVE_INFINITY)) return 'skewed';
    if (uses.size >= most || (ofKey.get(use.keyId) ?? 0) >= mostOfKey) return 'full';
    remember(name, use);
    return 'fresh';
  }

  for (const word of used) {
    const use = useOf(word);
    if (use !== undefined) remember(nameOf(word), use);
  }
  return {
    take(word) {
      const verdict = judge(word);
      if (verdict !== 'fresh') refused.add(1, { reason: verdict });
      return verdict;
    },
    used: () => [...uses.values()].filter((use) => useOf(use) !== undefined).map(({ until: _, ...rest }) => rest),
  };
}

/** No id of a key has the character between, so that no two pairs have one name. */
function nameOf({ keyId, nonce }: SignedWord): string {
  return `${keyId}\0${nonce}`;
}
