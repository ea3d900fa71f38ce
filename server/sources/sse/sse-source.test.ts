import type { JsonObject } from '@tidewall/base';
import type { Source, SourceContext } from '@tidewall/contracts';
import { createTestAuthority, FakeClock, findProgram, freePort, TestServers } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { parseSourceConfig } from '../source-config.ts';
import { testContext } from '../source-context.contract.ts';
import { definition } from './definition.ts';
import { type Follower, type StreamServer, startStreams } from './stream-server.contract.ts';

const servers = new TestServers();
let clock: FakeClock;
let sink: RecordingSink;
let abort: AbortController;
let running: Promise<void> | undefined;
beforeEach(() => {
  clock = new FakeClock(1_700_000_000_000);
  sink = new RecordingSink();
  abort = new AbortController();
  running = undefined;
});
afterEach(async () => {
  await stop();
  await servers.close();
});

function create(settings: JsonObject, more: Partial<SourceContext> = {}): Source {
  return definition.create(parseSourceConfig('probe', definition, settings), testContext({ clock, ...more }));
}

function run(source: Source): Promise<void> {
  abort = new AbortController();
  running = source.run(sink, abort.signal);
  running.catch(() => {});
  return running;
}

/** Lets the machine do its work, and no time pass, until that has come about. */
async function until(cameAbout: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!cameAbout() && performance.now() < deadline) await clock.advance(0);
  expect(cameAbout()).toBe(true);
}

async function stop(): Promise<void> {
  abort.abort();
  await running?.catch(() => {});
  expect(clock.pending).toBe(0);
}

const data = (topic = 'probe') => sink.of(topic).map((each) => each.data);
const published = (count: number) => until(() => sink.publications.length >= count);
const failureOf = (source: Source) =>
  run(source).then(
    () => 'it did not fail',
    (thrown: Error) => thrown.message,
  );
const last = ({ followers }: StreamServer) => followers.at(-1) as Follower;
const followed = (server: StreamServer, count = 1) => until(() => server.followers.length >= count);

describe('events', () => {
  it('are entries of a log, each as it comes', async () => {
    const server = await startStreams(servers);
    run(create({ url: server.url }));
    await followed(server);
    expect(server.headers[0]).toMatchObject({
      accept: 'text/event-stream',
      'accept-encoding': 'identity',
      'cache-control': 'no-cache',
    });
    last(server).say('data: {"n":1}\n\n');
    await published(1);
    last(server).say('data: {"n":\ndata: 2}\n\ndata: not json\n\nevent: x\ndata: [3]\n\n');
    await published(3);
    expect(data()).toEqual([{ n: 1 }, { n: 2 }, [3]]);
    expect(sink.refusals).toEqual([expect.stringContaining('a message is not JSON')]);
  });

  it.each<[JsonObject, string, unknown]>([
    [{ format: 'text' }, 'hello', { t: 1_700_000_000_000, text: 'hello' }],
    [{ format: 'auto', topicKind: 'state' }, '21,5', '21,5'],
    [{ topicKind: 'series' }, '{"a":1,"b":"x"}', { t: 1_700_000_000_000, a: 1 }],
    [{ topicKind: 'table', keyField: 'id' }, '{"id":1}', [{ id: 1 }]],
    [{ topicKind: 'signal' }, 'true', true],
    [{ eventField: 'event' }, '1', { event: 'message', data: 1 }],
  ])('%j', async (settings, text, expected) => {
    const server = await startStreams(servers, ({ say }) => say(`data: ${text}\n\n`));
    run(create({ url: server.url, ...settings }));
    await published(1);
    expect(data()).toEqual([expected]);
  });

  it('go to the topics that they are for, by name, by what they say, and in part', async () => {
    const server = await startStreams(servers, ({ say }) => {
      say('event: order\ndata: {"data":{"id":1},"type":"new"}\n\n');
      say('event: order\ndata: {"data":{"id":2},"type":"old"}\n\n');
      say('data: {"data":{"id":3},"type":"new"}\n\nevent: order\ndata: {"type":"new"}\n\nevent: other\ndata: 1\n\n');
    });
    const topics = {
      'shop/orders': { event: 'order' },
      'shop/new': { event: 'order', where: { type: 'new' }, path: 'data.id' },
      'shop/plain': { event: 'message', path: 'data' },
    };
    const source = create({ url: server.url, topics });
    expect(source.topics.map(({ topic }) => topic)).toEqual(Object.keys(topics));
    run(source);
    await published(5);
    await until(() => sink.refusals.length === 1);
    expect(data('shop/orders')).toHaveLength(3);
    expect(data('shop/new')).toEqual([1]);
    expect(data('shop/plain')).toEqual([{ id: 3 }]);
    expect(sink.refusals).toEqual(['an event for shop/new has nothing at data.id']);
  });

  it('wait for each other, and the far end for them', async () => {
    const server = await startStreams(servers, ({ say }) => say('data: 1\n\ndata: 2\n\n'));
    sink.hold();
    run(create({ url: server.url, deadMs: 1000 }));
    await published(1);
    // A far end that is not read from is not silent.
    await clock.advance(5000);
    expect(sink.publications).toHaveLength(1);
    sink.release();
    await published(2);
    expect(sink.mostAtOnce).toBe(1);
  });

  it('that are too long are refused, and the next ones come', async () => {
    const server = await startStreams(servers, ({ say }) => {
      for (let i = 0; i < 80; i++) say(`data: ${'x'.repeat(64 * 1024)}\n`);
      say('\ndata: 1\n\n');
    });
    run(create({ url: server.url }));
    await published(1);
    expect(data()).toEqual([1]);
    expect(sink.refusals).toEqual([expect.stringMatching(/^an event has more than \d+ characters$/)]);
  });

  it('are asked for as who the configuration says, with the values of parameters', async () => {
    const server = await startStreams(servers);
    const settings = {
      url: `${server.url}/:channel?since=:since`,
      auth: { type: 'key', in: 'query', name: 'token', secret: 's3cret' },
      secretHeaders: { 'x-tenant': 'acme' },
    };
    run(create(settings, { params: { channel: 'a/b', since: 5 } }));
    await followed(server);
    expect(server.asked[0]).toContain('/events/a%2Fb?since=5&token=s3cret');
    expect(server.headers[0]).toMatchObject({ 'x-tenant': 'acme' });
    expect(() => create({ ...settings, url: `${server.url}/:none` })).toThrow('":none" that there is none of');
  });
});

