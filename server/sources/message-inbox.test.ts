import { systemClock } from '@tidewall/base';
import { parseTopicName, TidewallError } from '@tidewall/protocol';
import { beforeEach, expect, test } from 'vitest';
import { MessageInbox } from './message-inbox.ts';
import { MAX_MESSAGE_BYTES } from './message-text.ts';
import { mostBetweenTurns } from './most-between-turns.ts';
import { RecordingSink } from './recording-sink.ts';

const topic = parseTopicName('plant');
let sink: RecordingSink;
let inbox: MessageInbox;
let abort: AbortController;

beforeEach(() => {
  sink = new RecordingSink();
  abort = new AbortController();
  inbox = new MessageInbox({ sink, clock: systemClock, form: { format: 'json', topicKind: 'log' }, nameField: 'from' });
});

test('what is offered is published in order, also what came before it was asked for', async () => {
  inbox.offer({ topic, body: '1', at: 5 });
  inbox.offer({ topic, body: new TextEncoder().encode('"ä"'), name: 'x' });
  inbox.end();
  inbox.offer({ topic, body: '3' });
  await inbox.publishAll(abort.signal);
  expect(sink.publications.map(({ data }) => data)).toEqual([1, { from: 'x', data: 'ä' }]);
  expect(sink.publications[0]?.at).toBe(5);
});

test('what does not fit is refused one by one, and the rest goes on', async () => {
  const bodies = ['{', Uint8Array.of(0x22, 0xff, 0x22), 'x'.repeat(MAX_MESSAGE_BYTES + 1), '1'];
  for (const body of bodies) inbox.offer({ topic, body });
  inbox.end();
  await inbox.publishAll(abort.signal);
  expect(sink.refusals.sort()).toEqual([
    expect.stringMatching(/^a message has 4194305 bytes; at most 4194304 are read$/),
    expect.stringMatching(/^a message is not JSON/),
    expect.stringMatching(/^a message of 3 bytes is not text in UTF-8$/),
  ]);
  expect(sink.publications).toHaveLength(1);
});

test('while nobody takes them, ten thousand wait, or 8 MiB, and the others are counted', async () => {
  for (let i = 0; i < 12_000; i++) inbox.offer({ topic, body: String(i) });
  expect(sink.refusals).toHaveLength(2_000);
  expect(sink.refusals[0]).toBe('messages come faster than they can be taken in');
  inbox.end();
  await inbox.publishAll(abort.signal);
  expect(sink.publications.map(({ data }) => data)).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  const large = new MessageInbox({ sink, clock: systemClock, form: { format: 'json', topicKind: 'log' } });
  for (let i = 0; i < 5; i++) large.offer({ topic, body: '1'.repeat(MAX_MESSAGE_BYTES) });
  expect(sink.refusals).toHaveLength(2_003);
});

test('who can make a far end wait is told when there is room again', async () => {
  for (let i = 0; i < 499; i++) inbox.offer({ topic, body: '1' });
  expect(inbox.room()).toBeUndefined();
  inbox.offer({ topic, body: '1' });
  const room = inbox.room();
  expect(room).toBeInstanceOf(Promise);
  expect(inbox.room()).toBe(room);
  const publishing = inbox.publishAll(abort.signal);
  await room;
  expect(sink.publications).toHaveLength(500);
  for (let i = 0; i < 3; i++) inbox.offer({ topic, body: `"${'x'.repeat(1_400_000)}"` });
  sink.hold();
  const held = inbox.room();
  abort.abort();
  await held;
  sink.release();
  await publishing;
});

test('what is published or refused is acknowledged, and nothing else', async () => {
  const acknowledged: string[] = [];
  for (const body of ['1', '!', '2', '3']) inbox.offer({ topic, body, done: () => void acknowledged.push(body) });
  sink.hold();
  const publishing = inbox.publishAll(abort.signal);
  await Promise.resolve();
  expect(acknowledged).toEqual([]);
  sink.release();
  inbox.end();
  await publishing;
  expect(acknowledged).toEqual(['1', '!', '2', '3']);
});

test('everybody else has a turn between many', async () => {
  for (let i = 0; i < 10_000; i++) inbox.offer({ topic, body: '!' });
  inbox.end();
  const most = await mostBetweenTurns(inbox.publishAll(abort.signal), () => sink.refusals.length);
  expect(most).toBeLessThan(1_000);
  expect(sink.refusals).toHaveLength(10_000);
});

test('a failure is told when everything before it is published', async () => {
  inbox.offer({ topic, body: '1' });
  inbox.end(new TidewallError('source_error', 'the broker is gone'));
  await expect(inbox.publishAll(abort.signal)).rejects.toThrow('the broker is gone');
  expect(sink.publications).toHaveLength(1);
});

test('after the abort nothing is published, and no failure is told', async () => {
  const publishing = inbox.publishAll(abort.signal);
  sink.hold();
  inbox.offer({ topic, body: '1' });
  inbox.offer({ topic, body: '2' });
  await Promise.resolve();
  inbox.end(new TidewallError('source_error', 'the broker is gone'));
  abort.abort();
  sink.release();
  await publishing;
  expect(sink.publications.length).toBeLessThan(2);
});
