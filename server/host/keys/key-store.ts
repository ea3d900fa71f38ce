import { randomBytes } from 'node:crypto';
import { sameText } from '@tidewall/auth';
import type { Clock } from '@tidewall/base';
import type { KeyRing, Log, Meter, Principal, Rule, SigningKey, Store } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { nearestNames } from '../nearest-name.ts';
import { COLLECTIONS } from '../store/collections.ts';
import { changesBetween } from '../store/records.ts';
import { type Key, letsIn, liveSecrets, type ShownKey, shownKey, USUAL_ROLES } from './key.ts';
import { KeyPrincipals } from './key-principals.ts';
import { keyRecord, readKeys } from './key-records.ts';
import { KeyUses } from './key-uses.ts';
import { type MasterSecret, openMasterSecret } from './master-secret.ts';

export interface KeyStoreOptions {
  readonly store: Store;
  /** The file of the master secret, where the setting names none. */
  readonly secretPath: string;
  readonly secret: string | undefined;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly log: Log;
}

/** What may be said of a key, and said otherwise later. */
export interface KeyChange {
  readonly name?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly rules?: readonly Rule[] | undefined;
  readonly bearer?: boolean | undefined;
  /** Null: it does not expire. */
  readonly expiresAt?: number | null | undefined;
  readonly disabled?: boolean | undefined;
}

/** What a new key is; what is absent is made. */
export interface NewKey extends Omit<KeyChange, 'disabled'> {
  readonly id?: string | undefined;
  readonly secret?: string | undefined;
}

/** A key with its new secret. It is told this once. */
export interface ToldKey extends ShownKey {
  readonly secret: string;
}

export const MOST_KEYS = 1000;

/** The keys of this server, sealed where they are kept. */
export class KeyStore implements KeyRing {
  readonly #options: KeyStoreOptions;
  readonly #master: MasterSecret;
  readonly #principals: KeyPrincipals;
  readonly #uses: KeyUses;
  #keys: ReadonlyMap<string, Key>;
  /** Changes are made one after another, each on what the one before it has left. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: KeyStoreOptions, master: MasterSecret, uses: KeyUses, keys: readonly Key[]) {
    this.#options = options;
    this.#master = master;
    this.#uses = uses;
    this.#principals = new KeyPrincipals(options.clock);
    this.#keys = byId(keys);
    options.meter.gauge('tidewall_keys', 'Keys that programs and screens can sign with', () => this.#keys.size);
  }

  /** @throws ConfigError when the keys cannot be read, or not be opened with the master secret */
  static async open(options: KeyStoreOptions): Promise<KeyStore> {
    const master = await openMasterSecret(options.secret, options.secretPath, 'keys');
    const { store, clock, log } = options;
    const keys = await readKeys(store, master);
    return new KeyStore(options, master, await KeyUses.open({ store, clock, log }), keys);
  }

  find(id: string): SigningKey | undefined {
    const key = this.#keys.get(id);
    const now = this.#options.clock.now();
    if (key === undefined || !letsIn(key, now)) return undefined;
    return { id, secrets: liveSecrets(key, now).map(({ text }) => text), bearer: key.bearer };
  }

  principalOf(id: string): Principal | undefined {
    const key = this.#keys.get(id);
    return key === undefined ? undefined : this.#principals.of(key);
  }