describe('a stream that ends by itself', () => {
  it('is asked for again when it has said, from the last event on, and nothing has failed', async () => {
    const server = await startStreams(servers);
    run(create({ url: server.url, lastEventId: 'begin' }));
    await followed(server);
    expect(server.headers[0]?.['last-event-id']).toBe('begin');
    last(server).say('retry: 200\nid: é1\ndata: 1\n\nid: half\ndata: not');
    await published(1);
    last(server).end();
    await until(() => server.open === 0);
    await clock.advance(199);
    expect(server.followers).toHaveLength(1);
    await clock.advance(1);
    await followed(server, 2);
    // As browsers send it: in UTF-8.
    expect(Buffer.from(String(server.headers[1]?.['last-event-id']), 'latin1').toString()).toBe('é1');
    last(server).say('data: 2\n\n');
    await published(2);
    expect(data()).toEqual([1, 2]);
  });

  it('is asked for again after three seconds when it has said nothing of it', async () => {
    const server = await startStreams(servers, ({ say }) => say(': there\n\n'));
    run(create({ url: server.url }));
    await followed(server);
    await until(() => sink.healthyCalls > 1);
    last(server).end();
    await until(() => server.open === 0);
    await clock.advance(2999);
    expect(server.followers).toHaveLength(1);
    await clock.advance(1);
    await followed(server, 2);
  });

  it.each(['a\u0007b', 'x'.repeat(10_000)])('is asked for again without an id that no header takes', async (id) => {
    const server = await startStreams(servers, ({ say, end }) => {
      say(`retry: 100\nid: ${id}\ndata: 1\n\n`);
      end();
    });
    run(create({ url: server.url }));
    await until(() => sink.publications.length === 1 && server.open === 0);
    await clock.advance(100);
    await followed(server, 2);
    expect(server.headers[1]).not.toHaveProperty('last-event-id');
  });

  it('without a word has failed, and one that says that there is no more has finished', async () => {
    const mute = await startStreams(servers, ({ end }) => end());
    expect(await failureOf(create({ url: mute.url }))).toBe(`GET ${mute.url} ends its stream without a word`);
    const done = await servers.http((_, response) => response.writeHead(204).end());
    expect(await failureOf(create({ url: `http://127.0.0.1:${done.port}/` }))).toBe('it did not fail');
  });
});

describe('a stream that is cut off', () => {
  it('has failed, and the next run goes on behind the last event that was published', async () => {
    const server = await startStreams(servers);
    const source = create({ url: server.url });
    run(source);
    await followed(server);
    last(server).say('retry: 1000\nid: 7\ndata: 1\n\nid: 8\n\nid: 9\ndata: 2');
    await published(1);
    last(server).cut();
    await expect(running).rejects.toThrow(`127.0.0.1:${server.port} cannot be asked: the connection was cut`);
    run(source);
    await clock.advance(1000);
    await followed(server, 2);
    expect(server.headers[1]?.['last-event-id']).toBe('8');
  });

  it('is not waited for when nobody watched meanwhile', async () => {
    const server = await startStreams(servers);
    const source = create({ url: server.url });
    run(source);
    await followed(server);
    last(server).say('retry: 60000\ndata: 1\n\n');
    await published(1);
    await stop();
    run(source);
    await followed(server, 2);
  });

  it('an event that the hub did not take comes again', async () => {
    const server = await startStreams(servers, ({ say }) => say('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n'));
    const source = create({ url: server.url });
    sink.publish = async (_topic, _op, value) => {
      if (value === 2) throw new Error('the hub is full');
    };
    expect(await failureOf(source)).toBe('the hub is full');
    sink = new RecordingSink();
    run(source);
    await clock.advance(3000);
    await followed(server, 2);
    expect(server.headers[1]?.['last-event-id']).toBe('1');
  });
});

