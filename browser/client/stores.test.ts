import type { LinkStatus, TopicReader, TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import { expect, test } from 'vitest';
import { createStatusStore, createTopicStore } from './stores.ts';

/** A reader in the test's hands: what is followed, and what follows. */
function createReader() {
  const followed: string[] = [];
  let changed: (replica: TopicReplica) => void = () => {};
  let revision = 0;
  let listener: (status: LinkStatus) => void = () => {};
  let status: LinkStatus = { type: 'connecting', attempt: 0 };
  const reader: TopicReader = {
    follow(topic, _options, run) {
      followed.push(topic);
      changed = run;
      return Object.assign(() => void followed.splice(followed.indexOf(topic), 1), { configure() {} });
    },
    get status() {
      return status;
    },
    onStatus(run) {
      listener = run;
      run(status);
      return () => {
        listener = () => {};
      };
    },
    serverNow: () => 0,
  };
  return {
    reader,
    followed,
    push(value: number) {
      revision++;
      changed({
        topic: 'x',
        position: undefined,
        kind: 'state',
        value: () => value,
        revision,
        asOf: value,
        freshness: { state: 'ok', asOf: value },
        lost: 0,
        refused: undefined,
        presence: undefined,
      });
    },
    status(next: LinkStatus) {
      status = next;
      listener(next);
    },
  };
}

function createFrames() {
  const waiting: (() => void)[] = [];
  return {
    soon: (run: () => void) => void waiting.push(run),
    frame: () => waiting.splice(0).forEach((run) => void run()),
  };
}

test('changes are told once a frame, with the newest, each another snapshot', () => {
  const { reader, push } = createReader();
  const { soon, frame } = createFrames();
  const store = createTopicStore(reader, 'x', {}, { soon });
  let told = 0;
  store.subscribe(() => told++);
  const before = store.snapshot();
  expect(before.value).toBeUndefined();
  push(1);
  push(2);
  expect(store.snapshot()).toBe(before);
  frame();
  expect(told).toBe(1);
  const after = store.snapshot();
  expect(after).toMatchObject({ value: 2, revision: 2, asOf: 2 });
  frame();
  expect(store.snapshot()).toBe(after);
  push(3);
  frame();
  expect(told).toBe(2);
  expect(store.snapshot().value).toBe(3);
});

test('a topic is followed while somebody subscribes, and a view that is only put elsewhere does not ask again', async () => {
  const { reader, followed, push } = createReader();
  const { soon, frame } = createFrames();
  const store = createTopicStore(reader, 'x', {}, { soon });
  expect(followed).toEqual([]);
  const end = store.subscribe(() => {});
  push(1);
  frame();
  end();
  const endSecond = store.subscribe(() => {});
  await Promise.resolve();
  expect(followed).toEqual(['x']);
  expect(store.snapshot().value).toBe(1);
  endSecond();
  endSecond();
  await Promise.resolve();
  expect(followed).toEqual([]);
  push(2);
  frame();
  expect(store.snapshot().value).toBe(1);
});

test('the link is told when it changes, and not when it is asked for', () => {
  const { reader, status } = createReader();
  const store = createStatusStore(reader);
  let told = 0;
  const end = store.subscribe(() => told++);
  expect([told, store.snapshot()]).toEqual([0, { type: 'connecting', attempt: 0 }]);
  status({ type: 'connecting', attempt: 1 });
  expect([told, store.snapshot()]).toEqual([1, { type: 'connecting', attempt: 1 }]);
  end();
  status({ type: 'connecting', attempt: 2 });
  expect(told).toBe(1);
});
