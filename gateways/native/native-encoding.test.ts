import type { Push } from '@tidewall/contracts';
import { type CloseName, type CommandName, type ErrorName, type Replies, TidewallError } from '@tidewall/protocol';
import { commandSchemas } from '@tidewall/protocol/schema';
import vectors from '@tidewall/protocol/vectors/server-frames.json' with { type: 'json' };
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeBye, encodeError, encodePong, encodePushes, encodeReply } from './native-encoding.ts';

const pushOf = (vector: { push: object }) => vector.push as Push;

describe('pushes', () => {
  test.each(vectors.pushes)('$name', (vector) => {
    expect(encodePushes([pushOf(vector)])).toBe(vector.line);
    expect(JSON.parse(vector.line)).toEqual(vector.frame);
  });

  test('many are a line each, in order', () => {
    expect(encodePushes(vectors.pushes.map(pushOf))).toBe(vectors.pushes.map((vector) => vector.line).join('\n'));
  });

  test('every type of push has a vector', () => {
    const types = new Set(vectors.pushes.map((vector) => vector.push.type));
    expect([...types].sort()).toEqual([
      'end',
      'found',
      'freshness',
      'gap',
      'merge',
      'position',
      'presence',
      'presence-change',
      'rows',
      'value',
    ]);
  });

  test('whatever the data, a push is one line of JSON that holds it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), fc.boolean(), (value, n, reset) => {
        const json = JSON.stringify(value);
        const line = encodePushes([
          { type: 'value', view: 1, topic: 'a' as Push['topic'], kind: 'state', offset: 5, at: 6, n, json, reset },
        ]);
        expect(line).not.toContain('\n');
        const frame = JSON.parse(line) as { d: unknown; n?: number; r?: number };
        expect(JSON.stringify(frame.d)).toBe(JSON.stringify(JSON.parse(json)));
        expect(frame.n).toBe(n > 1 ? n : undefined);
        expect(frame.r).toBe(reset ? 1 : undefined);
      }),
    );
  });
});

test('every command has a vector of its answer', () => {
  const commands = new Set(vectors.replies.map((vector) => vector.command));
  expect([...commands].sort()).toEqual(Object.keys(commandSchemas).sort());
});

test.each(vectors.replies)('reply: $name', ({ id, command, reply, line, frame }) => {
  const name = command as CommandName;
  expect(encodeReply(id, name, reply as unknown as Replies[typeof name])).toBe(line);
  expect(JSON.parse(line)).toEqual(frame);
});

test.each(vectors.errors)('error: $name', ({ id, error, line }) => {
  const { name, message, afterMs, detail } = error;
  expect(encodeError(id, new TidewallError(name as ErrorName, message, { afterMs, detail: { ...detail } }))).toBe(line);
});

test.each(vectors.pongs)('pong: $name', ({ pong, line }) => {
  const [t0 = 0, t1 = 0, t2 = 0] = pong;
  expect(encodePong(t0, t1, t2)).toBe(line);
});

test.each(vectors.byes)('bye: $name', ({ close, reason, afterMs, line }) => {
  expect(encodeBye(close as CloseName, reason, afterMs as [number, number] | undefined)).toBe(line);
});
