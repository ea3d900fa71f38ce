import type { Outlet, PlaceInTopic, Push } from '@tidewall/contracts';
import { parseTopicPattern } from '@tidewall/protocol';
import { RecordingOutlet } from '@tidewall/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyone, useHubBed, WINDOW } from './hub-bed.contract.ts';

const bed = useHubBed();

type Line = { readonly pushes: Push[] } | { readonly places: PlaceInTopic[] };

const encoding = {
  name: 'with places',
  encode: (pushes: readonly Push[]) => Buffer.from(`${JSON.stringify({ pushes })}\n`),
  after: (places: readonly PlaceInTopic[]) => Buffer.from(`${JSON.stringify({ places })}\n`),
};

/** A client that may be cut off after any write, and then knows what its last places said. */
class PlacedOutlet implements Outlet {
  readonly encoding = encoding;
  readonly buffers: Uint8Array[] = [];
  values: unknown[] = [];
  places: readonly PlaceInTopic[] = [];
  /** Until it follows all of its topics, the places are those of some: what a client must not take for all. */
  joining = false;

  write(frames: readonly Uint8Array[]): boolean {
    this.buffers.push(...frames);
    const lines = Buffer.concat(frames).toString().trimEnd().split('\n');
    for (const line of lines.map((text) => JSON.parse(text) as Line)) {
      if ('places' in line) this.places = this.joining ? this.places : line.places;
      else for (const push of line.pushes) if (push.type === 'value') this.values.push(JSON.parse(push.json));
    }
    expect(lines.at(-1)).toContain('places');
    return true;
  }

  takenBytes = () => 0;
  close = () => {};
}

test('[H58] whatever write was the last one, its places go on without a gap or a repeat', async () => {
  const steps = fc.array(fc.constantFrom('a', 'b', 'c', 'flush', 'cut'), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(steps, async (run) => {
      bed.start({ settings: { a: { kind: 'log' }, b: { kind: 'log' }, c: { kind: 'log' } } });
      const outlet = new PlacedOutlet();
      const join = async () => {
        const session = bed.hub.open(anyone, outlet);
        outlet.joining = true;
        for (const topic of ['a', 'b', 'c']) {
          const { epoch, offset } = outlet.places.find((place) => place.topic === topic) ?? {};
          const since = epoch === undefined || offset === undefined ? undefined : { epoch, offset };
          await session.subscribe({ topic, since, ...(since === undefined && { rewind: { count: 1000 } }) }, () => {});
        }
        outlet.joining = false;
        outlet.places = session.places();
        return session;
      };
      let session = await join();
      const published: number[] = [];
      for (const [i, step] of run.entries()) {
        if (step === 'flush') await bed.clock.advance(WINDOW);
        else if (step === 'cut') {
          session.end();
          session = await join();
        } else {
          published.push(i);
          await bed.publish(step, i);
        }
      }
      await bed.clock.advance(WINDOW);
      expect(outlet.values.toSorted((x, y) => Number(x) - Number(y))).toEqual(published);
      bed.dispose();
    }),
    { numRuns: 200 },
  );
  bed.start();
});

test('[H58] sessions in step are handed one buffer, places and all', async () => {
  bed.start();
  const outlets = [new PlacedOutlet(), new PlacedOutlet()];
  for (const outlet of outlets) {
    const session = bed.hub.open(anyone, outlet);
    for (const topic of ['a', 'b']) await session.subscribe({ topic }, () => {});
  }
  for (let i = 0; i < 3; i++) {
    await bed.publish('a', i);
    await bed.publish('b', i);
    await bed.clock.advance(WINDOW);
  }
  const [one, two] = outlets;
  expect(one?.places.map(({ topic, offset }) => [topic, offset])).toEqual([
    ['a', 3],
    ['b', 3],
  ]);
  expect(one?.buffers.at(-1)).toBe(two?.buffers.at(-1));
});

