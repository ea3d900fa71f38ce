import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, runTidewall, startTidewall, type TidewallServer } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

/* The built program, as its users start it. */

const BIN = fileURLToPath(new URL('bin/tidewall.mjs', import.meta.url));

let server: TidewallServer;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-cli-'));
  server = await startTidewall(['--no-demo']);
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(args: readonly string[], input?: string, env: Record<string, string> = {}) {
  const process = runTidewall(args, { cwd: folder, env: { TIDEWALL_URL: server.url, ...env } });
  if (input !== undefined) process.write(input);
  process.endInput();
  const { code } = await process.ended;
  return { code, stdout: process.stdout, stderr: process.stderr };
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const probe = createServer();
  await once(probe.listen(0, '127.0.0.1'), 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

const serve = (args: readonly string[], env: Record<string, string> = {}) => {
  const process = runTidewall(['serve', '--data-dir', join(folder, 'data'), ...args], { cwd: folder, env });
  return { process, end: async () => ({ ...(await process.ended), stderr: process.stderr }) };
};

test('one value is published, and what it held is what a subscriber gets', async () => {
  const published = await run(['publish', 'cli/one', '{"value": 42}']);
  expect(published).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\{"epoch":".+","offset":1\}\n$/) });
  const read = await run(['subscribe', 'cli/one', '--count', '1']);
  expect(read).toMatchObject({ code: 0, stdout: '{"value":42}\n', stderr: `connected to ${server.url}\n` });
});

test('lines are JSON where they are JSON, and texts otherwise, unless it is said what they are', async () => {
  const input = 'hello\n{"a":1}\n\n42\n';
  expect(await run(['publish', 'cli/lines', '--kind', 'log'], input)).toMatchObject({
    code: 0,
    stderr: 'published 3\n',
  });
  expect((await run(['subscribe', 'cli/lines', '--rewind', '9', '--count', '3'])).stdout).toBe(
    '"hello"\n{"a":1}\n42\n',
  );
  await run(['publish', 'cli/texts', '--kind', 'log', '--text'], '42\n');
  expect((await run(['subscribe', 'cli/texts', '--rewind', '9', '--count', '1'])).stdout).toBe('"42"\n');
  expect(await run(['publish', 'cli/lines', '--json'], 'hello\n1\n')).toMatchObject({
    code: 1,
    stderr: 'line 1: this is not JSON: hello\npublished 1, refused 1\n',
  });
});

test('each line of a program that runs is published as soon as it is there', async () => {
  const publisher = runTidewall(['publish', 'cli/live'], { env: { TIDEWALL_URL: server.url } });
  for (const value of ['one', 'two']) {
    publisher.write(`${value}\n`);
    await vi.waitFor(
      async () => {
        const answer = (await (await fetch(`${server.url}/api/topics/cli/live`)).json()) as { data?: string };
        expect(answer.data).toBe(value);
      },
      { timeout: 10_000 },
    );
  }
  publisher.endInput();
  expect((await publisher.ended).code).toBe(0);
});

test('10,000 lines arrive in order', async () => {
  const input = Array.from({ length: 10_000 }, (_, i) => `${i}\n`).join('');
  expect(await run(['publish', 'cli/many'], input)).toMatchObject({ code: 0, stderr: 'published 10000\n' });
  expect(await (await fetch(`${server.url}/api/topics/cli/many`)).json()).toMatchObject({ offset: 10_000, data: 9999 });
});

test('what the server refuses is said with its reason, and fails the command', async () => {
  await run(['publish', 'cli/kind', '1', '--kind', 'log']);
  expect(await run(['publish', 'cli/kind', '1', '--kind', 'state'])).toMatchObject({
    code: 1,
    stderr: 'tidewall: cli/kind is a log, not a state (wrong_kind)\n',
  });
  expect(await run(['publish', 'cli/kind', '--kind', 'state'], '1\n')).toMatchObject({
    code: 1,
    stderr: 'publication 1: cli/kind is a log, not a state (wrong_kind)\npublished 0, refused 1\n',
  });
  expect(await run(['subscribe', 'a b'])).toMatchObject({ code: 1, stderr: expect.stringContaining('(bad_request)') });
});

