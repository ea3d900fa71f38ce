import { expect, test } from 'vitest';
import type { HeldState } from './messages.ts';
import { MAX_REMOTE, RemoteReplicas } from './remote-replica.ts';

const held = (topic: string, value: number): HeldState => ({
  topic,
  position: undefined,
  kind: 'state',
  value,
  revision: value,
  asOf: 0,
  freshness: { state: 'ok', asOf: 0 },
  lost: 0,
  refused: undefined,
  presence: undefined,
});

test('[C44] of the topics of a pattern those are remembered that were told of last', () => {
  const replicas = new RemoteReplicas();
  const stays = replicas.take(held('stays', 1));
  for (let i = 0; i < 3 * MAX_REMOTE; i++) {
    replicas.take(held(`comes/${i}`, i));
    if (i % 1_000 === 0) expect(replicas.take(held('stays', i))).toBe(stays);
  }
  expect(stays.value()).toBe(3_000);
  const known = Array.from({ length: 3 * MAX_REMOTE }, (_, i) => replicas.of(`comes/${i}`)).filter(Boolean);
  expect(known.length).toBeLessThanOrEqual(MAX_REMOTE);
  expect(replicas.of(`comes/${3 * MAX_REMOTE - 1}`)).toBeDefined();
});
