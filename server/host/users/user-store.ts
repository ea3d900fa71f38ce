import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '@tidewall/base';
import { type Log, type Meter, type Principal, type Standing, type Store, withoutArrival } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { nearestNames } from '../nearest-name.ts';
import { COLLECTIONS } from '../store/collections.ts';
import { changesBetween, readRecords } from '../store/records.ts';
import { PasswordHasher } from './password-hash.ts';
import { type ShownUser, sessionSchema, type User, type UserSession, userSchema } from './user.ts';

export interface UserStoreOptions {
  /** Keeps users and where they are signed in; of passwords and cookies it has hashes. */
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** How long somebody stays signed in who does not come. */
  readonly sessionMs: number;
}

export const MOST_USERS = 10_000;
const MOST_SESSIONS_OF_ONE = 100;
const MOST_SESSIONS = 100_000;
/** When somebody was seen is kept no more often than this. */
const SEEN_MS = 60 * 60_000;
const TOKEN_BYTES = 32;

interface Signed {
  readonly session: UserSession;
  /** The same as long as nothing changes what it may do. */
  readonly principal: Principal;
}

/** What was asked for of a user, and what the store becomes by it. */
interface Change<T> {
  readonly users?: readonly User[];
  readonly sessions?: readonly UserSession[];
  readonly answer: T;
}

/** The users of this server, and where they are signed in. */
export class UserStore {
  readonly #options: UserStoreOptions;
  readonly #hasher = new PasswordHasher();
  #users: ReadonlyMap<string, User>;
  #sessions: ReadonlyMap<string, Signed> = new Map();
  /** Sessions of which it is being kept that they were seen. */
  readonly #seen = new Set<string>();
  /** Changes are made one after another, each on what the one before it has left. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: UserStoreOptions, users: readonly User[], sessions: readonly UserSession[]) {
    this.#options = options;
    this.#users = new Map(users.map((user) => [user.name, user]));
    this.#take(sessions);
    options.meter.gauge('tidewall_users', 'Users', () => this.#users.size);
    options.meter.gauge('tidewall_user_sessions', 'Places where users are signed in', () => this.#sessions.size);
  }

  /** @throws ConfigError when what is kept cannot be used */
  static async open(options: UserStoreOptions): Promise<UserStore> {
    const { store } = options;
    const users = await readRecords(store, COLLECTIONS.users, userSchema, ['hash']);
    const sessions = await readRecords(store, COLLECTIONS.sessions, sessionSchema, ['id']);
    const valuesOf = <T>(records: readonly { readonly value: T }[]) => records.map(({ value }) => value);
    return new UserStore(options, valuesOf(users), valuesOf(sessions));
  }

  get size(): number {
    return this.#users.size;
  }

