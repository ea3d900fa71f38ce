import { freePort, startTestHost } from '@tidewall/testkit';
import { expect, test, vi } from 'vitest';
import { loadConfig } from './load-config.ts';

test('a Redis that cannot be reached stops no start: it is logged, counted, and told to who watches a channel', async () => {
  const warn = vi.fn();
  const log = { debug() {}, info() {}, error() {}, warn };
  const redis = `redis://:hush-hush@127.0.0.1:${await freePort()}`;
  const host = await startTestHost({ settings: { redis }, log });
  try {
    await vi.waitFor(() => expect(warn).toHaveBeenCalled(), 10_000);
    expect(warn.mock.calls[0]?.[1]).toContain('Redis cannot be used');
    expect(await (await fetch(`${host.url}/metrics`)).text()).toContain('tidewall_redis_up 0');
    const published = await fetch(`${host.url}/api/topics/plant/oee`, { method: 'POST', body: '1' });
    expect(published.status).toBe(200);
    const channel = await fetch(`${host.url}/api/topics/redis/news`, { method: 'POST', body: '1' });
    expect(channel.status).toBe(403);
    expect(JSON.stringify(warn.mock.calls)).not.toContain('hush-hush');
  } finally {
    await host.close();
  }
});

test.each([['http://:hush-hush@h:6379'], ['redis://:hush-hush@h:6379/name'], [':hush-hush']])(
  'an address that Redis cannot have is refused without being repeated: %s',
  async (value) => {
    const loading = loadConfig({ flags: { redis: { flag: '--redis', value } }, env: {}, folder: '/' });
    const failure = await loading.then(
      () => undefined,
      (error: Error) => error.message,
    );
    expect(failure).toMatch(/^redis must be an address like redis:\/\/user:password@host:6379\/0 .*\(from --redis\)$/);
    expect(failure).not.toContain('hush-hush');
  },
);

test('it can be set by a variable', async () => {
  const env = { TIDEWALL_REDIS: 'redis://h:6379' };
  expect((await loadConfig({ flags: {}, env, folder: '/' })).config.redis).toBe('redis://h:6379');
});
