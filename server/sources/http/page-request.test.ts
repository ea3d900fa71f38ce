import { createMemoryBroker } from '@tidewall/brokers/memory';
import { createHub, openAccess } from '@tidewall/hub';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { DEFAULT_LIMITS } from '@tidewall/protocol';
import { CountingMeter, FakeClock, silentLog } from '@tidewall/testkit';
import { expect, it } from 'vitest';
import { createSupervisor } from '../supervisor.ts';
import { definition } from './definition.ts';

it('the list of sources tells pages what they ask by themselves, with its steps and parameters; of others nothing', async () => {
  const random = () => 0.5;
  const shared = { clock: new FakeClock(), log: silentLog, meter: new CountingMeter(), random, limits: DEFAULT_LIMITS };
  const hub = createHub({
    ...{ ...shared, broker: createMemoryBroker({ random }), access: openAccess },
    settingsOf: () => undefined,
  });
  const supervisor = createSupervisor({ ...shared, hub, compileTransforms: () => (data) => data });
  const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: true });
  const add = (name: string, settings: object) =>
    supervisor.add({ name, definition, settings: settings as never, baseDir: '.', outgoing });
  await add('prices', {
    url: 'http://127.0.0.1:1/prices/:city',
    ...{ request: 'browser', path: 'data', keyField: 'id', query: { limit: 5 } },
    params: { city: { value: 'sh' } },
    transforms: [{ type: 'limit', count: 3 }],
  });
  await add('orders', { url: 'http://127.0.0.1:1/', auth: { type: 'bearer', token: 's3cret' } });

  const [prices, orders] = supervisor.list();
  expect(prices?.pageRequest).toMatchObject({
    ...{ method: 'GET', url: 'http://127.0.0.1:1/prices/:city', headers: {}, query: { limit: 5 }, format: 'json' },
    ...{ path: 'data', topicKind: 'table', keyField: 'id', intervalMs: 10_000 },
    params: { city: { type: 'text', value: 'sh' } },
    transforms: [{ type: 'limit', count: 3 }],
  });
  expect(orders).not.toHaveProperty('pageRequest');
  expect(JSON.stringify(supervisor.list())).not.toContain('s3cret');
  await supervisor.dispose();
  hub.dispose();
});
