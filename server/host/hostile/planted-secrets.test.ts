import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '@tidewall/base';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { readLocalToken } from '../local-token.ts';
import { createLog } from '../log.ts';

/* One secret of each kind, and every place that strangers, viewers and operators look at. */

const plant = (what: string) => `${what}-planted-7f3a9c-that-is-nobody-elses`;
const SECRETS: Readonly<Record<string, string>> = {
  master: plant('master-secret-of-the-server'),
  issuer: plant('issuer-secret-of-tokens'),
  admin: plant('admin-password'),
  user: plant('user-password'),
  key: plant('key-secret'),
  bearer: plant('bearer-of-a-source'),
  basic: plant('password-of-a-source'),
  database: plant('password-of-a-database'),
  redis: plant('password-of-redis'),
};

const log: string[] = [];
let host: TestHost;
let operator: Record<string, string>;
/** What came out of the server, by where. */
const said: { readonly where: string; readonly text: string }[] = [];

/** Secrets, as they are and as they may be written. */
function found(text: string, local: string): string[] {
  const all = { ...SECRETS, local };
  return Object.entries(all).flatMap(([name, secret]) => {
    const spellings = [secret, Buffer.from(secret).toString('base64').slice(0, 20), encodeURIComponent(secret)];
    return spellings.some((spelling) => text.includes(spelling)) ? [name] : [];
  });
}

async function ask(method: string, path: string, headers: Record<string, string> = operator, body?: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(`${host.url}${path}`, { method, headers, ...(body !== undefined && { body: text }) });
  const heads = [...answer.headers].filter(([name]) => name !== 'set-cookie').map((pair) => pair.join(': '));
  said.push({ where: `${method} ${path}`, text: `${heads.join('\n')}\n${await answer.text()}` });
  return answer.status;
}

const SOURCES: Readonly<Record<string, JsonObject>> = {
  asks: {
    ...{ kind: 'http', url: 'http://127.0.0.1:1/', topic: 'asks' },
    auth: { type: 'bearer', token: SECRETS['bearer'] as string },
  },
  shows: {
    ...{ kind: 'http', url: 'http://127.0.0.1:1/', topic: 'shows' },
    auth: { type: 'basic', user: 'u', password: SECRETS['basic'] as string },
  },
  listens: { kind: 'redis', url: `redis://u:${SECRETS['redis']}@127.0.0.1:1/0`, channels: { heard: 'heard' } },
};

beforeAll(async () => {
  const settings = {
    ...{ host: '127.0.0.1', access: 'closed', logLevel: 'debug', broker: 'journal' },
    ...{ secret: SECRETS['master'] as string, adminPassword: SECRETS['admin'] as string },
    tokens: { test: { issuer: 'https://id.example/', audience: 'wall', secret: SECRETS['issuer'] as string } },
    sources: SOURCES as JsonObject,
  };
  const write = (line: string) => void log.push(line);
  host = await startTestHost({
    settings,
    log: createLog({ level: 'debug', human: false, colors: false, node: 'test', write }),
  });
  operator = { authorization: `Bearer local:${(await readLocalToken(host.dataDir))?.token}`, 'x-tidewall-csrf': '1' };
});
afterAll(() => host.close());

