import { describe, expect, test } from 'vitest';
import { CLOSE_CODES, ERROR_CODES, ERROR_MEANINGS, ERROR_STATUS, type ErrorName, mayReconnect } from './codes.ts';
import { TidewallError } from './error.ts';

const errors = Object.entries(ERROR_CODES);
const closes = Object.entries(CLOSE_CODES);

describe('error codes', () => {
  test('each is used once, and 110 stays free', () => {
    expect(new Set(errors.map(([, row]) => row.code)).size).toBe(errors.length);
    expect(errors.map(([, row]) => row.code as number)).not.toContain(110);
  });

  test.each(errors)('%s: its number, status and meaning are of the agreed form', (name, row) => {
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(row.code).toBeGreaterThanOrEqual(100);
    expect(row.code).toBeLessThan(200);
    expect(ERROR_STATUS[name as ErrorName]).toBeGreaterThanOrEqual(400);
    expect(ERROR_STATUS[name as ErrorName]).toBeLessThan(600);
    expect(ERROR_MEANINGS[name as ErrorName]).toMatch(/^[a-z].*[^.]$/);
  });

  test('the numbers that other programs rely on', () => {
    const numbers = Object.fromEntries(errors.map(([name, row]) => [name, row.code]));
    expect(numbers).toMatchObject({
      internal: 100,
      unauthenticated: 101,
      unknown_topic: 102,
      permission_denied: 103,
      unknown_command: 104,
      already_subscribed: 105,
      limit_exceeded: 106,
      bad_request: 107,
      not_available: 108,
      token_expired: 109,
      too_many_requests: 111,
      unrecoverable_position: 112,
      busy: 113,
      source_error: 114,
      source_not_ready: 115,
      unknown_component: 116,
      shape_mismatch: 117,
    });
  });
});

describe('close codes', () => {
  test('each is used once', () => {
    expect(new Set(closes.map(([, row]) => row.code)).size).toBe(closes.length);
  });

  test.each(closes)('%s is in the range that applications have', (name, row) => {
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(row.code).toBeGreaterThanOrEqual(4000);
    expect(row.code).toBeLessThan(5000);
    expect(row.status).toBeGreaterThanOrEqual(400);
    expect(row.meaning).toMatch(/^[a-z].*[^.]$/);
  });

  test('the range decides whether to connect again', () => {
    const again = closes.filter(([, row]) => mayReconnect(row.code)).map(([name]) => name);
    expect(again).toEqual([
      'shutdown',
      'internal',
      'token_expired',
      'no_progress',
      'clock_skew',
      'no_pong',
      'too_many_requests',
      'state_invalidated',
    ]);
    for (const code of [1000, 1001, 1006, 4000, 4499, 5000]) expect(mayReconnect(code)).toBe(true);
    for (const code of [4500, 4999]) expect(mayReconnect(code)).toBe(false);
  });
});

describe('errors', () => {
  test.each(errors.map(([name]) => name as ErrorName))('%s survives the wire', (kind) => {
    const sent = new TidewallError(kind, 'why', { detail: { path: 'x' }, afterMs: 7 });
    const got = TidewallError.fromBody(JSON.parse(JSON.stringify(sent.toBody())));
    expect({ kind: got.kind, message: got.message, detail: got.detail, afterMs: got.afterMs }).toEqual({
      kind,
      message: 'why',
      detail: { path: 'x' },
      afterMs: 7,
    });
    expect(got.code).toBe(ERROR_CODES[kind].code);
  });

  test('one that this version does not know keeps its number', () => {
    const got = TidewallError.fromBody({ code: 199, name: 'brand_new', message: 'later' });
    expect(got).toMatchObject({ kind: 'internal', message: 'later', detail: { code: 199 } });
  });

  test.each(['__proto__', 'constructor', 'toString'])('a name of the prototype is not known: %s', (name) => {
    expect(TidewallError.fromBody({ name }).kind).toBe('internal');
  });

  test.each([
    undefined,
    null,
    7,
    'busy',
    ['busy'],
    { name: ['busy'], message: {}, afterMs: '5', detail: 'no', code: '113' },
  ])('what is no error at all is one of the server: %j', (body) => {
    const { kind, message, afterMs, detail } = TidewallError.fromBody(body);
    expect([kind, message, afterMs, detail]).toEqual(['internal', 'unknown error', 0, { code: 0 }]);
  });

  test('the cause is kept, and is not sent', () => {
    const cause = new Error('secret');
    const error = new TidewallError('internal', 'failed', { cause });
    expect(error.cause).toBe(cause);
    expect(JSON.stringify(error.toBody())).not.toContain('secret');
  });
});
