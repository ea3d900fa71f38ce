import { expect, test } from 'vitest';
import { callerOf, kindOfCaller, networkOf } from './subjects.ts';

test('of version 6 a house is one, however its address is written', () => {
  const house = '2001:db8:1:2::/64';
  for (const address of ['2001:db8:1:2::', '2001:db8:1:2::1', '2001:0db8:0001:0002:ffff:ffff:ffff:ffff']) {
    expect(networkOf(address)).toBe(house);
  }
  expect(networkOf('2001:DB8:1:2:0:0:0:1')).toBe(house);
  expect(networkOf('2001:db8:1:2::203.0.113.7')).toBe(house);
  expect(networkOf('2001:db8:1:3::1')).toBe('2001:db8:1:3::/64');
  // The zeros stand for what is in the first half, too.
  expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0::/64');
  expect(networkOf('2001:db8::ffff:1:2:3:4')).toBe('2001:db8:0:ffff::/64');
  expect(networkOf('fe80::1')).toBe('fe80:0:0:0::/64');
  expect(networkOf('::2')).toBe('0:0:0:0::/64');
});

test('of version 4 an address is itself, and this machine is not counted', () => {
  expect(networkOf('203.0.113.7')).toBe('203.0.113.7');
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '']) expect(networkOf(address)).toBeUndefined();
});

test('who is many counts by its address alone', () => {
  for (const id of ['anybody', 'local', 'server']) expect(callerOf(id)).toBeUndefined();
  expect(['key:tk7', 'user:ann', 'token:issuer:bob'].map(callerOf)).toEqual([
    'key:tk7',
    'user:ann',
    'token:issuer:bob',
  ]);
  expect(['key:tk7', 'user:ann', 'token:issuer:bob', 'odd:x'].map(kindOfCaller)).toEqual([
    'key',
    'user',
    'token',
    'other',
  ]);
});
