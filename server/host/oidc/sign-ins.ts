import { join } from 'node:path';
import { OidcClient, type ProvenPerson, signInRefusal } from '@tidewall/auth';
import type { Clock } from '@tidewall/base';
import type { Counter, Meter, Outgoing, Principal } from '@tidewall/contracts';
import type { Config } from '../config.ts';
import { openMasterSecret } from '../keys/master-secret.ts';
import { isLoopback } from '../origin-guard.ts';
import { ConfigError } from '../startup-errors.ts';
import { OidcSessions } from './oidc-sessions.ts';
import { SignInTickets } from './sign-in-tickets.ts';

export interface SignInsOptions {
  readonly config: Config;
  readonly secretPath: string;
  readonly outgoing: { readonly configured: Outgoing; readonly made: Outgoing };
  readonly clock: Clock;
  readonly meter: Meter;
  /** Where a browser of this machine reaches the server; asked when somebody signs in. */
  ownUrl(): string;
}

/** A provider as the page where people sign in shows it. */
export interface ShownProvider {
  readonly name: string;
  readonly label: { readonly zh: string; readonly en: string };
  /** Where signing in by it begins. */
  readonly url: string;
}

/** Answers that are held against their provider at once; each is a request to it. */
const MOST_AT_ONCE = 32;

/** @throws ConfigError when people could not come back from a provider, or not sign in at all */
export function checkSignIns(config: Config): void {
  const [first] = Object.keys(config.oidc);
  if (!config.passwords && first === undefined) {
    throw new ConfigError('passwords: false needs a provider in oidc, or nobody could sign in');
  }
  if (first === undefined || config.publicUrl !== undefined || isLoopback(config.host)) return;
  throw new ConfigError(
    `oidc.${first} needs publicUrl, the address that browsers know this server by, like https://wall.example`,
  );
}

/** Signing in by the providers of the configuration. */
export class SignIns {
  readonly sessions: OidcSessions;
  readonly #options: SignInsOptions;
  readonly #tickets: SignInTickets;
  readonly #clients: ReadonlyMap<string, OidcClient>;
  readonly #counter: Counter;
  #underWay = 0;

  private constructor(options: SignInsOptions, sessions: OidcSessions, tickets: SignInTickets) {
    this.#options = options;
    this.sessions = sessions;
    this.#tickets = tickets;
    const { outgoing, clock } = options;
    this.#clients = new Map(
      Object.entries(options.config.oidc).map(([name, provider]) => {
        const ways = { outgoing: outgoing.configured, elsewhere: outgoing.made };
        return [name, new OidcClient({ name, provider, ...ways, clock })];
      }),
    );
    this.#counter = options.meter.counter('tidewall_oidc_sign_ins_total', 'Sign-ins by providers', [
      'provider',
      'outcome',
    ]);
  }

  static async open(options: SignInsOptions): Promise<SignIns> {
    const { config, secretPath, clock, meter } = options;
    const names = Object.keys(config.oidc);
    const path = join(config.dataDir, 'oidc-sessions.json');
    const sessions = await OidcSessions.open({ path, clock, meter, providers: config.oidc });
    // No file is made for what nobody uses.
    const key =
      names.length === 0 ? new Uint8Array(32) : (await openMasterSecret(config.secret, secretPath, 'sign-ins')).key;
    return new SignIns(options, sessions, new SignInTickets(key, clock));
  }

  /** Where the pages of this server are, for browsers; without a slash at the end. */
  get publicUrl(): string {
    return this.#options.config.publicUrl ?? this.#options.ownUrl();
  }

  /** Whether people may sign in by a name and a password. */
  get passwords(): boolean {
    return this.#options.config.passwords;
  }

  /** Whether there is a provider of that name. */
  has(name: string): boolean {
    return this.#clients.has(name);
  }

  list(): readonly ShownProvider[] {
    return Object.entries(this.#options.config.oidc).map(([name, { label = { zh: name, en: name } }]) => {
      // By the address that the provider leads back to: another name of this server has other cookies.
      return { name, label, url: `${this.publicUrl}/login/${name}` };
    });
  }

  /**
   * Begins to sign in at a provider.
   *
   * @param next where to go on afterwards, a path of this server
   * @returns where to lead the browser, and what it has to keep until it is back
   * @throws TidewallError as `OidcClient.begin`
   */
  async begin(name: string, next: string): Promise<{ readonly url: string; readonly ticket: string }> {
    const { url, begun } = await this.#clientOf(name).begin(`${this.publicUrl}/login/${name}/callback`);
    return { url, ticket: this.#tickets.seal(name, { ...begun, next }) };
  }

  /**
   * Finishes it, once.
   *
   * @param ticket what the browser has kept
   * @throws TidewallError with a reason of `signInRefusal`, storage_full
   */
  async finish(
    name: string,
    answer: URLSearchParams,
    ticket: string | undefined,
  ): Promise<{
    readonly token: string;
    readonly principal: Principal;
    readonly maxAgeS: number;
    readonly next: string;
  }> {
    const begun = ticket === undefined ? undefined : this.#tickets.open(name, ticket);
    if (begun === undefined) {
      throw signInRefusal(
        'elsewhere',
        `a sign-in at ${name} was not begun in this browser, or too long ago; sign in again`,
      );
    }
    const { next, ...asked } = begun;
    const person = await this.#bounded(name, async () => {
      const client = this.#clientOf(name);
      return client.finish(answer, asked, () => {
        if (!this.#tickets.spend(begun)) {
          throw signInRefusal('used', `an answer of ${name} came again; it is good once: sign in again`);
        }
      });
    });
    return { ...(await this.sessions.signIn(name, person)), next };
  }

  /** Where somebody wanted to go who began to sign in; undefined when that cannot be known. */
  nextOf(name: string, ticket: string | undefined): string | undefined {
    return ticket === undefined ? undefined : this.#tickets.open(name, ticket)?.next;
  }

  /** Counts how a sign-in has ended: `done`, or why not. */
  count(provider: string, outcome: string): void {
    this.#counter.add(1, { provider, outcome });
  }

  async #bounded(name: string, work: () => Promise<ProvenPerson>): Promise<ProvenPerson> {
    if (this.#underWay >= MOST_AT_ONCE) {
      throw signInRefusal('busy', `${MOST_AT_ONCE} people sign in at ${name} or another provider at once; try again`);
    }
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#underWay--;
    }
  }

  #clientOf(name: string): OidcClient {
    const client = this.#clients.get(name);
    if (client === undefined) throw new RangeError(`there is no provider ${name}`);
    return client;
  }
}