test.each(['log', 'state', 'signal'] as const)(
  '[H63] a session that follows a %s says where it stands, and what it is pushed goes on from there',
  async (kind) => {
    bed.start({ settings: { a: { kind, expectEveryMs: 1000 } } });
    await bed.publish('a', 1);
    const { session, outlet, reply } = await bed.watch('a', { kind });
    expect(session.standing()).toEqual([{ ...reply, recovered: true }]);
    for (let offset = 2; offset <= 4; offset++) {
      await bed.publish('a', offset);
      await bed.clock.advance(WINDOW);
      const { topic, epoch } = reply;
      expect(session.standing()).toEqual([expect.objectContaining({ topic, kind, epoch, offset, recovered: true })]);
    }
    await bed.clock.advance(2500);
    const [standing] = session.standing();
    expect(standing?.freshness.state).toBe('late');
    outlet.pushes.length = 0;
    await bed.publish('a', 5);
    await bed.clock.advance(WINDOW);
    const [push] = outlet.pushes.filter(({ type }) => type === 'value');
    expect(push).toMatchObject({ view: reply.topic, offset: 5, n: 1 });
  },
);

test('[H63] one that was given nothing yet of what there is has nothing to go on from', async () => {
  bed.start();
  await bed.publish('a', 1);
  const outlet = new RecordingOutlet();
  outlet.stall();
  const session = bed.hub.open(anyone, outlet);
  await session.subscribe({ topic: 'b' }, () => {});
  await bed.publish('b', 1);
  await session.subscribe({ topic: 'a' }, () => {});
  await session.subscribe({ topic: '#', kind: 'log' }, () => {});
  expect(session.standing().map(({ offset, recovered }) => [offset, recovered])).toEqual([
    [1, true],
    [1, false],
  ]);
});

test('who watches a topic that a source takes because of that is answered first, and then told to ask again', async () => {
  bed.start();
  const feeding: Promise<unknown>[] = [];
  const end = bed.hub.onDemand(parseTopicPattern('sales/+'), (topic, watched) => {
    if (watched && feeding.length === 0)
      feeding.push(bed.hub.feed(topic, 'sales', { kind: 'table', keyField: 'id' }, () => {}));
  });
  // It does not say what it is, and is taken for a state; the bed refuses pushes before the reply.
  const { outlet, reply } = await bed.watch('sales/region=sh');
  expect(reply.kind).toBe('state');
  await feeding[0];
  expect(outlet.pushes).toEqual([expect.objectContaining({ type: 'end', view: reply.topic, code: 2500 })]);
  expect((await bed.watch('sales/region=sh')).reply.kind).toBe('table');
  end();
});

test('[H59] the demand of a pattern is told in turn, for topics that exist and for those that do not', async () => {
  bed.start();
  const heard: string[] = [];
  const lingerMs = 10_000;
  const end = bed.hub.onDemand(parseTopicPattern('redis/#'), (topic, watched) => heard.push(`${topic} ${watched}`));
  const first = await bed.watch('redis/news');
  const second = await bed.watch('redis/news');
  await bed.watch('other');
  expect(heard).toEqual(['redis/news true']);
  first.session.end();
  second.session.end();
  await bed.clock.advance(lingerMs / 2);
  const third = await bed.watch('redis/news');
  expect(heard).toEqual(['redis/news true']);
  third.session.end();
  await bed.clock.advance(lingerMs * 2);
  expect(heard).toEqual(['redis/news true', 'redis/news false']);
  await bed.publish('redis/kept', 1);
  await bed.watch('redis/kept');
  await bed.hub.forget(anyone, 'redis/kept');
  expect(heard.slice(2)).toEqual(['redis/kept true', 'redis/kept false']);
  end();
  await bed.watch('redis/late');
  expect(heard).toHaveLength(4);
});

test('[H59] who asks for the demand of a pattern hears of those that are watched already', async () => {
  bed.start();
  await bed.watch('redis/early');
  await bed.publish('redis/alone', 1);
  const heard: string[] = [];
  const end = bed.hub.onDemand(parseTopicPattern('redis/#'), (topic, watched) => heard.push(`${topic} ${watched}`));
  expect(heard).toEqual(['redis/early true']);
  end();
});
