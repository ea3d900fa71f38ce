import { readdirSync } from 'node:fs';
import type { Broker, Draft, Keep, LogFollower, Publication } from '@tidewall/contracts';
import { parseTopicName } from '@tidewall/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import type { BrokerCase, OpenedBroker } from './broker-case.contract.ts';

/*
 * What every broker must hold. The rack is its folders: each has an `index.ts` for its users and a `broker.contract.ts`
 * that opens a working one here.
 */

const kinds = readdirSync(import.meta.dirname, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() && entry.name !== 'node_modules' ? [entry.name] : [],
);
const cases = await Promise.all(
  kinds.map(async (kind) => {
    const { brokerCase } = (await import(`./${kind}/broker.contract.ts`)) as { brokerCase: BrokerCase };
    return { kind, brokerCase };
  }),
);

const topic = parseTopicName('plant/line-1/oee');
const other = parseTopicName('plant/line-2/oee');
const standard: Keep = { count: 3, bytes: 1000 };
const follower = (more: Partial<LogFollower> = {}): LogFollower => ({
  keep: standard,
  retain: true,
  about: '{"kind":"log"}',
  received() {},
  snapshot: () => undefined,
  ...more,
});
const draft = (json: string, more: Partial<Draft> = {}): Draft => ({ op: 'append', json, at: 1, weight: 1, ...more });

test('the rack is not empty', () => expect(kinds).toEqual(expect.arrayContaining(['memory', 'journal'])));

