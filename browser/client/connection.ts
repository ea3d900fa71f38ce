import { type BackoffLimits, backoffMs } from '@tidewall/base';
import { mayReconnect } from '@tidewall/protocol';

/*
 *                           due, online
 *                  ┌───────────────────────────┐
 *                  │                           ▼   opened               greeted
 *   begins ──▶ waiting ◀──── lost, due ──── opening ─────────▶ greeting ─────────▶ live
 *                  ▲ │                                            │                 │
 *                  └─┼───────── lost, bye, due (no answer) ◀──────┴─────────────────┘ lost, bye, due (nothing heard)
 *                    │ a final code where somebody attends; stop, from anywhere
 *                    ▼
 *                  closed: the end; nothing leads out of it
 *
 * Pure: what is to be done comes back as effects, and one timer is all it needs.
 */

/** How retries spread (wire.md, "Reconnect"). */
export const RECONNECT: BackoffLimits = { baseMs: 500, maxMs: 20_000 };
/** A link that was up for this long has earned a fresh start of the attempt counter. */
export const STABLE_MS = 30_000;
/** After the network is said to be back, a retry waits no longer than this. */
export const ONLINE_SPREAD_MS = 300;
/** How often an unattended client asks again after a final code, give or take a quarter. */
export const SLOW_RETRY_MS = 60_000;
/** The token ran out, or what signed is not valid any more: the next connect is made with another. */
const RENEWABLE = [4005, 4500];
/** Silence beyond the ping period that makes a link dead. */
export const DEAD_AFTER_PING_MS = 8_000;
/** A transport that has not opened by then is given up, and so is a server that does not answer the connect command. */
export const GIVE_UP_MS = 10_000;
/** Pings right after connecting, and the time between them: the first clock samples. */
export const QUICK_PINGS = 4;
export const QUICK_PING_MS = 250;
/** What a server may ask for; outside of it, it is not believed. */
const PING_RANGE_MS = [1_000, 120_000] as const;
const MAX_SERVER_WAIT_MS = 600_000;

export type ConnectionState =
  | { readonly type: 'opening'; readonly attempt: number }
  | { readonly type: 'greeting'; readonly attempt: number }
  | LiveState
  | {
      readonly type: 'waiting';
      readonly attempt: number;
      readonly retryAt: number;
      /** The server asked not to be called before this. */
      readonly notBefore: number;
      readonly code: number;
      readonly reason: string;
    }
  | { readonly type: 'closed'; readonly code: number; readonly reason: string };

interface LiveState {
  readonly type: 'live';
  readonly attempt: number;
  readonly session: string;
  readonly pingMs: number;
  readonly since: number;
  readonly heardAt: number;
  readonly pingAt: number;
  /** When the first ping went out that nothing has been heard after. */
  readonly askedAt: number | undefined;
  readonly quickPings: number;
}

export type ConnectionEvent =
  | { readonly type: 'opened' }
  | { readonly type: 'greeted'; readonly session: string; readonly pingMs: number }
  /** The transport closed, or was closed for a fault of the peer. */
  | { readonly type: 'lost'; readonly code: number; readonly reason: string }
  /** The server ends the link, or does not let us in. */
  | ({ readonly type: 'bye' } & Farewell)
  | { readonly type: 'heard' }
  /** The one timer. */
  | { readonly type: 'due' }
  /** Somebody says that the network is back. */
  | { readonly type: 'online' }
  | { readonly type: 'stop' };

/** Why a link ends, and when there may be another. */
export interface Farewell {
  readonly code: number;
  readonly reason: string;
  /** When the server wants to be called again. */
  readonly afterMs?: readonly [number, number] | undefined;
  /** Calling again is of no use; by the code when absent. */
  readonly final?: boolean;
}

export type ConnectionEffect =
  | { readonly type: 'open' }
  /** Send the connect command and everything that is to follow it. */
  | { readonly type: 'greet' }
  | { readonly type: 'ping' }
  | { readonly type: 'close'; readonly code: number; readonly reason: string }
  /** Set the one timer, in place of the one before. */
  | { readonly type: 'arm'; readonly ms: number }
  | { readonly type: 'disarm' };

