import { open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Broker, Publication, TopicLog } from '@tidewall/contracts';
import { type Position, parseTopicName } from '@tidewall/protocol';
import { expect, test, vi } from 'vitest';
import { encodeFrame, readFrames } from './frames.ts';
import { draft, follower, stateFollower, useJournalBed } from './journal-bed.contract.ts';
import { JournalRefused } from './replay.ts';

const bed = useJournalBed();
const topic = parseTopicName('plant/line-1/oee');
const topics = Array.from({ length: 6 }, (_, i) => parseTopicName(`plant/line-${i}/oee`));

const textsOf = (log: TopicLog) =>
  Array.from({ length: log.head - log.first + 1 }, (_, i) => log.at(log.first + i)?.json);

/** Publishes to all topics in turn; what was acknowledged, by topic. */
async function publishAll(broker: Broker, count: number): Promise<Map<string, Position>> {
  const newest = new Map<string, Position>();
  for (const one of topics) await broker.follow(one, follower({ about: `about ${one}` }));
  for (let i = 0; i < count; i++) {
    const name = topics[i % topics.length] ?? topic;
    newest.set(name, await broker.publish(name, draft(JSON.stringify(`${name} ${i}`))));
  }
  return newest;
}

const sealOf = async () => JSON.parse(await readFile(join(bed.folder, 'seal'), 'utf8')) as Record<string, unknown>;
const changeSeal = async (changes: object) =>
  writeFile(join(bed.folder, 'seal'), JSON.stringify({ ...(await sealOf()), ...changes }));

test('[J2] a process that is killed leaves everything that it has acknowledged, with epoch and offsets', async () => {
  const broker = await bed.open();
  await broker.follow(topic, follower());
  let acknowledged = 0;
  const publishing = Array.from({ length: 500 }, (_, i) =>
    broker.publish(topic, draft(String(i + 1))).then(({ offset }) => {
      acknowledged = offset;
    }),
  );
  const { epoch } = await broker.publish(topic, draft('501'));
  const sure = acknowledged;
  const more = broker.publish(topic, draft('502'));
  const folder = await bed.killed('copy');
  const again = await bed.open({ folder });
  const log = await again.follow(topic, follower());
  expect(log.epoch).toBe(epoch);
  expect(log.head).toBeGreaterThanOrEqual(Math.max(sure, 501));
  expect(textsOf(log)).toEqual(Array.from({ length: log.head }, (_, i) => String(i + 1)));
  await Promise.all([...publishing, more]);
});

test('[J1] followers are told only what a killed process would leave', async () => {
  const broker = await bed.open();
  const copies: Promise<string>[] = [];
  await broker.follow(
    topic,
    follower({ received: ({ offset }) => void copies.push(bed.killed(`copy-${offset}`).then((path) => path)) }),
  );
  for (let i = 1; i <= 5; i++) await broker.publish(topic, draft(String(i)));
  for (const [index, folder] of (await Promise.all(copies)).entries()) {
    const log = await (await bed.open({ folder })).follow(topic, follower());
    expect(log.head).toBeGreaterThanOrEqual(index + 1);
  }
});

test('[J3] a log that ends anywhere in its last writes is cut there, told, and continued', async () => {
  const broker = await bed.open();
  const { epoch } = await broker.follow(topic, follower());
  for (let i = 1; i <= 4; i++) await broker.publish(topic, draft(`"entry ${i}"`));
  const whole = await bed.killed('whole');
  const [, name = ''] = await bed.files(whole);
  const path = join(whole, name);
  const size = (await stat(path)).size;
  const ends: number[] = [];
  const handle = await open(path);
  for await (const piece of readFrames(handle, size)) if (piece.type === 'frame') ends.push(piece.at + piece.bytes);
  await handle.close();
  const bytes = await readFile(path);
  for (let length = ends.at(-2) ?? 0; length < size; length++) {
    const folder = await bed.killed('cut', whole);
    await writeFile(join(folder, name), bytes.subarray(0, length));
    const again = await bed.open({ folder });
    const log = await again.follow(topic, follower());
    const kept = ends.filter((end) => end <= length).length - 1;
    expect([log.epoch, log.head]).toEqual([epoch, kept]);
    const cut = length - (ends[kept] ?? 0);
    expect(bed.meter.read('tidewall_journal_cut_bytes_total')).toBe(cut);
    expect(bed.said.filter(({ level }) => level === 'warn')).toEqual(
      cut === 0 ? [] : [expect.objectContaining({ file: name, byte: ends[kept], bytes: cut })],
    );
    expect(await again.publish(topic, draft('"next"'))).toEqual({ epoch, offset: kept + 1 });
    await again.close();
    expect((await (await bed.open({ folder })).follow(topic, follower())).head).toBe(kept + 1);
    await bed.closeAll(folder);
  }
});

