import { expect, test } from 'vitest';
import { Receipt } from './receipt.ts';
import { FakeReplica } from './testing/fake-reader.ts';

const SERVER = 1_700_000_000_000;

test('what came first is as old as it says, and what comes after is as old as its coming', () => {
  const receipt = new Receipt();
  const replica = new FakeReplica('a');
  expect(receipt.silentMs(5)).toBe(0);
  replica.set(1, SERVER - 60_000);
  receipt.note(replica, 1000, SERVER);
  expect(receipt.silentMs(1000)).toBe(60_000);
  replica.set(2, SERVER - 60_000);
  receipt.note(replica, 2000, SERVER + 1000);
  receipt.note(replica, 2500, SERVER + 1500);
  expect(receipt.silentMs(3000)).toBe(1000);
});

test('what comes after a break of the link is not new for coming again', () => {
  const receipt = new Receipt();
  const replica = new FakeReplica('a');
  const slow = SERVER - 3_600_000;
  replica.set(1, slow);
  receipt.note(replica, 0, SERVER);
  replica.set(2, slow + 1000);
  receipt.note(replica, 1000, SERVER + 1000);
  receipt.catchUp();
  replica.set(2, slow + 1000);
  receipt.note(replica, 90_000, SERVER + 90_000);
  expect(receipt.silentMs(90_000)).toBe(89_000);
  receipt.catchUp();
  replica.set(3, slow + 88_000);
  receipt.note(replica, 91_000, SERVER + 91_000);
  expect(receipt.silentMs(91_000)).toBe(3_000);
});

test('silence that the page asked for is not held against the topic, and a topic that is dead stays so', () => {
  const receipt = new Receipt();
  const replica = new FakeReplica('a');
  receipt.excuse(2_000, 0);
  replica.set(1, SERVER);
  receipt.note(replica, 0, SERVER);
  receipt.excuse(2_000, 1_500);
  expect(receipt.silentMs(1_500)).toBe(0);
  receipt.excuse(2_000, 3_600_000);
  expect(receipt.silentMs(3_600_000)).toBe(3_600_000 - 3_500);
});
