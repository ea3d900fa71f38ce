import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CountingMeter, FakeClock, silentLog, startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AUDIT_TOPIC, Audit } from './audit.ts';
import type { AuditEntry } from './audit-entry.ts';
import { AuditFile } from './audit-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-audit-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function entriesOf(lines: AsyncIterable<string>): Promise<AuditEntry[]> {
  let text = '';
  for await (const piece of lines) text += piece;
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AuditEntry);
}

describe('the file of an audit', () => {
  const entry = (at: number): AuditEntry => ({ at, who: 'user:ann', what: 'PUT /api/sources/{name}', outcome: 'done' });
  const open = (more = {}) => AuditFile.open({ folder, log: silentLog, meter: new CountingMeter(), ...more });

  test('keeps what was noted, in order, over a restart, and nobody else can read it', async () => {
    const file = await open();
    for (let i = 0; i < 500; i++) file.note(entry(i));
    await file.close();
    expect((await stat(join(folder, 'audit.ndjson'))).mode & 0o777).toBe(0o600);
    const again = await open();
    again.note(entry(500));
    expect((await entriesOf(again.lines())).map(({ at }) => at)).toEqual(Array.from({ length: 501 }, (_, i) => i));
    await again.close();
  });

  test('goes on after a line that a stop of the machine has cut', async () => {
    await writeFile(join(folder, 'audit.ndjson'), `${JSON.stringify(entry(1))}\n{"at":2,"who`);
    const file = await open();
    file.note(entry(3));
    expect((await entriesOf(file.lines())).map(({ at }) => at)).toEqual([1, 3]);
    await file.close();
  });

  test('has files of bounded size and number, and lets the oldest go', async () => {
    const file = await open({ fileBytes: 1000, files: 3 });
    for (let i = 0; i < 400; i++) {
      file.note(entry(i));
      if (i % 10 === 9) await file.flushed();
    }
    const kept = (await entriesOf(file.lines())).map(({ at }) => at);
    expect(kept.at(-1)).toBe(399);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 400 - kept.length + i));
    expect(kept.length).toBeLessThan(200);
    expect(await readdir(folder)).toHaveLength(4);
    await file.close();
  });

  test('that is not as fast as what comes counts what it loses, and holds up nobody', async () => {
    const meter = new CountingMeter();
    const file = await open({ meter });
    for (let i = 0; i < 20_000; i++) file.note(entry(i));
    await file.flushed();
    // More came in one turn than may wait.
    expect(meter.read('tidewall_audit_lost_total')).toBe(10_000);
    expect(await entriesOf(file.lines())).toHaveLength(10_000);
    await file.close();
  });
});

test('what is refused again and again is told at once, and then once a minute with how often', async () => {
  const clock = new FakeClock();
  const audit = await Audit.open({ folder, clock, log: silentLog, meter: new CountingMeter() });
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