test('a server that is not there is said with what to do', async () => {
  const url = `http://localhost:${await closedPort()}`;
  expect(await run(['topics'], undefined, { TIDEWALL_URL: url })).toMatchObject({
    code: 1,
    stderr: `tidewall: no Tidewall answers at ${url} (ECONNREFUSED); start one with "tidewall serve", or name it with --url\n`,
  });
});

test('a publisher that never reached its server ends, although its input goes on', async () => {
  const env = { TIDEWALL_URL: `http://localhost:${await closedPort()}` };
  const publisher = runTidewall(['publish', 'cli/nowhere'], { env });
  publisher.write('1\n');
  expect(await publisher.ended).toEqual({ code: 1, signal: null });
  expect(publisher.stderr).toMatch(/^tidewall: no Tidewall answers at/m);
});

test('topics are a table, or a JSON line each', async () => {
  await run(['publish', 'cli/topic', '1']);
  expect((await run(['topics'])).stdout).toMatch(/^TOPIC +KIND +RATE +AGE +WATCHERS +FRESHNESS\n/);
  expect((await run(['topics', '--json'])).stdout).toMatch(/^\{"topic":"cli\/topic","kind":"state",.*\}$/m);
});

test('what topics are can be said, shown and taken back', async () => {
  const schema = join(folder, 'point.json');
  await writeFile(schema, '{"type":"object","required":["v"],"properties":{"v":{"type":"number"}}}');
  const said = await run(['topics', 'set', 'said/+', '--kind', 'table', '--key-field', 'k', '--schema', schema]);
  expect(said).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^said\/\+ +api +table +keyField=k schema$/m),
  });
  expect(await run(['publish', 'said/a', '{"k":1}'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('this would fit: [{"k":"a","v":1}]'),
  });
  await run(['publish', 'said/a', '{"k":1,"v":2}']);
  expect(await run(['topics', 'set', 'said/#', '--kind', 'log', '--no-retain', '--keep-count', '5'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('said/a would be of another kind'),
  });
  await run(['topics', 'set', 'said/#', '--read-only', '--at', '1']);
  const shown = (await run(['topics', 'show', 'said/a', '--json'])).stdout.trim().split('\n');
  expect(shown.map((line) => (JSON.parse(line) as { pattern: string }).pattern)).toEqual(['said/+', 'said/#']);
  expect(await run(['topics', 'unset', 'said/#'])).toMatchObject({ code: 0 });
  expect(await run(['topics', 'unset', 'said/#'])).toMatchObject({
    code: 1,
    stderr: 'tidewall: nothing was set for said/#; see "tidewall topics show"\n',
  });
  expect(await run(['topics', 'delete', 'said/a'])).toMatchObject({ code: 0, stderr: 'said/a is gone\n' });
  expect((await run(['topics', 'delete', 'said/a'])).stderr).toMatch(/nothing has been published to said\/a/);
});

test('a subscriber sees what it asks for: what passes, and of it the members that it names', async () => {
  const input = '{"id":1,"site":"sh","v":1}\n{"id":2,"site":"bj","v":2}\n{"id":3,"site":"sh","v":3}\n';
  await run(['publish', 'cli/orders', '--kind', 'log'], input);
  const filter = ['--filter', '["site","eq","sh"]', '--fields', 'id,v'];
  expect((await run(['subscribe', 'cli/orders', '--rewind', '9', ...filter, '--count', '2'])).stdout).toBe(
    '{"id":1,"v":1}\n{"id":3,"v":3}\n',
  );
  await run(['publish', 'cli/cpu', '--kind', 'series', '{"t":[1,2,3,4,5,6],"v":[0,9,0,0,9,0]}']);
  const thinned = await run(['subscribe', 'cli/cpu', '--points', '4', '--count', '1']);
  expect((JSON.parse(thinned.stdout) as { t: number[] }).t).toHaveLength(4);
  const none = await run(['subscribe', 'cli/cpu', '--since-ms', '1000', '--count', '1']);
  expect(none.stdout).toBe('{"t":[],"v":[]}\n');
});