describe('[A9] a secret that was planted', () => {
  test('is in no answer, log, metric, export, nor in a message to who shows a wrong one', async () => {
    const { key, user, admin, basic, database } = SECRETS as Record<string, string>;
    // Told, and then asked for again; each also in a way that is refused.
    expect(await ask('POST', '/api/users', operator, { name: 'ann', password: user, roles: ['viewer'] })).toBe(200);
    await ask('POST', '/api/users', operator, { name: 'A B', password: user, roles: ['viewer'] });
    await ask('POST', '/api/users', operator, { name: 'bob', password: [user], roles: 'viewer', more: user });
    await ask('PUT', '/api/users/ann/password', operator, { password: user, also: 1 });
    expect(await ask('POST', '/api/session', operator, { name: 'ann', password: user })).toBe(200);
    await ask('POST', '/api/session', operator, { name: 'ann', password: `${user}-wrong` });
    await ask('POST', '/api/session', operator, { name: 'ann', password: { [`${user}`]: 1 } });
    await ask('POST', '/api/session', operator, `{"name":"admin","password":"${admin}`);
    await ask('POST', '/api/setup', operator, { token: admin, name: 'x', password: user });
    const source = {
      kind: 'http',
      url: 'http://127.0.0.1:1/',
      topic: 'x',
      auth: { type: 'basic', user: 'u', password: basic },
    };
    expect(await ask('POST', '/api/sources', operator, { name: 'made', ...source })).toBeLessThan(500);
    await ask('PUT', '/api/sources/made', operator, { ...source, everyMs: -1 });
    await ask('PUT', '/api/sources/made', operator, {
      ...source,
      auth: { type: 'basics', user: 'u', password: basic },
    });
    await ask('POST', '/api/sources/test', operator, source);
    const sql = { kind: 'sql', url: `postgres://u:${database}@127.0.0.1:1/x`, query: 'select 1', topic: 'y' };
    await ask('POST', '/api/sources/test', operator, sql);
    await ask('POST', '/api/sources/preview', operator, sql);
    await ask('POST', '/api/sources/test', operator, { ...sql, url: `postgres://u:${database}@[/x` });
    for (const authorization of [`Bearer k:${key}`, `Bearer ${key}`, `Basic ${btoa(`k:${key}`)}`, `Digest ${key}`]) {
      await ask('GET', '/api/keys', { authorization });
      await ask('GET', '/api/topics', { authorization });
    }
    await ask('GET', '/api/topics', { cookie: `tidewall_session=${user}` });
    await ask('POST', '/api/keys', operator, { id: 'bad id', secret: key });
    await ask('POST', '/api/keys', operator, { id: 'k2', secret: [key] });
    await wrongConnects([key as string, admin as string]);
    for (const path of await paths()) await ask('GET', path);
    for (const path of await paths()) await ask('GET', path, {});
    for (const topic of ['$audit', 'asks', 'shows', 'heard']) await ask('GET', `/api/topics/${topic}?limit=100`);

    const local = operator['authorization']?.slice('Bearer local:'.length) as string;
    expect(said.length).toBeGreaterThan(60);
    expect(said.flatMap(({ where, text }) => found(text, local).map((name) => `${where} tells ${name}`))).toEqual([]);
    expect(log.length).toBeGreaterThan(60);
    expect(log.flatMap((line) => found(line, local).map((name) => `the log tells ${name}: ${line}`))).toEqual([]);
  });

  test('is found by this test where it is', async () => {
    // The one answer that tells a secret, and the reason why this test can fail.
    expect(await ask('POST', '/api/keys', operator, { id: 'k', secret: SECRETS['key'] })).toBe(200);
    expect(found(said.at(-1)?.text ?? '', 'local')).toEqual(['key']);
    for (const secret of Object.values(SECRETS)) {
      expect(found(`x${Buffer.from(secret).toString('base64')}`, 'local')).toHaveLength(1);
    }
  });

  test('is in no file of the data folder but the one that says so', async () => {
    const files = (await readdir(host.dataDir, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
    expect(files.length).toBeGreaterThan(3);
    const local = operator['authorization']?.slice('Bearer local:'.length) as string;
    const tells: string[] = [];
    for (const { parentPath, name } of files) {
      const text = (await readFile(join(parentPath, name))).toString('latin1');
      if (found(text, local).length > 0) tells.push(name);
    }
    // The configuration was written by whoever runs the server, the token is made for the commands of this machine.
    expect(tells.sort()).toEqual(['local.token', 'tidewall.yaml']);
  });
});

async function paths(): Promise<string[]> {
  const reference = (await (await fetch(`${host.url}/api/openapi.json`)).json()) as { paths: Record<string, object> };
  const names = ['ann', 'made', 'asks', 'nobody'];
  const calls = Object.entries(reference.paths).filter(([, methods]) => 'get' in methods);
  const all = calls.flatMap(([path]) =>
    path.includes('{') ? names.map((name) => path.replace(/\{\w+\}/g, name)) : [path],
  );
  return [...all, '/api/decision?who=user:ann&action=read&name=a', '/', '/login', '/nowhere'];
}

/** What a socket is told that shows something wrong. */
async function wrongConnects(secrets: readonly string[]): Promise<void> {
  for (const secret of secrets) {
    const key = { id: 'k', timestamp: Math.floor(Date.now() / 1000), nonce: `nonce-${secret}`, sig: secret };
    for (const connect of [{ token: secret }, { token: `k:${secret}` }, { key }, { token: [secret] }]) {
      const socket = new WebSocket(`ws://127.0.0.1:${host.port}/ws`);
      socket.on('open', () => socket.send(JSON.stringify({ id: 1, connect: { version: 1, ...connect } })));
      await new Promise<void>((resolve) => {
        // A command that cannot be read is answered, and may be sent better.
        socket.on('message', (text) => {
          said.push({ where: '/ws', text: String(text) });
          socket.terminate();
        });
        socket.on('close', (code, reason) => {
          said.push({ where: '/ws close', text: `${code} ${reason.toString()}` });
          resolve();
        });
      });
    }
  }
}
