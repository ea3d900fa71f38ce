import { runTidewall, startTidewall, type TidewallServer } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

let server: TidewallServer;

beforeAll(async () => {
  server = await startTidewall(['--no-demo']);
});

afterAll(() => server.close());

async function run(args: readonly string[], input = '', env: Record<string, string> = {}) {
  const program = runTidewall(args, { env: { TIDEWALL_URL: server.url, ...env } });
  program.write(input);
  program.endInput();
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

const secretIn = (stdout: string) => /^secret {2}(\S+)$/m.exec(stdout)?.[1] ?? '';

test('what a key may do is said when it is made, and otherwise later; the list shows it', async () => {
  const rule = 'topics sales/# publish';
  const made = await run(['keys', 'create', '--id', 'till', '--rule', rule, '--expires', '30d']);
  const line = async () =>
    (await run(['keys', 'list'])).stdout.split('\n').find((row) => row.startsWith('till ')) ?? '';
  const ends = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
  expect(await line()).toMatch(new RegExp(`valid +${ends} \\d\\d:\\d\\d +never +shown +topics sales/# publish`));
  const token = { TIDEWALL_TOKEN: `till:${secretIn(made.stdout)}` };
  expect(await run(['publish', 'sales/sh', '1'], '', token)).toMatchObject({ code: 0 });
  expect(await line()).toMatch(/valid +\d{4}-\d\d-\d\d \d\d:\d\d +\d{4}-\d\d-\d\d \d\d:\d\d +shown/);
  const filtered = '{"topics":"plant/#","may":["read"],"fields":["v"]}';
  const change = ['--role', 'viewer', '--rule', rule, '--rule', filtered, '--expires', 'never', '--no-bearer'];
  expect(await run(['keys', 'set', 'till', ...change])).toMatchObject({ code: 0, stderr: 'the key till is changed\n' });
  expect(await line()).toMatch(
    /valid +never +\d.* +signs +viewer; topics sales\/# publish; \{"topics":"plant\/#",.*\}$/,
  );
  await run(['keys', 'set', 'till', '--role', 'none', '--rule', 'none']);
  expect(await line()).toMatch(/signs +nothing$/);
  const wrong = [['--rule', 'sales'], ['--expires', 'soon'], []];
  const answers = await Promise.all(wrong.map((words) => run(['keys', 'set', 'till', ...words])));
  expect(answers.map(({ code }) => code)).toEqual([2, 2, 2]);
  const refused = await run(['keys', 'set', 'till', '--rule', 'topic sales publish']);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('topic')]);
});

test('a request is signed by tidewall sign, and is good once', async () => {
  const secret = secretIn((await run(['keys', 'create', '--id', 'press', '--no-bearer'])).stdout);
  const target = '/api/topics/plant/oee?op=merge';
  const given = ['sign', 'press', '--http', `POST ${target}`, '--data', '{"v":1}'];
  const [, authorization = ''] = /^Authorization: (.+)\n$/.exec((await run(given, secret)).stdout) ?? [];
  const post = () => fetch(`${server.url}${target}`, { method: 'POST', headers: { authorization }, body: '{"v":1}' });
  expect((await post()).status).toBe(200);
  expect((await post()).status).toBe(401);
  const wrong = [
    ['--http', 'api/topics'],
    ['--data', '1'],
    ['--http', 'POST /a', '--data', '@/nobody/here'],
  ];
  const answers = await Promise.all(wrong.map((words) => run(['sign', 'press', ...words], secret)));
  expect(answers.map(({ code }) => code)).toEqual([2, 2, 1]);
});