export interface ConnectionEnvironment {
  /** Milliseconds that never jump back. */
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
  /** Nobody is there to press a button: a final code slows the retries down, and does not end them. */
  readonly unattended: boolean;
}

export interface ConnectionStep {
  readonly state: ConnectionState;
  readonly effects: readonly ConnectionEffect[];
}

type StateType = ConnectionState['type'];
type EventType = ConnectionEvent['type'];
type StateOf<Type extends StateType> = Extract<ConnectionState, { type: Type }>;
type LinkedState = StateOf<'opening' | 'greeting' | 'live'>;
type EventOf<Type extends EventType> = Extract<ConnectionEvent, { type: Type }>;
type Transition = (
  state: ConnectionState,
  event: ConnectionEvent,
  environment: ConnectionEnvironment,
) => ConnectionStep;
/** Every state × every event: a missing one does not compile. */
export type ConnectionTable = {
  readonly [S in StateType]: {
    readonly [E in EventType]: (
      state: StateOf<S>,
      event: EventOf<E>,
      environment: ConnectionEnvironment,
    ) => ConnectionStep;
  };
};

/** What `due` leads out of at once. */
export const INITIAL_STATE: ConnectionState = {
  type: 'waiting',
  attempt: 0,
  retryAt: 0,
  notBefore: 0,
  code: 1000,
  reason: '',
};

/** The state after an event, and what is to be done about it, in order. */
export function stepConnection(
  state: ConnectionState,
  event: ConnectionEvent,
  environment: ConnectionEnvironment,
): ConnectionStep {
  // The table is typed cell by cell; the compiler cannot follow that row and column come from the same two values.
  const transition = TABLE[state.type][event.type] as Transition;
  return transition(state, event, environment);
}

const stay = (state: ConnectionState): ConnectionStep => ({ state, effects: [] });

const open = (attempt: number): ConnectionStep => ({
  state: { type: 'opening', attempt },
  effects: [{ type: 'open' }, { type: 'arm', ms: GIVE_UP_MS }],
});

const end = (): ConnectionStep => ({
  state: { type: 'closed', code: 1000, reason: 'closed by its owner' },
  effects: [{ type: 'disarm' }],
});

const stop = (): ConnectionStep => hangUp('the client is done', end());

const giveUpOn =
  (reason: string, code = 1000) =>
  (state: LinkedState, _event: EventOf<'due'>, environment: ConnectionEnvironment): ConnectionStep =>
    hangUp(reason, fall(state, { code: 1006, reason }, environment), code);

const lost = (state: LinkedState, event: EventOf<'lost'>, environment: ConnectionEnvironment): ConnectionStep =>
  fall(state, event, environment);

const bye = (state: LinkedState, event: EventOf<'bye'>, environment: ConnectionEnvironment): ConnectionStep =>
  hangUp('bye', fall(state, event, environment));

const noAnswer = giveUpOn('the server did not answer in time');
const nothingHeard = giveUpOn('nothing was heard from the server', 4012);