test('a subscriber to a pattern is told of what there is and of what comes to be', async () => {
  await run(['publish', 'cli/p/1/oee', '1']);
  const args = ['subscribe', 'cli/p/+/oee', '--rate', '50', '--delta', '--count', '2'];
  const subscriber = runTidewall(args, { env: { TIDEWALL_URL: server.url } });
  await subscriber.waitFor('{"topic":"cli/p/1/oee","data":1}\n');
  await run(['publish', 'cli/p/2/oee', '2']);
  await subscriber.waitFor('{"topic":"cli/p/2/oee","data":2}\n');
  expect((await subscriber.ended).code).toBe(0);
});

test('what is published with a key is there once, however often it is published', async () => {
  const once = await run(['publish', 'cli/keys', '{"v":1}', '--kind', 'log', '--key', 'one']);
  expect(await run(['publish', 'cli/keys', '{"v":1}', '--kind', 'log', '--key', 'one'])).toEqual(once);
  for (let i = 0; i < 2; i++) {
    expect(await run(['publish', 'cli/keys', '--key', 'two'], '2\n\n3\n')).toMatchObject({ stderr: 'published 2\n' });
  }
  await run(['publish', 'cli/keys', '4']);
  const read = await run(['subscribe', 'cli/keys', '--rewind', '9', '--count', '4']);
  expect(read.stdout).toBe('{"v":1}\n2\n3\n4\n');
});

test('what a subscriber records is played again by a source of kind replay', async () => {
  for (const value of ['[{"id":1,"n":1}]', '[{"id":2,"n":2}]'])
    await run(['publish', 'cli/rec/table', value, '--kind', 'table']);
  await run(['publish', 'cli/rec/state', '{"a":1}']);
  await run(['publish', 'cli/rec/log', '"one"', '--kind', 'log']);
  const recorded = await run(['subscribe', 'cli/rec/#', '--rewind', '9', '--record', '--count', '3']);
  const lines = recorded.stdout.trim().split('\n');
  expect(lines.map((line) => Object.keys(JSON.parse(line)))).toEqual(
    Array(3).fill(['at', 'topic', 'kind', 'op', 'data']),
  );
  await writeFile(join(folder, 'recording.ndjson'), recorded.stdout);
  const topics = Object.fromEntries(
    lines.map((line) => [
      JSON.parse(line).topic,
      { topicKind: JSON.parse(line).kind, topic: JSON.parse(line).topic.replace('rec', 'again') },
    ]),
  );
  const settings = { kind: 'replay', path: join(folder, 'recording.ndjson'), topics, loop: true };
  const config = join(folder, 'replay.json');
  await writeFile(config, JSON.stringify({ sources: { monday: settings } }));
  const player = await startTidewall(['--no-demo', '--config', config]);
  try {
    const played = await run(['subscribe', 'cli/again/#', '--record', '--count', '3'], undefined, {
      TIDEWALL_URL: player.url,
    });
    const heart = (text: string) => {
      const { topic, kind, data } = JSON.parse(text);
      return { topic: topic.replace('again', 'rec'), kind, data };
    };
    expect(played.stdout.trim().split('\n').map(heart).sort(byTopic)).toEqual(lines.map(heart).sort(byTopic));
  } finally {
    await player.close();
  }
});

const byTopic = (a: { topic: string }, b: { topic: string }) => (a.topic < b.topic ? -1 : 1);

test('a subscriber ends with 0 when it is interrupted', async () => {
  const subscriber = runTidewall(['subscribe', 'cli/end'], { env: { TIDEWALL_URL: server.url } });
  await run(['publish', 'cli/end', '1']);
  await subscriber.waitFor('1');
  subscriber.kill('SIGINT');
  expect(await subscriber.ended).toEqual({ code: 0, signal: null });
});

test('tap says each second what goes through topics, and ends with 0 when it is interrupted', async () => {
  await run(['publish', 'cli/tap/a', '{"value": 71}']);
  const tapping = runTidewall(['tap', 'cli/tap/+'], { env: { TIDEWALL_URL: server.url } });
  await tapping.waitFor('cli/tap/a  state  -  -  1  quiet  ');
  await run(['publish', 'cli/tap/a', '{"value": 72}']);
  await run(['publish', 'cli/tap/b', '5']);
  await tapping.waitFor('{"value":72}\n');
  await tapping.waitFor('cli/tap/b  state');
  expect(tapping.stdout).toMatch(
    /cli\/tap\/a {2}state {2}\d[\d.]*\/s {2}\d+ B\/s {2}2 {2}quiet {2}\d\.\d s {2}\{"value":72\}\n/,
  );
  tapping.kill('SIGINT');
  expect(await tapping.ended).toEqual({ code: 0, signal: null });
  expect(tapping.stderr).toBe(`connected to ${server.url}\n`);
});

