import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { TidewallError } from '@tidewall/protocol';

/** What it costs to try a password: 32 MiB and some 80 ms of one processor (RFC 7914). */
const COST = { N: 2 ** 15, r: 8, p: 1 } as const;
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** More at once would take all processors, and the memory. */
const MOST_AT_ONCE = 2;
const MOST_WAITING = 100;

/** Hashes of passwords, made outside of the event loop and a few at a time. */
export class PasswordHasher {
  #atOnce = 0;
  readonly #waiting: (() => void)[] = [];
  /** What an unknown name's password is compared with, so that it takes as long as any other. */
  #nobody: Promise<string> | undefined;

  /** A text that the password can be checked by, with what it cost. @throws TidewallError busy */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const key = await this.#derive(password, salt, COST);
    return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), key.toString('base64')].join('$');
  }

  /**
   * Whether it is the password of a hash; of none, that it is not takes as long.
   *
   * @throws TidewallError busy
   */
  async verify(password: string, hash: string | undefined): Promise<boolean> {
    this.#nobody ??= this.hash(randomBytes(SALT_BYTES).toString('hex'));
    const [, N, r, p, salt = '', key = ''] = (hash ?? (await this.#nobody)).split('$');
    const wanted = Buffer.from(key, 'base64');
    const cost = { N: Number(N), r: Number(r), p: Number(p) };
    const found = await this.#derive(password, Buffer.from(salt, 'base64'), cost);
    return found.length === wanted.length && timingSafeEqual(found, wanted) && hash !== undefined;
  }

  /** Whether a hash was made as new ones are. */
  isCurrent(hash: string): boolean {
    return hash.startsWith(`scrypt$${COST.N}$${COST.r}$${COST.p}$`);
  }

  async #derive(password: string, salt: Buffer, cost: ScryptOptions): Promise<Buffer> {
    await this.#turn();
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        // The same sign may be typed in several ways (RFC 8265).
        const text = password.normalize('NFKC');
        scrypt(text, salt, KEY_BYTES, { ...cost, maxmem: 256 * 1024 * 1024 }, (failure, key) =>
          failure ? reject(failure) : resolve(key),
        );
      });
    } finally {
      this.#atOnce -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#atOnce >= MOST_AT_ONCE) {
      if (this.#waiting.length >= MOST_WAITING) {
        throw new TidewallError('busy', 'more passwords are being checked than can be; try again', { afterMs: 5000 });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#atOnce += 1;
  }
}
