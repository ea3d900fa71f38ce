import type { KeyRing } from '@tidewall/contracts';
import { checkSignature, type Signed } from './signature.ts';

/** A signature that was taken, for as long as it would be taken again: its key may be rotated, disabled or deleted. */
export class TakenSignature {
  readonly keyId: string;
  readonly #keys: Pick<KeyRing, 'find'>;
  readonly #signed: Signed;
  /** Those that the key had when it was looked at last. */
  #secrets: string | undefined;

  constructor(keys: Pick<KeyRing, 'find'>, signed: Signed) {
    this.keyId = signed.keyId;
    this.#keys = keys;
    this.#signed = signed;
    this.#secrets = this.#read();
  }

  get stands(): boolean {
    const secrets = this.#read();
    // Asked every second of every connection, and nearly always nothing has changed.
    if (secrets !== undefined && secrets === this.#secrets) return true;
    if (secrets === undefined || checkSignature(this.#keys, this.#signed) !== 'signed') return false;
    this.#secrets = secrets;
    return true;
  }

  /** Whether its key is still there, so that who has its new secret may sign again. */
  get replaceable(): boolean {
    return this.#read() !== undefined;
  }

  #read(): string | undefined {
    return this.#keys.find(this.keyId)?.secrets.join('\n');
  }
}