const TABLE: ConnectionTable = {
  opening: {
    opened: ({ attempt }) => ({
      state: { type: 'greeting', attempt },
      effects: [{ type: 'greet' }, { type: 'arm', ms: GIVE_UP_MS }],
    }),
    greeted: stay,
    lost,
    bye: stay,
    heard: stay,
    due: noAnswer,
    online: stay,
    stop,
  },
  greeting: {
    opened: stay,
    greeted: ({ attempt }, { session, pingMs }, { now }) =>
      ping(
        {
          type: 'live',
          attempt,
          session,
          pingMs: clamp(pingMs, ...PING_RANGE_MS),
          since: now,
          heardAt: now,
          pingAt: now,
          askedAt: undefined,
          quickPings: QUICK_PINGS,
        },
        now,
      ),
    lost,
    bye,
    heard: stay,
    due: noAnswer,
    online: stay,
    stop,
  },
  live: {
    opened: stay,
    greeted: stay,
    lost,
    bye,
    heard: (state, _event, { now }) => ({ state: { ...state, heardAt: now, askedAt: undefined }, effects: [] }),
    due: (state, event, environment) => {
      const { now } = environment;
      if (now >= deadAt(state)) return nothingHeard(state, event, environment);
      return now >= state.pingAt ? ping(state, now) : watch(state, now);
    },
    // The network changed under the link: what was heard before says nothing of whether it still carries anything.
    online: (state, _event, { now }) => ping({ ...state, heardAt: Math.min(state.heardAt, now - state.pingMs) }, now),
    stop,
  },
  waiting: {
    opened: stay,
    greeted: stay,
    lost: stay,
    bye: stay,
    heard: stay,
    due: ({ attempt }) => open(attempt),
    online: (state, _event, { now, random }) => {
      const retryAt = Math.max(now + random * ONLINE_SPREAD_MS, state.notBefore);
      if (retryAt >= state.retryAt) return { state, effects: [] };
      return { state: { ...state, retryAt }, effects: [{ type: 'arm', ms: retryAt - now }] };
    },
    stop: end,
  },
  closed: {
    opened: stay,
    greeted: stay,
    lost: stay,
    bye: stay,
    heard: stay,
    due: stay,
    online: stay,
    stop: stay,
  },
};

/** Closes the link first. */
function hangUp(reason: string, { state, effects }: ConnectionStep, code = 1000): ConnectionStep {
  return { state, effects: [{ type: 'close', code, reason }, ...effects] };
}

/** Out of a link: to `waiting`, for as long as the code, the attempts so far and the server say, or to the end. */
function fall(
  state: LinkedState,
  { code, reason, afterMs, final = !mayReconnect(code) }: Farewell,
  { now, random, unattended }: ConnectionEnvironment,
): ConnectionStep {
  const attempt = state.type === 'live' && now - state.since >= STABLE_MS ? 0 : state.attempt;
  const wait = (ms: number, notBefore = now): ConnectionStep => ({
    state: { type: 'waiting', attempt: attempt + 1, retryAt: now + ms, notBefore, code, reason },
    effects: [{ type: 'arm', ms }],
  });
  // At once, the first time: where what was made anew is no better, the next one will not be either.
  if (RENEWABLE.includes(code) && attempt === 0 && !afterMs) return wait(0);
  if (final && !unattended) return { state: { type: 'closed', code, reason }, effects: [{ type: 'disarm' }] };
  if (final) return wait(SLOW_RETRY_MS * (0.75 + random / 2));
  if (afterMs === undefined) return wait(backoffMs(attempt, RECONNECT, random));
  const from = clamp(afterMs[0], 0, MAX_SERVER_WAIT_MS);
  const ms = from + random * (clamp(afterMs[1], from, MAX_SERVER_WAIT_MS) - from);
  return wait(ms, now + ms);
}

function ping(state: LiveState, now: number): ConnectionStep {
  const quick = state.quickPings > 0;
  const asked: LiveState = {
    ...state,
    askedAt: state.askedAt ?? now,
    pingAt: now + (quick ? QUICK_PING_MS : state.pingMs),
    quickPings: quick ? state.quickPings - 1 : 0,
  };
  const watched = watch(asked, now);
  return { state: watched.state, effects: [{ type: 'ping' }, ...watched.effects] };
}

function watch(state: LiveState, now: number): ConnectionStep {
  return { state, effects: [{ type: 'arm', ms: Math.max(0, Math.min(state.pingAt, deadAt(state)) - now) }] };
}

/**
 * Dead is silence for the ping period and then some, but never before a ping of ours has been out for that "some":
 * in a hidden page timers come late, and no ping means no pong.
 */
function deadAt({ heardAt, askedAt, pingMs }: LiveState): number {
  if (askedAt === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(heardAt + pingMs, askedAt) + DEAD_AFTER_PING_MS;
}

/** @returns `low` for what is no number */
function clamp(value: number, low: number, high: number): number {
  return value > low ? Math.min(value, high) : low;
}
