import { type JsonValue, parseJson } from '@tidewall/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandIdOf, parseClientFrame, parsePublishLine } from './client-frame.ts';
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
      'refresh',
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

describe('a publish in one line', () => {
  const text = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('a', 'a/b', '产线/一号', '') },
    { weight: 1, arbitrary: fc.oneof(fc.constantFrom('a"b', 'a\\b'), fc.string({ unit: 'binary', maxLength: 5 })) },
  );
  const rarely = <T>(odd: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 20, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: odd });
  const options = fc.record({
    op: fc.constantFrom(undefined, undefined, 'replace', 'merge', 'push'),
    kind: fc.constantFrom(undefined, undefined, 'state', 'log', 'heap'),
    key: fc.option(fc.oneof(text, fc.constant('k'.repeat(129))), { nil: undefined }),
    at: fc.oneof(fc.constant(undefined), fc.nat(), rarely(fc.constantFrom(-1, 1.5, 1e15, 1e16, 'now'))),
    more: rarely(fc.jsonValue({ maxDepth: 1 })),
  });
  const id = fc.oneof(
    { weight: 6, arbitrary: fc.nat() },
    { weight: 1, arbitrary: fc.constantFrom(-1, 0, 1.5, 2 ** 53, 1e15, '7', null) },
  );
  const spacing = fc.constantFrom(0, 1, 2);
  /** Lines as libraries write them, members in any order, and lines that only look like one. */
  const written = fc
    .tuple(id, text, options, fc.jsonValue(), spacing, fc.nat(3))
    .map(([id, topic, options, data, spacing, order]) => {
      const publish = order === 0 ? { data, topic, ...options } : { topic, ...options, data };
      const line = JSON.stringify({ id, publish }, null, spacing > 0 ? 1 : 0);
      return spacing === 1
        ? line
            .replace(/\n */g, ' ')
            .replace(/([{[]) /g, '$1')
            .replace(/ ([}\]])/g, '$1')
        : line;
    });
  const mutated = fc
    .tuple(written, fc.nat(200), fc.nat(2), fc.constantFrom('', '}', '{', '"', ',', ',"x":1', '\\', '0', '\t', ' '))
    .map(([line, at, cut, insert]) => {
      const start = at % (line.length + 1);
      return line.slice(0, start) + insert + line.slice(start + cut);
    });

  test('[W6] what is taken by its look is what the schema makes of it, with the text of its data', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof(written, mutated), (line) => {
        const frame = parsePublishLine(line);
        if (frame === undefined) return;
        taken++;
        const { json, ...body } = frame.body;
        expect({ ...frame, body }).toEqual(parseClientFrame(parseJson(line)));
        expect(JSON.parse(json)).toEqual(body.data);
      }),
      { numRuns: 5000 },
    );
    // The property would hold of a function that takes nothing.
    expect(taken).toBeGreaterThan(100);
  });

  test.each([
    '{"id":1,"publish":{"topic":"a","data":1}}',
    '{"id":1,"publish":{"topic":"a","op":"merge","kind":"state","data":{"a":[1,"}}"]}}}',
    '{"id": 1, "publish": {"topic": "a", "at": 5, "key": "k", "data": {"a": 1}}}',
  ])('taken by its look: %s', (line) => expect(parsePublishLine(line)).toBeDefined());

  test.each([
    '{"id":1,"publish":{"topic":"a","data":1,"at":5}}',
    '{"id":1,"publish":{"topic":"a","data":1},"subscribe":{"topic":"b"}}',
    '{"id":1,"publish":{"topic":"a","data":1}} {"id":2}}',
    '{"id":01,"publish":{"topic":"a","data":1}}',
    '{"id":1,"publish":{"topic":"a\tb","data":1}}',
    '{"id":1,"publish":{"topic":"a","data":}}',
    '{"id":1,"publish":{"topic":"a","op":"push","data":1}}',
  ])('left to the schema: %s', (line) => expect(parsePublishLine(line)).toBeUndefined());

  test('[W5] nests as deep as any other line, and no deeper', () => {
    const line = (depth: number) => `{"id":1,"publish":{"topic":"a","data":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
    expect(parsePublishLine(line(62))).toBeDefined();
    expect(parsePublishLine(line(63))).toBeUndefined();
    expect(() => parseJson(line(63))).toThrow(SyntaxError);
  });
});
