import { randomBytes } from 'node:crypto';
import type { Clock } from '@tidewall/base';
import type { Meter, Store } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { ConfigError } from '../startup-errors.ts';
import { COLLECTIONS } from '../store/collections.ts';
import { PasswordHasher } from '../users/password-hash.ts';
import { type Share, type ShownShare, shareSchema, shownShare } from './share.ts';

/** What may be said of a shared screen; null takes it away. */
export interface ShareChange {
  readonly name?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly password?: string | null | undefined;
  readonly expiresAt?: number | null | undefined;
  readonly addresses?: readonly string[] | null | undefined;
  readonly mostViews?: number | null | undefined;
  readonly variables?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly signedBy?: string | null | undefined;
}

export interface ShareStoreOptions {
  readonly store: Pick<Store, 'read' | 'write'>;
  readonly clock: Clock;
  readonly meter: Meter;
}

export const MOST_SHARES = 10_000;
const COLLECTION = COLLECTIONS.shares;

/** The screens that are shared, and with whom. */
export class ShareStore {
  readonly #options: ShareStoreOptions;
  readonly #hasher = new PasswordHasher();
  readonly #shares: Map<string, Share>;
  /** Changes are made one after another, each on what the one before it has left. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: ShareStoreOptions, shares: readonly Share[]) {
    this.#options = options;
    this.#shares = new Map(shares.map((share) => [share.id, share]));
    options.meter.gauge('tidewall_shares', 'Links to shared screens', () => this.#shares.size);
  }

  /** @throws ConfigError when what is kept cannot be read */
  static async open(options: ShareStoreOptions): Promise<ShareStore> {
    const records = await options.store.read(COLLECTION);
    const shares = records.map(({ id, value }): Share => {
      const result = shareSchema.safeParse(value);
      if (result.success) return { id, ...result.data };
      const [issue] = result.error.issues;
      throw new ConfigError(`the shared screen ${id} cannot be read: ${issue?.path.join('.')} ${issue?.message}`);
    });
    return new ShareStore(options, shares);
  }

  find(id: string): Share | undefined {
    return this.#shares.get(id);
  }

  /** Those of a screen. */
  list(screen: string): readonly ShownShare[] {
    return [...this.#shares.values()].filter((share) => share.screen === screen).map(shownShare);
  }

  /** @throws TidewallError limit_exceeded, busy, storage_full */
  async create(screen: string, said: ShareChange): Promise<ShownShare> {
    const passwordHash = await this.#hashOf(said.password);
    const made: Share = {
      ...{ id: randomBytes(16).toString('base64url'), screen, name: '', stamp: newStamp() },
      ...{ createdAt: this.#options.clock.now(), disabled: false, views: 0, variables: {} },
    };
    return this.#change(async () => {
      if (this.#shares.size >= MOST_SHARES) {
        throw new TidewallError(
          'limit_exceeded',
          `there may be ${MOST_SHARES} shared links; delete one that is not used`,
        );
      }
      return shownShare(await this.#keep(changed(made, said, passwordHash, this.#options.clock.now())));
    });
  }

  /**
   * Changes one of a screen. Who has opened it is out when it is disabled, and has to open it again when it asks for something else.
   *
   * @throws TidewallError bad_request when there is none, busy, storage_full
   */
  async set(screen: string, id: string, said: ShareChange): Promise<ShownShare> {
    const passwordHash = await this.#hashOf(said.password);
    return this.#change(async () => {
      const before = this.#require(screen, id);
      const after = changed(before, said, passwordHash, this.#options.clock.now());
      const asksElse = asks(after) !== asks(before);
      return shownShare(await this.#keep(asksElse ? { ...after, stamp: newStamp() } : after));
    });
  }

  /** @throws TidewallError bad_request when there is none, storage_full */
  delete(screen: string, id: string): Promise<void> {
    return this.#change(async () => {
      this.#require(screen, id);
      await this.#options.store.write([{ collection: COLLECTION, id, value: undefined }]);
      this.#shares.delete(id);
    });
  }

  /** Counts that it was opened. @throws TidewallError limit_exceeded when it was opened as often as it may be; storage_full */
  open(id: string): Promise<void> {
    return this.#change(async () => {
      const share = this.#shares.get(id);
      if (share === undefined) return;
      const { views, mostViews } = share;
      if (mostViews !== undefined && views >= mostViews) {
        throw new TidewallError('limit_exceeded', 'the link was opened as often as it may be; ask for a new one');
      }
      await this.#keep({ ...share, views: views + 1 });
    });
  }

  /** Whether it is its password; of none that it is not takes as long. @throws TidewallError busy */
  checkPassword({ passwordHash }: Share, password: string): Promise<boolean> {
    return this.#hasher.verify(password, passwordHash);
  }

  #require(screen: string, id: string): Share {
    const share = this.#shares.get(id);
    if (share?.screen === screen) return share;
    throw new TidewallError(
      'bad_request',
      `the screen ${screen} has no shared link ${JSON.stringify(id.slice(0, 64))}`,
    );
  }

  async #hashOf(password: string | null | undefined): Promise<string | undefined> {
    return typeof password === 'string' ? this.#hasher.hash(password) : undefined;
  }

  /** Resolves when it is kept: what was told must be true after a restart. */
  async #keep({ id, ...share }: Share): Promise<Share> {
    await this.#options.store.write([{ collection: COLLECTION, id, value: { ...share } as never }]);
    const kept = { id, ...share };
    this.#shares.set(id, kept);
    return kept;
  }

  #change<T>(edit: () => Promise<T>): Promise<T> {
    const done = this.#last.then(edit);
    this.#last = done.catch(() => {});
    return done;
  }
}

/** What a share becomes. @throws TidewallError bad_request when it would end in the past */
function changed(share: Share, said: ShareChange, passwordHash: string | undefined, now: number): Share {
  if (typeof said.expiresAt === 'number' && said.expiresAt <= now) {
    throw new TidewallError('bad_request', 'expiresAt is in the past; to end a link now, disable it', {
      detail: { path: 'expiresAt' },
    });
  }
  const { name = share.name, disabled = share.disabled, variables = share.variables } = said;
  const { id, screen, createdAt, stamp, views } = share;
  const pick = <T>(change: T | null | undefined, before: T | undefined) =>
    change === null ? undefined : (change ?? before);
  const hash = said.password === null ? undefined : (passwordHash ?? share.passwordHash);
  const optional = {
    expiresAt: pick(said.expiresAt, share.expiresAt),
    passwordHash: hash,
    addresses: pick(said.addresses, share.addresses),
    mostViews: pick(said.mostViews, share.mostViews),
    signedBy: pick(said.signedBy, share.signedBy),
  };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  return {
    ...{ id, screen, createdAt, stamp, views, name, disabled, variables },
    ...(Object.fromEntries(given) as Partial<Share>),
  };
}

/** Equal where the same is asked of who opens it, and the same is shown. */
function asks({ passwordHash, addresses, signedBy, variables }: Share): string {
  return JSON.stringify([passwordHash, addresses, signedBy, variables]);
}

function newStamp(): string {
  return randomBytes(12).toString('base64url');
}