test('tap of what nobody may follow ends with the reason', async () => {
  expect(await run(['tap', 'a b'])).toMatchObject({ code: 1, stderr: expect.stringContaining('(bad_request)') });
});

test.skipIf(!findProgram('script'))('on a terminal tap draws a picture, in as many columns as there are', async () => {
  await run(['publish', 'cli/tap/tty', '{"value": "sentinel"}']);
  const command = `stty cols 60 rows 10; exec ${process.execPath} ${BIN} tap cli/tap/tty --url ${server.url}`;
  const terminal = spawn('script', ['-qfec', command, '/dev/null'], { env: { ...process.env, NO_COLOR: '1' } });
  let shown = '';
  terminal.stdout.on('data', (bytes) => {
    shown += String(bytes);
  });
  await vi.waitFor(() => expect(shown).toContain('sentinel'), 15_000);
  terminal.stdin.write('\x03');
  const [code] = await once(terminal, 'close');
  expect(code).toBe(0);
  const [, drawn = '', left = ''] = shown.split('\x1b[?1049');
  expect(drawn).toContain('TOPIC');
  expect(left).toContain('sentinel');
  expect(Math.max(...left.split('\r\n').map(({ length }) => length))).toBeLessThanOrEqual(60);
});

test('publisher and subscriber live through a server that is killed and comes back', async () => {
  const env = { TIDEWALL_URL: server.url };
  const answered = async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/^tidewall_http_requests_total\{[^}]*route="\/api\/publish"[^}]*\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
  };
  const answeredBefore = await answered();
  const subscriber = runTidewall(['subscribe', 'cli/restart'], { env });
  const publisher = runTidewall(['publish', 'cli/restart'], { env });
  publisher.write('"before"\n');
  await subscriber.waitFor('"before"');
  // The subscriber may have it before the publisher has its answer, and who has none does not know whether to go on.
  await expect.poll(answered, { timeout: 20_000 }).toBeGreaterThan(answeredBefore);
  await server.restart('SIGKILL');
  publisher.write('"after"\n');
  publisher.endInput();
  await subscriber.waitFor('"after"');
  expect((await publisher.ended).code).toBe(0);
  subscriber.kill('SIGINT');
  expect((await subscriber.ended).code).toBe(0);
});

