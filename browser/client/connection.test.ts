import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ConnectionEffect,
  type ConnectionEnvironment,
  type ConnectionEvent,
  type ConnectionState,
  type ConnectionTable,
  INITIAL_STATE,
  QUICK_PINGS,
  stepConnection,
} from './connection.ts';

type StateType = ConnectionState['type'];
type EventType = ConnectionEvent['type'];

/** One of each; a state or an event that is not here does not compile. */
const STATES: { readonly [S in StateType]: Extract<ConnectionState, { type: S }> } = {
  waiting: { type: 'waiting', attempt: 3, retryAt: 5_000, notBefore: 0, code: 1006, reason: 'the link broke' },
  opening: { type: 'opening', attempt: 2 },
  greeting: { type: 'greeting', attempt: 2 },
  live: {
    type: 'live',
    attempt: 2,
    session: 's',
    pingMs: 25_000,
    since: 0,
    heardAt: 0,
    pingAt: 25_000,
    askedAt: undefined,
    quickPings: 0,
  },
  closed: { type: 'closed', code: 1000, reason: 'closed by its owner' },
};

const EVENTS: { readonly [E in EventType]: Extract<ConnectionEvent, { type: E }> } = {
  opened: { type: 'opened' },
  greeted: { type: 'greeted', session: 's', pingMs: 25_000 },
  lost: { type: 'lost', code: 1006, reason: 'the link broke' },
  bye: { type: 'bye', code: 4001, reason: 'the server stops', afterMs: [500, 8_000] },
  heard: { type: 'heard' },
  due: { type: 'due' },
  online: { type: 'online' },
  stop: { type: 'stop' },
};

/** Of these, no transport says anything when there is no link. */
const OF_A_LINK: readonly EventType[] = ['opened', 'greeted', 'lost', 'bye', 'heard'];

const at = (now: number, more: Partial<ConnectionEnvironment> = {}): ConnectionEnvironment => ({
  now,
  random: 0.5,
  unattended: true,
  ...more,
});

function run(events: readonly (readonly [ConnectionEvent, ConnectionEnvironment])[]) {
  let state = INITIAL_STATE;
  let effects: readonly ConnectionEffect[] = [];
  for (const [event, environment] of events) ({ state, effects } = stepConnection(state, event, environment));
  return { state, effects };
}

const live = (now: number) =>
  run([
    [EVENTS.due, at(now)],
    [{ type: 'opened' }, at(now)],
    [EVENTS.greeted, at(now)],
  ]);

/** Every event leaves the state as it is, but for these. */
function to(stays: StateType, but: Partial<Record<EventType, StateType>>): Record<EventType, StateType> {
  const { opened = stays, greeted = stays, lost = stays, bye = stays } = but;
  const { heard = stays, due = stays, online = stays, stop = stays } = but;
  return { opened, greeted, lost, bye, heard, due, online, stop };
}

