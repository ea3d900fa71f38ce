import type { Clock } from '@tidewall/base';
import type { Meter, NonceMemory, NonceVerdict, SignedWord } from '@tidewall/contracts';

export interface NonceMemoryOptions {
  readonly clock: Clock;
  readonly meter: Meter;
  /** Most nonces that are remembered at once. */
  readonly most?: number;
}

/** About 20 MB; with ±300 s it is reached by 333 signed connects a second, for five minutes. */
export const MOST_NONCES = 100_000;
/** Looking for what is over costs as much as there is, and is done this often at most. */
const FORGET_EVERY_MS = 1000;

interface Use {
  readonly signedAt: number;
  readonly skewMs: number;
  /** Until then its time is in order; by the monotonic clock. */
  readonly until: number;
}

/**
 * Remembers each nonce of a key for as long as its time could be in order, and refuses what it cannot remember: to
 * forget would let an old one in again.
 */
export function createNonceMemory({ clock, meter, most = MOST_NONCES }: NonceMemoryOptions): NonceMemory {
  const uses = new Map<string, Use>();
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

  function forget(elapsed: number): void {
    if (elapsed < forgetAt) return;
    forgetAt = elapsed + FORGET_EVERY_MS;
    for (const [name, { signedAt, skewMs, until }] of uses) {
      if (elapsed <= until) continue;
      uses.delete(name);
      forgotten.set(skewMs, Math.max(signedAt, forgotten.get(skewMs) ?? signedAt));
    }
  }

  function judge({ keyId, nonce, signedAt, skewMs }: SignedWord): NonceVerdict {
    const elapsed = clock.monotonic();
    const leftMs = signedAt + skewMs - clock.now();
    forget(elapsed);
    // No id of a key has this character, so that no two pairs have one name.
    const name = `${keyId}\0${nonce}`;
    if (uses.has(name)) return 'repeated';
    if (!(leftMs >= 0 && leftMs <= 2 * skewMs)) return 'skewed';
    if (signedAt <= (forgotten.get(skewMs) ?? Number.NEGATIVE_INFINITY)) return 'skewed';
    if (uses.size >= most) return 'full';
    uses.set(name, { signedAt, skewMs, until: elapsed + leftMs });
    return 'fresh';
  }

  return {
    take(word) {
      const verdict = judge(word);
      if (verdict !== 'fresh') refused.add(1, { reason: verdict });
      return verdict;
    },
  };
}
