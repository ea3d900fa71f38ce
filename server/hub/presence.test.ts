import type { Push } from '@tidewall/contracts';
import type { Presence } from '@tidewall/protocol';
import { RecordingEncoding, RecordingOutlet } from '@tidewall/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyone, refusal, useHubBed, WINDOW } from './hub-bed.contract.ts';
import { Roster } from './roster.ts';

const bed = useHubBed();

/** What somebody who takes in these pushes knows of who is there. */
function known(start: Presence | undefined, pushes: readonly Push[]) {
  let count = start?.count;
  let names = new Set(start?.members?.map((member) => member.session));
  for (const push of pushes) {
    if (push.type === 'presence') {
      count = push.presence.count;
      names = new Set(push.presence.members?.map((member) => member.session));
    } else if (push.type === 'presence-change') {
      count = push.count;
      for (const { session } of push.join) names.add(session);
      for (const { session } of push.leave) names.delete(session);
    }
  }
  return { count, names };
}

test('[H51] who follows with presence is told who is there, who comes and who goes, each session once', async () => {
  bed.start();
  const first = await bed.watch('x', { presence: true });
  expect(first.reply.presence).toEqual({ count: 1, members: [{ session: first.session.id, id: 'anyone' }] });
  const outlet = new RecordingOutlet();
  const second = bed.hub.open({ id: 'hall', roles: [] }, outlet, 'TV 2');
  await second.subscribe({ topic: 'x' }, () => {});
  await second.subscribe({ topic: 'x', rateHz: 1 }, () => {});
  await bed.clock.advance(WINDOW);
  const member = { session: second.id, id: 'hall', name: 'TV 2' };
  expect(first.outlet.pushes).toMatchObject([{ type: 'presence-change', join: [member], leave: [], count: 2 }]);
  expect(await bed.hub.presence(anyone, 'x').catch((error: Error) => error.message)).toContain('nothing has been');
  await bed.publish('x', 1);
  expect(await bed.hub.presence(anyone, 'x')).toMatchObject({ count: 2 });
  second.unsubscribe(2);
  await bed.clock.advance(WINDOW);
  expect(first.outlet.pushes.filter((push) => push.type === 'presence-change')).toHaveLength(1);
  second.end();
  await bed.clock.advance(WINDOW);
  expect(first.outlet.pushes.at(-1)).toMatchObject({ type: 'presence-change', join: [], leave: [member], count: 1 });
  expect(outlet.pushes.every((push) => push.type === 'value')).toBe(true);
});

test('[H51] of a crowd only the number is told, and at most once a second', async () => {
  bed.start({ limits: { presenceMembers: 10 } });
  const watcher = await bed.watch('x', { presence: true });
  const encoding = new RecordingEncoding();
  const crowd = [];
  for (let i = 0; i < 2000; i++) {
    crowd.push((await bed.watch('x', {}, new RecordingOutlet(encoding))).session);
    if (i % 2 === 0) await bed.clock.advance(1);
  }
  await bed.clock.advance(1100);
  const news = watcher.outlet.pushes;
  expect(news.at(-1)).toMatchObject({ type: 'presence', presence: { count: 2001 } });
  expect(JSON.stringify(news.at(-1))).not.toContain('members');
  const names = news.filter((push) => push.type === 'presence-change').length;
  expect(names).toBeLessThanOrEqual(10);
  expect(news.length - names).toBeLessThanOrEqual(3);
  for (const session of crowd.slice(5)) session.end();
  await bed.clock.advance(1100);
  expect(news.at(-1)).toMatchObject({ type: 'presence', presence: { count: 6 } });
  expect(known(watcher.reply.presence, news).names.size).toBe(6);
});

test('[H51] when a crowd has become few, who knew only their number is told their names', async () => {
  bed.start({ limits: { presenceMembers: 3 } });
  const first = await bed.watch('x', { presence: true });
  const others = [await bed.watch('x'), await bed.watch('x'), await bed.watch('x')];
  const late = await bed.watch('x', { presence: true });
  expect(late.reply.presence).toEqual({ count: 5 });
  const all = new Set([first, late, ...others].map(({ session }) => session.id));
  for (const { session } of others) {
    session.end();
    all.delete(session.id);
    await bed.clock.advance(1100);
  }
  for (const { reply, outlet } of [first, late]) expect(known(reply.presence, outlet.pushes).names).toEqual(all);
});

test('[H19] [H51] the number of a crowd that is told with its last one leaving needs no timer', async () => {
  bed.start({ limits: { presenceMembers: 1 } });
  await bed.watch('x', { presence: true });
  const { session } = await bed.watch('x');
  session.end();
  // The bed finds timers that outlive the hub.
  await bed.clock.advance(WINDOW);
});

test('[H15] [H51] who did not read is told who is there when it reads again', async () => {
  bed.start();
  const watcher = await bed.watch('x', { presence: true });
  watcher.outlet.stall();
  await bed.publish('x', 1);
  const others = [];
  for (let i = 0; i < 5; i++) others.push(await bed.watch('x'));
  others[0]?.session.end();
  await bed.clock.advance(WINDOW);
  watcher.outlet.resume();
  watcher.session.drained();
  const { count, names } = known(watcher.reply.presence, watcher.outlet.pushes);
  expect(count).toBe(5);
  expect(names).toEqual(new Set([watcher.session.id, ...others.slice(1).map(({ session }) => session.id)]));
});

test('[H15] [H51] also when nothing else has happened', async () => {
  bed.start();
  const watcher = await bed.watch('x', { presence: true });
  await watcher.session.subscribe({ topic: 'y' }, () => {});
  await bed.clock.advance(WINDOW);
  watcher.outlet.stall();
  await bed.publish('y', 1);
  await bed.clock.advance(WINDOW);
  const other = await bed.watch('x');
  await bed.clock.advance(WINDOW);
  watcher.outlet.resume();
  watcher.session.drained();
  const { names } = known(watcher.reply.presence, watcher.outlet.pushes);
  expect(names).toEqual(new Set([watcher.session.id, other.session.id]));
});

test('[H33] presence of what nobody published to is unknown', async () => {
  bed.start();
  expect((await refusal(bed.hub.presence(anyone, 'no'))).kind).toBe('unknown_topic');
});

test('[H51] a roster tells exactly the difference between two moments, or all', () => {
  const move = fc.tuple(fc.nat(6), fc.boolean());
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), fc.nat(60), fc.integer({ min: 1, max: 8 }), (moves, look, most) => {
      const roster = new Roster(most);
      const counts = new Map<string, number>();
      let before = new Set<string>();
      let revision = 0;
      moves.forEach(([who, comes], i) => {
        if (i === look) {
          roster.settle();
          before = new Set(counts.keys());
          revision = roster.revision;
        }
        const session = `s${who}`;
        const held = counts.get(session) ?? 0;
        if (comes) {
          roster.enter({ session, id: 'u' });
          counts.set(session, held + 1);
        } else if (held > 0) {
          roster.exit(session);
          if (held === 1) counts.delete(session);
          else counts.set(session, held - 1);
        }
      });
      roster.settle();
      const news = roster.since(revision);
      expect(news.count).toBe(counts.size);
      if (!news.complete) {
        expect(
          roster
            .read()
            .members?.map((one) => one.session)
            .sort(),
        ).toEqual(counts.size > most ? undefined : [...counts.keys()].sort());
        return;
      }
      for (const { session } of news.join) before.add(session);
      for (const { session } of news.leave) before.delete(session);
      expect([...before].sort()).toEqual([...counts.keys()].sort());
    }),
    { numRuns: 500 },
  );
});
