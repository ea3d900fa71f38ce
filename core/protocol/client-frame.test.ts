import { type JsonValue, parseJson } from '@tidewall/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandIdOf, parseClientFrame } from './client-frame.ts';
import { TidewallError } from './error.ts';
import { TEXT_HEARTBEATS } from './frames.ts';
import vectors from './vectors/client-frames.json' with { type: 'json' };

function refusalOf(frame: JsonValue): TidewallError {
  try {
    parseClientFrame(frame);
  } catch (error) {
    if (error instanceof TidewallError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('client frames', () => {
  test.each(vectors.valid)('[W6] taken: $name', (vector) => {
    const { type, ...rest } = parseClientFrame(vector.frame as JsonValue);
    expect(type).toBe(vector.command);
    if (vector.command === 'ping') expect(rest).toEqual({ t0: vector.t0 });
    else expect(rest).toEqual({ id: vector.id, body: vector.body });
  });

  test.each(vectors.invalid)('[W8] refused: $name', (vector) => {
    const refusal = refusalOf(vector.frame as JsonValue);
    expect({ code: refusal.code, name: refusal.kind }).toEqual({ code: vector.error.code, name: vector.error.name });
    if ('path' in vector.error) expect(refusal.detail).toEqual({ path: vector.error.path });
    expect(commandIdOf(vector.frame as JsonValue) ?? null).toBe(vector.id);
    expect(refusal.message).not.toBe('');
  });

  test.each(vectors.texts)('as text: $name', ({ text, answer, close, error }) => {
    expect(TEXT_HEARTBEATS.get(text)).toBe(answer);
    if (close !== undefined) expect(() => parseJson(text)).toThrow(SyntaxError);
    if (error !== undefined) expect(refusalOf(parseJson(text)).code).toBe(error);
  });

  test('every command of the wire has a vector', () => {
    const commands = new Set(vectors.valid.map((vector) => vector.command));
    expect([...commands].sort()).toEqual([
      'configure',
      'connect',
      'history',
      'ping',
      'presence',
      'publish',
      'subscribe',
      'unsubscribe',
    ]);
  });

  test('whatever JSON comes, it is a command or a TidewallError, and never changes a prototype', () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.record({ id: fc.jsonValue(), subscribe: fc.jsonValue(), publish: fc.jsonValue() }, { requiredKeys: [] }),
      fc.dictionary(fc.constantFrom('id', '__proto__', 'constructor', 'ping', 'connect', 'history'), fc.jsonValue()),
    );
    fc.assert(
      fc.property(anything, (value) => {
        const frame = parseJson(JSON.stringify(value));
        try {
          parseClientFrame(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(TidewallError);
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
