import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_PAYLOAD_BYTES, type NatsOperation, OperationReader } from './operation-reader.ts';

const SAID = Buffer.from(
  [
    'INFO {"server_id":"x"}\r\n',
    'PING\r\n+OK\r\npong\r\n',
    'MSG a.b 1 3\r\nabc\r\n',
    'MSG a.b 1 back 0\r\n\r\n',
    'HMSG a 2 18 20\r\nNATS/1.0\r\nA: 1\r\n\r\nxy\r\n',
    'HMSG a 2 back 32 32\r\nNATS/1.0 408 Request Timeout\r\n\r\n',
    '\r\n',
    "-ERR 'Authorization Violation'\r\n",
  ].join(''),
);

function read(...pieces: readonly Uint8Array[]): NatsOperation[] {
  const reader = new OperationReader();
  return pieces.flatMap((piece) => [...reader.push(Buffer.from(piece))]);
}

const plain = (operations: readonly NatsOperation[]) =>
  operations.map((operation) =>
    operation.type === 'message'
      ? { ...operation.message, data: Buffer.from(operation.message.data).toString() }
      : operation,
  );

describe('what a NATS server says', () => {
  test('is read as operations', () => {
    expect(plain(read(SAID))).toEqual([
      { type: 'info', json: '{"server_id":"x"}' },
      { type: 'ping' },
      { type: 'ok' },
      { type: 'pong' },
      { subject: 'a.b', sid: 1, reply: undefined, status: undefined, data: 'abc' },
      { subject: 'a.b', sid: 1, reply: 'back', status: undefined, data: '' },
      { subject: 'a', sid: 2, reply: undefined, status: undefined, data: 'xy' },
      { subject: 'a', sid: 2, reply: 'back', status: { code: 408, words: 'Request Timeout' }, data: '' },
      { type: 'error', words: 'Authorization Violation' },
    ]);
  });

  test('says the same wherever it is cut', () => {
    const whole = plain(read(SAID));
    for (let at = 1; at < SAID.length; at++) {
      expect(plain(read(SAID.subarray(0, at), SAID.subarray(at)))).toEqual(whole);
    }
    expect(plain(read(...[...SAID].map((byte) => Uint8Array.of(byte))))).toEqual(whole);
  });

  test.each([
    [`MSG a 1 ${MAX_PAYLOAD_BYTES + 1}\r\n`, /a message has 16777217 bytes; at most 16777216 are read/],
    ['MSG a 1 x\r\n', /says "x" where a number is due/],
    ['MSG a 1 99999999999\r\n', /where a number is due/],
    ['MSG a\r\n', /where a number is due|cannot be/],
    ['HMSG a 1 9 3\r\n', /cannot be/],
    ['MSG a 1 2\r\nabc\r\n', /longer than it was announced/],
    ['HTTP/1.1 400 Bad Request\r\n', /^it says "HTTP\/1\.1 400 Bad Request"$/],
    ['x'.repeat(70_000), /a line has more than 65536 bytes/],
  ])('is given up when it is %j', (said, says) => {
    expect(() => read(Buffer.from(said))).toThrow(says);
  });

  test('of whatever bytes ends in operations, or in an error', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 5 }), (pieces) => {
        try {
          read(...pieces);
        } catch (failure) {
          expect(failure).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