  /** Whether somebody can sign in who may do everything. */
  get hasAdmin(): boolean {
    return [...this.#users.values()].some(({ roles, disabled }) => roles.includes('admin') && !disabled);
  }

  list(): readonly ShownUser[] {
    return [...this.#users.values()].map((user) => this.#shown(user));
  }

  /** Who is meant by a name, as of now; undefined when there is nobody, or nobody any more. */
  principalOf(name: string): Principal | undefined {
    const user = this.#users.get(name);
    return user === undefined || user.disabled ? undefined : { id: `user:${name}`, roles: user.roles };
  }

  /** @throws TidewallError conflict when there is one of that name, limit_exceeded, busy, storage_full */
  async create(name: string, password: string, roles: readonly string[]): Promise<ShownUser> {
    const hash = await this.#hasher.hash(password);
    return this.#change(() => {
      if (this.#users.has(name)) throw new TidewallError('conflict', `there is a user ${name} already`);
      if (this.#users.size >= MOST_USERS) {
        throw new TidewallError('limit_exceeded', `there may be ${MOST_USERS} users; delete one that is not used`);
      }
      const user: User = { name, roles: [...roles], hash, createdAt: this.#options.clock.now(), disabled: false };
      return { users: [...this.#users.values(), user], answer: { ...this.#shown(user), sessions: 0 } };
    });
  }

  /**
   * Changes a user. Who is signed in and may do something else then has to come again; who is disabled is out.
   *
   * @throws TidewallError bad_request when there is none, conflict when nobody would be left who may do everything
   */
  set(name: string, change: { readonly roles?: readonly string[]; readonly disabled?: boolean }): Promise<ShownUser> {
    return this.#change(() => {
      const before = this.#require(name);
      const user: User = {
        ...before,
        ...(change.roles && { roles: [...change.roles] }),
        ...(change.disabled !== undefined && { disabled: change.disabled }),
      };
      this.#requireAdminWithout(before, user);
      const sessions = user.disabled ? this.#sessionsWithout(name) : this.#all();
      return { users: this.#with(user), sessions, answer: this.#shown(user) };
    });
  }

  /** Sets a password; everywhere but where it is set from the user is signed out. @throws TidewallError */
  async setPassword(name: string, password: string, except?: Principal): Promise<void> {
    this.#require(name);
    const hash = await this.#hasher.hash(password);
    await this.#change(() => {
      const users = this.#with({ ...this.#require(name), hash });
      const here = except && withoutArrival(except);
      const kept = this.#all().filter(({ id, user }) => user !== name || this.#sessions.get(id)?.principal === here);
      return { users, sessions: kept, answer: undefined };
    });
  }

  /** @throws TidewallError bad_request when there is none, conflict when nobody would be left who may do everything */
  delete(name: string): Promise<void> {
    return this.#change(() => {
      this.#requireAdminWithout(this.#require(name), undefined);
      const users = [...this.#users.values()].filter((user) => user.name !== name);
      return { users, sessions: this.#sessionsWithout(name), answer: undefined };
    });
  }

  /**
   * Whether it is the password of that user. It takes as long when there is no such user.
   *
   * @throws TidewallError busy
   */
  async check(name: string, password: string): Promise<boolean> {
    const user = this.#users.get(name);
    const right = await this.#hasher.verify(password, user?.hash);
    if (!right || user === undefined || user.disabled) return false;
    if (!this.#hasher.isCurrent(user.hash)) {
      const hash = await this.#hasher.hash(password);
      await this.#change(() => ({ users: this.#with({ ...this.#require(name), hash }), answer: undefined }));
    }
    return true;
  }

  /** Signs a user in. @returns what its browser is given to show @throws TidewallError bad_request when there is none */
  signIn(name: string): Promise<string> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    return this.#change(() => {
      const { disabled } = this.#require(name);
      if (disabled) throw new TidewallError('unauthenticated', 'the name or the password is wrong');
      const now = this.#options.clock.now();
      const all = this.#all().filter(({ seenAt }) => now - seenAt < this.#options.sessionMs);
      const own = all.filter(({ user }) => user === name);
      // The one that was not seen for longest makes room.
      const oldest = own.length < MOST_SESSIONS_OF_ONE ? undefined : own.sort((a, b) => a.seenAt - b.seenAt)[0];
      const sessions = all.filter((each) => each !== oldest).slice(-(MOST_SESSIONS - 1));
      const session: UserSession = { id: digest(token), user: name, createdAt: now, seenAt: now };
      return { sessions: [...sessions, session], answer: token };
    });
  }

  /** Who shows that; undefined when it is nobody's, or not any more. */
  signedIn(token: string): Principal | undefined {
    const signed = this.#sessions.get(digest(token));
    return signed?.principal.standing?.() === 'stands' ? signed.principal : undefined;
  }

  /** Signs out where somebody is signed in, or everywhere. */
  signOut(principal: Principal, everywhere: boolean): Promise<void> {
    const here = withoutArrival(principal);
    return this.#change(() => {
      const sessions = this.#all().filter(({ id, user }) =>
        everywhere ? `user:${user}` !== principal.id : this.#sessions.get(id)?.principal !== here,
      );
      return { sessions, answer: undefined };
    });
  }

  #see(session: UserSession): void {
    const now = this.#options.clock.now();
    if (now - session.seenAt < SEEN_MS || this.#seen.has(session.id)) return;
    this.#seen.add(session.id);
    const seen = { ...session, seenAt: now };
    this.#change(() => ({
      sessions: this.#all().map((each) => (each.id === session.id ? seen : each)),
      answer: undefined,
    }))
      .catch((failure: unknown) => this.#options.log.warn({ err: failure }, 'that a user was seen cannot be kept'))
      .finally(() => this.#seen.delete(session.id));
  }

  #standing(id: string, principal: Principal, user: string): Standing {
    const signed = this.#sessions.get(id);
    if (signed === undefined || this.principalOf(user) === undefined) return 'gone';
    if (signed.principal !== principal) return 'changed';
    if (this.#options.clock.now() - signed.session.seenAt >= this.#options.sessionMs) return 'expired';
    // A wall that is connected for months is there, though it asks for nothing.
    this.#see(signed.session);
    return 'stands';
  }

  /** Sessions as they are kept now; who may do the same as before is the same. */
  #take(sessions: readonly UserSession[]): void {
    const before = this.#sessions;
    this.#sessions = new Map(
      sessions.flatMap((session): [string, Signed][] => {
        const user = this.#users.get(session.user);
        if (user === undefined) return [];
        const known = before.get(session.id)?.principal;
        if (known !== undefined && sameRoles(known.roles, user.roles))
          return [[session.id, { session, principal: known }]];
        const principal: Principal = {
          id: `user:${user.name}`,
          roles: user.roles,
          standing: () => this.#standing(session.id, principal, user.name),
        };
        return [[session.id, { session, principal }]];
      }),
    );
  }

  #all(): UserSession[] {
    return [...this.#sessions.values()].map(({ session }) => session);
  }

  #sessionsWithout(name: string): UserSession[] {
    return this.#all().filter(({ user }) => user !== name);
  }

  #with(changed: User): User[] {
    return [...this.#users.values()].map((user) => (user.name === changed.name ? changed : user));
  }

  #require(name: string): User {
    const user = this.#users.get(name);
    if (user !== undefined) return user;
    const [nearest] = nearestNames(name, [...this.#users.keys()]);
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    throw new TidewallError('bad_request', `there is no user ${JSON.stringify(name.slice(0, 64))}${hint}`);
  }

  #requireAdminWithout(before: User, after: User | undefined): void {
    const isAdmin = (user: User | undefined) => user?.roles.includes('admin') === true && !user.disabled;
    if (!isAdmin(before) || isAdmin(after)) return;
    if ([...this.#users.values()].some((user) => user !== before && isAdmin(user))) return;
    throw new TidewallError(
      'conflict',
      `${before.name} is the last one who may do everything; make another admin first`,
    );
  }

  #shown({ name, roles, createdAt, disabled }: User): ShownUser {
    const sessions = [...this.#sessions.values()].filter(({ session }) => session.user === name).length;
    return { name, roles, createdAt, disabled, sessions };
  }

  #change<T>(edit: () => Change<T>): Promise<T> {
    const changed = this.#last.then(async () => {
      const { users = [...this.#users.values()], sessions = this.#all(), answer } = edit();
      const after = new Map(users.map((user) => [user.name, user]));
      await this.#options.store.write([
        ...changesBetween(COLLECTIONS.users, this.#users, after, (user) => user),
        ...changesBetween(COLLECTIONS.sessions, sessionsById(this.#all()), sessionsById(sessions), (each) => each),
      ]);
      // Valid only when it is kept: what was told must be true after a restart.
      this.#users = after;
      this.#take(sessions);
      return answer;
    });
    this.#last = changed.catch(() => {});
    return changed;
  }
}

function sessionsById(sessions: readonly UserSession[]): ReadonlyMap<string, UserSession> {
  return new Map(sessions.map((session) => [session.id, session]));
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

function sameRoles(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((role) => other.includes(role));
}
