import type { Identity } from '@tidewall/auth';
import { authorizationOf } from '@tidewall/auth';
import type { Clock } from '@tidewall/base';
import type { KeyRing, NonceMemory, Principal, Rule, Standing } from '@tidewall/contracts';
import { parseAddressList } from '@tidewall/outgoing';
import { TidewallError } from '@tidewall/protocol';
import { type Screen, topicsOfScreen, type VariableValues } from '@tidewall/screen';
import type { Screens } from '../screens.ts';
import type { Attempts } from '../users/attempts.ts';
import { isOpen, type Share } from './share.ts';
import { checkLink, type ShareLink } from './share-link.ts';
import type { ShareStore } from './share-store.ts';
import { readViewingToken, type Viewing, viewingToken } from './viewing-token.ts';

export interface ViewersOptions {
  readonly shares: ShareStore;
  readonly screens: Screens;
  readonly keys: KeyRing;
  readonly nonces: NonceMemory;
  readonly attempts: Attempts;
  readonly clock: Clock;
  /** What tokens are signed with. */
  readonly secret: Uint8Array;
}

/** What somebody shows who wants to see a shared screen. */
export interface Opening {
  readonly address: string;
  readonly password?: string | undefined;
  readonly link?: ShareLink | undefined;
  /** What it was given before: it is no new view, and its password need not be said again. */
  readonly token?: string | undefined;
}

/** What who may see a shared screen is given. */
export interface Opened {
  readonly token: string;
  readonly until: number;
  readonly screen: string;
  readonly variables: VariableValues;
}

/** A newer token is asked for before this is over; where it is opened from is looked at again then. */
const TOKEN_MS = 12 * 60 * 60_000;
/** Somebody who was away for longer opens it anew. */
const RENEW_MS = 30 * 24 * 60 * 60_000;
const MOST_KNOWN = 10_000;
const NOTHING_THERE = 'this link leads nowhere, or not any more; ask for a new one';

/** What may be seen by a share, as long as its screen stays as it is. */
interface Known {
  readonly revision: string | undefined;
  readonly rules: readonly Rule[];
  /** Equal where the same may be seen. */
  readonly text: string;
}

