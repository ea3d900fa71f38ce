import { expect, test } from 'vitest';
import { createOriginGuard, isLoopback } from './origin-guard.ts';

const guard = (boundHost: string, allowedOrigins: string[] = [], allowedHosts: string[] = []) =>
  createOriginGuard({ boundHost, allowedOrigins, allowedHosts });

test.each(['localhost', 'wall.localhost', '127.0.0.1', '127.9.9.9', '::1'])('%s is this machine alone', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(['0.0.0.0', '::', '10.0.0.1', 'localhost.evil.example', '127.0.0.1.evil.example'])('%s is not', (host) => {
  expect(isLoopback(host)).toBe(false);
});

test.each(['localhost:7070', 'LOCALHOST', '127.0.0.1:7070', '[::1]:7070', 'hall.localhost:7070', 'localhost.:7070'])(
  'on this machine, the host %s is answered',
  (host) => {
    expect(guard('localhost').checkHost({ host })).toBeUndefined();
  },
);

test.each([
  'evil.example',
  'localhost.evil.example',
  '10.0.0.1:7070',
  '',
  'a b',
  'localhost@evil.example',
  'x/localhost',
])('on this machine, the host "%s" is refused', (host) => {
  expect(guard('127.0.0.1').checkHost({ host })?.reason).toBe('host');
});

test('a listed host is answered, with any port or the listed one', () => {
  expect(guard('localhost', [], ['wall.example']).checkHost({ host: 'wall.example:99' })).toBeUndefined();
  expect(guard('localhost', [], ['wall.example:99']).checkHost({ host: 'wall.example:99' })).toBeUndefined();
  expect(guard('localhost', [], ['wall.example:99']).checkHost({ host: 'wall.example' })?.reason).toBe('host');
});

test('open to the network, names are checked only when there is a list', () => {
  expect(guard('0.0.0.0').checkHost({ host: 'any.example' })).toBeUndefined();
  expect(guard('0.0.0.0', [], ['wall.example']).checkHost({ host: 'any.example' })?.reason).toBe('host');
  expect(guard('0.0.0.0', [], ['wall.example']).checkHost({ host: '10.0.0.1:7070' })).toBeUndefined();
});

test('a page of this server may, also behind a proxy that ends TLS', () => {
  const { checkOrigin } = guard('localhost');
  expect(checkOrigin({ host: 'localhost:7070', origin: 'http://localhost:7070' })).toBeUndefined();
  expect(checkOrigin({ host: 'wall.example', origin: 'https://wall.example' })).toBeUndefined();
  expect(checkOrigin({ host: 'wall.example:443', origin: 'https://wall.example' })).toBeUndefined();
  expect(checkOrigin({ host: 'localhost:7070' })).toBeUndefined();
});

test.each(['http://localhost:7071', 'https://evil.example', 'null', 'file://localhost:7070', ''])(
  'a page of %s may not',
  (origin) => {
    expect(guard('localhost').checkOrigin({ host: 'localhost:7070', origin })?.reason).toBe('origin');
  },
);

test('a listed origin may, and is told so', () => {
  const { checkOrigin, corsOrigin } = guard('localhost', ['https://portal.example']);
  const headers = { host: 'localhost:7070', origin: 'https://portal.example' };
  expect(checkOrigin(headers)).toBeUndefined();
  expect(corsOrigin(headers)).toBe('https://portal.example');
  expect(corsOrigin({ host: 'localhost:7070', origin: 'https://evil.example' })).toBeUndefined();
  expect(guard('localhost', ['*']).corsOrigin({ host: 'h', origin: 'null' })).toBe('null');
});
