import type { Freshness } from '@tidewall/protocol';
import { describe, expect, test } from 'vitest';
import { elementFreshness, type FreshnessFacts, LINK_GRACE_MS, nextLinkFacts } from './freshness.ts';

const NOW = 1_700_000_100_000;
const UP = { up: true, downSince: 0, reason: '' };
const down = (forMs: number) => ({ up: false, downSince: NOW - forMs, reason: 'connection refused' });

function stateOf(change: Partial<FreshnessFacts>, freshness: Partial<Freshness> = {}) {
  const asOf = change.asOf ?? NOW - 100;
  return elementFreshness({
    now: NOW,
    link: UP,
    heardAt: NOW,
    present: true,
    asOf,
    silentMs: NOW - asOf,
    freshness: { state: 'ok', asOf, expectEveryMs: 1000, ...freshness },
    ...change,
  });
}

test('fresh data is ok and tells its age', () => {
  expect(stateOf({})).toEqual({ state: 'ok', ageMs: 100, reason: '' });
});

test('what the server says of a topic holds while the server is heard', () => {
  expect(stateOf({ asOf: NOW - 3000 }, { state: 'late' }).state).toBe('late');
  expect(stateOf({ asOf: NOW - 7000 }, { state: 'stale' }).state).toBe('stale');
});

test('a source that is well with nothing new stays ok, and so does one whose clock is wrong', () => {
  expect(stateOf({ asOf: NOW - 3_600_000 })).toEqual({ state: 'ok', ageMs: 3_600_000, reason: '' });
  expect(stateOf({ asOf: NOW + 3_600_000 })).toEqual({ state: 'ok', ageMs: 0, reason: '' });
});

describe('while the link is down the age goes on', () => {
  test.each([
    [1999, 'ok'],
    [2001, 'late'],
    [5000, 'late'],
    [5001, 'stale'],
  ])('%i ms after a cadence of 1 s it is %s', (silentMs, state) => {
    const asOf = NOW - silentMs;
    const seen = stateOf({ link: down(silentMs), heardAt: asOf, asOf });
    expect(seen).toEqual({ state, ageMs: silentMs, reason: 'connection refused' });
  });

  test('a clock of the source that runs ahead does not keep it fresh', () => {
    expect(stateOf({ link: down(9000), heardAt: NOW - 9000, asOf: NOW + 60_000 }).state).toBe('stale');
  });

  test('what was late already turns stale', () => {
    const late = stateOf({ link: down(4000), heardAt: NOW - 4000, asOf: NOW - 6500 }, { state: 'late' });
    expect(late.state).toBe('stale');
  });
});

test('a link that looks alive but is silent does not keep data fresh', () => {
  expect(stateOf({ heardAt: NOW - 6000, asOf: NOW - 6000 }).state).toBe('stale');
});

describe('without a cadence', () => {
  const quiet = { state: 'quiet' as const, expectEveryMs: undefined };
  const freshness = { state: quiet.state, asOf: NOW - 1 };

  test('age says nothing', () => {
    expect(stateOf({ freshness, asOf: NOW - 86_400_000 }).state).toBe('quiet');
  });

  test('it is late once the link has been down for longer than the grace', () => {
    expect(stateOf({ freshness, link: down(LINK_GRACE_MS) }).state).toBe('quiet');
    expect(stateOf({ freshness, link: down(LINK_GRACE_MS + 1) })).toMatchObject({
      state: 'late',
      reason: 'connection refused',
    });
  });
});

test("the element's own cadence overrides the topic's, by the age of its data", () => {
  expect(stateOf({ expectEveryMs: 60_000, asOf: NOW - 90_000 }, { state: 'stale' }).state).toBe('ok');
  expect(stateOf({ expectEveryMs: 100, asOf: NOW - 300 }).state).toBe('late');
});

test('a source that fails says why, whatever the age, also before there is data', () => {
  const failed = { state: 'failed' as const, reason: 'ECONNREFUSED 10.0.0.5:3306' };
  expect(stateOf({}, failed)).toMatchObject({ state: 'failed', reason: failed.reason });
  expect(stateOf({ present: false, asOf: 0, expectEveryMs: 60_000 }, failed)).toMatchObject({ state: 'failed' });
});

test('a refused subscription is failed with the refusal', () => {
  expect(stateOf({ refused: 'not allowed to read host/now' })).toMatchObject({
    state: 'failed',
    reason: 'not allowed to read host/now',
  });
});

test('before the first data it waits, and tells when that is for want of a link', () => {
  expect(stateOf({ present: false, asOf: 0 })).toEqual({ state: 'waiting', ageMs: undefined, reason: '' });
  expect(stateOf({ present: false, asOf: 0, link: down(1) }).reason).toBe('connection refused');
});

test('a link is lost once, however often it tries again, and keeps the reason of the loss', () => {
  const lost = nextLinkFacts(
    UP,
    { type: 'waiting', attempt: 0, retryAt: 1, retryAfterMs: 1, reason: 'reset by peer' },
    500,
  );
  expect(lost).toEqual({ up: false, downSince: 500, reason: 'reset by peer' });
  expect(nextLinkFacts(lost, { type: 'connecting', attempt: 1 }, 900)).toEqual(lost);
  const next = nextLinkFacts(lost, { type: 'closed', code: 4507, reason: 'not allowed' }, 950);
  expect(next).toEqual({ up: false, downSince: 500, reason: 'not allowed' });
  expect(nextLinkFacts(next, { type: 'live', session: 's', since: 1, recovered: true }, 999).up).toBe(true);
});
