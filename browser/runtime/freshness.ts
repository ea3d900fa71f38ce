import type { DataState, LinkStatus } from '@tidewall/browser-contracts';
import { type Freshness, freshnessOfAge } from '@tidewall/protocol';

/** The link to the server, as far as freshness depends on it. */
export interface LinkFacts {
  readonly up: boolean;
  /** When it was lost, ms on the server's clock; only meaningful while it is down. */
  readonly downSince: number;
  /** Why it is down, for a reader. */
  readonly reason: string;
}

export interface FreshnessFacts {
  /** The server's clock. */
  readonly now: number;
  readonly link: LinkFacts;
  /** When anything was last heard from the server, of whatever topic. */
  readonly heardAt: number;
  /** Whether there is anything to show. */
  readonly present: boolean;
  /** Time of the newest publication by its source; 0 when there is none. */
  readonly asOf: number;
  /** How long ago it came, by the page's own clock. */
  readonly silentMs: number;
  /** What the server last said of the topic; undefined before it has said anything. */
  readonly freshness: Freshness | undefined;
  /** Why the server refused the subscription, when it did. */
  readonly refused?: string | undefined;
  /** The element's own cadence, which overrides the topic's. */
  readonly expectEveryMs?: number | undefined;
}

/** How alive an element is. */
export interface ElementFreshness {
  readonly state: DataState;
  /** Since its source saw the newest; undefined when there is none. */
  readonly ageMs: number | undefined;
  /** Why it is not fresh, for a reader; empty when there is nothing to say. */
  readonly reason: string;
}

/** An element without a cadence turns late when the link has been down for longer than this. */
export const LINK_GRACE_MS = 5000;

const SEVERITY: { readonly [State in DataState]: number } = {
  quiet: 0,
  ok: 1,
  waiting: 2,
  late: 3,
  stale: 4,
  failed: 5,
};

/**
 * The state of an element. Age goes on here whatever the server said last, so that neither a dead link nor a server
 * that fell silent leaves old data looking alive.
 */
export function elementFreshness(facts: FreshnessFacts): ElementFreshness {
  const { now, link, freshness } = facts;
  const ageMs = facts.asOf > 0 ? Math.max(0, now - facts.asOf) : undefined;
  if (facts.refused !== undefined) return { state: 'failed', ageMs, reason: facts.refused };
  if (freshness?.state === 'failed') return { state: 'failed', ageMs, reason: freshness.reason ?? '' };
  const reason = link.up ? '' : link.reason;
  if (!facts.present) return { state: 'waiting', ageMs, reason };
  const expectEveryMs = facts.expectEveryMs ?? freshness?.expectEveryMs;
  if (expectEveryMs === undefined) {
    const cutOff = !link.up && now - link.downSince > LINK_GRACE_MS;
    return { state: cutOff ? 'late' : 'quiet', ageMs, reason };
  }
  const told = facts.expectEveryMs === undefined ? freshness?.state : undefined;
  // A topic that the server calls fresh is so until the server falls silent, however old its newest publication: the
  // source may be well with nothing new. Otherwise what counts is when it came: the source's clock may be wrong.
  const silentMs = told === 'ok' ? now - facts.heardAt : facts.silentMs;
  const byAge = freshnessOfAge(silentMs, expectEveryMs);
  return { state: worse(told ?? 'quiet', byAge), ageMs, reason };
}

function worse(a: DataState, b: DataState): DataState {
  return SEVERITY[a] > SEVERITY[b] ? a : b;
}

/** The facts after a change of the link. A link that was never up counts as lost when the page began. */
export function nextLinkFacts(before: LinkFacts, status: LinkStatus, now: number): LinkFacts {
  if (status.type === 'live') return { up: true, downSince: 0, reason: '' };
  return {
    up: false,
    downSince: before.up ? now : before.downSince,
    // While it connects again, the reason of the loss is still the one to tell.
    reason: 'reason' in status ? status.reason : before.reason,
  };
}