test.each<[readonly string[], RegExp]>([
  [['nope'], /^tidewall: there is no command "nope"/],
  [['--prot', '1'], /unknown option '--prot'/],
  [['publish'], /missing required argument 'topic'/],
  [['publish', 'a', '1', '--op', 'add'], /Allowed choices are replace/],
  [['subscribe', 'a', '--rewind', 'x'], /it must be a whole number/],
  [['subscribe', 'a', '--rate', '0'], /it must be a number from 0.001 on/],
  [['subscribe', 'a', '--filter', '["v","above",1]'], /filter\[1\] must be one of eq, ne.*it is like \["site"/],
  [['subscribe', 'a', '--filter', 'v>1'], /it is like \["site", "eq", "sh"\]/],
  [['topics', '--url', 'ftp://x'], /--url must be an address like/],
  [['topics', 'sow'], /too many arguments/],
  [['topics', 'set', 'a', '--kind', 'heap'], /Allowed choices are state/],
  [['topics', 'set', 'a', '--schema', 'none.json'], /--schema none.json cannot be read: ENOENT/],
  [['serve', '--port', 'abc'], /^tidewall: port must be a number, got "abc" \(from --port\)\n$/],
])('%j is asked for wrongly: 2, and the reason', async (args, reason) => {
  const { code, stderr } = await run(args);
  expect(stderr).toMatch(reason);
  expect(code).toBe(2);
});

test('help and version are no failure', async () => {
  expect(await run(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  const { code, stdout } = await run(['--help']);
  expect(code).toBe(0);
  for (const word of ['serve', 'publish', 'subscribe', 'topics', 'Exit codes']) expect(stdout).toContain(word);
});

test('a wrong configuration ends with 2 and every wrong setting, a taken port with 1 and one line', async () => {
  await writeFile(join(folder, 'bad.yaml'), 'prot: 1\nlimits: { pingMs: 5 }\n');
  expect(await serve(['--config', 'bad.yaml']).end()).toMatchObject({
    code: 2,
    stderr:
      'tidewall: limits.pingMs must be at least 10, got 5 (in bad.yaml)\n' +
      'tidewall: prot is unknown; did you mean "port"? (in bad.yaml)\n',
  });
  expect(await serve(['--port', '0'], { TIDEWALL_PROT: '1' }).end()).toMatchObject({
    code: 2,
    stderr: 'tidewall: TIDEWALL_PROT is not a known setting of the environment; did you mean TIDEWALL_PORT?\n',
  });
  expect(await serve(['--port', String(server.port)]).end()).toMatchObject({
    code: 1,
    stderr: `tidewall: port ${server.port} is taken by another program; use --port or TIDEWALL_PORT\n`,
  });
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s drains and ends with 0 within 5 s', async (signal) => {
  const { process, end } = serve(['--port', '0']);
  await process.waitFor('"msg":"ready"');
  const began = performance.now();
  process.kill(signal);
  expect(await end()).toMatchObject({ code: 0, signal: null });
  expect(performance.now() - began).toBeLessThan(5000);
});

test('a second signal does not wait for the drain', async () => {
  const busy = await startTidewall(['--no-demo']);
  const socket = connect(busy.port, 'localhost');
  socket.on('error', () => {});
  socket.write(
    'POST /api/publish HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\n\r\n{"topic":"cli/endless","data":1}\n',
  );
  await vi.waitFor(async () => expect((await fetch(`${busy.url}/api/topics/cli/endless`)).status).toBe(200));
  busy.process.kill('SIGTERM');
  await busy.process.waitFor('"msg":"stopping"');
  busy.process.kill('SIGTERM');
  expect(await busy.process.ended).toEqual({ code: 143, signal: null });
  socket.destroy();
  await busy.close();
});

test('a server that is open to everybody says so', async () => {
  const { process, end } = serve(['--port', '0', '--host', '0.0.0.0', '--access', 'open']);
  await process.waitFor('OPEN TO EVERYBODY');
  process.kill();
  expect((await end()).code).toBe(0);
});

test('a server that others reach lets nobody in but those who may read its data folder', async () => {
  const closed = await startTidewall(['--host', '0.0.0.0', '--no-demo']);
  try {
    expect((await fetch(`${closed.url}/api/topics/a`, { method: 'POST', body: '1' })).status).toBe(403);
    expect((await fetch(`${closed.url}/api/topics/a`)).status).toBe(403);
    expect((await fetch(`${closed.url}/metrics`)).status).toBe(401);
    const env = { TIDEWALL_URL: closed.url, TIDEWALL_DATA_DIR: closed.dataDir };
    const published = runTidewall(['publish', 'a', '42'], { env });
    published.endInput();
    expect(await published.ended).toMatchObject({ code: 0 });
    const seen = runTidewall(['subscribe', 'a', '--count', '1', '--raw'], { env });
    expect(await seen.ended).toMatchObject({ code: 0 });
    expect(seen.stdout).toContain('42');
    const can = runTidewall(['can', 'role:viewer', 'read', 'a'], { env });
    expect(await can.ended).toMatchObject({ code: 0 });
    expect(can.stdout).toMatch(/^yes {3}role:viewer \(viewer\) may read a\n {5}by \{"topics":"#"/);
    const cannot = runTidewall(['can', 'anybody', 'publish', 'a'], { env });
    expect(await cannot.ended).toMatchObject({ code: 3 });
    expect(cannot.stdout).toContain('no rule allows it');
    const stranger = runTidewall(['publish', 'a', '43'], { env: { TIDEWALL_URL: closed.url } });
    stranger.endInput();
    expect((await stranger.ended).code).not.toBe(0);
  } finally {
    await closed.close();
  }
});
