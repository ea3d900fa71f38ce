import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { allowedRoles, type ProvenPerson, type Provider } from '@tidewall/auth';
import { type Clock, parseJson } from '@tidewall/base';
import { type Meter, type Principal, withoutArrival } from '@tidewall/contracts';
import { z } from 'zod';
import { pathText, wrongPlaces } from '../issue-sentence.ts';
import { keepFile } from '../keep-file.ts';
import { ConfigError } from '../startup-errors.ts';

export interface OidcSessionsOptions {
  /** The file that keeps who is signed in; of cookies it has hashes. */
  readonly path: string;
  readonly clock: Clock;
  readonly meter: Meter;
  /** By their names here. */
  readonly providers: Readonly<Record<string, Provider>>;
}

const MOST_SESSIONS_OF_ONE = 100;
const MOST_SESSIONS = 10_000;
const TOKEN_BYTES = 32;
const HOUR_MS = 3_600_000;

const time = z.number().min(0).max(8.64e15);
const sessionSchema = z.strictObject({
  id: z.string(),
  provider: z.string(),
  sub: z.string(),
  name: z.string(),
  roles: z.array(z.string()),
  createdAt: time,
  endsAt: time,
});
const fileSchema = z.strictObject({ format: z.literal(1), sessions: z.array(sessionSchema) });
type OidcSession = z.infer<typeof sessionSchema>;

interface Signed {
  readonly session: OidcSession;
  readonly principal: Principal;
}

/** People who were signed in by a provider: each until a time that no use puts off, with the roles of that sign-in. */
export class OidcSessions {
  readonly #options: OidcSessionsOptions;
  #sessions: ReadonlyMap<string, Signed>;
  /** Changes are made one after another, each on what the one before it has left. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: OidcSessionsOptions, sessions: readonly OidcSession[]) {
    this.#options = options;
    this.#sessions = this.#signed(sessions);
    options.meter.gauge('tidewall_oidc_sessions', 'Places where people are signed in by a provider', () => {
      return this.#standing().length;
    });
  }

  /** Who was signed in by a provider that is not configured any more is out. @throws ConfigError when the file cannot be read */
  static async open(options: OidcSessionsOptions): Promise<OidcSessions> {
    const { path } = options;
    const cure = 'move it away; people sign in again then';
    let value: unknown;
    try {
      value = parseJson(await readFile(path, 'utf8'));
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT') return new OidcSessions(options, []);
      throw new ConfigError(`${path} cannot be read: ${code ?? (cause as Error).message}; ${cure}`, { cause });
    }
    const result = fileSchema.safeParse(value);
    if (result.success) return new OidcSessions(options, result.data.sessions);
    const [wrong] = wrongPlaces(result.error.issues, value, fileSchema, ['id']);
    throw new ConfigError(`${path}: ${pathText(wrong?.path ?? [])} ${wrong?.says ?? 'is wrong'}; ${cure}`);
  }

  /** Signs somebody in. @returns what the browser is given to show, and for how long @throws TidewallError storage_full */
  async signIn(
    provider: string,
    { sub, name, roles }: ProvenPerson,
  ): Promise<{ readonly token: string; readonly principal: Principal; readonly maxAgeS: number }> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const hours = this.#options.providers[provider]?.sessionHours ?? 0;
    const now = this.#options.clock.now();
    const session: OidcSession = {
      ...{ id: digest(token), provider, sub, name, roles: [...roles], createdAt: now, endsAt: now + hours * HOUR_MS },
    };
    await this.#change((all) => {
      const own = all.filter((each) => each.provider === provider && each.sub === sub);
      // The oldest makes room.
      const oldest = own.length < MOST_SESSIONS_OF_ONE ? undefined : own[0];
      return [...all.filter((each) => each !== oldest).slice(-(MOST_SESSIONS - 1)), session];
    });
    const principal = this.#sessions.get(session.id)?.principal as Principal;
    return { token, principal, maxAgeS: hours * 3600 };
  }

  /** Who shows that; undefined when it is nobody's, or not any more. */
  signedIn(token: string): Principal | undefined {
    const principal = this.#sessions.get(digest(token))?.principal;
    return principal?.standing?.() === 'stands' ? principal : undefined;
  }

  /** What somebody who is signed in is called, for people. */
  nameOf(principal: Principal): string | undefined {
    const who = withoutArrival(principal);
    return this.#standing().find((signed) => signed.principal === who)?.session.name;
  }

  /** Who is meant by an id like `oidc:corp:4711`, as of the last sign-in; undefined when nobody of that id is signed in. */
  principalOf(id: string): Principal | undefined {
    return this.#standing().findLast(({ principal }) => principal.id === id)?.principal;
  }

  /** Signs out where somebody is signed in, or everywhere. */
  signOut(principal: Principal, everywhere: boolean): Promise<void> {
    const here = withoutArrival(principal);
    const out = (one: Principal | undefined) => (everywhere ? one?.id === principal.id : one === here);
    return this.#change((all) => all.filter(({ id }) => !out(this.#sessions.get(id)?.principal)));
  }

  #standing(): Signed[] {
    const now = this.#options.clock.now();
    return [...this.#sessions.values()].filter(({ session }) => now < session.endsAt);
  }

  /** Who is signed in stays the same somebody, so that what is connected stays. */
  #signed(sessions: readonly OidcSession[], before?: ReadonlyMap<string, Signed>): Map<string, Signed> {
    return new Map(
      sessions.flatMap((session): [string, Signed][] => {
        const provider = this.#options.providers[session.provider];
        if (provider === undefined) return [];
        return [[session.id, before?.get(session.id) ?? { session, principal: this.#principal(session, provider) }]];
      }),
    );
  }

  #principal({ id, provider, sub, roles, endsAt }: OidcSession, configured: Provider): Principal {
    return {
      id: `oidc:${provider}:${sub}`,
      // A setting that became narrower since counts for who is signed in already.
      roles: allowedRoles(configured, roles),
      endsAt,
      standing: () => {
        if (!this.#sessions.has(id)) return 'gone';
        return this.#options.clock.now() < endsAt ? 'stands' : 'expired';
      },
    };
  }

  #change(edit: (all: readonly OidcSession[]) => readonly OidcSession[]): Promise<void> {
    const changed = this.#last.then(async () => {
      const sessions = edit(this.#standing().map(({ session }) => session));
      await keepFile(this.#options.path, `${JSON.stringify({ format: 1, sessions })}\n`, 0o600);
      // Valid only when it is kept: what was told must be true after a restart.
      this.#sessions = this.#signed(sessions, this.#sessions);
    });
    this.#last = changed.catch(() => {});
    return changed;
  }
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