describe('silence', () => {
  it('is death after deadMs; a comment is a sign of life', async () => {
    const server = await startStreams(servers);
    run(create({ url: server.url, deadMs: 1000 }));
    await until(() => sink.healthyCalls === 1);
    await clock.advance(900);
    last(server).say(':\n\n');
    await until(() => sink.healthyCalls === 2);
    await clock.advance(900);
    expect(abort.signal.aborted).toBe(false);
    await clock.advance(100);
    await expect(running).rejects.toThrow(`GET ${server.url} has said nothing for 1000 ms (deadMs)`);
    await until(() => server.open === 0);
  });

  it('before the first word is no answer', async () => {
    const silent = await servers.http(() => {});
    const url = `http://127.0.0.1:${silent.port}/`;
    run(create({ url }));
    await until(() => silent.asked.length === 1);
    await clock.advance(10_000);
    await expect(running).rejects.toThrow(`GET ${url} does not answer within 10000 ms (timeoutMs)`);
  });

  it('comments make no more work than one a second', async () => {
    const server = await startStreams(servers, ({ say }) => say(':\n'.repeat(10_000)));
    run(create({ url: server.url }));
    await until(() => sink.healthyCalls >= 2);
    last(server).say('data: 1\n\n');
    await published(1);
    expect(sink.healthyCalls).toBe(2);
  });
});

describe('what is no stream', () => {
  it.each<[string, number, Record<string, string>, string, string]>([
    [
      'a page',
      200,
      { 'content-type': 'text/html; charset=utf-8' },
      '<html>',
      'answers with text/html, which is no text/event-stream',
    ],
    ['nothing', 200, {}, '', 'answers with a text, which is no text/event-stream'],
    [
      'a refusal',
      401,
      { 'content-type': 'application/json' },
      '{"error":"who is s3cret?"}',
      'answers 401: it does not take our credentials (auth), or wants some; it says: who is ***?',
    ],
    ['away', 404, {}, '', 'answers 404: there is nothing at that address'],
  ])('is told as such: %s', async (_what, status, headers, body, sentence) => {
    const server = await servers.http((_, response) => response.writeHead(status, headers).end(body));
    const auth = { type: 'bearer', token: 's3cret' };
    expect(await failureOf(create({ url: `http://127.0.0.1:${server.port}/`, auth }))).toContain(sentence);
    await until(() => server.open === 0);
  });

  it('nobody there', async () => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    expect(await failureOf(create({ url }))).toContain('cannot be asked: nothing listens there');
  });

  it('a stream that leads elsewhere is not followed there', async () => {
    const other = await startStreams(servers);
    const leads = await servers.http((_, response) => response.writeHead(302, { location: other.url }).end());
    const message = await failureOf(create({ url: `http://127.0.0.1:${leads.port}/` }));
    expect(message).toContain('an answer leads to 127.0.0.1, which is not a public address');
    expect(other.reachedAt).toEqual([]);
  });
});

describe('an abort', () => {
  it.each<[string, (follower: Follower) => void]>([
    ['before the first word', () => {}],
    ['in the middle of an event', ({ say }) => say('data: 1')],
    ['between two events', ({ say }) => say('data: 1\n\n')],
  ])('%s ends the run at once, and leaves no connection', async (_what, greet) => {
    const server = await startStreams(servers, greet);
    const run1 = run(create({ url: server.url }));
    await until(() => sink.healthyCalls > 0);
    await stop();
    await run1;
    await until(() => server.open === 0);
  });

  it('between two streams', async () => {
    const server = await startStreams(servers, ({ say, end }) => {
      say(':\n');
      end();
    });
    const run1 = run(create({ url: server.url }));
    await until(() => sink.healthyCalls > 0 && server.open === 0);
    await stop();
    await run1;
    expect(server.followers).toHaveLength(1);
  });
});

describe.skipIf(findProgram('openssl') === undefined)('over TLS (openssl)', () => {
  it('a certificate is checked, with an authority of ours or not at all', async () => {
    const authority = createTestAuthority();
    const server = await startStreams(servers, ({ say }) => say('data: 1\n\n'), authority.issue('IP:127.0.0.1'));
    expect(await failureOf(create({ url: server.url }))).toContain('name it in ca');
    run(create({ url: server.url, ca: authority.ca }));
    await published(1);
  });
});

it('settings that make no sense together are refused by their field', () => {
  const url = 'http://h.test/';
  for (const [settings, complaint] of [
    [{ topics: { 'a//b': {} } }, 'sources.probe.topics.a//b'],
    [{ topicKind: 'table' }, 'sources.probe.keyField: must be given when topicKind is table'],
    [{ topicKind: 'series', eventField: 'e' }, 'sources.probe.eventField: must have no pattern'],
    [{ format: 'text', topics: { a: { path: 'b' } } }, 'sources.probe.format: must be json or auto'],
    [{ lastEventId: 'a\nb' }, 'sources.probe.lastEventId'],
    [{ headers: { Authorization: 'x' } }, 'sources.probe.headers.Authorization'],
  ] as const) {
    expect(() => create({ url, ...settings } as never)).toThrow(complaint);
  }
});
