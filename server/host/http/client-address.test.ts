import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { parseAddressList } from '@tidewall/outgoing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientAddresses, createClientAddresses } from './client-address.ts';

/*
 * With requests as Node reads them: from 127.0.0.1, which is a trusted proxy or is not.
 */

let asked: (request: IncomingMessage) => void;
const server = createServer((request, response) => {
  asked(request);
  response.end();
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** What is found out of a request with these header lines. */
function ofRequest(addresses: ClientAddresses, ...lines: string[]): Promise<readonly [string, boolean]> {
  return new Promise((resolve) => {
    asked = (request) => resolve([addresses.of(request), addresses.isSecure(request)]);
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
      socket.end(['GET / HTTP/1.1', 'Host: a', 'Connection: close', ...lines, '', ''].join('\r\n'));
    });
  });
}

const strangers = createClientAddresses(parseAddressList([]));
const behind = createClientAddresses(parseAddressList(['127.0.0.0/8', '10.0.0.0/8', 'fd00::/8']));

describe('[A10] what a request says of where it comes from', () => {
  test.each([
    ['X-Forwarded-For: 203.0.113.9'],
    ['X-Forwarded-For: 127.0.0.1, 10.0.0.1'],
    ['X-Forwarded-Proto: https'],
    ['Forwarded: for=203.0.113.9;proto=https'],
    ['X-Real-IP: 203.0.113.9'],
  ])('is not believed of strangers: %s', async (...lines) => {
    expect(await ofRequest(strangers, ...lines)).toEqual(['127.0.0.1', false]);
  });

  test.each([
    ['203.0.113.9', '203.0.113.9'],
    // What comes in front is what the client has written itself.
    ['127.0.0.1, 198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['203.0.113.9, 10.1.2.3', '203.0.113.9'],
    ['evil, 203.0.113.9, 10.1.2.3, 10.9.9.9', '203.0.113.9'],
    ['203.0.113.9:51234', '203.0.113.9'],
    ['[2001:db8::7]:443', '2001:db8::7'],
    ['2001:db8::7, fd00::1', '2001:db8::7'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['unknown', '127.0.0.1'],
    ['', '127.0.0.1'],
    ['10.1.1.1, 10.1.1.2', '10.1.1.1'],
  ])('is believed of a trusted proxy, from its end on: %j is %s', async (said, address) => {
    expect(await ofRequest(behind, `X-Forwarded-For: ${said}`)).toEqual([address, false]);
  });

  test('several headers are one list', async () => {
    const lines = ['X-Forwarded-For: 198.51.100.1', 'X-Forwarded-For: 203.0.113.9, 10.0.0.2'];
    expect((await ofRequest(behind, ...lines))[0]).toBe('203.0.113.9');
  });

  test('more proxies in a row than there can be are no way to anywhere', async () => {
    const chain = Array.from({ length: 500 }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join(',');
    expect((await ofRequest(behind, `X-Forwarded-For: 203.0.113.9,${chain}`))[0]).toMatch(/^10\./);
  });

  test('a proxy that ends TLS says so', async () => {
    expect((await ofRequest(behind, 'X-Forwarded-Proto: https'))[1]).toBe(true);
    expect((await ofRequest(behind, 'X-Forwarded-Proto: https, http'))[1]).toBe(false);
  });
});
