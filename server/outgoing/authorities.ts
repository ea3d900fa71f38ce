import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

/** Reading all authorities takes 20 ms, in which nothing else is done: what was read for one connection is kept. */
const MOST_KEPT = 20;

/** What certificates are checked with, where authorities are trusted beside the system's. */
export class Authorities {
  readonly #kept = new Map<string, SecureContext>();

  /** @param ca PEM of one or several certificates; what is none counts for nothing */
  beside(ca: string): SecureContext {
    const kept = this.#kept.get(ca) ?? createSecureContext({ ca: [...rootCertificates, ca] });
    this.#kept.delete(ca);
    this.#kept.set(ca, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return kept;
  }
}
