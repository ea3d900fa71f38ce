import type { Broker, Keep, LogFollower, Publication, TopicLog } from '@tidewall/contracts';
import { parseTopicName, type TopicName } from '@tidewall/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { draft, JournalBed } from './journal-bed.contract.ts';

/*
 * Whatever is done, in whatever order, and wherever the process ends: what is there afterwards is what a model of a few
 * lines says. The data are numbers; what a topic holds is their sum, so that one that is missing or counted twice shows.
 */

const names = ['a', 'b', 'c'].map((name) => parseTopicName(name));
const aside = parseTopicName('aside');
/** So small that there is a checkpoint every few dozen publications, and large enough for all that is kept. */
const MAX_BYTES = 192 * 1024;

type Step =
  | { readonly type: 'publish'; readonly topic: number; readonly count: number; readonly pad: number }
  | { readonly type: 'keep'; readonly topic: number; readonly keep: Keep }
  | { readonly type: 'retain'; readonly topic: number; readonly retain: boolean }
  | { readonly type: 'leave'; readonly topic: number }
  | { readonly type: 'forget'; readonly topic: number }
  | { readonly type: 'restart'; readonly killed: boolean };

const topic = fc.nat(names.length - 1);
const keep = fc.record({ count: fc.integer({ min: 1, max: 40 }), bytes: fc.integer({ min: 1, max: 5000 }) });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('publish' as const),
      topic,
      count: fc.integer({ min: 1, max: 30 }),
      pad: fc.nat(400),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('keep' as const), topic, keep }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('retain' as const), topic, retain: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), topic }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('forget' as const), topic }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('restart' as const), killed: fc.boolean() }) },
);

/** What one topic must be. */
interface Model {
  epoch: string;
  /** Texts of all publications there ever were. */
  texts: string[];
  /** The oldest that must be kept; more may be. */
  first: number;
  /** Whether it outlives the process: as its follower said when it came, and at each publication. */
  retain: boolean;
}

class Topic implements LogFollower {
  keep: Keep;
  retain = true;
  readonly about: string;
  readonly hasBase: boolean;
  log: TopicLog | undefined;
  sum = 0;
  next = 1;

  constructor(about: string, hasBase: boolean, kept: Keep) {
    this.about = about;
    this.hasBase = hasBase;
    this.keep = kept;
  }

  received({ offset, json }: Publication): void {
    expect(offset).toBe(this.next++);
    this.sum += Number(json);
  }

  snapshot(): string | undefined {
    return this.hasBase ? String(this.sum) : undefined;
  }

  /** Reads what there is, as a hub does. */
  read(log: TopicLog): void {
    this.log = log;
    this.sum = Number(log.base?.json ?? 0);
    for (let offset = (log.base?.offset ?? log.first - 1) + 1; offset <= log.head; offset++) {
      this.sum += Number(log.at(offset)?.json);
    }
    this.next = log.head + 1;
  }
}

class Run {
  readonly bed = new JournalBed();
  readonly topics = names.map((name, i) => new Topic(`about ${name}`, i !== 2, { count: 10, bytes: 5000 }));
  readonly models: Model[] = [];
  broker!: Broker;
  #published = 0;

  async start(): Promise<void> {
    await this.bed.prepare();
    this.broker = await this.bed.open({ maxBytes: MAX_BYTES });
    for (const [i] of names.entries()) await this.follow(i);
  }

  async follow(i: number): Promise<void> {
    const one = this.topics[i] as Topic;
    const log = await this.broker.follow(names[i] as TopicName, one);
    one.read(log);
    this.models[i] ??= { epoch: log.epoch, texts: [], first: 1, retain: one.retain };
    (this.models[i] as Model).retain = one.retain;
  }

  async publish(i: number, pad: number): Promise<void> {
    const one = this.topics[i] as Topic;
    const model = this.models[i] as Model;
    const json = `${String(++this.#published)}${' '.repeat(pad)}`;
    model.texts.push(json);
    model.retain = one.retain;
    const offset = model.texts.length;
    expect(await this.broker.publish(names[i] as TopicName, draft(json))).toEqual({ epoch: model.epoch, offset });
    let [count, bytes] = [0, 0];
    let first = offset + 1;
    while (first > model.first) {
      const length = (model.texts[first - 2] as string).length;
      if (first <= offset && (count + 1 > one.keep.count || bytes + length > one.keep.bytes)) break;
      count++;
      bytes += length;
      first--;
    }
    model.first = first;
  }

  async restart(killed: boolean): Promise<void> {
    // Who forgets a topic is not told when that is written; it is when something after it is.
    await this.broker.publish(aside, draft('0'));
    if (killed) this.bed.folder = await this.bed.killed(`after-${this.#published}-${Math.random()}`);
    else await this.broker.close();
    this.broker = await this.bed.open({ maxBytes: MAX_BYTES });
    const kept = new Map([...this.broker.kept()].map((one) => [one.topic, one.about]));
    for (const [i, name] of names.entries()) {
      const { texts, retain } = this.models[i] as Model;
      // Where nothing was published, there was nothing to keep, the epoch included.
      const stays = retain && texts.length > 0;
      expect(kept.get(name)).toBe(stays ? (this.topics[i] as Topic).about : undefined);
      if (!stays) delete this.models[i];
      await this.follow(i);
    }
  }

  check(): void {
    expect(this.bed.meter.read('tidewall_journal_degraded')).toBe(0);
    expect(this.bed.meter.read('tidewall_journal_shortened_topics')).toBe(0);
    for (const [i, { texts, first, epoch }] of this.models.entries()) {
      const { log, hasBase, sum } = this.topics[i] as Topic;
      if (!log) throw new Error('it is followed');
      expect([log.epoch, log.head]).toEqual([epoch, texts.length]);
      expect(log.first).toBeLessThanOrEqual(first);
      for (let offset = log.first; offset <= log.head; offset++) expect(log.at(offset)?.json).toBe(texts[offset - 1]);
      if (hasBase) expect(sum).toBe(texts.reduce((all, text) => all + Number(text), 0));
    }
  }
}

test('after any steps and any ends of the process, epochs, offsets, publications and sums are what they must be', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const run = new Run();
      try {
        await run.start();
        for (const one of steps) {
          if (one.type === 'restart') await run.restart(one.killed);
          else if (one.type === 'publish') {
            await Promise.all(Array.from({ length: one.count }, () => run.publish(one.topic, one.pad)));
          } else if (one.type === 'keep') (run.topics[one.topic] as Topic).keep = one.keep;
          else if (one.type === 'retain') (run.topics[one.topic] as Topic).retain = one.retain;
          else if (one.type === 'leave') {
            run.broker.unfollow(names[one.topic] as TopicName);
            if (run.models[one.topic]?.texts.length === 0) delete run.models[one.topic];
            await run.follow(one.topic);
          } else {
            run.broker.forget(names[one.topic] as TopicName);
            delete run.models[one.topic];
            await run.follow(one.topic);
          }
          run.check();
        }
        await run.restart(true);
        run.check();
      } finally {
        await run.bed.dispose();
      }
    }),
    { numRuns: 25 },
  );
}, 120_000);