describe('the connection', () => {
  test('[C1] every state has an answer to every event', () => {
    // Nothing is left out here, or this does not compile.
    const leadsTo: { readonly [S in StateType]: { readonly [E in EventType]: StateType } } = {
      waiting: to('waiting', { due: 'opening', stop: 'closed' }),
      opening: to('opening', { opened: 'greeting', lost: 'waiting', due: 'waiting', stop: 'closed' }),
      greeting: to('greeting', { greeted: 'live', lost: 'waiting', bye: 'waiting', due: 'waiting', stop: 'closed' }),
      live: to('live', { lost: 'waiting', bye: 'waiting', stop: 'closed' }),
      closed: to('closed', {}),
    };
    for (const state of Object.values(STATES)) {
      const went = Object.values(EVENTS).map((event) => [
        event.type,
        stepConnection(state, event, at(1_000)).state.type,
      ]);
      expect(Object.fromEntries(went), state.type).toEqual(leadsTo[state.type]);
    }
  });

  test('[C1] a state without an answer to an event does not compile', () => {
    const stay = (state: ConnectionState) => ({ state, effects: [] });
    const all = {
      opened: stay,
      greeted: stay,
      lost: stay,
      bye: stay,
      heard: stay,
      due: stay,
      online: stay,
      stop: stay,
    };
    const { stop: _, ...most } = all;
    const table: ConnectionTable = { waiting: all, opening: all, greeting: all, live: all, closed: all };
    // @ts-expect-error: a cell is missing
    const holed: ConnectionTable = { ...table, live: most };
    const { live: __, ...rest } = table;
    // @ts-expect-error: a row is missing
    const short: ConnectionTable = rest;
    expect([holed, short]).toHaveLength(2);
  });

  test('[C1] whatever happens, every state but the end has a timer, and those of a link have one and no other has', () => {
    const anyCode = fc.constantFrom(1000, 1006, 4001, 4005, 4010, 4500, 4503);
    const anyEvent: fc.Arbitrary<ConnectionEvent> = fc.oneof(
      fc.constantFrom(...Object.values(EVENTS)),
      fc.record({ type: fc.constant('lost' as const), code: anyCode, reason: fc.constant('') }),
      fc.record(
        {
          type: fc.constant('bye' as const),
          code: anyCode,
          reason: fc.constant(''),
          afterMs: fc.tuple(fc.double(), fc.double()),
          final: fc.boolean(),
        },
        { requiredKeys: ['type', 'code', 'reason'] },
      ),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyEvent, fc.nat(60_000), fc.double({ min: 0, max: 0.999, noNaN: true }), fc.boolean())),
        (steps) => {
          let now = 0;
          let state = INITIAL_STATE;
          let armed = false;
          let linked = false;
          // A client begins with `due`.
          for (const [event, ms, random, unattended] of [[EVENTS.due, 0, 0, true] as const, ...steps]) {
            now += ms;
            if (event.type === 'due') armed = false;
            // A transport reports only while there is one.
            if (!linked && OF_A_LINK.includes(event.type)) continue;
            if (event.type === 'lost') linked = false;
            const step = stepConnection(state, event, { now, random, unattended });
            state = step.state;
            for (const effect of step.effects) {
              if (effect.type === 'arm') {
                armed = true;
                expect(effect.ms).toBeGreaterThanOrEqual(0);
              }
              if (effect.type === 'disarm') armed = false;
              if (effect.type === 'open') linked = true;
              if (effect.type === 'close') linked = false;
            }
            // `due` always leads somewhere with a timer of its own, until the end.
            expect(armed).toBe(state.type !== 'closed');
            expect(linked).toBe(state.type !== 'waiting' && state.type !== 'closed');
          }
        },
      ),
    );
  });

  test('[C1] nothing leads out of the end, and nothing is to be done there', () => {
    for (const event of Object.values(EVENTS)) {
      expect(stepConnection(STATES.closed, event, at(1_000))).toEqual({ state: STATES.closed, effects: [] });
    }
  });

  test('[C3] [W34] retries double from 500 ms to 20 s, with jitter over the whole of it', () => {
    const waits: [number, number][] = [];
    let state: ConnectionState = { type: 'opening', attempt: 0 };
    for (let attempt = 0; attempt < 8; attempt++) {
      const lost = { type: 'lost', code: 1006, reason: '' } as const;
      const waitWith = (random: number) => {
        const { effects } = stepConnection(state, lost, at(0, { random }));
        return effects.find((effect) => effect.type === 'arm')?.ms ?? 0;
      };
      waits.push([waitWith(0), Math.round(waitWith(0.999_999))]);
      state = stepConnection(stepConnection(state, lost, at(0)).state, { type: 'due' }, at(0)).state;
    }
    expect(waits).toEqual([
      [500, 1_000],
      [500, 1_500],
      [500, 2_500],
      [500, 4_500],
      [500, 8_500],
      [500, 16_500],
      [500, 20_000],
      [500, 20_000],
    ]);
  });

  test('[C3] a link that was up for 30 s starts the attempts over; a shorter one does not', () => {
    const before: ConnectionState = { ...STATES.live, attempt: 5 };
    const lost = { type: 'lost', code: 1006, reason: '' } as const;
    expect(stepConnection(before, lost, at(29_999)).state).toMatchObject({ type: 'waiting', attempt: 6 });
    expect(stepConnection(before, lost, at(30_000)).state).toMatchObject({ type: 'waiting', attempt: 1 });
  });

  test('[C4] [W34] the window of a bye wins, and going online does not cut it short', () => {
    const { state } = stepConnection(live(0).state, EVENTS.bye, at(1_000, { random: 0.5 }));
    expect(state).toMatchObject({ type: 'waiting', retryAt: 1_000 + 4_250 });
    const online = stepConnection(state, { type: 'online' }, at(1_100));
    expect(online).toEqual({ state, effects: [] });
  });

  test('[C4] a window that makes no sense is bounded', () => {
    for (const afterMs of [
      [Number.NaN, 5],
      [-5, -9],
      [1e12, 1e13],
    ] as const) {
      const { state } = stepConnection(live(0).state, { type: 'bye', code: 4001, reason: '', afterMs }, at(0));
      expect(state.type === 'waiting' && state.retryAt).toBeLessThanOrEqual(600_000);
      expect(state.type === 'waiting' && state.retryAt).toBeGreaterThanOrEqual(0);
    }
  });

  test('[C5] [W33] after a final code an unattended client tries slowly, and an attended one is closed', () => {
    const lost = { type: 'lost', code: 4503, reason: 'an operator ended the session' } as const;
    const slow = stepConnection(live(0).state, lost, at(0, { random: 0 })).state;
    expect(slow).toMatchObject({ type: 'waiting', retryAt: 45_000, code: 4503, reason: lost.reason });
    expect(stepConnection(live(0).state, lost, at(0, { random: 0.999_999 })).state).toMatchObject({ type: 'waiting' });
    const closed = stepConnection(live(0).state, lost, at(0, { unattended: false }));
    expect(closed).toEqual({
      state: { type: 'closed', code: 4503, reason: lost.reason },
      effects: [{ type: 'disarm' }],
    });
  });

  test('[C5] a connect that is refused for good is final; one that may pass is not, and its afterMs wins', () => {
    const greeting: ConnectionState = { type: 'greeting', attempt: 0 };
    const refused = { type: 'bye', code: 103, reason: 'no', final: true } as const;
    expect(stepConnection(greeting, refused, at(0, { unattended: false })).state).toMatchObject({
      type: 'closed',
      code: 103,
    });
    expect(stepConnection(greeting, refused, at(0, { random: 0 })).state).toMatchObject({ retryAt: 45_000 });
    const passing = { ...refused, final: false, afterMs: [5_000, 5_500] } as const;
    const later = stepConnection(greeting, passing, at(0, { random: 0, unattended: false }));
    expect(later.state).toMatchObject({ type: 'waiting', retryAt: 5_000 });
    expect(later.effects[0]).toMatchObject({ type: 'close' });
  });

  test('[C45] after 4005 and 4500 the next connect is made at once; when that one ends so too it is as any other', () => {
    for (const unattended of [true, false]) {
      for (const [code, then] of [
        [4005, { type: 'waiting', retryAt: 1_000 }],
        [4500, unattended ? { type: 'waiting', retryAt: 60_000 } : { type: 'closed', code: 4500 }],
      ] as const) {
        const lost = { type: 'lost', code, reason: 'another, please' } as const;
        const first = stepConnection(live(0).state, lost, at(0, { unattended }));
        expect(first.state).toMatchObject({ type: 'waiting', retryAt: 0, reason: lost.reason });
        expect(first.effects).toEqual([{ type: 'arm', ms: 0 }]);
        const again = stepConnection(first.state, { type: 'due' }, at(0)).state;
        for (const state of [again, stepConnection(again, { type: 'opened' }, at(0)).state]) {
          expect(stepConnection(state, lost, at(0, { unattended })).state).toMatchObject(then);
        }
      }
    }
  });

  test('[C4] [C45] a window that the server names wins over that', () => {
    const { state } = stepConnection(
      live(0).state,
      { type: 'bye', code: 4005, reason: '', afterMs: [2_000, 2_000] },
      at(0),
    );
    expect(state).toMatchObject({ type: 'waiting', retryAt: 2_000 });
  });

  test('[C6] online brings a waiting retry forward to within 300 ms, and never puts it off', () => {
    const { waiting } = STATES;
    const { state, effects } = stepConnection(waiting, { type: 'online' }, at(1_000, { random: 0.5 }));
    expect(state).toMatchObject({ retryAt: 1_150 });
    expect(effects).toEqual([{ type: 'arm', ms: 150 }]);
    expect(stepConnection(waiting, { type: 'online' }, at(4_950)).state).toBe(waiting);
  });

  test('[C6] online makes a live link prove itself within 8 s', () => {
    const asked = stepConnection(STATES.live, { type: 'online' }, at(1_000));
    expect(asked.effects).toEqual([{ type: 'ping' }, { type: 'arm', ms: 8_000 }]);
    // Again and again it is no later.
    const again = stepConnection(asked.state, { type: 'online' }, at(5_000)).state;
    expect(stepConnection(again, { type: 'due' }, at(8_999)).state.type).toBe('live');
    expect(stepConnection(again, { type: 'due' }, at(9_000)).state).toMatchObject({ type: 'waiting', attempt: 3 });
    const heard = stepConnection(again, { type: 'heard' }, at(6_000)).state;
    expect(stepConnection(heard, { type: 'due' }, at(14_000)).state.type).toBe('live');
  });

  test('[C7] nothing heard for pingMs + 8 s is a dead link', () => {
    let { state } = live(0);
    let now = 0;
    for (;;) {
      const before = state;
      const step = stepConnection(before, { type: 'due' }, at(now));
      state = step.state;
      if (state.type !== 'live') break;
      const arm = step.effects.find((effect) => effect.type === 'arm');
      now += arm?.ms ?? 0;
    }
    expect(now).toBe(33_000);
    expect(state).toMatchObject({ type: 'waiting', reason: 'nothing was heard from the server' });
  });

  test('[C7] in a page whose timers come a minute late, a link that answers lives', () => {
    let { state } = stepConnection(live(0).state, { type: 'heard' }, at(50));
    for (let now = 60_000; now < 600_000; now += 60_000) {
      state = stepConnection(state, { type: 'due' }, at(now)).state;
      expect(state.type).toBe('live');
      // Though nothing was heard for a minute, the answer has its time.
      state = stepConnection(state, { type: 'due' }, at(now + 40)).state;
      expect(state.type).toBe('live');
      state = stepConnection(state, { type: 'heard' }, at(now + 50)).state;
    }
  });

  test('[C8] four quick pings, then one each pingMs', () => {
    let { state, effects } = live(0);
    const sentAt: number[] = [];
    let now = 0;
    for (let i = 0; i < QUICK_PINGS + 3; i++) {
      if (effects.some((effect) => effect.type === 'ping')) sentAt.push(now);
      ({ state } = stepConnection(state, { type: 'heard' }, at(now)));
      now = state.type === 'live' ? state.pingAt : Number.NaN;
      ({ state, effects } = stepConnection(state, { type: 'due' }, at(now)));
    }
    expect(sentAt).toEqual([0, 250, 500, 750, 1_000, 26_000, 51_000]);
  });

  test('[C8] a pingMs that would flood or fall asleep is bounded', () => {
    for (const [said, kept] of [
      [0, 1_000],
      [-1, 1_000],
      [Number.NaN, 1_000],
      [1e9, 120_000],
    ] as const) {
      const { state } = stepConnection({ type: 'greeting', attempt: 0 }, { ...EVENTS.greeted, pingMs: said }, at(0));
      expect(state).toMatchObject({ type: 'live', pingMs: kept });
    }
  });
});
