import { createMemoryBroker } from '@tidewall/brokers/memory';
import { createHub, openAccess } from '@tidewall/hub';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { DEFAULT_LIMITS } from '@tidewall/protocol';
import { CountingMeter, FakeClock, silentLog } from '@tidewall/testkit';
import { expect, it } from 'vitest';
import { createSupervisor } from '../supervisor.ts';
import { definition } from './definition.ts';

function createBed() {
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
  const dispose = async () => {
    await supervisor.dispose();
    hub.dispose();
  };
  return { supervisor, add, dispose };
}

it('the list of sources tells pages what they ask by themselves, with its steps and parameters; of others nothing', async () => {
  const { supervisor, add, dispose } = createBed();
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
  await dispose();
});

it.each([
  [{ type: 'script', code: 'return data' }, 'a script runs in the sandbox of the server'],
  [{ type: 'jsonata', expression: '$' }, 'a jsonata runs in the sandbox of the server'],
  [{ type: 'join', with: { topic: 'a' }, on: 'id' }, 'a join with a topic runs on the server'],
])('a step that only the server can run is refused by its place, and the cure is named: %j', async (step, why) => {
  const { add, dispose } = createBed();
  const settings = { url: 'http://127.0.0.1:1/', transforms: [{ type: 'limit', count: 3 }, step] };
  await expect(add('prices', { ...settings, request: 'browser' })).rejects.toThrow(
    new RegExp(`^sources\\.prices\\.transforms\\.1: ${why}.*let the server ask`),
  );
  await add('orders', settings);
  await dispose();
});
