import { randomBytes } from 'node:crypto';
import type { Clock } from '@tidewall/base';
import type { KeyRing, Meter, Principal, SigningKey } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { nearestNames } from '../nearest-name.ts';
import { type Key, liveSecrets, type ShownKey, shownKey } from './key.ts';
import { readKeys, writeKeys } from './key-file.ts';
import { type MasterSecret, openMasterSecret } from './master-secret.ts';

export interface KeyStoreOptions {
  /** The file that keeps the keys. */
  readonly path: string;
  /** The file of the master secret, where the setting names none. */
  readonly secretPath: string;
  readonly secret: string | undefined;
  readonly clock: Clock;
  readonly meter: Meter;
}

/** What a new key is; what is absent is made. */
export interface NewKey {
  readonly id?: string | undefined;
  readonly secret?: string | undefined;
  readonly name?: string | undefined;
}

/** A key with its new secret. It is told this once. */
export interface ToldKey extends ShownKey {
  readonly secret: string;
}

export const MOST_KEYS = 1000;

/** The keys of this server, and the file that keeps them sealed. */
export class KeyStore implements KeyRing {
  readonly #options: KeyStoreOptions;
  readonly #master: MasterSecret;
  #keys: ReadonlyMap<string, Key>;
  /** Changes are made one after another, each on what the one before it has left. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: KeyStoreOptions, master: MasterSecret, keys: readonly Key[]) {
    this.#options = options;
    this.#master = master;
    this.#keys = byId(keys);
    options.meter.gauge('tidewall_keys', 'Keys that programs and screens can sign with', () => this.#keys.size);
  }

  /** @throws ConfigError when the keys cannot be read, or not be opened with the master secret */
  static async open(options: KeyStoreOptions): Promise<KeyStore> {
    const master = await openMasterSecret(options.secret, options.secretPath, 'keys');
    return new KeyStore(options, master, await readKeys(options.path, master));
  }

  find(id: string): SigningKey | undefined {
    const key = this.#keys.get(id);
    if (key === undefined || key.disabled) return undefined;
    return { id, secrets: liveSecrets(key, this.#options.clock.now()).map(({ text }) => text) };
  }

  principalOf(id: string): Principal | undefined {
    const key = this.#keys.get(id);
    return key === undefined || key.disabled ? undefined : { id: `key:${id}`, roles: ['key'] };
  }

  list(): readonly ShownKey[] {
    const now = this.#options.clock.now();
    return [...this.#keys.values()].map((key) => shownKey(key, now));
  }

  /**
   * A pair that is here already is taken over once, so that a script may say it at each start.
   *
   * @throws TidewallError conflict when there is another one with that id, limit_exceeded, storage_full
   */
  create({ id = `tk${randomBytes(9).toString('hex')}`, secret, name = '' }: NewKey): Promise<ToldKey> {
    const text = secret ?? newSecret();
    return this.#change((now) => {
      const known = this.#keys.get(id);
      if (known !== undefined && known.secrets[0].text === secret) {
        return { keys: undefined, answer: { ...shownKey(known, now), secret: text } };
      }
      if (known !== undefined) {
        const message = `there is a key ${id} already; rotate it for a new secret`;
        throw new TidewallError('conflict', message, { detail: { id } });
      }
      if (this.#keys.size >= MOST_KEYS) {
        throw new TidewallError('limit_exceeded', `there may be ${MOST_KEYS} keys; delete one that is not used`, {
          detail: { limit: 'keys', max: MOST_KEYS },
        });
      }
      const key: Key = { id, name, createdAt: now, disabled: false, secrets: [{ text, createdAt: now }] };
      return { keys: [...this.#keys.values(), key], answer: { ...shownKey(key, now), secret: text } };
    });
  }

  /**
   * Gives a key a new secret. The one that it has stays valid for so long.
   *
   * @throws TidewallError bad_request when there is none, conflict while an older one is still valid and `overlapMs` is not 0
   */
  rotate(id: string, overlapMs: number, secret = newSecret()): Promise<ToldKey> {
    return this.#change((now) => {
      const key = this.#require(id);
      const [newest, older] = liveSecrets(key, now);
      if (older?.until !== undefined && overlapMs > 0) {
        const until = new Date(older.until).toISOString();
        const message = `the key ${id} is being rotated: the secret before its newest is valid until ${until}; wait, or end both with an overlap of 0`;
        throw new TidewallError('conflict', message, { detail: { until: older.until } });
      }
      // Each has its own time, which is a part of what it is sealed with.
      const createdAt = Math.max(now, (newest?.createdAt ?? 0) + 1);
      const kept = newest === undefined || overlapMs <= 0 ? [] : [{ ...newest, until: now + overlapMs }];
      const rotated: Key = { ...key, secrets: [{ text: secret, createdAt }, ...kept] };
      return { keys: this.#with(rotated), answer: { ...shownKey(rotated, now), secret } };
    });
  }

  /** Lets a key sign again, or not any more. @throws TidewallError bad_request when there is none */
  setDisabled(id: string, disabled: boolean): Promise<ShownKey> {
    return this.#change((now) => {
      const key: Key = { ...this.#require(id), disabled };
      return { keys: this.#with(key), answer: shownKey(key, now) };
    });
  }

  /** @throws TidewallError bad_request when there is none */
  delete(id: string): Promise<void> {
    return this.#change(() => {
      this.#require(id);
      return { keys: [...this.#keys.values()].filter((key) => key.id !== id), answer: undefined };
    });
  }

  #require(id: string): Key {
    const key = this.#keys.get(id);
    if (key !== undefined) return key;
    const [nearest] = nearestNames(id, [...this.#keys.keys()]);
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    throw new TidewallError('bad_request', `there is no key ${JSON.stringify(id.slice(0, 64))}${hint}`);
  }

  #with(changed: Key): Key[] {
    return [...this.#keys.values()].map((key) => (key.id === changed.id ? changed : key));
  }

  /** @param edit makes the keys as they will be; undefined: they stay as they are */
  #change<T>(edit: (now: number) => { readonly keys: readonly Key[] | undefined; readonly answer: T }): Promise<T> {
    const changed = this.#last.then(async () => {
      const { keys, answer } = edit(this.#options.clock.now());
      if (keys === undefined) return answer;
      await writeKeys(this.#options.path, keys, this.#master);
      // Valid only when it is kept: what was told must be true after a restart.
      this.#keys = byId(keys);
      return answer;
    });
    this.#last = changed.catch(() => {});
    return changed;
  }
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

function byId(keys: readonly Key[]): ReadonlyMap<string, Key> {
  return new Map(keys.map((key) => [key.id, key]));
}
