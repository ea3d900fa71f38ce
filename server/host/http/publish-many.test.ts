import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { HubPort, Principal, PublishRequest } from '@tidewall/contracts';
import type { Position } from '@tidewall/protocol';
import { silentLog, startTestHost, type TestHost } from '@tidewall/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { publishMany } from './publish-many.ts';

let host: TestHost;

beforeAll(async () => {
  host = await startTestHost({ settings: { limits: { publicationBytes: 1000 }, http: { bodyBytes: 100_000 } } });
});

afterAll(() => host.close());

interface Answer {
  readonly offset?: number;
  readonly error?: { readonly name: string; readonly message: string };
}

async function publish(body: string): Promise<{ status: number; answers: Answer[] }> {
  const response = await fetch(`${host.url}/api/publish`, { method: 'POST', body });
  const text = await response.text();
  return {
    status: response.status,
    answers: text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer),
  };
}

const line = (topic: string, data: unknown, more: object = {}) => JSON.stringify({ topic, data, ...more });

test('each line gets its answer in order, and a bad one stops no other', async () => {
  const lines = [
    line('many/a', 1),
    'nope',
    line('many/a', 2),
    '{"topic":"many/a"}',
    '{"data":1}',
    line('many/a b', 1),
    line('many/a', 3, { op: 'append' }),
    line('many/a', 'x'.repeat(6000)),
    line('many/a', 'x'.repeat(1000)),
    line('many/a', 4),
  ];
  const { status, answers } = await publish(lines.join('\n'));
  expect(status).toBe(200);
  expect(answers.map(({ offset, error }) => offset ?? error?.name)).toEqual([
    1,
    'bad_request',
    2,
    'bad_request',
    'bad_request',
    'bad_request',
    'wrong_kind',
    'limit_exceeded',
    'limit_exceeded',
    3,
  ]);
  expect(answers[1]?.error?.message).toMatch(/^line 2: it is not JSON at column 1: expected a value, got "nope"/);
  expect(answers[3]?.error?.message).toBe('line 4: data is missing');
  expect(answers[4]?.error?.message).toBe('line 5: topic is missing: it must be a text');
});

test('publications of one piece are begun in order before the first is waited for', async () => {
  const begun: number[] = [];
  const finish: (() => void)[] = [];
  const hub = {
    publish: (_principal: Principal, { data }: PublishRequest) => {
      begun.push(data as number);
      return new Promise<Position>((resolve) => finish.push(() => resolve({ epoch: 'e', offset: data as number })));
    },
  } as unknown as HubPort;
  const options = {
    hub,
    principal: { id: 'a', roles: [] },
    log: silentLog,
    refused() {},
    lineBytes: 99,
    bodyBytes: 9999,
  };
  const answered = publishMany(
    Readable.from([Buffer.from([1, 2, 3].map((i) => `${line('a', i)}\n`).join(''))]),
    options,
  );
  await vi.waitFor(() => expect(begun).toEqual([1, 2, 3]));
  for (const done of finish.reverse()) done();
  const text = (await (await answered).toArray()).join('');
  expect(
    text
      .trim()
      .split('\n')
      .map((each) => (JSON.parse(each) as Answer).offset),
  ).toEqual([1, 2, 3]);
});

test('blank lines and line ends of Windows do not count', async () => {
  const { answers } = await publish(`\r\n${line('many/b', 1)}\r\n\n${line('many/b', 2)}`);
  expect(answers.map(({ offset }) => offset)).toEqual([1, 2]);
});

test('an empty body is refused with an example', async () => {
  const { status, answers } = await publish('\n\n');
  expect(status).toBe(400);
  expect(answers[0]?.error?.message).toContain('one JSON object a line, like {"topic":"a/b","data":1}');
});

test('a body that says that it is too long is refused whole', async () => {
  const { status, answers } = await publish(`${line('many/c', 1)}\n`.repeat(5000));
  expect(status).toBe(413);
  expect(answers[0]?.error?.message).toBe('the body is larger than 100000 bytes (http.bodyBytes)');
});

test('lines are published and answered while the body still comes, however it is cut', async () => {
  const { request, response } = await open();
  const answers = readLines(response);
  request.write(`${line('many/live', 1)}\n{"topic":"many`);
  expect((await answers.next()).value).toMatchObject({ offset: 1 });
  request.write('/live","data":2}');
  request.write('\n');
  expect((await answers.next()).value).toMatchObject({ offset: 2 });
  request.end(line('many/live', 3));
  expect((await answers.next()).value).toMatchObject({ offset: 3 });
  expect((await answers.next()).done).toBe(true);
});

test('a body that turns out too long ends with an error, after the answers to what came before', async () => {
  const { request, response } = await open();
  request.on('error', () => {});
  const answers = readLines(response);
  request.write(`${line('many/long', 1)}\n`);
  expect((await answers.next()).value).toMatchObject({ offset: 1 });
  request.write(`${'x'.repeat(120_000)}\n`);
  const rest: Answer[] = [];
  for await (const answer of answers) rest.push(answer);
  expect(rest.at(-1)?.error?.message).toMatch(
    /the body is larger than 100000 bytes \(http.bodyBytes\); the rest was not/,
  );
  request.destroy();
});

test('answers do not depend on how the body is cut into pieces', async () => {
  const body = Buffer.from(`${line('many/cut', '一')}\n\nbad\n${line('many/cut', 2)}\n${line('many cut', 3)}`);
  const outcome = ({ offset, error }: Answer) => error?.message ?? (offset === undefined ? '?' : 'ok');
  const whole = (await publish(body.toString())).answers.map(outcome);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(body.length), { maxLength: 6 }), async (cuts) => {
      const { request, response } = await open();
      let from = 0;
      for (const cut of [...cuts].sort((a, b) => a - b)) {
        request.write(body.subarray(from, cut));
        from = cut;
        await new Promise((resolve) => setImmediate(resolve));
      }
      request.end(body.subarray(from));
      const answers: Answer[] = [];
      for await (const answer of readLines(response)) answers.push(answer);
      expect(answers.map(outcome)).toEqual(whole);
    }),
    { numRuns: 30 },
  );
});

async function open() {
  const request = httpRequest(`${host.url}/api/publish`, { method: 'POST' });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
  return { request, response };
}

async function* readLines(response: Promise<IncomingMessage>): AsyncGenerator<Answer, void> {
  let pending = '';
  for await (const piece of (await response).setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (pending + piece).split('\n');
    pending = lines.pop() ?? '';
    for (const text of lines) yield JSON.parse(text) as Answer;
  }
}
