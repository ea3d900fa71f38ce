import type { Outgoing } from '@tidewall/contracts';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { createTestAuthority, freePort } from '@tidewall/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { connectSocket, hostAndPort, type SocketOptions } from './connect-socket.ts';
import { type Pretender, startPretender } from './pretender.contract.ts';

const trusted = createOutgoing({ allowed: parseAddressList([]), trusted: true });
const never = new AbortController().signal;
let server: Pretender | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

function connecting(more: Partial<SocketOptions>) {
  const port = server?.port ?? 1;
  return connectSocket({
    ...{ called: 'the broker', host: '127.0.0.1', port, outgoing: trusted, timeoutMs: 5_000, signal: never },
    ...more,
  });
}

const failureOf = (more: Partial<SocketOptions>) =>
  connecting(more).then(
    (socket) => {
      socket.destroy();
      return 'it is connected';
    },
    (failure: Error) => failure.message,
  );

describe('a socket', () => {
  test('is connected to where the source may go', async () => {
    server = await startPretender((socket, piece) => void socket.write(piece));
    const socket = await connecting({ host: 'localhost' });
    socket.write('hello');
    expect(String(await new Promise((resolve) => socket.once('data', resolve)))).toBe('hello');
    socket.destroy();
  });

  test('goes nowhere else, neither at first nor when a name changes its address', async () => {
    server = await startPretender(() => {});
    const addresses = ['93.184.216.34', '127.0.0.1'];
    const outgoing: Outgoing = createOutgoing({
      allowed: parseAddressList([]),
      trusted: false,
      resolve: (_host, _options, done) => done(null, [{ address: addresses.shift() ?? '127.0.0.1', family: 4 }]),
    });
    expect(await failureOf({ host: 'turns.example', outgoing })).toContain('is not a public address');
    expect(addresses).toEqual([]);
    expect(await failureOf({ host: '127.0.0.1', outgoing })).toContain('127.0.0.1 is not a public address');
  });

  test('says why it is not there', async () => {
    const port = await freePort();
    expect(await failureOf({ port })).toBe(`the broker at 127.0.0.1:${port} cannot be reached: nothing listens there`);
    expect(await failureOf({ port: 70_000 })).toMatch(/^the broker at 127\.0\.0\.1:70000 cannot be reached: /);
    const outgoing = createOutgoing({
      allowed: parseAddressList([]),
      trusted: true,
      resolve: (_host, _options, done) => done(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }), []),
    });
    expect(await failureOf({ host: 'nobody.invalid', outgoing })).toMatch(/^nobody\.invalid cannot be found/);
  });

  test('is given up when TLS takes too long, is none, or is not what it should be', async () => {
    server = await startPretender(() => {});
    const tls = { insecure: false };
    expect(await failureOf({ tls, timeoutMs: 100 })).toMatch(/cannot be reached: it does not answer within 100 ms$/);
    await server.close();
    server = await startPretender((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await failureOf({ tls })).toMatch(/it does not speak TLS there/);
    const authority = createTestAuthority();
    const [one, other] = [authority.issue('DNS:a'), authority.issue('DNS:b')];
    expect(await failureOf({ tls: { insecure: false, cert: one.cert, key: other.key } })).toMatch(
      /do not belong together/,
    );
  });

  test('is not opened after the abort, and ends with it while it is being opened', async () => {
    server = await startPretender(() => {});
    await expect(connecting({ signal: AbortSignal.abort('over') })).rejects.toBe('over');
    const abort = new AbortController();
    const opening = connecting({ signal: abort.signal, tls: { insecure: true } });
    abort.abort('over');
    await expect(opening).rejects.toBe('over');
  });
});

test('an address of version 6 stands in brackets before its port', () => {
  expect([hostAndPort('::1', 1), hostAndPort('[::1]', 1), hostAndPort('h', 1)]).toEqual(['[::1]:1', '[::1]:1', 'h:1']);
});
