import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ConnectionEffect,
  type ConnectionEnvironment,
  type ConnectionEvent,
  type ConnectionState,
  INITIAL_STATE,
  QUICK_PINGS,
  stepConnection,
} from './connection.ts';

const STATES: ConnectionState[] = [
  { type: 'idle' },
  { type: 'opening', attempt: 2 },
  { type: 'greeting', attempt: 2 },
  {
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
  { type: 'waiting', attempt: 3, retryAt: 5_000, notBefore: 0, code: 1006, reason: 'the link broke' },
  { type: 'closed', code: 1000, reason: 'closed by its owner' },
];

const EVENTS: ConnectionEvent[] = [
  { type: 'start' },
  { type: 'opened' },
  { type: 'greeted', session: 's', pingMs: 25_000 },
  { type: 'refused', code: 103, reason: 'no', retryable: false, afterMs: 0 },
  { type: 'lost', code: 1006, reason: 'the link broke' },
  { type: 'bye', code: 4001, reason: 'the server stops', afterMs: [500, 8_000] },
  { type: 'heard' },
  { type: 'due' },
  { type: 'online' },
  { type: 'stop' },
];

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

const GREETED: ConnectionEvent = { type: 'greeted', session: 's', pingMs: 25_000 };
const live = (now: number) =>
  run([
    [{ type: 'start' }, at(now)],
    [{ type: 'opened' }, at(now)],
    [GREETED, at(now)],
  ]);

describe('the connection', () => {
  test('[C1] every state has an answer to every event', () => {
    const table: Record<string, string> = {};
    for (const state of STATES) {
      table[state.type] = EVENTS.map((event) => stepConnection(state, event, at(1_000)).state.type).join(' ');
    }
    //                  start   opened   greeted refused lost    bye     heard  due    online stop
    expect(table).toEqual({
      idle: 'opening idle idle idle idle idle idle idle idle closed',
      opening: 'opening greeting opening opening waiting opening opening waiting opening closed',
      greeting: 'greeting greeting live waiting waiting waiting greeting waiting greeting closed',
      live: 'live live live live waiting waiting live live live closed',
      waiting: 'waiting waiting waiting waiting waiting waiting waiting opening waiting closed',
      closed: 'closed closed closed closed closed closed closed closed closed closed',
    });
  });

  test('[C1] whatever happens, a waiting state has a timer, and a closed one has neither timer nor link', () => {
    const anyEvent = fc.constantFrom(...EVENTS);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyEvent, fc.nat(60_000), fc.double({ min: 0, max: 0.999, noNaN: true }), fc.boolean())),
        (steps) => {
          let now = 0;
          let state = INITIAL_STATE;
          let armed = false;
          let linked = false;
          for (const [event, ms, random, unattended] of steps) {
            now += ms;
            if (event.type === 'due') armed = false;
            // A transport reports only while there is one.
            if (!linked && ['opened', 'greeted', 'refused', 'lost', 'bye', 'heard'].includes(event.type)) continue;
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
            if (state.type === 'waiting' || state.type === 'opening' || state.type === 'greeting') {
              // `due` in any of these states always leads somewhere with a timer of its own.
              expect(armed).toBe(true);
            }
            if (state.type === 'waiting' || state.type === 'closed') expect(linked).toBe(false);
            if (state.type === 'closed') expect(armed).toBe(false);
          }
        },
      ),
    );
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
    const before: ConnectionState = { ...(STATES[3] as Extract<ConnectionState, { type: 'live' }>), attempt: 5 };
    const lost = { type: 'lost', code: 1006, reason: '' } as const;
    expect(stepConnection(before, lost, at(29_999)).state).toMatchObject({ type: 'waiting', attempt: 6 });
    expect(stepConnection(before, lost, at(30_000)).state).toMatchObject({ type: 'waiting', attempt: 1 });
  });

  test('[C4] [W34] the window of a bye wins, and going online does not cut it short', () => {
    const { state } = stepConnection(live(0).state, EVENTS[5] as ConnectionEvent, at(1_000, { random: 0.5 }));
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
    const refused = EVENTS[3] as Extract<ConnectionEvent, { type: 'refused' }>;
    expect(stepConnection(greeting, refused, at(0, { unattended: false })).state).toMatchObject({
      type: 'closed',
      code: 103,
    });
    const later = stepConnection(greeting, { ...refused, retryable: true, afterMs: 5_000 }, at(0, { random: 0 }));
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
    const waiting = STATES[4] as ConnectionState;
    const { state, effects } = stepConnection(waiting, { type: 'online' }, at(1_000, { random: 0.5 }));
    expect(state).toMatchObject({ retryAt: 1_150 });
    expect(effects).toEqual([{ type: 'arm', ms: 150 }]);
    expect(stepConnection(waiting, { type: 'online' }, at(4_950)).state).toBe(waiting);
  });

  test('[C6] online makes a live link prove itself', () => {
    const { effects } = stepConnection(STATES[3] as ConnectionState, { type: 'online' }, at(1_000));
    expect(effects[0]).toEqual({ type: 'ping' });
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
      const { state } = stepConnection(
        { type: 'greeting', attempt: 0 },
        { ...GREETED, pingMs: said } as ConnectionEvent,
        at(0),
      );
      expect(state).toMatchObject({ type: 'live', pingMs: kept });
    }
  });
});