  noteUse(id: string): void {
    if (this.#keys.has(id)) this.#uses.note(id);
  }

  list(): readonly ShownKey[] {
    return [...this.#keys.values()].map((key) => this.#shown(key));
  }

  /** @throws TidewallError bad_request when there is none */
  get(id: string): ShownKey {
    return this.#shown(this.#require(id));
  }

  /** Keeps what is not kept yet: when they were used. */
  close(): Promise<void> {
    return this.#uses.close();
  }

  /**
   * A pair that is here already is taken over once, so that a script may say it at each start.
   *
   * @throws TidewallError conflict when there is another one with that id, limit_exceeded, storage_full
   */
  create({ id = `tk${randomBytes(9).toString('hex')}`, secret, ...said }: NewKey): Promise<ToldKey> {
    const text = secret ?? newSecret();
    return this.#change((now) => {
      const known = this.#keys.get(id);
      if (known !== undefined && secret !== undefined && sameText(known.secrets[0].text, secret)) {
        requireSaid(known, said);
        return { keys: undefined, answer: { ...this.#shown(known), secret: text } };
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
      const { rules = [] } = said;
      const made: Key = {
        ...{ id, name: '', createdAt: now, disabled: false, rules, secrets: [{ text, createdAt: now }] },
        // Who says what it may do means that and no more.
        roles: rules.length > 0 ? [] : USUAL_ROLES,
        // The clients of a pair that is taken over sign already.
        bearer: secret === undefined,
      };
      const key = changedKey(made, said, now);
      return { keys: [...this.#keys.values(), key], answer: { ...this.#shown(key), secret: text } };
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
      return { keys: this.#with(rotated), answer: { ...this.#shown(rotated), secret } };
    });
  }

  /** Says what a key may do, or whether it lets anybody in. @throws TidewallError bad_request when there is none */
  change(id: string, change: KeyChange): Promise<ShownKey> {
    return this.#change((now) => {
      const key = changedKey(this.#require(id), change, now);
      return { keys: this.#with(key), answer: this.#shown(key) };
    });
  }

  /** @throws TidewallError bad_request when there is none */
  delete(id: string): Promise<void> {
    return this.#change(() => {
      this.#require(id);
      return { keys: [...this.#keys.values()].filter((key) => key.id !== id), answer: undefined };
    }).then(() => this.#uses.forget(id));
  }

  #require(id: string): Key {
    const key = this.#keys.get(id);
    if (key !== undefined) return key;
    const [nearest] = nearestNames(id, [...this.#keys.keys()]);
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    throw new TidewallError('bad_request', `there is no key ${JSON.stringify(id.slice(0, 64))}${hint}`);
  }

  #shown(key: Key): ShownKey {
    const usedAt = this.#uses.of(key.id);
    // A stop may have left that of an older one of its id.
    const own = usedAt !== undefined && usedAt >= key.createdAt ? usedAt : undefined;
    return shownKey(key, liveSecrets(key, this.#options.clock.now()), own);
  }

  #with(changed: Key): Key[] {
    return [...this.#keys.values()].map((key) => (key.id === changed.id ? changed : key));
  }

  /** @param edit makes the keys as they will be; undefined: they stay as they are */
  #change<T>(edit: (now: number) => { readonly keys: readonly Key[] | undefined; readonly answer: T }): Promise<T> {
    const changed = this.#last.then(async () => {
      const { keys, answer } = edit(this.#options.clock.now());
      if (keys === undefined) return answer;
      const after = byId(keys);
      await this.#options.store.write(
        changesBetween(COLLECTIONS.keys, this.#keys, after, (key) => keyRecord(key, this.#master)),
      );
      // Valid only when it is kept: what was told must be true after a restart.
      this.#keys = after;
      this.#principals.keysAre(this.#keys);
      return answer;
    });
    this.#last = changed.catch(() => {});
    return changed;
  }
}

/** What a key becomes. @throws TidewallError bad_request when it would end in the past */
function changedKey(key: Key, change: KeyChange, now: number): Key {
  const { expiresAt: before, ...rest } = key;
  const { name, roles, rules, bearer, disabled, expiresAt = before } = change;
  if (typeof change.expiresAt === 'number' && change.expiresAt <= now) {
    throw new TidewallError('bad_request', 'expiresAt is in the past; to end a key now, disable it', {
      detail: { path: 'expiresAt' },
    });
  }
  return {
    ...rest,
    ...(name !== undefined && { name }),
    ...(roles !== undefined && { roles }),
    ...(rules !== undefined && { rules }),
    ...(bearer !== undefined && { bearer }),
    ...(disabled !== undefined && { disabled }),
    ...(typeof expiresAt === 'number' && { expiresAt }),
  };
}

/** @throws TidewallError conflict when a key that is there may do something else than it is said to */
function requireSaid(key: Key, { roles = key.roles, rules = key.rules, bearer = key.bearer }: KeyChange): void {
  const same = JSON.stringify([roles, rules, bearer]) === JSON.stringify([key.roles, key.rules, key.bearer]);
  if (same) return;
  const { id } = key;
  throw new TidewallError('conflict', `there is a key ${id} with other rights; set them, or leave them out here`, {
    detail: { id },
  });
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

function byId(keys: readonly Key[]): ReadonlyMap<string, Key> {
  return new Map(keys.map((key) => [key.id, key]));
}