test('[J4] wherever a byte is changed: what is there is right, or its epoch is new, and the place is named', async () => {
  const broker = await bed.open({ maxBytes: 24 * 1024 });
  // So much that there is a checkpoint too.
  const newest = await publishAll(broker, 60);
  await vi.waitFor(async () => expect(await bed.files()).toHaveLength(2));
  const whole = await bed.killed('whole');
  const names = await bed.files(whole);
  expect(names).toEqual([expect.stringMatching(/[3-9].checkpoint/), expect.stringContaining('.log')]);
  for (const name of names) {
    const bytes = await readFile(join(whole, name));
    for (let at = 0; at < bytes.length; at += 61) {
      const folder = await bed.killed('changed', whole);
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 0x10;
      await writeFile(join(folder, name), changed);
      const again = await bed.open({ folder });
      const [damage] = bed.said.filter(({ message }) => message.startsWith('the journal is damaged'));
      expect(damage).toMatchObject({ file: name });
      expect(Number(damage?.['byte'])).toBeLessThanOrEqual(at);
      expect(at).toBeLessThan(Number(damage?.['byte']) + Number(damage?.['bytes']));
      expect(bed.meter.read('tidewall_journal_damaged_bytes_total')).toBe(damage?.['bytes']);
      for (const one of topics) {
        const log = await again.follow(one, follower());
        const position = newest.get(one);
        if (log.epoch === position?.epoch) expect(log.head).toBe(position.offset);
        for (let offset = log.first; offset <= log.head; offset++) {
          expect(log.at(offset)?.json).toBe(JSON.stringify(`${one} ${topics.indexOf(one) + (offset - 1) * 6}`));
        }
      }
      // What it has found is whole again, and the file that was not is left to be looked at.
      const files = await bed.files(folder);
      expect(files).toContain(`${name}.damaged`);
      await bed.closeAll(folder);
    }
  }
});

test('[J7] the files are bounded: what is let go makes room, and what is kept stays', async () => {
  const maxBytes = 256 * 1024;
  const broker = await bed.open({ maxBytes });
  const keep = { count: 20, bytes: 1024 * 1024 };
  const value = stateFollower(keep);
  const [one = topic, two = topic] = topics;
  const log = await broker.follow(one, follower({ keep }));
  await broker.follow(two, value);
  const text = (i: number) => JSON.stringify(`${i} ${'x'.repeat(500)}`);
  for (let i = 1; i <= 3000; i += 10) {
    const many = Array.from({ length: 10 }, (_, n) =>
      [one, two].map((name) => broker.publish(name, draft(text(i + n)))),
    );
    await Promise.all(many.flat());
    expect(bed.meter.read('tidewall_journal_bytes')).toBeLessThanOrEqual(maxBytes);
  }
  expect(bed.meter.read('tidewall_journal_written_bytes_total')).toBeGreaterThan(10 * maxBytes);
  expect(bed.meter.read('tidewall_journal_degraded')).toBe(0);
  const folder = await bed.killed('copy');
  let onDisk = 0;
  for (const name of await bed.files(folder)) onDisk += (await stat(join(folder, name))).size;
  expect(onDisk).toBeLessThanOrEqual(maxBytes);
  const again = await bed.open({ folder, maxBytes });
  const log2 = await again.follow(one, follower({ keep }));
  expect([log2.epoch, log2.first, log2.head]).toEqual([log.epoch, 2981, 3000]);
  expect(textsOf(log2)).toEqual(textsOf(log));
  const log3 = await again.follow(two, stateFollower(keep));
  expect(log3.base?.offset).toBeGreaterThanOrEqual(log3.first - 1);
  expect(log3.at(3000)?.json).toBe(value.held);
});

test('[J8] when not all fits, the topics that keep most lose their oldest on the disk, and that is told', async () => {
  const maxBytes = 128 * 1024;
  const broker = await bed.open({ maxBytes });
  const [large = topic, small = topic] = topics;
  const keep = { count: 1000, bytes: 1024 * 1024 };
  const log = await broker.follow(large, follower({ keep }));
  await broker.follow(small, follower({ keep }));
  const text = JSON.stringify('x'.repeat(500));
  for (let i = 1; i <= 10; i++) await broker.publish(small, draft(String(i)));
  for (let i = 1; i <= 400; i++) await broker.publish(large, draft(text));
  expect(bed.meter.read('tidewall_journal_shortened_topics')).toBe(1);
  expect(bed.said.filter(({ level }) => level === 'warn')).toEqual([expect.objectContaining({ topics: 1, maxBytes })]);
  expect([log.first, log.head, bed.meter.read('tidewall_journal_degraded')]).toEqual([1, 400, 0]);
  const again = await bed.open({ folder: await bed.killed('copy'), maxBytes });
  const [largeLog, smallLog] = [await again.follow(large, follower({ keep })), await again.follow(small, follower())];
  expect([largeLog.epoch, largeLog.head, smallLog.first, smallLog.head]).toEqual([log.epoch, 400, 1, 10]);
  expect(largeLog.first).toBeGreaterThan(200);
  expect(largeLog.first).toBeLessThan(380);
});

