import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TidewallError } from '@tidewall/protocol';
import { CountingMeter, FakeClock, silentLog, startTestHost, type TestHost, TestStore } from '@tidewall/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AUDIT_TOPIC, Audit } from './audit.ts';
import type { AuditEntry } from './audit-entry.ts';
import { AuditLog } from './audit-log.ts';

let kept: TestStore;
beforeEach(async () => {
  kept = await TestStore.open();
});
afterEach(() => kept.close());

async function entriesOf(lines: AsyncIterable<string>): Promise<AuditEntry[]> {
  let text = '';
  for await (const piece of lines) text += piece;
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AuditEntry);
}

describe('the log of an audit', () => {
  const entry = (at: number): AuditEntry => ({ at, who: 'user:ann', what: 'PUT /api/sources/{name}', outcome: 'done' });
  const open = (more = {}) => new AuditLog({ store: kept, log: silentLog, meter: new CountingMeter(), ...more });

  test('keeps what was noted, in order', async () => {
    const log = open();
    for (let i = 0; i < 2500; i++) log.note(entry(i));
    expect((await entriesOf(log.lines())).map(({ at }) => at)).toEqual(Array.from({ length: 2500 }, (_, i) => i));
  });

  test('is bounded, and lets the oldest go', async () => {
    const log = open({ keepBytes: 4000 });
    for (let i = 0; i < 400; i++) {
      log.note(entry(i));
      if (i % 10 === 9) await log.flushed();
    }
    const all = (await entriesOf(log.lines())).map(({ at }) => at);
    expect(all.at(-1)).toBe(399);
    expect(all).toEqual(Array.from({ length: all.length }, (_, i) => 400 - all.length + i));
    expect(all.length).toBeLessThan(60);
  });

  test('that is not as fast as what comes counts what it loses, and holds up nobody', async () => {
    const meter = new CountingMeter();
    const log = open({ meter });
    for (let i = 0; i < 20_000; i++) log.note(entry(i));
    await log.flushed();
    // More came in one turn than may wait.
    expect(meter.read('tidewall_audit_lost_total')).toBe(10_000);
    expect(await entriesOf(log.lines())).toHaveLength(10_000);
  });

  test('[S3] that cannot be kept is lost and counted, and kept again when it can be', async () => {
    const meter = new CountingMeter();
    const log = open({ meter });
    kept.failure = new TidewallError('storage_full', 'there is no room');
    log.note(entry(1));
    await log.flushed();
    kept.failure = undefined;
    log.note(entry(2));
    expect((await entriesOf(log.lines())).map(({ at }) => at)).toEqual([2]);
    expect(meter.read('tidewall_audit_lost_total')).toBe(1);
  });
});

test('what is refused again and again is told at once, and then once a minute with how often', async () => {
  const clock = new FakeClock();
  const audit = Audit.open({ store: kept, clock, log: silentLog, meter: new CountingMeter() });
  const knock = (on: string) => audit.refused({ who: 'anybody', what: 'read', on, reason: 'permission_denied' });
  for (let i = 0; i < 50; i++) knock('secret');
  for (let i = 0; i < 5000; i++) knock(`name-${i}`);
  await clock.advance(60_000);
  const entries = await entriesOf(audit.lines());
  expect(entries.filter(({ on }) => on === 'secret').map(({ times }) => times)).toEqual([undefined, 49]);
  expect(entries.at(-1)).toMatchObject({ what: 'other things', times: 4701 });
  expect(entries).toHaveLength(300 + 2);
  await audit.close();
});

describe('[A9] the audit of a server', () => {
  let host: TestHost;
  const PLANTED = 'a-planted-secret-that-nobody-may-see';
  const operator = async () => {
    const { token } = JSON.parse(await readFile(join(host.dataDir, 'local.token'), 'utf8')) as { token: string };
    return { authorization: `Bearer local:${token}` };
  };

  beforeAll(async () => {
    host = await startTestHost({ settings: { host: '127.0.0.1', access: 'closed' } });
  });
  afterAll(() => host.close());

  test('tells each change and each refusal, as lines and as a topic, and no secret', async () => {
    const headers = await operator();
    const made = { id: 'hall', secret: PLANTED, name: 'hall' };
    expect((await fetch(`${host.url}/api/keys`, { method: 'POST', headers, body: JSON.stringify(made) })).status).toBe(
      200,
    );
    expect((await fetch(`${host.url}/api/keys/nobody`, { method: 'DELETE', headers })).status).toBe(400);
    expect((await fetch(`${host.url}/api/topics/a`, { method: 'POST', headers, body: `"${PLANTED}"` })).status).toBe(
      200,
    );
    expect((await fetch(`${host.url}/api/topics/a`)).status).toBe(403);
    expect((await fetch(`${host.url}/api/keys`)).status).toBe(401);
    const wrong = { authorization: `Bearer hall:${PLANTED}x` };
    expect((await fetch(`${host.url}/api/keys`, { headers: wrong })).status).toBe(401);

    const text = await (await fetch(`${host.url}/api/audit`, { headers })).text();
    const entries = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditEntry);
    expect(entries.map(({ who, what, on, outcome, reason }) => [who, what, on, outcome, reason])).toEqual([
      ['local', 'POST /api/keys', undefined, 'done', undefined],
      ['local', 'DELETE /api/keys/{id}', 'nobody', 'failed', 'bad_request'],
      ['anybody', 'read', 'a', 'refused', 'permission_denied'],
      ['anybody', 'GET /api/keys', undefined, 'refused', 'unauthenticated'],
    ]);
    expect(entries.every(({ at }) => Math.abs(at - Date.now()) < 60_000)).toBe(true);
    expect(text).not.toContain(PLANTED);

    const told = await (await fetch(`${host.url}/api/topics/${AUDIT_TOPIC}?limit=100`, { headers })).text();
    expect(told).toContain('POST /api/keys');
    expect(told).not.toContain(PLANTED);
  });

  test('is read by those who may see it, and written and deleted by nobody', async () => {
    const headers = await operator();
    const asked = (method: string, more: object = {}) =>
      fetch(`${host.url}/api/topics/${AUDIT_TOPIC}`, { method, ...(method === 'POST' && { body: '1' }), ...more });
    expect((await asked('GET')).status).toBe(403);
    expect((await asked('POST', { headers })).status).toBe(403);
    expect((await asked('DELETE', { headers })).status).toBe(403);
    expect((await fetch(`${host.url}/api/audit`)).status).toBe(401);
    const { topics } = (await (await fetch(`${host.url}/api/topics`)).json()) as { topics: object[] };
    expect(topics).toEqual([]);
    const viewer = { id: 'user:v', roles: ['viewer'] };
    await expect(host.hub.snapshot(viewer, AUDIT_TOPIC)).rejects.toMatchObject({ kind: 'permission_denied' });
  });
});
