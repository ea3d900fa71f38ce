import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTidewall, startTidewall, type TidewallServer } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';

let server: TidewallServer;

beforeAll(async () => {
  server = await startTidewall(['--no-demo', '--listen', 'tcv=0']);
});

afterAll(() => server.close());

async function run(args: readonly string[], input = '', env: Record<string, string> = {}) {
  const program = runTidewall(args, { env: { TIDEWALL_URL: server.url, ...env } });
  program.write(input);
  program.endInput();
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** What the server answers to the first frame of a connection, or why it ends it. */
async function firstWord(path: string, frame: string, then?: string): Promise<string> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`);
  const answer = new Promise<string>((resolve, reject) => {
    socket.on('message', (data) => resolve(String(data)));
    socket.on('close', (code, reason) => resolve(`${code} ${reason}`));
    socket.on('error', reject);
  });
  socket.on('open', () => {
    socket.send(frame);
    if (then !== undefined) socket.send(then);
  });
  const word = await answer;
  socket.terminate();
  return word;
}

const PING = '{"version":1,"action":"Ping"}';
const secretIn = (stdout: string) => /^secret {2}(\S+)$/m.exec(stdout)?.[1] ?? '';

test('a key that was made signs connects of both wires, which are good once', async () => {
  const made = await run(['keys', 'create', '--name', 'hall A', '--json']);
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('not shown again') });
  const { id, secret } = JSON.parse(made.stdout) as { id: string; secret: string };
  const native = (await run(['sign', id, '--name', 'wall 2'], `${secret}\n`)).stdout;
  expect(await firstWord('/ws', native)).toMatch(/^\{"id":1,"connect":\{"session"/);
  expect(await firstWord('/ws', native)).toContain('"code":4500');
  const tcv = (await run(['sign', id, '--tcv'], '', { TIDEWALL_KEY_SECRET: secret })).stdout;
  expect(await firstWord('/tcv/hall', tcv, PING)).toBe('{"version":1,"action":"Pong"}');
  expect(await firstWord('/tcv/hall', tcv, PING)).toMatch(/^4500 this TcvNonce was used before/);
});

test('a pair that clients have already is taken over, listed without its secret, rotated and deleted', async () => {
  const given = ['keys', 'create', '--id', 'AKID7', '--secret-stdin', '--name', '3 号大厅'];
  expect(await run(given, 'wJ3p9rT0a8kLq2Zx\n')).toMatchObject({
    code: 0,
    stdout: 'id      AKID7\nsecret  wJ3p9rT0a8kLq2Zx\n',
  });
  expect(await run(given, 'wJ3p9rT0a8kLq2Zx\n')).toMatchObject({ code: 0 });
  expect(await run(given, 'another-secret-of-it\n')).toMatchObject({ code: 1 });
  const listed = await run(['keys', 'list']);
  expect(listed.stdout).toMatch(
    /^AKID7 +\d{4}-\d\d-\d\d \d\d:\d\d {2}valid +never +never +signs +viewer; publisher +3 号大厅$/m,
  );
  expect(listed.stdout).not.toContain('wJ3p9');
  const rotated = await run(['keys', 'rotate', 'AKID7', '--overlap', '30m']);
  expect((await run(['keys', 'list'])).stdout).toMatch(/^AKID7 .* rotating until /m);
  for (const secret of ['wJ3p9rT0a8kLq2Zx', secretIn(rotated.stdout)]) {
    const { stdout } = await run(['sign', 'AKID7'], secret);
    expect(await firstWord('/ws', stdout)).toContain('"session"');
  }
  await run(['keys', 'disable', 'AKID7']);
  const { stdout } = await run(['sign', 'AKID7'], 'wJ3p9rT0a8kLq2Zx');
  expect(await firstWord('/ws', stdout)).toContain('"code":4500');
  await run(['keys', 'enable', 'AKID7']);
  expect(await firstWord('/ws', stdout)).toContain('"session"');
  expect(await run(['keys', 'delete', 'AKID7'])).toMatchObject({ code: 0, stderr: 'the key AKID7 is gone\n' });
  expect(await run(['keys', 'rotate', 'AKID7'])).toMatchObject({ code: 1, stderr: expect.stringContaining('no key') });
});

test('keys survive a restart, as does what was used of them; they are sealed on the disk', async () => {
  const { stdout } = await run(['keys', 'create', '--id', 'kept']);
  const secret = secretIn(stdout);
  await server.restart('SIGTERM');
  const used = (await run(['sign', 'kept'], secret)).stdout;
  expect(await firstWord('/ws', used)).toContain('"session"');
  await server.restart('SIGTERM');
  expect(await firstWord('/ws', used)).toContain('"code":4500');
  await server.restart('SIGKILL');
  expect(await firstWord('/ws', used)).toContain('"code":4010');
  expect(await readFile(join(server.dataDir, 'tidewall.sqlite'), 'latin1')).not.toContain(secret);
  expect(await readFile(join(server.dataDir, 'tidewall.sqlite-wal'), 'latin1')).not.toContain(secret);
  expect(server.process.stdout).not.toContain(secret);
});

test('what is typed wrongly is said', async () => {
  expect(await run(['keys', 'rotate', 'x', '--overlap', 'soon'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--overlap must be like 24h'),
  });
  expect(await run(['sign', 'x'])).toMatchObject({ code: 2, stderr: 'tidewall: no secret came on standard input\n' });
  expect((await run(['keys', 'create', '--id', 'a b'])).stderr).toContain('id must match');
});
