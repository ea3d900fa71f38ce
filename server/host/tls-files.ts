import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Clock } from '@tidewall/base';
import type { Log, Meter } from '@tidewall/contracts';
import { ConfigError } from './startup-errors.ts';

export interface TlsFilesOptions {
  /** The certificate, and those of the authorities in between, in PEM. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** How often the files are looked at: who renews them need not tell. */
const LOOK_MS = 10_000;
const DAY_MS = 86_400_000;

/**
 * The certificate that the server shows, as it lies in two files. When these change, new connections get the new one; as long
 * as they do not fit each other, the old one.
 */
export class TlsFiles {
  readonly #options: TlsFilesOptions;
  #context: SecureContextOptions;
  #texts: string;
  #expiresAt: number;
  #refused: string | undefined;
  #cancel: (() => void) | undefined;
  readonly #changed = new Set<(context: SecureContextOptions) => void>();

  private constructor(options: TlsFilesOptions, { context, texts, expiresAt }: Pair) {
    this.#options = options;
    this.#context = context;
    this.#texts = texts;
    this.#expiresAt = expiresAt;
    options.meter.gauge('tidewall_tls_expires_seconds', 'Until the certificate of the server ends', () =>
      Math.round((this.#expiresAt - options.clock.now()) / 1000),
    );
    this.#warn();
    this.#lookLater();
  }

  /** @throws ConfigError when a file cannot be read, or they do not fit each other */
  static async open(options: TlsFilesOptions): Promise<TlsFiles> {
    const pair = await readPair(options);
    if (typeof pair === 'string') throw new ConfigError(pair);
    return new TlsFiles(options, pair);
  }

  get context(): SecureContextOptions {
    return this.#context;
  }

  /** Calls back with what new connections are to be shown, each time that it changes. */
  onChange(changed: (context: SecureContextOptions) => void): void {
    this.#changed.add(changed);
  }

  dispose(): void {
    this.#cancel?.();
    this.#changed.clear();
  }

  /** Looks whether the files have changed. */
  async look(): Promise<void> {
    const pair = await readPair(this.#options);
    const { log, certFile } = this.#options;
    if (typeof pair === 'string') {
      // Once: in the middle of being renewed they do not fit, and a failure that stays is said in its first moment.
      if (this.#refused !== pair) log.error({}, `${pair}; the certificate that was there before is shown still`);
      this.#refused = pair;
      return;
    }
    this.#refused = undefined;
    if (pair.texts === this.#texts) return;
    this.#context = pair.context;
    this.#texts = pair.texts;
    this.#expiresAt = pair.expiresAt;
    for (const changed of this.#changed) changed(pair.context);
    log.info({ expires: new Date(pair.expiresAt).toISOString() }, `${certFile} is another certificate now`);
    this.#warn();
  }

  #warn(): void {
    const { clock, log, certFile } = this.#options;
    const days = (this.#expiresAt - clock.now()) / DAY_MS;
    if (days < 0) log.warn({}, `the certificate in ${certFile} has ended: browsers refuse it`);
    else if (days < 14) log.warn({}, `the certificate in ${certFile} ends in ${Math.ceil(days)} days`);
  }

  #lookLater(): void {
    this.#cancel = this.#options.clock.after(LOOK_MS, () => {
      this.#lookLater();
      void this.look();
    });
  }
}

interface Pair {
  readonly context: SecureContextOptions;
  readonly texts: string;
  readonly expiresAt: number;
}

/** What lies in the files, or what is wrong with it. */
async function readPair({ certFile, keyFile }: TlsFilesOptions): Promise<Pair | string> {
  const texts: Record<'cert' | 'key', string> = { cert: '', key: '' };
  for (const [what, file] of [
    ['cert', certFile],
    ['key', keyFile],
  ] as const) {
    try {
      texts[what] = await readFile(file, 'utf8');
    } catch (cause) {
      return `tls.${what}: ${file} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? cause}`;
    }
  }
  const context: SecureContextOptions = { ...texts, minVersion: 'TLSv1.2' };
  try {
    const expiresAt = Date.parse(new X509Certificate(texts.cert).validTo);
    createSecureContext(context);
    return { context, texts: `${texts.cert}\n${texts.key}`, expiresAt };
  } catch (cause) {
    const why = /key values mismatch/i.test(String(cause)) ? 'they are not of each other' : 'they are no PEM of such';
    return `tls.cert and tls.key: ${certFile} and ${keyFile} cannot be used: ${why}`;
  }
}
