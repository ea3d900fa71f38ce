import type { Base, Publication } from '@tidewall/contracts';
import { parseTopicName } from '@tidewall/protocol';
import { expect, test } from 'vitest';
import type { JournalTopic } from './journal-topic.ts';
import { Replay, type Replayed } from './replay.ts';

const name = parseTopicName('plant/line-1/oee');
const record = { id: 1, topic: name, epoch: 'first', about: 'about', keep: { count: 100, bytes: 10_000 } };
const publication = (offset: number): Publication => ({
  op: 'merge',
  json: String(offset),
  at: offset,
  weight: 1,
  offset,
});
const base = (offset: number): Base => ({ offset, at: offset, json: `"until ${offset}"` });

/** What the records say: each is a frame of its own; `damage` stands for one that cannot be read. */
function replay(
  steps: readonly ((to: Replay) => void)[],
  trusted = true,
): Replayed & { topic: JournalTopic | undefined } {
  const reader = new Replay(() => 0.5);
  for (const step of steps) {
    reader.nextFrame();
    step(reader);
  }
  const replayed = reader.finish(trusted);
  return { ...replayed, topic: replayed.topics.get(name) };
}

const topic =
  (more: object = {}) =>
  (to: Replay) =>
    to.topic({ ...record, ...more });
const p =
  (first: number, last = first) =>
  (to: Replay) => {
    for (let offset = first; offset <= last; offset++) to.publication(1, publication(offset));
  };
const b = (offset: number) => (to: Replay) => to.base(1, base(offset));
const damage = (to: Replay) => to.damaged();

function offsetsOf(one: JournalTopic | undefined): number[] {
  if (!one) return [];
  return Array.from({ length: one.count }, (_, i) => one.at(one.first + i)?.offset ?? Number.NaN);
}

test('publications that a checkpoint and the log after it both have count once', () => {
  const { topic: it, renewed, lost } = replay([topic(), p(3, 6), p(5, 8)]);
  expect([it?.epoch, offsetsOf(it), it?.assigned, renewed, lost]).toEqual(['first', [3, 4, 5, 6, 7, 8], 8, 0, 0]);
});

test('what a topic holds is never put together over a hole: it ends there, under a new epoch', () => {
  const { topic: it, renewed } = replay([topic(), b(5), p(4, 7), damage, p(9, 12)]);
  expect([it?.base?.offset, offsetsOf(it), it?.head]).toEqual([5, [4, 5, 6, 7], 7]);
  expect([it?.epoch === 'first', renewed]).toEqual([false, 1]);
});

test('a base after a hole tells everything again', () => {
  const { topic: it } = replay([topic(), p(1, 3), damage, p(6, 7), b(7), p(8, 9)]);
  expect([it?.epoch, it?.base?.offset, offsetsOf(it)]).toEqual(['first', 7, [8, 9]]);
});

test('a hole that the base covers, or that nobody needs, only shortens the history', () => {
  const covered = replay([topic(), b(8), p(3, 4), damage, p(7, 9)]);
  expect([covered.topic?.epoch, covered.topic?.base?.offset, offsetsOf(covered.topic)]).toEqual([
    'first',
    8,
    [7, 8, 9],
  ]);
  const baseless = replay([topic({ baseless: true }), p(3, 4), damage, p(7, 9)]);
  expect([baseless.topic?.epoch, offsetsOf(baseless.topic)]).toEqual(['first', [7, 8, 9]]);
});

test('a topic whose beginning is damaged is not taken for one that began later', () => {
  const { topic: it, lost } = replay([topic(), damage, p(4, 6)]);
  expect([it, lost]).toEqual([undefined, 1]);
});

test('publications of a topic that nobody has introduced are lost, unless it was forgotten after them', () => {
  expect(replay([p(1, 2)])).toMatchObject({ lost: 1, topic: undefined });
  expect(replay([p(1, 2), (to) => to.forgotten(1)])).toMatchObject({ lost: 0, topic: undefined, nextId: 2 });
});

test('a topic keeps its epoch after damage only when a later publication shows where it is', () => {
  expect(replay([topic(), p(1, 3), damage]).topic?.epoch).not.toBe('first');
  expect(replay([topic(), p(1, 3), damage, p(4)]).topic?.epoch).toBe('first');
});

test('what nobody vouches for has a new epoch, and is there', () => {
  const { topic: it, renewed } = replay([topic(), p(1, 3)], false);
  expect([it?.epoch === 'first', it?.recorded?.includes('"first"'), offsetsOf(it), renewed]).toEqual([
    false,
    false,
    [1, 2, 3],
    1,
  ]);
});

test('nothing that the base does not cover is let go, whatever the bounds', () => {
  const keep = { count: 2, bytes: 10_000 };
  expect(offsetsOf(replay([topic({ keep }), p(1, 5)]).topic)).toEqual([1, 2, 3, 4, 5]);
  expect(offsetsOf(replay([topic({ keep }), p(1, 5), b(4), p(6, 7)]).topic)).toEqual([5, 6, 7]);
  expect(offsetsOf(replay([topic({ keep, baseless: true }), p(1, 5)]).topic)).toEqual([4, 5]);
});

test('a base alone says what is held and where', () => {
  const { topic: it } = replay([topic(), b(9)]);
  expect([it?.head, it?.first, it?.base?.offset]).toEqual([9, 10, 9]);
});
