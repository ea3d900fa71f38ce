import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestAuthority, freePort } from '@tidewall/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually, SourceBed } from '../source-bed.contract.ts';
import { definition } from './definition.ts';
import { HAS_REDIS, startRedis } from './redis-server.contract.ts';

const bed = SourceBed.of(definition);
const closers: (() => unknown)[] = [];

afterEach(async () => {
  await bed.stop();
  for (const close of closers.splice(0).reverse()) await close();
});

describe.skipIf(!HAS_REDIS)('a Redis source', () => {
  test('says what is wrong with TLS, and takes a certificate that is vouched for', async () => {
    const authority = createTestAuthority();
    const { cert, key } = authority.issue('DNS:localhost');
    const folder = mkdtempSync(join(tmpdir(), 'tidewall-redis-tls-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    for (const [name, text] of Object.entries({ ca: authority.ca, cert, key })) writeFileSync(join(folder, name), text);
    const port = await freePort();
    const file = (name: string) => join(folder, name);
    const tls = ['--tls-port', `${port}`, '--tls-cert-file', file('cert'), '--tls-key-file', file('key')];
    const redis = await startRedis(...tls, '--tls-ca-cert-file', file('ca'), '--tls-auth-clients', 'no');
    closers.push(() => redis.close());
    const channels = { a: 'a' };
    const url = `rediss://localhost:${port}`;
    const failureOf = (settings: object) => bed.failureOf(bed.create({ url, channels, ...settings }));
    expect(await failureOf({})).toContain('is of an authority that is not known; name it in ca');
    expect(await failureOf({ url: `rediss://127.0.0.1:${port}`, ca: authority.ca })).toContain('is for another name');
    await bed.listen(bed.create({ url, channels, ca: authority.ca }));
    await bed.listen(bed.create({ url: `rediss://127.0.0.1:${port}`, channels, insecure: true }));
  });

  test('heals by itself after its server was killed', { timeout: 40_000 }, async () => {
    const redis = await startRedis();
    closers.push(() => redis.close());
    const watched = await bed.watch({ url: redis.url, patterns: { a: 'a.*' }, topicKind: 'table' }, 'a');
    closers.push(() => watched.close());
    await eventually(() => watched.health().state === 'ok');
    await redis.kill();
    await eventually(() => watched.health().state === 'failed');
    await redis.start();
    await eventually(() => watched.health().state === 'ok');
    redis.cli('publish', 'a.b', '2');
    await eventually(async () => JSON.stringify(await watched.snapshot('a')).includes('"value":2'));
  });
});