/** Those who look at shared screens: how they come to see one, and what they may see. */
export class Viewers implements Identity {
  readonly #options: ViewersOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: ViewersOptions) {
    this.#options = options;
  }

  /**
   * Lets somebody see a shared screen.
   *
   * @throws TidewallError unknown_screen: there is no such link (any more); unauthenticated: something more must be shown, which
   * `detail.asks` names; permission_denied: not from there; limit_exceeded, too_many_requests, busy
   */
  async open(id: string, { address, password, link, token }: Opening): Promise<Opened> {
    const { shares, screens, clock, attempts } = this.#options;
    const share = shares.find(id);
    const now = clock.now();
    if (share === undefined || !isOpen(share, now) || screens.get(share.screen) === undefined) {
      throw new TidewallError('unknown_screen', NOTHING_THERE);
    }
    if (share.addresses !== undefined && !parseAddressList(share.addresses).hasAddress(address)) {
      throw new TidewallError('permission_denied', `this link cannot be opened from ${address}`);
    }
    const before = token === undefined ? undefined : this.#read(token);
    if (before?.share === id && now < Math.min(before.until + RENEW_MS, before.ends ?? Number.POSITIVE_INFINITY)) {
      return this.#opened(share, before);
    }
    const good =
      share.signedBy === undefined ? { variables: {} } : checkLink(link, id, share.signedBy, { ...this.#options, now });
    if (share.passwordHash !== undefined) {
      const asked = new TidewallError('unauthenticated', 'this link asks for a password', {
        detail: { asks: 'password' },
      });
      if (password === undefined) throw asked;
      attempts.require(address, `share ${id}`);
      if (!(await shares.checkPassword(share, password))) {
        attempts.failed(address, `share ${id}`);
        throw new TidewallError('unauthenticated', 'the password is wrong', { detail: { asks: 'password' } });
      }
      attempts.succeeded(address, `share ${id}`);
    }
    await shares.open(id);
    // It may have changed meanwhile.
    const as = shares.find(id);
    if (as === undefined || as.stamp !== share.stamp || !isOpen(as, clock.now()))
      throw new TidewallError('unknown_screen', NOTHING_THERE);
    const ends = 'ends' in good ? good.ends : undefined;
    return this.#opened(as, { share: id, variables: good.variables, until: 0, ends });
  }

  /** The screen that a link leads to; undefined when it lets nobody in. */
  screenOf(id: string): string | undefined {
    const share = this.#options.shares.find(id);
    return share !== undefined && isOpen(share, this.#options.clock.now()) ? share.screen : undefined;
  }

  of(request: Parameters<Identity['of']>[0]): Principal | undefined {
    const shown = authorizationOf(request);
    return shown !== undefined && 'token' in shown ? this.ofToken(shown.token) : undefined;
  }

  /** @throws TidewallError token_expired */
  ofToken(token: string): Principal | undefined {
    if (!token.startsWith('share.')) return undefined;
    const viewing = this.#read(token);
    const share = viewing === undefined ? undefined : this.#options.shares.find(viewing.share);
    if (viewing === undefined || share === undefined || !isOpen(share, this.#options.clock.now())) {
      throw new TidewallError('unauthenticated', NOTHING_THERE);
    }
    if (this.#isOver(viewing)) throw new TidewallError('token_expired', 'open the link again');
    const { id, stamp } = share;
    const { text, rules } = this.#seenBy(share, viewing.variables);
    const standing = (): Standing => {
      const now = this.#options.shares.find(id);
      if (now === undefined || !isOpen(now, this.#options.clock.now())) return 'gone';
      if (now.stamp !== stamp) return 'gone';
      if (this.#isOver(viewing)) return 'expired';
      return this.#seenBy(now, viewing.variables).text === text ? 'stands' : 'changed';
    };
    return { id: `share:${id}`, roles: [], rules, endsAt: endOf(viewing, share), standing };
  }

  #read(token: string): Viewing | undefined {
    return readViewingToken(token, (id) => this.#options.shares.find(id)?.stamp, this.#options.secret);
  }

  #isOver({ until, ends = until }: Viewing): boolean {
    return this.#options.clock.now() >= Math.min(until, ends);
  }

  #opened(share: Share, { variables, ends }: Viewing): Opened {
    const until = Math.min(this.#options.clock.now() + TOKEN_MS, ends ?? Number.POSITIVE_INFINITY);
    const viewing: Viewing = { share: share.id, variables, until, ...(ends !== undefined && { ends }) };
    return {
      token: viewingToken(viewing, share, this.#options.secret),
      until,
      screen: share.screen,
      variables: { ...variables, ...share.variables },
    };
  }

  #seenBy({ id, screen, variables }: Share, ofLink: VariableValues): Known {
    const fixed = { ...ofLink, ...variables };
    const key = JSON.stringify([id, Object.entries(fixed).sort()]);
    const document = this.#options.screens.get(screen);
    const known = this.#known.get(key);
    if (known !== undefined && known.revision === document?.revision) return known;
    const rules = document === undefined ? [] : rulesOf(document.screen, fixed);
    const next: Known = { revision: document?.revision, rules, text: JSON.stringify(rules) };
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(key, next);
    return next;
  }
}

/** The screen, and what is on it. */
function rulesOf(screen: Screen, fixed: VariableValues): readonly Rule[] {
  const topics = topicsOfScreen(screen, fixed);
  return [{ screens: screen.id, may: ['view'] }, ...topics.map((name) => ({ topics: name, may: ['read', 'history'] }))];
}

function endOf({ until, ends = until }: Viewing, { expiresAt = until }: Share): number {
  return Math.min(until, ends, expiresAt);
}