test('[J9] what a state held is there although only a few of its merges are kept', async () => {
  const broker = await bed.open();
  const keep = { count: 3, bytes: 10_000 };
  const value = stateFollower(keep);
  await broker.follow(topic, value);
  for (let i = 1; i <= 2000; i++) await broker.publish(topic, draft(JSON.stringify({ i, text: 'x'.repeat(100) })));
  const again = await bed.open({ folder: await bed.killed('copy') });
  const log = await again.follow(topic, stateFollower(keep));
  expect(log.base?.offset).toBeGreaterThanOrEqual(log.first - 1);
  // More than is kept, since the base is older; but not all there ever was.
  expect(log.head - log.first).toBeLessThan(1000);
  await again.publish(topic, draft('{}'));
  expect([log.first, log.head]).toEqual([1999, 2001]);
});

test('[J5] after the machine itself has stopped, topics have new epochs and what reached the disk', async () => {
  const broker = await bed.open();
  const newest = await publishAll(broker, 12);
  bed.folder = await bed.killed('copy');
  await changeSeal({ boot: { id: 'another run of the machine' } });
  const again = await bed.open();
  const log = await again.follow(topic, follower());
  expect(log.epoch).not.toBe(newest.get(topic)?.epoch);
  expect([log.head, [...again.kept()].length]).toEqual([2, 5]);
  expect(bed.said).toContainEqual(expect.objectContaining({ level: 'warn', renewed: 6 }));
  // The new epochs are the journal's own from here on.
  const third = await bed.open({ folder: await bed.killed('third') });
  expect((await third.follow(topic, follower())).epoch).toBe(log.epoch);
});

test.each([
  ['it was closed', { closed: true }],
  ['each write had reached the disk', { sync: 'always' }],
])('[J5] after the machine has stopped, epochs stay when %s', async (_, seal) => {
  const broker = await bed.open({ sync: 'always' });
  const newest = await publishAll(broker, 12);
  bed.folder = await bed.killed('copy');
  await changeSeal({ boot: { id: 'another run of the machine' }, sync: 'interval', ...seal });
  const log = await (await bed.open()).follow(topic, follower());
  expect({ epoch: log.epoch, offset: log.head }).toEqual(newest.get(topic));
});

test('[J6] without a seal, topics have new epochs', async () => {
  const newest = await publishAll(await bed.open(), 12);
  bed.folder = await bed.killed('copy');
  await rm(join(bed.folder, 'seal'));
  const log = await (await bed.open()).follow(topic, follower());
  expect([log.head, log.epoch === newest.get(topic)?.epoch]).toEqual([2, false]);
});

test('[J6] a log that was closed and is shorter now was cut by somebody: topics have new epochs', async () => {
  const broker = await bed.open();
  const newest = await publishAll(broker, 12);
  await broker.close();
  const [, name = ''] = await bed.files();
  await truncate(join(bed.folder, name), (await stat(join(bed.folder, name))).size - 5);
  const log = await (await bed.open()).follow(topic, follower());
  expect(log.epoch).not.toBe(newest.get(topic)?.epoch);
});

test('[J14] a journal of a newer version is refused by name, and left alone', async () => {
  await (await bed.open()).close();
  const path = join(bed.folder, '00000009.log');
  await writeFile(path, encodeFrame('v {"version":2}\n'));
  const refused = await bed.open().catch((failure: unknown) => failure);
  expect(refused).toBeInstanceOf(JournalRefused);
  expect((refused as Error).message).toMatch(/format 2.*newer version.*--data-dir/);
  await rm(path);
  await bed.open();
});

test('[J15] data that is not on one line is refused: it could say anything in the name of the journal', async () => {
  const broker = await bed.open();
  await broker.follow(topic, follower());
  await expect(broker.publish(topic, draft('1\nf 1'))).rejects.toThrow('the data must be on one line');
  await broker.publish(topic, draft('2'));
  const log = await (await bed.open({ folder: await bed.killed('copy') })).follow(topic, follower());
  expect(textsOf(log)).toEqual(['2']);
});

test('[J16] what is forgotten is gone once something after it is written', async () => {
  const broker = await bed.open();
  await publishAll(broker, 12);
  broker.forget(topic);
  await broker.publish(topics[0] ?? topic, draft('1'));
  const again = await bed.open({ folder: await bed.killed('copy') });
  expect([...again.kept()].map((one) => one.topic)).toEqual(topics.filter((one) => one !== topic));
});

test('after close nothing is published any more', async () => {
  const broker = await bed.open();
  const last = broker.publish(topic, draft('1'));
  await broker.close();
  expect((await last).offset).toBe(1);
  await expect(broker.publish(topic, draft('2'))).rejects.toMatchObject({ kind: 'busy' });
});

test('[J12] what need not outlive the process is told at once, and not written', async () => {
  const broker = await bed.open({ maxBytes: 128 * 1024 });
  const told: Publication[] = [];
  await broker.follow(topic, follower({ retain: false, received: (publication) => void told.push(publication) }));
  const before = bed.meter.read('tidewall_journal_bytes');
  for (let i = 0; i < 100; i++) {
    const publishing = broker.publish(topic, draft(String(i)));
    expect(told).toHaveLength(i + 1);
    await publishing;
  }
  expect(bed.meter.read('tidewall_journal_bytes')).toBe(before);
});
