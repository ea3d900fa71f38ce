import { request } from 'node:http';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createLog } from '../log.ts';

/* What strangers send, in every place of a request, and the lines that the log makes of it. */

const EVIL: Readonly<Record<string, string>> = {
  'an end of line': 'x\n{"level":"info","msg":"forged"}\n05:00:00 info  forged',
  'a return': 'x\r05:00:00 info  forged',
  'an end of JSON': 'x","level":"fatal","msg":"forged',
  'what clears a screen': 'x\u001b[2J\u001b[H\u001b]0;forged\u0007',
  'the one-byte form of it': 'x\u009b2J',
  'line separators': 'x\u2028forged\u2029forged\u0085forged',
  'a backspace': 'good\b\b\b\bevil',
};

/** Sources that fail when they are watched, for a reason that names the file. */
const FAILING = Object.fromEntries(
  Object.values(EVIL).map((text, at) => [`failing-${at}`, { kind: 'csv', path: `${text}.csv`, topic: `log/${at}` }]),
);

const lines: Record<'machine' | 'human', string[]> = { machine: [], human: [] };
let hosts: TestHost[];

beforeAll(async () => {
  const start = (kind: 'machine' | 'human') => {
    const write = (line: string) => void lines[kind].push(line);
    const log = createLog({ level: 'debug', human: kind === 'human', colors: false, node: 'test', write });
    return startTestHost({ settings: { host: '127.0.0.1', logLevel: 'debug', sources: FAILING }, log });
  };
  hosts = [await start('machine'), await start('human')];
});
afterAll(() => Promise.all((hosts ?? []).map((host) => host.close())));
beforeEach(() => {
  for (const kind of ['machine', 'human'] as const) lines[kind].length = 0;
});

/** As a header: what HTTP does not let through as it is, is sent by its bytes that it does. */
const header = (text: string) =>
  [...Buffer.from(text)].map((byte) => (byte < 32 || byte === 127 ? '' : String.fromCharCode(byte))).join('');

function ask(port: number, method: string, path: string, headers: Record<string, string>, body = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', method, path, headers }, (answer) => {
      answer.resume().on('end', resolve);
    });
    asked.on('error', reject).end(body);
  });
}

/** Puts a text wherever a request has room for one. */
async function everywhere(port: number, text: string): Promise<void> {
  const escaped = encodeURIComponent(text);
  const json = JSON.stringify(text);
  const own = header(text);
  await ask(port, 'GET', `/api/topics/${escaped}`, { 'user-agent': own, referer: own, 'x-forwarded-for': own });
  await ask(port, 'GET', `/api/decision?who=${escaped}&action=${escaped}&name=${escaped}`, {});
  await ask(port, 'GET', `/${escaped}`, { authorization: `Bearer ${own}`, cookie: `tidewall_session=${own}` });
  await ask(port, 'GET', '/api/topics', { origin: `https://${own}`, host: `${own}:1` });
  await ask(port, 'POST', '/api/topics/log%2Fline', { 'content-type': own, 'idempotency-key': own }, json);
  await ask(port, 'POST', '/api/publish', {}, `{"topic":${json},"data":${json}}\n`);
  await ask(port, 'PUT', `/api/files/${escaped}`, {}, text);
  await ask(port, 'PUT', `/api/topic-settings/${escaped}`, {}, `{"kind":${json}}`);
  await ask(port, 'POST', '/api/keys', {}, `{"id":${json},"note":${json}}`);
  await ask(port, 'POST', '/api/session', {}, `{"name":${json},"password":${json}}`);
  await ask(port, 'POST', '/api/sources', {}, `{"name":"log","kind":${json},"path":${json}}`);
  const source = { name: 'failing', kind: 'csv', settings: { path: text, topic: 'log/csv' } };
  await ask(port, 'POST', '/api/sources', {}, JSON.stringify(source));
  await ask(port, 'POST', '/api/ingest/influx/write', {}, `${text} v=1`);
  await new Promise<void>((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
    socket.on('open', () => {
      socket.send(`{"id":1,"connect":{"version":1,"name":${json}}}`);
      socket.send(`{"id":2,"subscribe":{"topic":${json}}}`);
      socket.send(text);
      socket.ping();
    });
    socket.on('pong', () => socket.close());
    socket.on('close', () => resolve());
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is what is shown
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Follows a topic until it is closed. */
function watch(port: number, topic: string): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'tidewall.v1.json');
  socket.on('open', () => {
    socket.send('{"id":1,"connect":{"version":1}}');
    socket.send(`{"id":2,"subscribe":{"topic":"${topic}"}}`);
  });
  return socket;
}

const tellsOf = (line: string) => line.includes('the source failed') && /forged|evil|2J/.test(line);

describe('[P4] what a stranger sends stands in the log and does nothing there:', () => {
  test.each(Object.entries(EVIL))('%s', async (_what, text) => {
    const watching = hosts.map(({ port }) => watch(port, `log/${Object.values(EVIL).indexOf(text)}`));
    for (const { port } of hosts) await everywhere(port, text);
    // The source that was watched has failed, and the line of that has the text.
    for (const kind of ['machine', 'human'] as const) {
      await vi.waitFor(() => expect(lines[kind].some(tellsOf)).toBe(true), 5000);
    }
    for (const socket of watching) socket.close();
    expect(lines.machine.length).toBeGreaterThan(10);
    expect(lines.human.length).toBeGreaterThan(10);
    for (const line of lines.machine) {
      expect(line.endsWith('\n')).toBe(true);
      for (const obeyed of ['\n', '\r', '\u001b']) expect(line.slice(0, -1)).not.toContain(obeyed);
      const record = JSON.parse(line) as Record<string, unknown>;
      expect(record['msg']).not.toBe('forged');
      expect(record['level']).toBeOneOf(['debug', 'info', 'warn', 'error']);
    }
    for (const line of lines.human) {
      expect(line.slice(0, -1)).not.toMatch(OBEYED);
      expect(line).toMatch(/^\d\d:\d\d:\d\d (debug|info |warn |error) [^\n]*\n$/);
    }
  });
});
