import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);
/** Kafka has 4096; a server that asks for millions only wants our time. */
const MOST_ITERATIONS = 100_000;

export type ScramHash = 'sha256' | 'sha512';

export interface ScramOptions {
  readonly hash: ScramHash;
  readonly username: string;
  readonly password: string;
  /** For tests; 24 random bytes when absent. */
  readonly nonce?: string;
}

/** The client's side of SCRAM (RFC 5802, 7677): the password itself is never sent, and the server proves that it knows it too. */
export class Scram {
  readonly #options: ScramOptions;
  readonly #nonce: string;
  #serverSignature: Buffer | undefined;

  constructor(options: ScramOptions) {
    this.#options = options;
    this.#nonce = options.nonce ?? randomBytes(24).toString('base64');
  }

  /** What is said first. */
  get first(): string {
    return `n,,${this.#firstBare}`;
  }

  /** What is said to the server's first answer. @throws Error when that is none */
  async final(answer: string): Promise<string> {
    const { hash, password } = this.#options;
    const { r: nonce, s: salt, i: iterations } = attributesOf(answer);
    const count = Number(iterations);
    if (nonce === undefined || salt === undefined || !nonce.startsWith(this.#nonce) || nonce === this.#nonce) {
      throw new Error('its answer does not fit what we asked');
    }
    if (!Number.isInteger(count) || count < 1 || count > MOST_ITERATIONS) {
      throw new Error(`it asks for ${iterations} rounds; at most ${MOST_ITERATIONS} are done`);
    }
    const length = hash === 'sha256' ? 32 : 64;
    const salted = await derive(password.normalize('NFKC'), Buffer.from(salt, 'base64'), count, length, hash);
    const clientKey = this.#hmac(salted, 'Client Key');
    const withoutProof = `c=${Buffer.from('n,,').toString('base64')},r=${nonce}`;
    const all = `${this.#firstBare},${answer},${withoutProof}`;
    const signature = this.#hmac(createHash(hash).update(clientKey).digest(), all);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] as number)));
    this.#serverSignature = this.#hmac(this.#hmac(salted, 'Server Key'), all);
    return `${withoutProof},p=${proof.toString('base64')}`;
  }

  /** @throws Error when the server has not proved that it knows the password */
  verify(answer: string): void {
    const { v: proof, e: error } = attributesOf(answer);
    if (error !== undefined) throw new Error(`it says ${error}`);
    const said = Buffer.from(proof ?? '', 'base64');
    const expected = this.#serverSignature;
    if (expected === undefined || said.length !== expected.length || !timingSafeEqual(said, expected)) {
      throw new Error('it has not proved that it knows the password: somebody else answers there');
    }
  }

  get #firstBare(): string {
    const name = this.#options.username.normalize('NFKC').replaceAll('=', '=3D').replaceAll(',', '=2C');
    return `n=${name},r=${this.#nonce}`;
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#options.hash, key).update(text).digest();
  }
}

function attributesOf(message: string): Readonly<Record<string, string>> {
  return Object.fromEntries(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));
}
