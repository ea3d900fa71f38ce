import type { IncomingHttpHeaders } from 'node:http';
import { SUBPROTOCOL } from '@tidewall/protocol';
import { describe, expect, test } from 'vitest';
import { answerUpgrade } from './handshake.ts';

const HEADERS: IncomingHttpHeaders = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

const answer = (headers: IncomingHttpHeaders = {}, offersDeflate = true, method = 'GET') =>
  answerUpgrade({ method, headers: { ...HEADERS, ...headers } }, { subprotocol: SUBPROTOCOL, deflate: offersDeflate });

test('the key is answered as in RFC 6455, 1.3', () => {
  expect(answer()).toEqual({
    type: 'accepted',
    deflates: false,
    head:
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
  });
});

describe('[W2] the subprotocol', () => {
  test.each(['tidewall.v1.json', 'mqtt, tidewall.v1.json', 'tidewall.v1.json,other'])(
    'is named when asked for: %s',
    (offered) => {
      expect(answer({ 'sec-websocket-protocol': offered })).toMatchObject({
        type: 'accepted',
        head: expect.stringContaining('\r\nSec-WebSocket-Protocol: tidewall.v1.json\r\n'),
      });
    },
  );

  test.each(['mqtt', 'tidewall.v2.json', '', 'TIDEWALL.V1.JSON', 'tidewall.v1.json,,', 'tidewall.v1.json, a b'])(
    'must be among those asked for, in a list that is one: "%s"',
    (offered) =>
      expect(answer({ 'sec-websocket-protocol': offered })).toMatchObject({ type: 'refused', reason: 'subprotocol' }),
  );
});

describe('what is no handshake is refused', () => {
  test.each<[string, IncomingHttpHeaders]>([
    ['another version', { 'sec-websocket-version': '8' }],
    ['no version', { 'sec-websocket-version': undefined }],
    ['no key', { 'sec-websocket-key': undefined }],
    ['a key that is too short', { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ' }],
    ['two keys', { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==' }],
    ['another protocol', { upgrade: 'h2c' }],
  ])('%s', (_title, headers) => expect(answer(headers)).toMatchObject({ type: 'refused', reason: 'not_websocket' }));

  test('a POST', () => expect(answer({}, true, 'POST')).toMatchObject({ type: 'refused', reason: 'not_websocket' }));
});

describe('[W2] compression', () => {
  const accepts = (offers: string | undefined, offersDeflate = true) => {
    const handshake = answer({ 'sec-websocket-extensions': offers }, offersDeflate);
    if (handshake.type !== 'accepted') throw new Error(handshake.why);
    const said = handshake.head.includes(
      '\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n',
    );
    expect(said).toBe(handshake.deflates);
    return handshake.deflates;
  };

  test.each([
    'permessage-deflate',
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate;client_max_window_bits=12',
    'permessage-deflate; client_max_window_bits="8"; server_no_context_takeover; client_no_context_takeover',
    'permessage-deflate; server_max_window_bits=10, permessage-deflate',
    'x-webkit-deflate-frame, permessage-deflate',
  ])('is agreed on, each message by itself: %s', (offers) => expect(accepts(offers)).toBe(true));

  test.each([
    undefined,
    '',
    'x-webkit-deflate-frame',
    'permessage-deflate; server_max_window_bits=15',
    'permessage-deflate; client_max_window_bits=7',
    'permessage-deflate; client_max_window_bits=16',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; client_no_context_takeover; client_no_context_takeover',
    'permessage-deflate; more',
    'permessage-deflate; ',
  ])('is not agreed on: %s', (offers) => expect(accepts(offers)).toBe(false));

  test('is not agreed on where the server does not compress', () =>
    expect(accepts('permessage-deflate', false)).toBe(false));
});
