import type { Action } from '@tidewall/contracts';
import { RecordingOutlet } from '@tidewall/testkit';
import { describe, expect, test } from 'vitest';
import { anyone, useHubBed, WINDOW } from './hub-bed.contract.ts';

const bed = useHubBed();
const SESSIONS = 20;
const PUBLICATIONS = 50;

describe('[H66] the decision', () => {
  test.each([
    ['a topic', 't', {}],
    ['rows that are filtered and masked', 't', { filter: ['site', 'eq', 'sh'], fields: ['id', 'site'] }],
    ['a pattern', '+', {}],
  ] as const)('of who follows %s is made then, and at no delivery', async (_what, followed, permission) => {
    const asked: Action[] = [];
    bed.start({
      settings: { t: { kind: 'table' } },
      access: {
        permit: (_principal, action) => {
          asked.push(action);
          return permission;
        },
      },
    });
    const rows = (v: number) => [{ id: 'a', site: 'sh', v }];
    await bed.publish('t', rows(0));
    const outlets = Array.from({ length: SESSIONS }, () => new RecordingOutlet());
    for (const outlet of outlets) await bed.hub.open(anyone, outlet).subscribe({ topic: followed }, () => {});
    await bed.clock.advance(WINDOW);
    const before = asked.filter((action) => action !== 'publish').length;
    expect(before).toBeGreaterThanOrEqual(SESSIONS);
    const pushedBefore = outlets.map(({ pushes }) => pushes.length);
    for (let v = 1; v <= PUBLICATIONS; v++) {
      await bed.publish('t', [{ id: `b${v}`, site: 'sh', v }]);
      await bed.clock.advance(WINDOW);
    }
    for (const [i, { pushes }] of outlets.entries())
      expect(pushes.length - (pushedBefore[i] ?? 0)).toBeGreaterThanOrEqual(PUBLICATIONS);
    expect(asked.filter((action) => action !== 'publish')).toHaveLength(before);
    expect(asked.filter((action) => action === 'publish')).toHaveLength(PUBLICATIONS + 1);
  });
});