describe.each(cases)('broker $kind', ({ brokerCase }) => {
  let opened: OpenedBroker | undefined;

  async function open(): Promise<Broker> {
    opened = await brokerCase.open();
    return opened.broker;
  }

  async function reopen(): Promise<Broker> {
    if (!opened?.reopen) throw new Error('a broker that outlives its process can be opened again');
    return opened.reopen();
  }

  afterEach(async () => {
    await opened?.dispose();
    opened = undefined;
  });

  test('offsets start at 1, rise by one in each topic by itself, and have one epoch', async () => {
    const it = await open();
    const log = await it.follow(topic, follower());
    expect(log).toMatchObject({ head: 0, first: 1 });
    const a = [await it.publish(topic, draft('1')), await it.publish(topic, draft('2'))];
    const b = await it.publish(other, draft('1'));
    expect(a.map((position) => position.offset)).toEqual([1, 2]);
    expect(b.offset).toBe(1);
    expect(a.every((position) => position.epoch === log.epoch)).toBe(true);
  });

  test('publications made at the same time have different offsets, and the order of the calls', async () => {
    const it = await open();
    await it.follow(topic, follower({ keep: { count: 100, bytes: 10_000 } }));
    const positions = await Promise.all(Array.from({ length: 50 }, (_, i) => it.publish(topic, draft(String(i)))));
    expect(positions.map((position) => position.offset)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  test('the follower is told of each publication once, in order, before publishing resolves', async () => {
    const it = await open();
    const told: Publication[] = [];
    await it.follow(topic, follower({ received: (publication) => void told.push(publication) }));
    for (let i = 1; i <= 4; i++) {
      const { offset } = await it.publish(topic, draft(String(i), { at: i, op: 'append' }));
      expect(told.at(-1)).toEqual({ op: 'append', json: String(i), at: i, weight: 1, offset });
    }
    expect(told.map((publication) => publication.offset)).toEqual([1, 2, 3, 4]);
  });

  test('the log keeps the newest by count and by bytes, and reads exactly what it keeps', async () => {
    const it = await open();
    const log = await it.follow(topic, follower());
    for (let i = 1; i <= 5; i++) await it.publish(topic, draft(String(i)));
    expect([log.first, log.head]).toEqual([3, 5]);
    expect([2, 3, 5, 6].map((offset) => log.at(offset)?.json)).toEqual([undefined, '3', '5', undefined]);
    await it.publish(topic, draft(JSON.stringify('x'.repeat(2000))));
    expect([log.first, log.head]).toEqual([6, 6]);
  });

  test('weights count against the count', async () => {
    const it = await open();
    const log = await it.follow(topic, follower({ keep: { count: 10, bytes: 1000 } }));
    await it.publish(topic, draft('1', { weight: 6 }));
    await it.publish(topic, draft('2', { weight: 4 }));
    expect(log.first).toBe(1);
    await it.publish(topic, draft('3', { weight: 1 }));
    expect(log.first).toBe(2);
  });

  test('what was kept is there again after unfollowing and following', async () => {
    const it = await open();
    const { epoch } = await it.follow(topic, follower());
    await it.publish(topic, draft('1'));
    it.unfollow(topic);
    const told: Publication[] = [];
    const log = await it.follow(topic, follower({ received: (publication) => void told.push(publication) }));
    expect([log.epoch, log.head, log.at(1)?.json]).toEqual([epoch, 1, '1']);
    expect(told).toEqual([]);
    await it.publish(topic, draft('2'));
    expect(told.map((publication) => publication.offset)).toEqual([2]);
  });

  test('a key and a changed keep count from the next publication on', async () => {
    const it = await open();
    let keep: Keep = standard;
    const log = await it.follow(topic, {
      ...follower(),
      get keep() {
        return keep;
      },
    });
    for (let i = 1; i <= 3; i++) await it.publish(topic, draft(String(i), { key: `k${i}` }));
    keep = { count: 1, bytes: 1000 };
    await it.publish(topic, draft('4'));
    expect([log.first, log.head, log.at(4)?.key]).toEqual([4, 4, undefined]);
    keep = standard;
    await it.publish(topic, draft('5', { key: 'k5' }));
    expect([log.first, log.at(5)?.key]).toEqual([4, 'k5']);
  });

  test('what the kept publications do not tell any more is there as the base', async () => {
    const it = await open();
    let held = '0';
    const received = ({ json }: Publication) => {
      held = json;
    };
    const one = follower({ received, snapshot: () => `{"held":${held}}` });
    await it.follow(topic, one);
    for (let i = 1; i <= 5; i++) await it.publish(topic, draft(String(i), { at: i }));
    it.unfollow(topic);
    expect([...it.kept()]).toEqual([{ topic, about: one.about }]);
    const log = await it.follow(topic, follower());
    expect([...it.kept()]).toEqual([]);
    expect(log.base).toMatchObject({ offset: 5, at: 5, json: '{"held":5}' });
    expect([log.first, log.head]).toEqual([3, 5]);
  });

  test('a base that the kept publications do not continue is not there', async () => {
    const it = await open();
    await it.follow(topic, follower({ snapshot: () => '"held"' }));
    await it.publish(topic, draft('1'));
    it.unfollow(topic);
    for (let i = 2; i <= 20; i++) await it.publish(topic, draft(String(i)));
    const log = await it.follow(topic, follower());
    expect([log.first, log.head, log.base]).toEqual([18, 20, undefined]);
  });

  test('what is forgotten is gone, and the next publication begins a new epoch', async () => {
    const it = await open();
    const { epoch } = await it.follow(topic, follower());
    await it.publish(topic, draft('1'));
    it.forget(topic);
    expect([...it.kept()]).toEqual([]);
    const log = await it.follow(topic, follower());
    expect(log).toMatchObject({ head: 0, first: 1, base: undefined });
    expect(log.epoch).not.toBe(epoch);
    expect(await it.publish(topic, draft('1'))).toEqual({ epoch: log.epoch, offset: 1 });
  });

  test('two topics have different epochs', async () => {
    const it = await open();
    const [a, b] = [await it.follow(topic, follower()), await it.follow(other, follower())];
    expect(a.epoch).not.toBe(b.epoch);
  });

  test('publications of before the first follower: the newest is there', async () => {
    const it = await open();
    await it.publish(topic, draft('1'));
    const { epoch } = await it.publish(topic, draft('2'));
    const log = await it.follow(topic, follower());
    expect([log.epoch, log.head, log.at(2)?.json]).toEqual([epoch, 2, '2']);
  });

  test('a follower that fails does not stop the next publication', async () => {
    const it = await open();
    const told: number[] = [];
    await it.follow(
      topic,
      follower({
        received: ({ offset }) => {
          told.push(offset);
          if (offset === 1) throw new Error('it cannot take this');
        },
      }),
    );
    const [one, two] = await Promise.allSettled([it.publish(topic, draft('1')), it.publish(topic, draft('2'))]);
    expect([one?.status, two?.status, told]).toEqual(['rejected', 'fulfilled', [1, 2]]);
  });

  test('what need not outlive the process is told in its order too', async () => {
    const it = await open();
    const told: string[] = [];
    let retain = true;
    await it.follow(topic, {
      ...follower({ received: ({ json }) => void told.push(json) }),
      get retain() {
        return retain;
      },
    });
    const publishing: Promise<unknown>[] = [];
    for (let i = 1; i <= 12; i++) {
      retain = i % 4 < 2;
      publishing.push(it.publish(topic, draft(String(i))));
    }
    await Promise.all(publishing);
    expect(told).toEqual(Array.from({ length: 12 }, (_, i) => String(i + 1)));
  });

  const why = brokerCase.endsWithProcess;
  describe.skipIf(why)(why === undefined ? 'opened again' : `opened again (not: ${why})`, () => {
    test('topics have the same epoch, offsets and publications, and go on after them', async () => {
      const before = await open();
      const one = await before.follow(topic, follower());
      const two = await before.follow(other, follower({ about: 'another', keep: { count: 1, bytes: 1 } }));
      for (let i = 1; i <= 5; i++) {
        await before.publish(topic, draft(`{"a b":"${i} ü"}`, { at: i + 0.5, weight: 1, op: 'merge', key: `k ${i}` }));
        await before.publish(other, draft(String(i)));
      }
      const publications = [3, 4, 5].map((offset) => one.at(offset));
      const it = await reopen();
      expect([...it.kept()]).toEqual(
        expect.arrayContaining([
          { topic, about: follower().about },
          { topic: other, about: 'another' },
        ]),
      );
      const again = await it.follow(topic, follower());
      expect([again.epoch, again.first, again.head]).toEqual([one.epoch, 3, 5]);
      expect([3, 4, 5].map((offset) => again.at(offset))).toEqual(publications);
      expect(await it.publish(topic, draft('6'))).toEqual({ epoch: one.epoch, offset: 6 });
      expect(await it.publish(other, draft('6'))).toEqual({ epoch: two.epoch, offset: 6 });
    });

    test('what was published before anybody followed is there', async () => {
      const { epoch } = await (await open()).publish(topic, draft('1'));
      const log = await (await reopen()).follow(topic, follower());
      expect([log.epoch, log.head, log.at(1)?.json]).toEqual([epoch, 1, '1']);
    });

    test('a base and the publications after it tell what was held', async () => {
      const before = await open();
      let held = 0;
      const sum = follower({
        keep: { count: 2, bytes: 1000 },
        received: ({ json }) => {
          held += Number(json);
        },
        snapshot: () => String(held),
      });
      await before.follow(topic, sum);
      for (let i = 1; i <= 100; i++) await before.publish(topic, draft(String(i)));
      const log = await (await reopen()).follow(topic, sum);
      const from = log.base?.offset ?? 0;
      expect(from).toBeGreaterThanOrEqual(log.first - 1);
      let told = Number(log.base?.json ?? 0);
      for (let offset = from + 1; offset <= log.head; offset++) told += Number(log.at(offset)?.json);
      expect(told).toBe(5050);
    });

    test('what was forgotten is gone', async () => {
      const before = await open();
      const { epoch } = await before.follow(topic, follower());
      await before.publish(topic, draft('1'));
      before.forget(topic);
      const it = await reopen();
      expect([...it.kept()]).toEqual([]);
      const log = await it.follow(topic, follower());
      expect([log.head, log.epoch === epoch]).toEqual([0, false]);
    });

    test('what need not outlive the process does not', async () => {
      const before = await open();
      await before.publish(topic, draft('1'));
      const { epoch } = await before.follow(topic, follower({ retain: false }));
      await before.publish(topic, draft('2'));
      const log = await (await reopen()).follow(topic, follower());
      expect([log.head, log.epoch === epoch]).toEqual([0, false]);
    });

    test('what shall outlive the process from now on does, also what is on its way', async () => {
      const before = await open();
      let retain = true;
      const { epoch } = await before.follow(topic, {
        ...follower(),
        get retain() {
          return retain;
        },
      });
      const publishing: Promise<unknown>[] = [];
      for (let i = 1; i <= 3; i++) {
        retain = i !== 2;
        publishing.push(before.publish(topic, draft(String(i))));
      }
      await Promise.all(publishing);
      const log = await (await reopen()).follow(topic, follower());
      expect([log.epoch, log.at(1)?.json, log.at(2)?.json, log.at(3)?.json]).toEqual([epoch, '1', '2', '3']);
    });

    test('what shall outlive the process after all does, with all that is kept', async () => {
      const before = await open();
      const { epoch } = await before.follow(topic, follower({ retain: false }));
      for (let i = 1; i <= 4; i++) await before.publish(topic, draft(String(i)));
      before.unfollow(topic);
      await before.follow(topic, follower());
      const log = await (await reopen()).follow(topic, follower());
      expect([log.epoch, log.first, log.head, log.at(3)?.json]).toEqual([epoch, 2, 4, '3']);
    });
  });
});
