import type { Session, SubscribeRequest } from '@tidewall/contracts';
import { RecordingOutlet } from '@tidewall/testkit';
import { describe, expect, test } from 'vitest';
import { anyone, refusal, useHubBed, WINDOW } from './hub-bed.contract.ts';

const bed = useHubBed();

describe('[H65] a session that is renewed with other rights', () => {
  const whoMay = (...roles: string[]) => ({ id: 'token:a', roles });
  const ends = (outlet: RecordingOutlet) =>
    outlet.pushes.flatMap((push) => (push.type === 'end' ? [{ view: push.view, code: push.code }] : []));

  /** Those with a role read the topic of that name, and of `t` the rows of a site. */
  function start() {
    bed.start({
      settings: { t: { kind: 'table' } },
      access: {
        permit: ({ id, roles }, action, topic) => {
          if (id === anyone.id) return {};
          if (action === 'presence') return roles.includes('counter') ? {} : undefined;
          if (topic === 't') return { filter: ['site', 'eq', roles[0] ?? ''] };
          return roles.includes(topic) ? {} : undefined;
        },
      },
    });
  }

  async function follow(session: Session, topic: string, more: Partial<SubscribeRequest> = {}): Promise<number> {
    let number = 0;
    await session.subscribe({ topic, ...more }, (reply) => {
      number = reply.topic;
    });
    return number;
  }

  test('keeps what it may go on to have, without a word, and loses what it may not by name', async () => {
    start();
    const outlet = new RecordingOutlet();
    const other = new RecordingOutlet(outlet.encoding);
    const session = bed.hub.open(whoMay('a', 'b', 'counter'), outlet);
    const neighbour = bed.hub.open(whoMay('a', 'b', 'counter'), other);
    const [a, b] = [await follow(session, 'a'), await follow(session, 'b')];
    const c = await follow(session, 'a', { presence: true });
    expect(await follow(neighbour, 'b')).toBe(b);
    await bed.clock.advance(WINDOW);
    session.renew(whoMay('a'));
    expect(ends(outlet)).toEqual([
      { view: b, code: 2103 },
      { view: c, code: 2103 },
    ]);
    expect(outlet.pushes.find(({ type }) => type === 'end')).toMatchObject({
      reason: 'permission_denied: token:a may not read b any more',
    });
    await bed.publish('a', 1);
    await bed.publish('b', 2);
    await bed.clock.advance(WINDOW);
    const values = (one: RecordingOutlet) => one.pushes.flatMap((push) => (push.type === 'value' ? [push.view] : []));
    expect(values(outlet)).toEqual([a]);
    // They share a view, and only one of them has lost it.
    expect(values(other)).toEqual([b]);
    expect(ends(other)).toEqual([]);
    expect((await refusal(follow(session, 'b'))).kind).toBe('permission_denied');
  });

  test('is shown other rows from then on: it is told to begin anew', async () => {
    start();
    await bed.publish('t', [
      { id: 1, site: 'sh' },
      { id: 2, site: 'bj' },
    ]);
    const outlet = new RecordingOutlet();
    const session = bed.hub.open(whoMay('sh'), outlet);
    const number = await follow(session, 't');
    session.renew(whoMay('bj'));
    expect(ends(outlet)).toEqual([{ view: number, code: 2501 }]);
    await follow(session, 't');
    await bed.clock.advance(WINDOW);
    const rows = outlet.pushes.flatMap((push) => (push.type === 'value' ? [JSON.parse(push.json)] : []));
    expect(rows).toEqual([[{ id: 1, site: 'sh' }], [{ id: 2, site: 'bj' }]]);
  });

  test('follows no pattern any more, and finds what it may see when it asks again', async () => {
    start();
    for (const topic of ['a', 'b']) await bed.publish(topic, 1);
    const outlet = new RecordingOutlet();
    const session = bed.hub.open(whoMay('a'), outlet);
    const number = await follow(session, '#');
    session.renew(whoMay('b'));
    expect(ends(outlet)).toEqual([{ view: number, code: 2501 }]);
    await bed.publish('a', 2);
    await follow(session, '#');
    await bed.clock.advance(WINDOW);
    const found = outlet.pushes.flatMap((push) => (push.type === 'found' ? [push.found.topic] : []));
    expect(found).toEqual(expect.arrayContaining(['a', 'b']));
    expect(outlet.pushes.filter((push) => push.type === 'value' && push.topic === 'a')).toHaveLength(1);
  });
});
