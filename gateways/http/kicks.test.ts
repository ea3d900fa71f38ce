import type { JsonValue } from '@tidewall/base';
import type { Transport } from '@tidewall/browser-contracts/transport';
import { type Client, createClient } from '@tidewall/client';
import { startTestHost, TcpProxy, type TestHost } from '@tidewall/testkit';
import { EventSource } from 'eventsource';
import { afterEach, expect, test } from 'vitest';
import { createPollTransport } from '../poll/client.ts';
import { createEventStreamTransport } from '../sse/client.ts';

/*
 * Links that are cut again and again while there are publications, with the software that others have: nothing is lost
 * and nothing comes twice.
 */

const CLIENTS_OF_A_KIND = 5;
const KICKS = 200;
const RATE_HZ = 200;
const TOPIC = 'kicks/log';
const PUBLISHER = { id: 'test', roles: [] };

interface Kicked {
  readonly name: string;
  readonly entries: JsonValue[];
  /** Set when what came says that something is missing. */
  fault?: string;
  close(): void;
}

const open: { host?: TestHost; proxy?: TcpProxy; clients: Kicked[] } = { clients: [] };

afterEach(async () => {
  for (const client of open.clients.splice(0)) client.close();
  await open.proxy?.close();
  await open.host?.close();
});

interface Line {
  readonly subscribe?: { readonly recovered: boolean };
  readonly cursor?: string;
  readonly r?: number;
  readonly gap?: object;
  readonly d?: JsonValue;
}

function take(kicked: Kicked, { d, r, gap, subscribe }: Line): void {
  if (r !== undefined || gap !== undefined) kicked.fault = `told ${JSON.stringify({ r, gap })}`;
  if (subscribe?.recovered === false && kicked.entries.length > 0) kicked.fault = 'not recovered';
  if (d !== undefined) kicked.entries.push(d);
}

/** The SDK. */
function sdk(url: string, transport: Transport): Kicked {
  const client: Client = createClient({ url, transports: [transport], random: () => 0 });
  const kicked: Kicked = { name: `SDK over ${transport.name}`, entries: [], close: () => client.close() };
  client.watch(TOPIC, { kind: 'log' }, (push) => take(kicked, push as Line));
  return kicked;
}

/** `eventsource` of npm, which knows nothing of us. */
function eventSource(url: string): Kicked {
  const source = new EventSource(`${url}/sse?topic=${TOPIC}&kind=log`);
  const kicked: Kicked = { name: 'eventsource', entries: [], close: () => source.close() };
  source.onmessage = ({ data }) => take(kicked, JSON.parse(data) as Line);
  return kicked;
}

/** Five lines of anybody's. */
function loop(url: string): Kicked {
  let over = false;
  const close = () => {
    over = true;
  };
  const kicked: Kicked = { name: 'a loop of fetch', entries: [], close };
  const run = async () => {
    let cursor = '';
    while (!over) {
      try {
        const answer = await fetch(`${url}/poll?topic=${TOPIC}&kind=log&cursor=${cursor}`);
        const lines = (await answer.text()).trim().split('\n');
        for (const line of lines.map((text) => JSON.parse(text) as Line)) {
          take(kicked, line);
          cursor = line.cursor ?? cursor;
        }
      } catch {
        await later(20);
      }
    }
  };
  void run();
  return kicked;
}

test('[W53] [W55] [W57] 200 cuts during 200 publications a second: no gap, no double', {
  timeout: 120_000,
}, async () => {
  const keep = { count: 100_000 };
  const host = await startTestHost({ settings: { topics: [{ pattern: 'kicks/#', kind: 'log', keep }] } });
  open.host = host;
  const proxy = await TcpProxy.start(host.port);
  open.proxy = proxy;
  const url = `http://127.0.0.1:${proxy.port}`;
  for (let i = 0; i < CLIENTS_OF_A_KIND; i++) {
    open.clients.push(sdk(url, createEventStreamTransport()), sdk(url, createPollTransport()));
    open.clients.push(eventSource(url), loop(url));
  }
  let published = 0;
  const publish = async () => void (await host.hub.publish(PUBLISHER, { topic: TOPIC, data: published++ }));
  // Each has a place once it has the first entry after its first answer.
  await until(() =>
    host.hub.topics(PUBLISHER).some((row) => row.topic === TOPIC && row.watchers >= open.clients.length),
  );
  await publish();
  await until(() => open.clients.every(({ entries }) => entries.length === 1));

  let kicks = 0;
  const began = performance.now();
  while (kicks < KICKS) {
    await later(5);
    while (published < ((performance.now() - began) / 1000) * RATE_HZ) await publish();
    if (published % 60 === 0) {
      kicks += proxy.connections;
      proxy.cut();
      proxy.heal();
    }
  }
  await publish();
  await until(() => open.clients.every(({ entries, fault }) => fault !== undefined || entries.length >= published));
  const expected = Array.from({ length: published }, (_, i) => i);
  for (const { name, entries, fault } of open.clients) {
    expect(fault, name).toBeUndefined();
    expect(entries, name).toEqual(expected);
  }
  expect(published).toBeGreaterThan(RATE_HZ);
});

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(holds: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > giveUpAt) {
      const behind = open.clients.map(({ name, entries }) => `${name} ${entries.length}`);
      throw new Error(`it did not come to hold: ${behind.join(', ')}`);
    }
    await later(5);
  }
}
